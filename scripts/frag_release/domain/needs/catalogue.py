"""Which commands need what. A need that none of the chosen commands has is not looked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .need import Need

EXAMINED = ("gate", "prepare", "publish", "announce", "deploy", "audit")
"""The commands that need anything."""

_JUDGING = ("gate", "prepare", "publish", "deploy")
_NEEDED_BY: dict[str, Sequence[str]] = {
    "stack-branch": EXAMINED,
    "workflow-file": EXAMINED,
    "component-repository": EXAMINED,
    "component-runs": _JUDGING,
    "component-image": _JUDGING,
    "stack-runs": ("publish", "announce"),
    "pull-requests-read": ("publish",),
    "contents-write": ("prepare", "publish"),
    "workflows-write": ("prepare",),
    "pull-requests-write": ("prepare",),
    "pull-request-setting": ("prepare",),
    "release-branch-rules": ("prepare",),
    "stack-branch-rules": ("prepare",),
    "tag-rules": ("publish",),
    "build-start": ("publish",),
    "actions-write": ("publish",),
    "pushed-image": ("publish",),
    "ticket-repository": ("announce",),
    "issues-write": ("announce",),
    "board-lane": ("announce",),
    "board-write": ("announce",),
    "awx-login": ("deploy",),
    "awx-template": ("deploy",),
    "awx-variables": ("deploy",),
    "site-text": ("deploy",),
}
_ADVISORY = frozenset({"pushed-image"})
"""What no command stops for."""


@dataclass(frozen=True)
class Selection:
    """The commands whose needs are looked for."""

    commands: Sequence[str]

    def need(self, kind: str, what: str, component: str = "") -> Need | None:
        """The need of a kind, for those of the commands that have it; None where none has."""
        commands = [one for one in self.commands if one in _NEEDED_BY[kind]]
        name = kind.replace("component", component or "component")
        return Need(name, commands, what, advisory=kind in _ADVISORY) if commands else None


def outside(kind: str, what: str) -> Need:
    """What guards the gate, whichever commands are chosen."""
    return Need(kind, ("gate",), what, outside=True)


def in_file(kind: str, what: str) -> Need:
    """What the stack's workflow file has to do with the gate, whichever commands are chosen."""
    return Need(kind, ("gate",), what, in_file=True)
