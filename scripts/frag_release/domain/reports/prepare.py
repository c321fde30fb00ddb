"""The report of `prepare`: what was planned, on which evidence, and the outcome."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, ClassVar

from ...dataclass import dataclass, field
from ..decision import Verdict
from ..evidence import Unknown
from ..facts import ReleaseFacts
from ..findings import Finding, blocking
from ..new_tags import NewTag
from ..plan import Change, Mode, Plan, target_of, title_of, written
from ..refs import Ref
from . import Report, as_word, component_outputs, joined, known_commit, pair, path_name, rules, tag_name


class Stage(Enum):
    """How far `prepare` got."""

    REFUSED = "refused"
    PLANNED = "planned"
    NOTHING = "nothing to do"
    PROPOSED = "proposed"
    COMMITTED = "committed"


@dataclass(frozen=True)
class PrepareReport(Report):
    """`time` is in UTC. `pull_request` is the number and URL of the pull request, if there is one.

    `quiet` names the components without new commits on their production branch. `tickets_from` is the repository whose
    issues the components' commits name. `inputs` are the texts of the inputs that affect the result, by name.
    """

    command: ClassVar[str] = "prepare"

    version: str
    time: datetime.datetime
    plan: Plan
    facts: ReleaseFacts
    findings: Sequence[Finding]
    dry_run: bool = False
    commit: str = ""
    pull_request: tuple[int, str] | None = None
    tickets_from: str = ""
    quiet: Sequence[str] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Whether a finding forbids the release."""
        return bool(blocking(self.findings))

    @property
    def target(self) -> dict[str, str]:
        """What an approval of this plan covers."""
        return target_of(self.plan, self._commits, self.inputs)

    @property
    def _commits(self) -> dict[str, str]:
        return {facts.pin.component.name: known_commit(facts) for facts in self.facts.components}

    @property
    def stage(self) -> Stage:
        """How far `prepare` got; `PLANNED` includes a plan that is about to be carried out."""
        if self.refused:
            return Stage.REFUSED
        if not self.plan.is_needed:
            return Stage.NOTHING
        if self.pull_request:
            return Stage.PROPOSED
        return Stage.COMMITTED if self.commit and self.plan.mode is Mode.COMMIT else Stage.PLANNED

    @property
    def verdict(self) -> Verdict:
        """`blocked` if it was refused, otherwise `build-only`: `prepare` permits no deployment."""
        return Verdict.BLOCKED if self.refused else Verdict.BUILD_ONLY

    @property
    def headline(self) -> str:
        """The outcome in one line."""
        return self._ended(self.plan.stack_tag, self.plan.branch)

    @property
    def line(self) -> str:
        """The outcome, with the pair or the rules that block it."""
        what = self._ended(tag_name(self.plan.stack_tag), path_name(self.plan.branch, "the branch"))
        return joined(what, rules(self.failed_rules) if self.refused else pair(self.facts.components))

    @property
    def url(self) -> str:
        """The pull request, if there is one."""
        return self.pull_request[1] if self.pull_request else ""

    def _ended(self, tag: str, branch: str) -> str:
        planned = f"Plan (dry run) for release {tag}" if self.dry_run else f"Plan for release {tag}"
        proposed = f"Release {tag} is prepared" if self.changed else f"Nothing to do: release {tag} is already prepared"
        return {
            Stage.REFUSED: f"Refused: release {tag} is not prepared",
            Stage.PLANNED: planned,
            Stage.NOTHING: f"Nothing to do: {branch} already uses this pair",
            Stage.PROPOSED: proposed,
            Stage.COMMITTED: f"Release {tag} is prepared",
        }[self.stage] + (f" (nothing new on production of {' and '.join(self.quiet)})" if self.quiet else "")

    def outputs(self) -> dict[str, str]:
        """The release, its pair, the plan and the pull request."""
        number, url = self.pull_request or (0, "")
        is_open = self.plan.is_open and not self.refused
        return {
            "verdict": self.verdict.value,
            "stack-tag": self.plan.stack_tag,
            **component_outputs(self.facts.components),
            "changed": as_word(self.changed),
            "plan": written(self.target) if is_open else "",
            "plan-title": title_of(self.plan, self._commits) if is_open else "",
            "commit": self.commit or self.plan.committed,
            "pull-request-number": str(number or ""),
            "pull-request-url": url,
            "failed-rules": ",".join(self.failed_rules),
        }

    def as_json(self) -> dict[str, Any]:
        """The report in the schema that all commands share, with the plan."""
        plan = self.plan
        return {
            **self.of_release(
                Ref.of_branch(plan.branch), self.facts, plan.repository, tag=plan.stack_tag, commit=self.commit
            ),
            "plan": {
                "branch": plan.branch,
                "head": plan.head,
                "mode": plan.mode.value,
                "diff": plan.diff,
                "changes": [_change(change) for change in plan.changes],
                "new-tags": [_new_tag(tag) for tag in plan.new_tags],
                "ticket": str(plan.ticket) if plan.ticket else None,
            },
        }


def _new_tag(tag: NewTag) -> dict[str, Any]:
    """A requested new tag as JSON, with what it would contain and start."""
    history = None if isinstance(tag.history, Unknown) else tag.history
    files = history.new_files if history else None
    return {
        "name": tag.name,
        "repository": tag.component.repository,
        "tag": tag.tag,
        "commit": tag.commit,
        "is-there": tag.is_there,
        "since": tag.since or None,
        "commits": len(history.added) if history else None,
        "notice": files.below(tag.component.notice_paths) if files else None,
        "starts": None if isinstance(tag.starts, Unknown) else list(tag.starts),
    }


def _change(change: Change) -> dict[str, Any]:
    """A component's change as JSON, with the newest tags to choose from; unknown values are null."""
    history = change.history
    known = None if isinstance(history, Unknown) else history
    return {
        "name": change.name,
        "from": change.before.tag,
        "to": change.after.tag,
        "commits-added": len(known.added) if known else None,
        "commits-removed": len(known.removed) if known else None,
        "tickets": list(known.references().tickets) if known else None,
        "candidates": None
        if isinstance(change.candidates, Unknown)
        else [
            {
                "tag": one.tag,
                "eligible": None if isinstance(one.eligible, Unknown) else one.eligible,
                "doubt": one.doubt,
            }
            for one in change.candidates.shown
        ],
    }
