"""Settings beside those that guard the gate: retention, protections of runs, immutability, people, components' tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from frag_release.domain.evidence import Answer, Hidden, NotOffered, Unknown
from frag_release.domain.needs import Judgement, Presence
from frag_release.domain.needs.outside import (
    judge_component_tags,
    judge_immutability,
    judge_people,
    judge_policies,
    judge_production,
    judge_retention,
)
from frag_release.domain.needs.protection import (
    BranchGuard,
    BranchRule,
    Bypasser,
    ClassicProtection,
    Deployers,
    Environment,
    ExecutionPolicy,
    Ruleset,
)
from frag_release.domain.refs import DEFAULT_FORMAT

THERE, MISSING, UNVERIFIABLE, UNAVAILABLE = (
    Presence.THERE,
    Presence.MISSING,
    Presence.UNVERIFIABLE,
    Presence.UNAVAILABLE,
)
NOT_NEEDED = Presence.NOT_NEEDED
HIDDEN = Hidden("GitHub said no", "It takes a token with administration: read.")
LOST = Unknown("GitHub is away")
FILE = ".github/workflows/build-main.yaml"


def assert_stands(judged: Judgement, presence: Presence, words: str) -> None:
    """So it stands, with these words, and whoever has to act is told what to do."""
    assert judged.presence is presence, judged
    assert words in judged.message
    assert presence in (THERE, NOT_NEEDED) or judged.remedy


@pytest.mark.parametrize(
    ("days", "presence", "words"),
    [
        ({"a/b": 90, "a/c": 400}, THERE, "a/b for 90 days, a/c for 400 days"),
        ({"a/b": 90, "a/c": 89}, MISSING, "A/c keeps workflow runs for 89 days"),
        ({"a/b": HIDDEN, "a/c": 30}, MISSING, "30 days"),
        (
            {"a/b": 90, "a/c": HIDDEN},
            UNVERIFIABLE,
            "How long a/c keeps workflow runs could not be determined: GitHub said no.",
        ),
        ({"a/b": LOST}, UNVERIFIABLE, "GitHub is away"),
    ],
)
def test_retention(days: Mapping[str, Answer[int]], presence: Presence, words: str) -> None:
    """90 days everywhere are enough, one repository with less is missing, and one that is hidden is not fine."""
    assert_stands(judge_retention(days), presence, words.replace("A/c", "a/c"))


def policy(events: list[str] | None = None, actors: bool = False, files: str = "~ALL") -> ExecutionPolicy:
    """A protection in force."""
    return ExecutionPolicy("one", (files,), (), events, actors)


@pytest.mark.parametrize(
    ("policies", "presence", "words"),
    [
        ([], NOT_NEEDED, "No workflow execution protection applies"),
        ([policy(["issues"], files=".github/workflows/other.yaml")], NOT_NEEDED, "No workflow execution protection"),
        ([policy(["push", "workflow_dispatch"])], THERE, "let push and workflow_dispatch start"),
        ([policy(["push"])], MISSING, "does not let workflow_dispatch start"),
        ([policy(["push", "workflow_dispatch"]), policy([])], MISSING, "does not let push start"),
        ([policy(["pull_request"], files=".github/workflows/*.yaml")], MISSING, "does not let push start"),
        ([policy(actors=True)], UNVERIFIABLE, "restricts who may start"),
        (HIDDEN, UNVERIFIABLE, "GitHub said no"),
        (LOST, UNAVAILABLE, "GitHub is away"),
    ],
)
def test_execution_protections(policies: Any, presence: Presence, words: str) -> None:
    """None is needed; one that leaves out the event is missing; whether an actor is on its list cannot be told."""
    assert_stands(judge_policies(FILE, ("push", "workflow_dispatch"), policies), presence, words)


@pytest.mark.parametrize(
    ("enabled", "retention", "presence"),
    [
        (True, HIDDEN, THERE),
        (False, 90, MISSING),
        (None, 90, MISSING),
        (None, HIDDEN, UNVERIFIABLE),
        (HIDDEN, 90, UNVERIFIABLE),
        (LOST, 90, UNAVAILABLE),
    ],
)
def test_immutable_releases(enabled: Answer[bool | None], retention: Answer[int], presence: Presence) -> None:
    """GitHub's 404 means that it is off only to whoever is shown another setting of the same right."""
    assert_stands(judge_immutability(enabled, retention), presence, "")


def place(users: int, teams: int = 0, own: bool = False) -> Environment:
    """An environment with so many reviewers; `own` says that nobody approves what they started."""
    names = [f"user-{number}" for number in range(users)], [f"team-{number}" for number in range(teams)]
    return Environment("production", users + teams, Deployers.CHOSEN, (), "", *names, prevents_self_review=own)


