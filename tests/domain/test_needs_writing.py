"""What stands in the way of writing beside rights: rules, protection, settings, triggers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contract.sources import ROOT
from domain.test_needs_outside import HIDDEN, LOST, RULESET, THERE, UNVERIFIABLE, assert_stands
from frag_release.domain.evidence import Blob, Unknown
from frag_release.domain.needs import Presence, TokenFacts, TokenKind
from frag_release.domain.needs.protection import BranchGuard, BranchRule, ClassicProtection
from frag_release.domain.needs.writing import (
    BuildWorkflow,
    TicketPlace,
    judge_build,
    judge_direct_commit,
    judge_own_branch,
    judge_pull_request_setting,
    judge_pushed_image,
    judge_tag_creation,
    judge_ticket_place,
)
from frag_release.domain.refs import DEFAULT_FORMAT as FORM
from frag_release.domain.workflow_file import WorkflowFileError
from frag_release.domain.workflow_jobs import EVERY_TAG, NO_TAG, Triggers, Upload, read_triggers, read_upload

MISSING, UNAVAILABLE, NOT_NEEDED = Presence.MISSING, Presence.UNAVAILABLE, Presence.NOT_NEEDED
TOKEN = TokenFacts(TokenKind.CLASSIC, "token", "org/stack", is_public=True)
TAG, BRANCH = "2023.06.1", "release/2023.06.1"
FILE = ".github/workflows/build-main.yaml"


def test_rules_on_release_branches() -> None:
    """Rules that forbid creating or pushing stop prepare, unless the token may bypass them."""
    assert_stands(judge_own_branch(BRANCH, []), THERE)
    harmless = [BranchRule("deletion", 1, bypass="never"), BranchRule("copilot_code_review", 1, bypass="never")]
    assert_stands(judge_own_branch(BRANCH, harmless), THERE)
    assert_stands(judge_own_branch(BRANCH, [BranchRule("creation", 1, "org/x", "always")]), THERE)
    assert_stands(judge_own_branch(BRANCH, [BranchRule("creation", 1, "org/x", "never")]), MISSING, "creation", "org/x")
    assert_stands(judge_own_branch(BRANCH, [BranchRule("pull_request", 1)]), UNVERIFIABLE, "pull request")
    assert_stands(judge_own_branch(BRANCH, HIDDEN), UNVERIFIABLE)
    assert_stands(judge_own_branch(BRANCH, LOST), UNAVAILABLE)


@pytest.mark.parametrize(
    "kind",
    [
        "branch_name_pattern",
        "code_scanning",
        "commit_author_email_pattern",
        "commit_message_pattern",
        "committer_email_pattern",
        "file_extension_restriction",
        "file_path_restriction",
        "license_compliance_scanning",
        "max_file_path_length",
        "max_file_size",
        "non_fast_forward",
        "required_deployments",
        "required_linear_history",
        "required_signatures",
        "workflows",
        "a_rule_of_next_year",
    ],
)
def test_a_rule_that_is_not_known_to_be_harmless_may_refuse(kind: str) -> None:
    """It is named, and never taken for none; whoever may bypass it need not mind it."""
    for bypass in ("never", "pull_requests_only", ""):
        judged = judge_own_branch(BRANCH, [BranchRule("deletion", 1), BranchRule(kind, 2, "org/x", bypass)])
        assert_stands(judged, UNVERIFIABLE, f"Rules of org/x may refuse a push to {BRANCH}: {kind.replace('_', ' ')}.")
    assert_stands(judge_own_branch(BRANCH, [BranchRule(kind, 2, "org/x", "exempt")]), THERE)


def test_the_build_of_the_example_starts_for_production_tags() -> None:
    """The workflow that stacks are given is one that doctor finds nothing to say of."""
    content = (ROOT / "examples" / "build-main.yaml").read_bytes()
    triggers = read_triggers(Blob(len(content), content))
    for kind in (TokenKind.OWN, TokenKind.APP):
        assert_stands(judge_build(BuildWorkflow(FILE, "active", triggers, tag_format=FORM), kind), THERE)


def test_what_is_certain_comes_before_what_is_not() -> None:
    """A rule that forbids stops prepare, whatever else may refuse or may be bypassed."""
    rules = [BranchRule("workflows", 1), BranchRule("update", 2), BranchRule("creation", 3, "org/x", "never")]
    assert_stands(judge_own_branch(BRANCH, rules), MISSING, f"forbid a push to {BRANCH}: creation; this token may not")
    assert_stands(
        judge_own_branch(BRANCH, rules[:2]),
        UNVERIFIABLE,
        f"forbid a push to {BRANCH}: update; GitHub does not show whether",
    )


@pytest.mark.parametrize("kind", ["creation", "deletion", "non_fast_forward", "required_linear_history"])
def test_rules_that_let_one_commit_on_top_be(kind: str) -> None:
    """It is no merge, makes no branch and forces nothing."""
    assert_stands(judge_direct_commit("main", BranchGuard([BranchRule(kind, 1, bypass="never")], None), TOKEN), THERE)


def test_commits_to_the_stack_branch() -> None:
    """They are possible, or mode: pull-request needs none; that never stops anything."""
    bound = ClassicProtection(needs_pull_request=True, restricts_pushes=False, binds_administrators=True)
    assert_stands(judge_direct_commit("main", BranchGuard([], None), TOKEN), THERE)
    for guard in (
        BranchGuard([BranchRule("pull_request", 1, bypass="never")], None),
        BranchGuard([BranchRule("required_status_checks", 1)], None),
        BranchGuard([BranchRule("required_signatures", 1, bypass="never")], None),
        BranchGuard([BranchRule("file_path_restriction", 1)], None),
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
    assert_stands(judge_tag_creation([], TAG), THERE)
    harmless = frozenset({"update", "deletion", "non_fast_forward"})
    assert_stands(judge_tag_creation([replace(RULESET, rules=harmless, bypass="never")], TAG), THERE)
    assert_stands(judge_tag_creation([replace(RULESET, bypass="always")], TAG), THERE, "may bypass")
    assert_stands(judge_tag_creation([replace(RULESET, bypass="never")], TAG), MISSING, "may not bypass")
    assert_stands(judge_tag_creation([replace(RULESET, bypass="pull_requests_only")], TAG), MISSING)
    assert_stands(judge_tag_creation([RULESET], TAG), UNVERIFIABLE, "does not show")
    assert_stands(judge_tag_creation(HIDDEN, TAG), UNVERIFIABLE)
    assert_stands(judge_tag_creation(LOST, TAG), UNAVAILABLE)


@pytest.mark.parametrize(
    "kind",
    [
        "tag_name_pattern",
        "required_signatures",
        "required_status_checks",
        "required_linear_history",
        "workflows",
        "new",
    ],
)
def test_a_tag_rule_that_is_not_known_to_be_harmless_may_refuse(kind: str) -> None:
    """It is named with its ruleset, unless the token may bypass it or no production tag is meant."""
    ruleset = replace(RULESET, rules=frozenset({kind, "deletion"}), bypass="never")
    words = f"The ruleset 'releases' may refuse a tag such as 2023.06.1: {kind.replace('_', ' ')}."
    assert_stands(judge_tag_creation([ruleset], TAG), UNVERIFIABLE, words)
    assert_stands(judge_tag_creation([ruleset, RULESET], TAG), UNVERIFIABLE, "forbids creating a tag")
    assert_stands(judge_tag_creation([ruleset, RULESET, replace(RULESET, bypass="never")], TAG), MISSING)
    assert_stands(judge_tag_creation([replace(ruleset, bypass="always")], TAG), THERE, "may bypass")
    assert_stands(judge_tag_creation([replace(ruleset, includes=["refs/tags/v*"])], TAG), THERE)


def test_the_setting_for_pull_requests() -> None:
    """It matters for the workflow's own token alone, which may not read it."""
    assert judge_pull_request_setting(False, False).presence is NOT_NEEDED
    assert_stands(judge_pull_request_setting(True, True), THERE)
    assert_stands(judge_pull_request_setting(True, False), MISSING, "turned off")
    judged = judge_pull_request_setting(True, HIDDEN)
    assert_stands(judged, UNVERIFIABLE, "GitHub said no.")
    assert "If it is off, prepare reports it." in judged.remedy


