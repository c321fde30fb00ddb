"""What is dangerous in a stack's workflow file as it is today, each with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from ..expressions import expressions
from ..findings import Finding, Status
from ..gate_use import GateUse
from ..needs.need import Judgement, Presence, missing
from ..needs.workflow import judge_failures, judge_staging
from ..tag_format import DEFAULT_FORMAT, TagFormat
from ..workflow_tree import Node, Place, places

RULE = "danger"
_TYPED = re.compile(r"inputs\b|github\.(event|head_ref|ref|ref_name)\b|env\.[a-z_]*(slug|head_ref|ref_name)\b", re.I)
_COMPARED_SLUG = re.compile(r"([A-Z_]*SLUG[A-Z_]*)\s*(?:\}\})?[\"']?\s*(?:=~|==)")
_MOST = 4

_AS_TEXT = (
    'Give the step the value in its env:, and write "$NAME" in the command: what is typed there is then a text, and '
    "never a command."
)
_NO_SECRETS = (
    "Delete those that nobody wants, and write the others as variables: nobody reviews the value of a secret, and "
    "nobody sees it. Until then the gate is told of them."
)
_NO_SLUG = "Ask the gate's output deploy-production, as level 1 does: it reads the tag itself."


def dangers(use: GateUse, file: str, form: TagFormat = DEFAULT_FORMAT) -> list[Finding]:
    """Return what is dangerous in the file with the path `file`, the worst first."""
    kinds: list[tuple[str, Callable[[GateUse], Judgement | None]]] = [
        ("deployment-failures", judge_failures),
        ("staging-environment", judge_staging),
        ("slug", partial(_judge_slug, form)),
        ("secret-overrides", _judge_secrets),
        ("typed-commands", _judge_commands),
    ]
    found = [(kind, judge(use)) for kind, judge in kinds]
    return [_finding(kind, judged, file) for kind, judged in found if judged and judged.presence is Presence.MISSING]


def _finding(kind: str, judged: Judgement, file: str) -> Finding:
    message = judged.message
    if judged.line and not re.search(r"\blines? [0-9]", message):
        message = f"{message.rstrip('.')} (line {judged.line})."
    return Finding(
        RULE, kind, "", Status.WARN, message, judged.remedy, file=file if judged.line else "", line=judged.line
    )


def _judge_commands(use: GateUse) -> Judgement | None:
    """Whether a command is put together from what people type: inputs, and names of branches and tags."""
    lines = sorted({line for place in _commands(use) for line in _typed(place)})
    what = "A command is made of what people type, such as an input or the name of a tag, which can hold commands"
    return _at_lines(what, lines, _AS_TEXT)


def _judge_secrets(use: GateUse) -> Judgement | None:
    """Whether the pair is taken from secrets."""
    names = use.secret_overrides()
    lines = sorted({one.line for found in use.overrides.values() for one in found if "secrets" in one.given})
    shown = ", ".join(names[:_MOST]) + (f" and {len(names) - _MOST} more" if len(names) > _MOST else "")
    return _at_lines(f"Secrets decide in place of the file which pair is built: {shown}", lines, _NO_SECRETS)


def _judge_slug(form: TagFormat, use: GateUse) -> Judgement | None:
    """Whether a name in which signs were replaced decides what is a production tag."""
    found = [(match[1], place.line_with(match[0])) for place in _commands(use)
             if (match := _COMPARED_SLUG.search(place.text))]  # fmt: skip
    found += [(match[1], node.line) for node in _conditions(use) if (match := _COMPARED_SLUG.search(node.text or ""))]
    if not found:
        return None
    tag = form.like("2023.06.2")
    what = f"{found[0][0]} decides what is of production, and tags share it: that of {tag}_ is {tag}"
    return _at_lines(what, sorted({line for _, line in found}), _NO_SLUG)


def _commands(use: GateUse) -> Iterator[Place]:
    """Yield what shells run, and what an action runs as a script."""
    return (place for place in places(use.root, frozenset()) if place.key.lower() in ("run", "script"))


def _conditions(use: GateUse) -> Iterator[Node]:
    for job in use.jobs.values():
        found = [node.child("if") for node in (job.node, *job.steps)]
        yield from (node for node in found if node is not None)


def _typed(place: Place) -> Iterator[int]:
    for expression in expressions(place.text):
        yield from (place.line_of(one) for one in expression.references if _TYPED.match(one.written))


def _at_lines(what: str, lines: Sequence[int], remedy: str) -> Judgement | None:
    if not lines:
        return None
    shown = ", ".join(map(str, lines[:_MOST])) + (f" and {len(lines) - _MOST} more" if len(lines) > _MOST else "")
    where = f"line {shown}" if len(lines) == 1 else f"lines {shown}"
    return replace(missing(f"{what} ({where}).", remedy), line=lines[0])
