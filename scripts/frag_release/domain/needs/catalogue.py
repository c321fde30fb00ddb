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
    "component-contents-write": ("prepare",),
    "component-workflows-write": ("prepare",),
    "component-tag-rules": ("prepare",),
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
GUARDS: dict[str, tuple[str, str]] = {
    "tag-ruleset": ("Release managers alone make production tags, and nobody moves them", "settings/rules"),
    "component-tag-ruleset": ("Nobody moves production tags of {of}", "settings/rules"),
    "component-branch-bypass": ("The token that tags {of} cannot change its production branch", "settings/rules"),
    "environment-reviewers": ("Somebody approves deployments to {of}", "settings/environments"),
    "environment-people": ("More than one person can approve deployments to {of}", "settings/environments"),
    "environment-tags": ("Only tags of the form of production ones deploy to {of}", "settings/environments"),
    "environment-secrets": ("Credentials of AWX are secrets of {of} alone", "settings/secrets/actions"),
    "stack-branch-review": ("The stack branch changes by reviewed pull requests", "settings/rules"),
    "workflow-owners": ("Code owners review changes of the workflow file", "settings/rules"),
    "write-key": ("Keys that write are secrets of guarded environments alone", "settings/secrets/actions"),
    "moving-tag": ("What runs beside a token that writes is named by its commit", ""),
    "deployments-filed": ("GitHub files no deployments that are none, or are at another commit", ""),
    "dispatch-forms": ("The forms that GitHub shows are those of the stack branch", ""),
    "execution-protections": ("Workflow execution protections let a tag start its build", "settings/actions"),
    "run-retention": ("Workflow runs, the evidence of CI, are kept for 90 days", "settings/actions"),
    "release-immutability": ("Nobody can change a release and its release.json", "settings"),
}
"""What guards the gate from outside: what has to be so (`of` an environment or a repository), and its page there."""

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
