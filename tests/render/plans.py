"""Reports as `prepare` would make them, by the real rules and the real splice, from facts that a test chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from frag_release.domain.changes import Commit, History
from frag_release.domain.evidence import Answer, Unknown
from frag_release.domain.facts import ReleaseFacts
from frag_release.domain.findings import Allowance, apply_allowances
from frag_release.domain.newest import Candidate, Newest
from frag_release.domain.plan import Change, Mode, Plan
from frag_release.domain.reports import Action
from frag_release.domain.reports.prepare import PrepareReport
from frag_release.domain.rules import Occasion, judge
from frag_release.domain.splice import replace_values
from render.reports import FILE, NOW, STACK, good_facts, pin

GITHUB = "https://github.com"
HEAD = "5" * 40
OLD = b"on: push\nenv:\n  BE_IMAGE_TAG: 2023.03.1\n  FE_IMAGE_TAG: '2023.05.3'  # was 2023.05.2\n"
NEW = replace_values(OLD, {"BE_IMAGE_TAG": "2023.05.1", "FE_IMAGE_TAG": "2023.05.4"})
REQUEST = (7, f"{GITHUB}/{STACK}/pull/7")
MADE = (
    Action("Pushed release/2023.06.2", f"{GITHUB}/{STACK}/commit/{'c' * 40}"),
    Action("Opened pull request 7", REQUEST[1]),
)


def commits(*messages: str) -> list[Commit]:
    """Commits of those messages, newest first."""
    return [Commit(f"{number:040x}", message) for number, message in enumerate(messages, 1)]


BACKEND_HISTORY = History(
    added=commits("#1523 #1463 (#457)", "Merge pull request #456 from xchem/m2ms-1517-tag", "typo")
)


def backend_change(history: Answer[History] = BACKEND_HISTORY, after: str = "2023.05.1") -> Change:
    """The change of the backend, with three candidates of which the first is not on `production`."""
    found = [
        Candidate("2023.05.2", False),
        Candidate("2023.05.1", True),
        Candidate("2023.04.9", Unknown("503")),
        Candidate("2023.03.1", True),
    ]
    return Change(pin("backend", "2023.03.1"), pin("backend", after), history, Newest(found))


def frontend_change(after: str = "2023.05.4") -> Change:
    """The change of the frontend; its tags could not be listed."""
    return Change(pin("frontend", "2023.05.3"), pin("frontend", after), History(), Unknown("the server answered 503"))


def plan(*changes: Change, before: bytes = OLD, after: bytes = NEW, mode: Mode = Mode.PULL_REQUEST) -> Plan:
    """The plan of the worked example, with changes."""
    chosen = changes or (backend_change(), frontend_change())
    return Plan(STACK, "master", HEAD, FILE, before, after, "2023.06.2", mode, chosen)


def planned(
    of: Plan | None = None, facts: ReleaseFacts | None = None, allow: Sequence[Allowance] = (), dry_run: bool = False
) -> PrepareReport:
    """The report of a plan, judged, before anything of it was done."""
    facts = facts or good_facts()
    findings = apply_allowances(judge(Occasion.PLAN, facts), allow)
    return PrepareReport("1.0.0", NOW, of or plan(), facts, findings, dry_run)


def proposed(of: PrepareReport | None = None) -> PrepareReport:
    """The report after the pull request was opened."""
    return replace(of or planned(), commit="c" * 40, pull_request=REQUEST, actions=MADE)


def committed() -> PrepareReport:
    """The report after the commit was made."""
    made = (Action("Committed cccccccccccc to master", f"{GITHUB}/{STACK}/commit/{'c' * 40}"),)
    return replace(planned(plan(mode=Mode.COMMIT)), commit="c" * 40, actions=made)
