"""What stands in the way of writing beside rights: rules, protection, settings, triggers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.test_needs_outside import HIDDEN, LOST, RULESET, THERE, UNTOLD, assert_stands
from frag_release.domain.evidence import Blob, Unknown
from frag_release.domain.needs.need import Presence
from frag_release.domain.needs.protection import BranchGuard, BranchRule, ClassicProtection
from frag_release.domain.needs.rights import TokenFacts, TokenKind
from frag_release.domain.needs.tickets import TicketPlace, judge_ticket_place
from frag_release.domain.needs.writing import (
    BuildWorkflow,
    judge_build,
    judge_direct_commit,
    judge_own_branch,
    judge_pull_request_setting,
    judge_tag_creation,
)
from frag_release.domain.workflow_file import WorkflowFileError
from frag_release.domain.workflow_triggers import Triggers, read_triggers

MISSING, UNSEEN, NOT_NEEDED = Presence.MISSING, Presence.UNSEEN, Presence.NOT_NEEDED
TOKEN = TokenFacts(TokenKind.CLASSIC, "token", "org/stack", is_public=True)
BRANCH = "release/2023.06.1"
FILE = ".github/workflows/build-main.yaml"


def test_rules_on_release_branches() -> None:
    """Rules that forbid creating or pushing stop prepare, unless the token may bypass them."""
    assert_stands(judge_own_branch(BRANCH, []), THERE)
    assert_stands(judge_own_branch(BRANCH, [BranchRule("deletion", 1), BranchRule("non_fast_forward", 1)]), THERE)
    assert_stands(judge_own_branch(BRANCH, [BranchRule("creation", 1, "org/x", "always")]), THERE)
    assert_stands(judge_own_branch(BRANCH, [BranchRule("creation", 1, "org/x", "never")]), MISSING, "creation", "org/x")
    assert_stands(judge_own_branch(BRANCH, [BranchRule("pull_request", 1)]), UNTOLD, "pull request")
    assert_stands(judge_own_branch(BRANCH, HIDDEN), UNTOLD)
    assert_stands(judge_own_branch(BRANCH, LOST), UNSEEN)


def test_commits_to_the_stack_branch() -> None:
    """They are possible, or mode: pull-request needs none; that never stops anything."""
    bound = ClassicProtection(needs_pull_request=True, restricts_pushes=False, binds_administrators=True)
    assert_stands(judge_direct_commit("main", BranchGuard([], None), TOKEN), THERE)
    for guard in (
        BranchGuard([BranchRule("pull_request", 1, bypass="never")], None),
        BranchGuard([BranchRule("required_status_checks", 1)], None),
        BranchGuard([], bound),
        BranchGuard([], HIDDEN),
        BranchGuard(HIDDEN, None),
    ):
        judged = judge_direct_commit("main", guard, TOKEN)
        assert judged.presence is NOT_NEEDED
        assert judged.message.endswith("mode: pull-request, the default, does not need it.")
    administrator = replace(TOKEN, may_administer=True)
    assert judge_direct_commit("main", BranchGuard([], bound), administrator).presence is NOT_NEEDED
    loose = replace(bound, binds_administrators=False)
    assert_stands(judge_direct_commit("main", BranchGuard([], loose), administrator), THERE)


def test_tag_rulesets_and_publish() -> None:
    """The ruleset that guards production must let the token of publish through."""
    assert_stands(judge_tag_creation([]), THERE)
    assert_stands(judge_tag_creation([replace(RULESET, rules=frozenset({"update", "deletion"}))]), THERE)
    assert_stands(judge_tag_creation([replace(RULESET, bypass="always")]), THERE, "may bypass")
    assert_stands(judge_tag_creation([replace(RULESET, bypass="never")]), MISSING, "may not bypass")
    assert_stands(judge_tag_creation([replace(RULESET, bypass="pull_requests_only")]), MISSING)
    assert_stands(judge_tag_creation([RULESET]), UNTOLD, "is not shown")
    assert_stands(judge_tag_creation(HIDDEN), UNTOLD)
    assert_stands(judge_tag_creation(LOST), UNSEEN)


def test_the_setting_for_pull_requests() -> None:
    """It matters for the workflow's own token alone, which may not read it."""
    assert judge_pull_request_setting(False, False).presence is NOT_NEEDED
    assert_stands(judge_pull_request_setting(True, True), THERE)
    assert_stands(judge_pull_request_setting(True, False), MISSING, "turned off")
    judged = judge_pull_request_setting(True, HIDDEN)
    assert_stands(judged, UNTOLD, "GitHub said no.")
    assert "When it is off, prepare says so." in judged.remedy