@pytest.mark.parametrize(
    ("found", "presence", "words"),
    [
        (place(2), THERE, "2 people may approve"),
        (place(1), MISSING, "Only user-0 may approve"),
        (place(1, own=True), MISSING, "except one that they started themselves"),
        (place(2, own=True), MISSING, "but not one that they started"),
        (place(3, own=True), THERE, "3 people may approve"),
        (place(0, 1), UNVERIFIABLE, "The team team-0"),
        (place(1, 1, own=True), UNVERIFIABLE, "The team team-0"),
        (place(2, 1), THERE, "2 people"),
        (place(0), NOT_NEEDED, "needs no approval"),
        (None, NOT_NEEDED, "needs no approval"),
        (HIDDEN, UNVERIFIABLE, "GitHub said no"),
    ],
)
def test_more_than_one_person_can_approve(found: Any, presence: Presence, words: str) -> None:
    """Two people, or three if none approves their own; a team's members are not shown, so it is not taken for two."""
    assert_stands(judge_people("production", found), presence, words)


def fixed(*rules: str, bypassers: Any = (), pattern: str = "refs/tags/*.*.*") -> Ruleset:
    """A ruleset for tags."""
    return Ruleset(1, "fixed", (pattern,), (), frozenset(rules), bypassers=bypassers)


@pytest.mark.parametrize(
    ("rulesets", "presence", "words"),
    [
        ([fixed("update", "deletion")], THERE, "cannot be moved or deleted"),
        ([fixed("update"), fixed("deletion")], THERE, "cannot be moved or deleted"),
        ([], MISSING, "2023.06.1 can be moved, 2023.06.1 can be deleted"),
        ([fixed("creation", "update")], MISSING, "2023.06.1 can be deleted"),
        ([fixed("update", "deletion", pattern="refs/tags/20*")], MISSING, "1.2.3 can be moved"),
        ([fixed("update", "deletion", bypassers=[Bypasser("RepositoryRole", 4)])], MISSING, "can be moved"),
        ([fixed("update", "deletion", bypassers=[Bypasser("Team", 7)])], MISSING, "moved, 2023.06.1 can be deleted in"),
        ([fixed("update", "deletion", bypassers=[Bypasser("Team", 7, "pull_request")])], THERE, "cannot be moved"),
        ([fixed("update", "deletion", bypassers=None)], UNVERIFIABLE, "bypass list is not shown"),
        ([fixed("update", "deletion", bypassers=None), fixed("update", "deletion")], THERE, "cannot be moved"),
        (
            NotOffered("this plan has no rulesets", "Use another plan."),
            MISSING,
            "Anyone with push access can move",
        ),
        (HIDDEN, UNVERIFIABLE, "GitHub said no"),
        (LOST, UNAVAILABLE, "GitHub is away"),
    ],
)
def test_component_tags(rulesets: Any, presence: Presence, words: str) -> None:
    """They are not moved or deleted by whoever may push; that they can be made is the gate's to judge."""
    assert_stands(judge_component_tags("xchem/fragalysis-backend", rulesets, DEFAULT_FORMAT), presence, words)


def held(bypass: str, kind: str = "pull_request") -> BranchRule:
    """A rule for a branch."""
    return BranchRule(kind, 7, "a/backend", bypass)


REVIEWED = ClassicProtection(needs_pull_request=True, restricts_pushes=False, binds_administrators=False)


@pytest.mark.parametrize(("guard", "presence", "words"), [
    (BranchGuard([held("never")], None), THERE, "token from pushing to production of a/backend: pull request."),
    (BranchGuard([held("never", "update")], HIDDEN), THERE, "from pushing to production of a/backend: update."),
    (BranchGuard([held("always")], None), MISSING, "may bypass rules for production of a/backend: pull request."),
    (BranchGuard([held("pull_requests_only")], REVIEWED), MISSING, "may bypass rules"),
    (BranchGuard([held("never"), held("exempt", "deletion")], None), MISSING, "a/backend: deletion."),
    (BranchGuard([held("")], None), UNVERIFIABLE, "does not show whether this token may bypass"),
    (BranchGuard([held("never", "deletion")], None), MISSING, "No rule keeps this token from pushing to production"),
    (BranchGuard([], None), MISSING, "No rule keeps this token from pushing to production"),
    (BranchGuard([], REVIEWED), THERE, "The branch protection of production"),
    (BranchGuard([], HIDDEN), UNVERIFIABLE, "GitHub said no"),
    (BranchGuard([], LOST), UNAVAILABLE, "GitHub is away"),
    (BranchGuard(LOST, None), UNAVAILABLE, "GitHub is away"),
])  # fmt: skip
def test_who_tags_production_cannot_change_it(guard: BranchGuard, presence: Presence, words: str) -> None:
    """A rule must hold that the token cannot bypass, in no way; a bypass of any rule, or none that holds, is named."""
    judged = judge_production("a/backend", {"production": guard}, may_administer=False)
    assert judged.presence is presence, judged
    assert words in judged.message


def test_each_production_branch_has_to_hold() -> None:
    """One of two branches that the token may push to is named; an administrator is not bound by a lax protection."""
    guards = {"production": BranchGuard([held("never")], None), "main": BranchGuard([], REVIEWED)}
    assert_stands(judge_production("a/backend", guards, may_administer=False), THERE, "production of a/backend")
    assert_stands(judge_production("a/backend", guards, may_administer=True), MISSING, "main of a/backend")
