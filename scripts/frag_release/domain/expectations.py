"""What was judged and built, held against what is there at the moment of the deployment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..dataclass import dataclass, field
from .evidence import Answer, Image, Unknown
from .facts import About
from .findings import Finding
from .rules.proof import pin_image
from .rules.rule import failed, unknown
from .rules.stack import tag_commit

_ANEW = "Do not deploy it. Find out who changed it, and release anew under the next free tag."


@dataclass(frozen=True)
class Expected:
    """What the gate judged and the build used; empty where nothing is expected.

    `digests` are those of the components' images, by the components' names.
    """

    stack_commit: str = ""
    stack_digest: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)


def differences(
    expected: Expected, commit: str, images: Mapping[str, Answer[Image]], tags: Mapping[str, str]
) -> list[Finding]:
    """Return a finding for each expectation that is not met, or of which nothing is known; it says old and new.

    `commit` is the stack's now; `images` has each component's image, `tags` the tag of each subject. The stack's
    own image has a rule, which needs no help from here.
    """
    found = []
    if expected.stack_commit and commit != expected.stack_commit:
        message = f"The stack was judged and built at {expected.stack_commit}, and {commit or 'no commit'} is it now."
        remedy = "Do not run this again. Give the commit you mean a new tag, which starts a run of its own."
        found.append(tag_commit.finding(failed(message, remedy), About("stack", tags.get("stack", ""))))
    for name, digest in expected.digests.items():
        image = images.get(name, Unknown("it was not looked up"))
        finding = _of_image(name, tags.get(name, ""), digest, image) if digest else None
        found += [finding] if finding else []
    return found


def _of_image(name: str, tag: str, expected: str, image: Answer[Image]) -> Finding | None:
    if isinstance(image, Unknown):
        what = f"Whether the {name}'s image is still {expected} could not be seen"
        return pin_image.finding(unknown(what, image), About(name, tag))
    if image.digest == expected:
        return None
    now = f"is {image.digest} now" if image.digest else "is gone"
    message = f"The image {image.name}:{image.tag} was {expected} when it was judged, and {now}."
    return pin_image.finding(failed(message, _ANEW), About(name, tag))


def with_differences(findings: Sequence[Finding], found: Sequence[Finding]) -> list[Finding]:
    """Put what differs in the place of what else was found by the same rule; a finding that blocks stays."""
    by_key = {one.key: one for one in found}
    kept = [by_key.pop(one.key, one) if not one.status.blocks else one for one in findings]
    blocked = {one.key for one in kept if one.status.blocks}
    return [*kept, *(one for key, one in by_key.items() if key not in blocked)]
