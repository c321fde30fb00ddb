"""The report of `prepare`: what was planned, on which evidence, and what came of it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .changes import read_references
from .decision import Verdict
from .evidence import Unknown
from .facts import ReleaseFacts
from .findings import Finding, blocking
from .plan import Change, Plan
from .report import SCHEMA, component_as_json, finding_as_json, previous_as_json


@dataclass(frozen=True)
class Action:
    """Something that was made, or found made already."""

    what: str
    url: str = ""


@dataclass(frozen=True)
class PrepareReport:
    """`time` is in UTC. `actions` is empty for a refusal, a dry run, and where nothing was to be done.

    `pull_request` is the number and URL of the pull request, where there is one.
    """

    version: str
    time: datetime.datetime
    plan: Plan
    facts: ReleaseFacts
    findings: Sequence[Finding]
    dry_run: bool = False
    commit: str = ""
    pull_request: tuple[int, str] | None = None
    actions: Sequence[Action] = ()
    notes: Sequence[str] = ()
    command: str = "prepare"

    @property
    def refused(self) -> bool:
        """Whether a finding forbids the release."""
        return bool(blocking(self.findings))

    @property
    def changed(self) -> bool:
        """Whether this run wrote anything."""
        return bool(self.actions)

    def as_json(self) -> dict[str, Any]:
        """The report by the schema of every command."""
        plan = self.plan
        verdict = Verdict.BLOCKED if self.refused else Verdict.BUILD_ONLY
        return {
            "schema": SCHEMA,
            "command": self.command,
            "action-version": self.version,
            "time": self.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "verdict": verdict.value,
            "ref": f"refs/heads/{plan.branch}",
            "stack": {
                "repository": plan.repository,
                "tag": plan.stack_tag,
                "commit": self.commit or None,
                "image": None,
                "digest": None,
            },
            "previous": previous_as_json(self.facts.previous),
            "components": [component_as_json(facts) for facts in self.facts.components],
            "findings": [finding_as_json(finding) for finding in self.findings],
            "actions": [{"what": action.what, "url": action.url or None} for action in self.actions],
            "plan": {
                "branch": plan.branch,
                "head": plan.head,
                "mode": plan.mode.value,
                "diff": plan.diff,
                "changes": [_change(change) for change in plan.changes],
            },
        }


def _change(change: Change) -> dict[str, Any]:
    """A component's change, with the newest tags that could be chosen; null where something is not known."""
    history = change.history
    known = None if isinstance(history, Unknown) else history
    return {
        "name": change.name,
        "from": change.before.tag,
        "to": change.after.tag,
        "commits-added": len(known.added) if known else None,
        "commits-removed": len(known.removed) if known else None,
        "tickets": list(read_references(known.added).tickets) if known else None,
        "candidates": None
        if isinstance(change.candidates, Unknown)
        else [
            {"tag": one.tag, "eligible": None if isinstance(one.eligible, Unknown) else one.eligible}
            for one in change.candidates
        ],
    }