@pytest.mark.parametrize(
    ("state", "triggers", "kind", "presence", "words"),
    [
        ("active", Triggers(True, NO_TAG), TokenKind.OWN, THERE, "workflow_dispatch"),
        ("active", Triggers(False, EVERY_TAG), TokenKind.OWN, MISSING, "no workflow_dispatch"),
        ("active", Triggers(False, EVERY_TAG), TokenKind.APP, THERE, "starts for tags"),
        ("active", Triggers(True, NO_TAG), TokenKind.APP, MISSING, "No push of a tag such as"),
        ("disabled_manually", Triggers(True, EVERY_TAG), TokenKind.APP, MISSING, "disabled manually"),
        (HIDDEN, Triggers(True, EVERY_TAG), TokenKind.APP, UNAVAILABLE, "GitHub said no"),
        ("active", HIDDEN, TokenKind.APP, UNAVAILABLE, "GitHub said no"),
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
    assert_stands(judge_build(BuildWorkflow(FILE, state, triggers, tag_format=FORM), kind), presence, words)


def test_nothing_starts_the_build_of_an_archive() -> None:
    """Whatever the workflow says."""
    build = BuildWorkflow(FILE, "active", Triggers(True, EVERY_TAG), archived=True, tag_format=FORM)
    for kind in (TokenKind.OWN, TokenKind.CLASSIC):
        assert_stands(judge_build(build, kind), MISSING, "is archived")


def test_where_tickets_are_kept() -> None:
    """Issues must be on, and the repository in use."""
    assert_stands(judge_ticket_place(TicketPlace("org/t", True, False)), THERE)
    assert_stands(judge_ticket_place(TicketPlace("org/t", False, False)), MISSING, "turned off")
    assert_stands(judge_ticket_place(TicketPlace("org/t", True, True)), MISSING, "archived")
    assert_stands(judge_ticket_place(HIDDEN), UNAVAILABLE)


@pytest.mark.parametrize(
    ("filters", "presence", "words"),
    [
        ("tags: ['[0-9]+.[0-9]+.[0-9]+']", THERE, "starts for tags such as 2023.06.1 and 2024.11.12"),
        ("tags: ['*']", THERE, ""),
        ("tags: ['v*', '20*']", THERE, ""),
        ("tags-ignore: ['v*', '*-rc*']", THERE, ""),
        ("tags: ['**', '!*-rc*']", THERE, ""),
        ("branches: [main]", MISSING, "No push of a tag such as 2023.06.1 starts"),
        ("tags: ['v*']", MISSING, "No push of a tag such as 2023.06.1 starts"),
        ("tags: ['*-rc*']", MISSING, ""),
        ("tags: ['*', '!2*', '!1*']", MISSING, ""),
        ("tags-ignore: ['**']", MISSING, ""),
        ("tags: ['2025.*']", UNVERIFIABLE, "not for 2023.06.1 and 2024.11.12"),
        ("tags: ['[0-9]+.[0-9]+.[0-9]']", UNVERIFIABLE, "for every production tag: not for 2024.11.12"),
        ("tags: ['20(23|24).*']", MISSING, ""),
        ("tags: ['(x']", MISSING, ""),
        ("tags: ['20*?']", UNVERIFIABLE, "Which tags start"),
        ("tags: ['**/2*']", UNVERIFIABLE, "could not be determined from the patterns"),
    ],
)
def test_which_tags_start_the_build(filters: str, presence: Presence, words: str) -> None:
    """There where production tags do; missing where none ever would; else it is said that it is not known."""
    text = f"on:\n  push:\n    {filters}\n".encode()
    triggers = read_triggers(Blob(len(text), text))
    assert_stands(judge_build(BuildWorkflow(FILE, "active", triggers, tag_format=FORM), TokenKind.APP), presence, words)


UPLOAD = "jobs: {b: {steps: [{run: echo stack-image-}, {uses: actions/Upload-Artifact@v4}]}}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (UPLOAD, Upload.HERE),
        (UPLOAD.replace("stack-image-", "image"), Upload.NOWHERE),
        (UPLOAD.replace("uses: actions/Upload", "uses: actions/Download"), Upload.NOWHERE),
        ("jobs: {b: {steps: [{run: docker push}]}}  # uses: actions/upload-artifact@v4 stack-image-", Upload.NOWHERE),
        ("jobs: {b: {uses: org/x/.github/workflows/build.yaml@v1}}", Upload.PERHAPS_ELSEWHERE),
        ("jobs: {b: {steps: [{uses: ./.github/actions/push}]}}", Upload.PERHAPS_ELSEWHERE),
    ],
)
def test_whether_a_build_says_which_image_it_pushed(text: str, said: Upload) -> None:
    """Both the upload and the artifact's name must be there, not in a comment; other files may have them."""
    assert read_upload(Blob(len(text), text.encode())) is said


def test_the_examples_build_says_which_image_it_pushed() -> None:
    """The example has the steps that are asked for."""
    content = (ROOT / "examples" / "build-main.yaml").read_bytes()
    assert_stands(judge_pushed_image(FILE, read_upload(Blob(len(content), content))), THERE)


def test_a_build_that_does_not_say_what_it_pushed() -> None:
    """It is missing, with what comes of it and what to add; in other files it cannot be told; unread is not seen."""
    assert_stands(judge_pushed_image(FILE, Upload.NOWHERE), MISSING, "stack-image-sha256-", "cannot be rolled back to")
    assert_stands(judge_pushed_image(FILE, Upload.PERHAPS_ELSEWHERE), UNVERIFIABLE, "could not be determined")
    assert_stands(judge_pushed_image(FILE, WorkflowFileError("it is no text")), MISSING, "it is no text")
    assert_stands(judge_pushed_image(FILE, LOST), UNAVAILABLE)
