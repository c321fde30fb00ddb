"""What guards the gate from outside: which settings are enough, and what is never taken for there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from frag_release.domain.evidence import Answer, Hidden, NotOffered, Unknown
from frag_release.domain.needs import Judgement, Presence
from frag_release.domain.needs.outside import (
    judge_deployers,
    judge_review,
    judge_reviewers,
    judge_secrets,
    judge_tag_rules,
)
from frag_release.domain.needs.protection import (
    BranchGuard,
    BranchRule,
    Bypasser,
    ClassicProtection,
    Deployers,
    Environment,
    Policy,
    Ruleset,
    SecretNames,
)
from frag_release.domain.refs import DEFAULT_FORMAT as FORM

HIDDEN = Hidden("GitHub said no", "Ask somebody.")
LOST = Unknown("GitHub is away")
ALL_RULES = frozenset({"creation", "update", "deletion"})
RULESET = Ruleset(1, "releases", ["refs/tags/*.*.*"], [], ALL_RULES, bypassers=[Bypasser("RepositoryRole", 5)])
FIXED = Ruleset(9, "fixed", ["~ALL"], [], frozenset({"update", "deletion"}), bypassers=())
ENVIRONMENT = Environment("production", 2, Deployers.CHOSEN, [Policy("tag", "*.*.*")])
THERE, MISSING, UNVERIFIABLE = Presence.THERE, Presence.MISSING, Presence.UNVERIFIABLE


def assert_stands(judged: Judgement, presence: Presence, *words: str) -> None:
    """The judgement is this one, says these words, and what is not there has a remedy."""
    assert judged.presence is presence, judged
    assert all(word in judged.message for word in words), judged.message
    assert judged.remedy or presence is THERE


@pytest.mark.parametrize(
    "includes",
    [["~ALL"], ["refs/tags/*.*.*"], ["refs/tags/*"], ["refs/tags/[0-9]*.[0-9]*.[0-9]*"], ["x", "refs/tags/**"]],
)
def test_a_ruleset_that_covers_all_production_tags(includes: Sequence[str]) -> None:
    """However its pattern says so."""
    found = [replace(RULESET, includes=includes), replace(FIXED, includes=includes)]
    assert_stands(judge_tag_rules(found, FORM), THERE, "'releases'")


def test_several_rulesets_count_together() -> None:
    """One may restrict what the other does not."""
    first, second = (
        replace(RULESET, id=at, rules=frozenset(rules)) for at, rules in ((1, ["creation"]), (2, ALL_RULES))
    )
    kept = replace(second, rules=ALL_RULES - {"creation"}, bypassers=())
    assert_stands(judge_tag_rules([first, kept], FORM), THERE)


def test_whoever_may_make_tags_may_not_move_or_delete_them() -> None:
    """One ruleset with all three rules lets its bypass list do all three, so it takes a second, without such a list."""
    one = replace(RULESET, bypass="always")
    found = judge_tag_rules([one], FORM)
    assert_stands(found, MISSING, "2023.06.1 can be moved and 2023.06.1 can be deleted by the owner of this token")
    assert "twice" in found.remedy and "an empty bypass list" in found.remedy
    creations = replace(one, rules=frozenset({"creation"}))
    firm = Ruleset(2, "fixed", ["refs/tags/*.*.*"], [], frozenset({"update", "deletion"}), "never", bypassers=())
    assert_stands(judge_tag_rules([creations, firm], FORM), THERE)
    assert_stands(judge_tag_rules([creations, replace(firm, bypass="exempt")], FORM), MISSING, "'fixed'")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rules": ALL_RULES - {"deletion"}}, "2023.06.1 can be deleted"),
        ({"rules": ALL_RULES - {"creation"}}, "1.2.3 can be created"),
        ({"includes": ["refs/tags/20*.*.*"]}, "1.2.3 can be created, 1.2.3 can be moved, 1.2.3 can be deleted"),
        ({"includes": ["refs/tags/v*"]}, "2023.06.1 can be created"),
        ({"includes": ["*.*.*"]}, "2023.06.1 can be created"),
        ({"excludes": ["refs/tags/2031.*"]}, "2031.12.15 can be created"),
    ],
)
def test_a_gap_in_a_ruleset_is_named(changes: dict[str, object], words: str) -> None:
    """The tag and what can be done to it."""
    assert_stands(judge_tag_rules([Ruleset(**{**vars(RULESET), **changes})], FORM), MISSING, words)


@pytest.mark.parametrize(
    ("bypasser", "words"),
    [
        (Bypasser("RepositoryRole", 4), "the role Write may bypass 'releases'"),
        (Bypasser("RepositoryRole", 4, "exempt"), "the role Write may bypass 'releases'"),
        (Bypasser("Integration", 15368), "the app GitHub Actions may bypass 'releases'"),
    ],
)
def test_a_bypass_for_everybody_who_may_push_restricts_nobody(bypasser: Bypasser, words: str) -> None:
    """Whoever else is on the list; another ruleset may restrict the same."""
    loose = replace(RULESET, bypassers=[Bypasser("Team", 7), bypasser])
    assert_stands(judge_tag_rules([loose], FORM), MISSING, "2023.06.1 can be created", words)
    half = replace(RULESET, id=2, name="half", rules=ALL_RULES - {"deletion"})
    assert_stands(judge_tag_rules([loose, half], FORM), MISSING, "2023.06.1 can be deleted", words)
    assert_stands(judge_tag_rules([loose, replace(RULESET, id=2, bypassers=())], FORM), THERE)


def test_whoever_is_on_a_bypass_list_may_move_tags() -> None:
    """Only an empty list keeps them; one that is not shown, and a list for pull requests, name nobody who may."""
    assert_stands(judge_tag_rules([RULESET], FORM), MISSING, "2023.06.1 can be moved", "by those on a bypass list")
    assert_stands(judge_tag_rules([RULESET, FIXED], FORM), THERE, "and none to move or delete them")
    assert_stands(judge_tag_rules([RULESET, replace(FIXED, bypassers=None)], FORM), UNVERIFIABLE, "could not be")
    merging = replace(FIXED, bypassers=[Bypasser("Team", 7, "pull_request")])
    assert_stands(judge_tag_rules([RULESET, merging], FORM), THERE)
    half = replace(FIXED, rules=frozenset({"update"}))
    assert_stands(judge_tag_rules([RULESET, half], FORM), MISSING, "2023.06.1 can be deleted")


@pytest.mark.parametrize(
    "bypasser",
    [
        Bypasser("RepositoryRole", 2),
        Bypasser("Integration", 4),
        Bypasser("Team", 15368),
        Bypasser("OrganizationAdmin", None),
        Bypasser("DeployKey", None),
        Bypasser("User", 4),
        Bypasser("RepositoryRole", 4, "pull_request"),
    ],
)
def test_a_bypass_for_some_is_what_release_managers_need(bypasser: Bypasser) -> None:
    """A role above Write, a team, a person, an app; a tag has no pull request to bypass anything on."""
    found = [replace(RULESET, bypassers=[bypasser]), FIXED]
    assert_stands(judge_tag_rules(found, FORM), THERE, "no bypass for everyone")


def test_a_bypass_list_that_is_not_shown_is_not_taken_for_short() -> None:
    """It is said that it was not seen, unless what was seen is enough, or too little whatever it holds."""
    unlisted = replace(RULESET, bypassers=None)
    judged = judge_tag_rules([unlisted], FORM)
    assert_stands(judged, UNVERIFIABLE, "restricted by the ruleset 'releases'. The bypass list", "could not be checked")
    assert "the bypass lists, not the role Write" in judged.remedy
    assert_stands(judge_tag_rules([unlisted, RULESET, FIXED], FORM), THERE)
    moving = replace(RULESET, rules=ALL_RULES - {"creation"}, bypassers=())
    assert_stands(judge_tag_rules([replace(unlisted, rules=frozenset({"creation"})), moving], FORM), UNVERIFIABLE)
    assert_stands(judge_tag_rules([replace(unlisted, rules=ALL_RULES - {"creation"})], FORM), MISSING, "can be created")


def test_no_ruleset_and_none_that_can_be_seen() -> None:
    """None is missing; one that cannot be seen is not told, and never there."""
    assert_stands(judge_tag_rules([], FORM), MISSING, "No ruleset applies to tags")
    assert_stands(judge_tag_rules(HIDDEN, FORM), UNVERIFIABLE, "GitHub said no.")
    assert_stands(judge_tag_rules(LOST, FORM), Presence.UNAVAILABLE, "GitHub is away.")


def test_reviewers() -> None:
    """There where somebody must approve; a private repository is not sent to a setting that it may not have."""
    assert_stands(judge_reviewers("production", ENVIRONMENT, is_private=True, form=FORM), THERE)
    without = replace(ENVIRONMENT, reviewers=0)
    for is_private, remedy in ((False, "give production required reviewers"), (True, "only on GitHub Enterprise")):
        judged = judge_reviewers("production", without, is_private, form=FORM)
        assert_stands(judged, MISSING, "no required reviewers")
        assert remedy in judged.remedy
        absent = judge_reviewers("production", None, is_private, form=FORM)
        assert_stands(absent, MISSING, "There is no environment production.")
        assert remedy in absent.remedy
    assert_stands(judge_reviewers("production", HIDDEN, is_private=False, form=FORM), UNVERIFIABLE)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"deployers": Deployers.ANY}, "from every branch and tag"),
        ({"deployers": Deployers.PROTECTED_BRANCHES}, "so no production tag can deploy"),
        ({"policies": []}, "lets no tag such as 2023.06.1 deploy"),
        ({"policies": [Policy("tag", "v*")]}, "lets no tag such as 2023.06.1 deploy"),
        ({"policies": [Policy("tag", "*.*.*"), Policy("branch", "main")]}, "from the branch main"),
        ({"policies": [Policy("tag", "*")]}, "from every tag"),
    ],
)
def test_who_may_deploy(changes: dict[str, object], words: str) -> None:
    """Everything but tags like production ones, and nothing at all, is too much or too little, and named."""
    found = Environment(**{**vars(ENVIRONMENT), **changes})
    assert_stands(judge_deployers("production", found, [RULESET], FORM), MISSING, words)


def test_tags_alone_may_deploy() -> None:
    """There where the policies are of tags such as production ones; untold where they are hidden."""
    assert_stands(
        judge_deployers("production", ENVIRONMENT, [RULESET], FORM), THERE, "; it also lets 2023.06.1-rc.1 deploy"
    )
    digits = [Policy("tag", f"[0-9][0-9][0-9][0-9].[0-9][0-9].{end}") for end in ("[0-9]", "[0-9][0-9]")]
    exact = judge_deployers("production", replace(ENVIRONMENT, policies=digits), [], FORM)
    assert exact.message == "The environment production lets tags such as 2023.06.1 deploy, and no branch."
    assert exact.presence is THERE
    assert_stands(judge_deployers("production", replace(ENVIRONMENT, policies=HIDDEN), [RULESET], FORM), UNVERIFIABLE)
    assert_stands(judge_deployers("production", HIDDEN, [RULESET], FORM), UNVERIFIABLE)
    assert_stands(judge_deployers("production", None, [RULESET], FORM), MISSING)


@pytest.mark.parametrize(
    "rulesets",
    [
        [],
        NotOffered("This plan has no rulesets"),
        [replace(RULESET, excludes=["refs/tags/*-*"])],
        [replace(RULESET, rules=frozenset({"update"}))],
        [replace(RULESET, bypassers=[Bypasser("RepositoryRole", 4)])],
    ],
)
def test_a_tag_that_the_pattern_means_too_and_anybody_can_make(rulesets: Answer[Sequence[Ruleset]]) -> None:
    """`*.*.*` lets 2023.06.1-rc.1 in: where no ruleset restricts that, its own workflow file reaches production."""
    judged = judge_deployers("production", ENVIRONMENT, rulesets, FORM)
    assert_stands(judged, MISSING, "but also 2023.06.1-rc.1, which anyone with push access can create")
    assert_stands(judge_deployers("production", ENVIRONMENT, HIDDEN, FORM), UNVERIFIABLE, "GitHub said no")


def test_secrets() -> None:
    """There only where the environment has them and nothing else has; what is hidden is untold."""
    assert_stands(judge_secrets("production", SecretNames(["DOCKER"], [], ["AWX_HOST"])), THERE, "AWX_HOST")
    assert_stands(judge_secrets("production", SecretNames(["awx_token"], HIDDEN, HIDDEN)), MISSING, "of the repository")
    assert_stands(judge_secrets("production", SecretNames([], ["CONTROLLER_HOST"], [])), MISSING, "of the organisation")
    assert_stands(judge_secrets("production", SecretNames(HIDDEN, [], ["AWX_HOST"])), UNVERIFIABLE)
    assert_stands(judge_secrets("production", SecretNames([], HIDDEN, ["AWX_HOST"])), UNVERIFIABLE)
    assert_stands(judge_secrets("production", SecretNames([], [], HIDDEN)), UNVERIFIABLE, "GitHub said no")
    assert_stands(judge_secrets("production", SecretNames([], [], [])), UNVERIFIABLE, "production has none either")


def test_review_of_the_stack_branch() -> None:
    """A rule or the older protection is enough; without either anybody who may push changes the file."""
    classic = ClassicProtection(needs_pull_request=True, restricts_pushes=False, binds_administrators=True, approvals=1)
    rule = BranchRule("pull_request", 1, approvals=1)
    assert_stands(judge_review("main", BranchGuard([rule], HIDDEN)), THERE)
    assert_stands(judge_review("main", BranchGuard(HIDDEN, classic)), THERE)
    assert_stands(judge_review("main", BranchGuard([], None)), MISSING, "main can be changed without a pull request")
    no_review = replace(classic, needs_pull_request=False)
    assert_stands(judge_review("main", BranchGuard([BranchRule("deletion", 1)], no_review)), MISSING)
    assert_stands(judge_review("main", BranchGuard([], HIDDEN)), UNVERIFIABLE)
    assert_stands(judge_review("main", BranchGuard(HIDDEN, None)), UNVERIFIABLE)


def test_a_pull_request_is_not_a_review() -> None:
    """It takes an approval, or owners; how many are needed is not known unless GitHub shows it."""
    rule, unreviewed = BranchRule("pull_request", 1, approvals=0), "but no approval of it"
    classic = ClassicProtection(True, False, True, approvals=0)
    assert_stands(judge_review("main", BranchGuard([rule], None)), MISSING, "A rule", unreviewed)
    assert_stands(judge_review("main", BranchGuard([], classic)), MISSING, "The branch protection", unreviewed)
    assert_stands(judge_review("main", BranchGuard([rule], replace(classic, approvals=1))), THERE)
    assert_stands(judge_review("main", BranchGuard([replace(rule, owners=True)], HIDDEN)), THERE)
    assert_stands(judge_review("main", BranchGuard([rule], HIDDEN)), UNVERIFIABLE, "GitHub said no")
    assert_stands(judge_review("main", BranchGuard([replace(rule, approvals=None)], None)), UNVERIFIABLE, "not show")
    loose = replace(rule, approvals=1, everybody="the role Write")
    assert_stands(judge_review("main", BranchGuard([loose], None)), MISSING, "but the role Write may bypass it")
    assert_stands(judge_review("main", BranchGuard([loose, replace(rule, approvals=1)], None)), THERE)
