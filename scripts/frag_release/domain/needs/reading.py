"""What every command has to read: branches, the workflow file, CI runs, images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..components import Pin
from ..evidence import Answer, Answers, Image, Unknown
from .need import Judgement, Presence, missing, there, unseen

_IMAGE = (
    "If the image is private, give registry-username and registry-password of somebody who may pull it or, if "
    "images are in several registries, registry-config. If there is none, pin a tag whose image is there."
)


def judge_branches(repository: str, heads: Answers[str | None], given_as: str, every: bool) -> Judgement:
    """Whether branches are there: one of them, or `every` one. `given_as` is the input that names them."""
    absent = [name for name, head in heads.items() if head is None]
    lost = [head for head in heads.values() if isinstance(head, Unknown)]
    found = [f"{name} is at {head[:12]}" for name, head in heads.items() if isinstance(head, str)]
    if lost and (every or not found):
        return unseen(lost[0])
    if absent and (every or not found):
        names = " and no ".join(absent)
        return missing(f"{repository} has no branch {names}.", f"Correct {given_as}, or push that branch.")
    but = f"; there is no {', '.join(absent)}" if absent else ""
    return there(f"{repository} can be read: {', '.join(found)}{but}.")


def judge_workflow_file(file: str, pins: Sequence[Pin]) -> Judgement:
    """Whether the workflow file is there and names a tag for every component."""
    for pin in pins:
        if pin.unread:
            return unseen(pin.unread)
        if pin.problem:
            what = f"{file} does not say which {pin.component.name} to use: {pin.problem.message}."
            remedy = f"Give {' or '.join(pin.component.variables)} one plain value in the top-level env: of {file}."
            return Judgement(Presence.MISSING, what, remedy, file=file, line=pin.problem.line)
    chosen = ", ".join(f"{pin.component.name} {pin.tag}" for pin in pins)
    return there(f"{file} names {chosen}.")


def judge_seen(answer: Answer[object], message: str) -> Judgement:
    """Whether something can be read at all; `message` says that it can."""
    return unseen(answer) if isinstance(answer, Unknown) else there(message)


def judge_image(pin: Pin, images: Mapping[tuple[str, str], Answer[Image]]) -> Judgement:
    """Whether the registry shows the image that is pinned today."""
    name = pin.component.image_name(pin.namespace)
    if not pin.tag or name is None:
        return unseen(Unknown("which image is pinned is not known", "Mend the workflow file first."))
    image = images[name, pin.image_tag]
    if isinstance(image, Unknown):
        return unseen(image)
    if image.digest is None:
        return missing(f"The registry shows no image {name}:{pin.image_tag}: there is none, or it is hidden.", _IMAGE)
    return there(f"{name}:{pin.image_tag} can be read.")