@pytest.mark.parametrize(
    ("state", "triggers", "kind", "presence", "words"),
    [
        ("active", Triggers(True, False), TokenKind.OWN, THERE, "workflow_dispatch"),
        ("active", Triggers(False, True), TokenKind.OWN, MISSING, "no workflow_dispatch"),
        ("active", Triggers(False, True), TokenKind.APP, THERE, "starts for tags"),
        ("active", Triggers(True, False), TokenKind.APP, MISSING, "No push of a tag starts"),
        ("disabled_manually", Triggers(True, True), TokenKind.APP, MISSING, "disabled manually"),
        (HIDDEN, Triggers(True, True), TokenKind.APP, UNSEEN, "GitHub said no"),
        ("active", HIDDEN, TokenKind.APP, UNSEEN, "GitHub said no"),
        ("active", WorkflowFileError("it is no YAML"), TokenKind.APP, MISSING, "it is no YAML"),
    ],
)
def test_how_the_build_starts(
    state: str | Unknown,
    triggers: Triggers | WorkflowFileError | Unknown,
    kind: TokenKind,
    presence: Presence,
    words: str,
) -> None:
    """The own token needs a dispatch, every other one the push of a tag; a switched-off workflow never starts."""
    assert_stands(judge_build(BuildWorkflow(FILE, state, triggers), kind), presence, words)


def test_where_tickets_are_kept() -> None:
    """Issues must be on, and the repository in use."""
    assert_stands(judge_ticket_place(TicketPlace("org/t", True, False)), THERE)
    assert_stands(judge_ticket_place(TicketPlace("org/t", False, False)), MISSING, "turned off")
    assert_stands(judge_ticket_place(TicketPlace("org/t", True, True)), MISSING, "archived")
    assert_stands(judge_ticket_place(HIDDEN), UNSEEN)


@pytest.mark.parametrize(
    ("on", "dispatch", "tags"),
    [
        ("on: push", False, True),
        ("on: workflow_dispatch", True, False),
        ("on: [push, workflow_dispatch]", True, True),
        ("'on':\n  workflow_dispatch:\n", True, False),
        ("on:\n  push:\n", False, True),
        ("on:\n  push:\n    branches: [main]\n", False, False),
        ("on:\n  push:\n    branches-ignore: [main]\n", False, False),
        ("on:\n  push:\n    branches: [main]\n    tags: ['**']\n", False, True),
        ("on:\n  push:\n    paths: [x]\n  workflow_dispatch:\n    inputs: {}\n", True, True),
        ("on:\n  pull_request:\n    tags: [x]\n", False, False),
        ("on:\n  - push\n  - {a: workflow_dispatch}\n", False, True),
    ],
)
def test_what_starts_a_workflow(on: str, dispatch: bool, tags: bool) -> None:
    """Under each way to write `on`; branches alone leave tags out."""
    content = f"name: x\n{on}\njobs: {{}}\n".encode()
    assert read_triggers(Blob(len(content), content)) == Triggers(dispatch, tags)


@pytest.mark.parametrize("text", ["name: x\n", "- on\n", "on: [push\n", "on: push\non: push\n"])
def test_a_file_without_triggers_is_refused(text: str) -> None:
    """Rather than taken for one that nothing starts."""
    with pytest.raises(WorkflowFileError):
        read_triggers(Blob(len(text), text.encode()))
