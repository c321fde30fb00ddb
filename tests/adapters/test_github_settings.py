"""Settings as GitHub shows them: what is left out, hidden, lost, or on another page."""

from __future__ import annotations

import pytest

from adapters.github_desk import STACK, forge, unknown
from frag_release.adapters.github.settings import GithubSettings
from frag_release.domain.evidence import Hidden, Unknown
from frag_release.domain.needs import TokenFacts, TokenKind
from frag_release.domain.needs.protection import BranchRule, Bypasser, ClassicProtection, Environment, Policy
from world.github_server import GitHubServer
from world.github_settings import (
    ANYTHING,
    CLASSIC,
    READING,
    GitHubSettings,
    Holder,
    bypass,
    environment,
    policy,
    rule,
    ruleset,
)


@pytest.fixture
def world(github_example: GitHubServer) -> GitHubSettings:
    """The settings of a GitHub that holds the worked example."""
    github_example.parts.append(settings := GitHubSettings(github_example))
    return settings


def settings(world: GitHubSettings, token: str = "ghs_anything") -> GithubSettings:
    """The stack's settings as a token of an app sees them."""
    if token not in world.holders:
        world.give(token, Holder(None, permissions=ANYTHING.permissions))
    return forge(world.server.url, token).settings(STACK)


def facts(world: GitHubSettings, token: str, holder: Holder, own_token: bool = False) -> TokenFacts:
    """What is known of a token."""
    found = settings(world, world.give(token, holder)).token(own_token, True)
    assert isinstance(found, TokenFacts), found
    return found


def test_what_the_entry_tells_of_a_token(world: GitHubSettings) -> None:
    """Its kind by header and prefix; what a user may do, but nothing of an app, which is none."""
    classic = facts(world, "ghp_x", Holder("push", scopes=("repo", "workflow")))
    assert (classic.kind, classic.scopes, classic.may_push) == (TokenKind.CLASSIC, {"repo", "workflow"}, True)
    assert (classic.may_administer, classic.is_public, classic.given_as) == (False, True, "token")
    no_scopes = facts(world, "ghp_none", Holder("admin", scopes=()))
    assert (no_scopes.kind, no_scopes.scopes, no_scopes.may_administer) == (TokenKind.CLASSIC, frozenset(), True)
    fine = facts(world, "github_pat_x", READING)
    assert (fine.kind, fine.may_push, fine.shows_merge_settings) == (TokenKind.FINE_GRAINED, True, False)
    app = facts(world, "ghs_x", Holder(None, permissions={"contents": "write"}))
    assert (app.kind, app.may_push, app.shows_merge_settings) == (TokenKind.APP, None, True)
    assert facts(world, "ghs_own", Holder(None), own_token=True).kind is TokenKind.OWN
    # Where the list does not even say that its owner may read, it does not mean the owner.
    assert facts(world, "github_pat_y", Holder(None)).may_push is None


def test_an_environment_whose_name_has_a_slash(world: GitHubSettings) -> None:
    """It is found whatever the case of its name, and its slash is encoded in the path."""
    world.of(STACK).environments.append(environment("awx/Production", reviewers=2))
    world.of(STACK).policies["awx/Production"] = [policy("*.*.*"), policy("main", "branch")]
    found = settings(world).environment("awx/production")
    assert isinstance(found, Environment)
    assert (found.reviewers, found.policies) == (2, [Policy("tag", "*.*.*"), Policy("branch", "main")])
    assert "/environments/awx%2FProduction/deployment-branch-policies" in world.server.requests[-1].path
    assert settings(world).environment("elsewhere") is None


def test_the_rules_of_a_branch_tell_whether_the_token_may_bypass_them(world: GitHubSettings) -> None:
    """By the rulesets that they are of; what is not told stays empty."""
    world.of(STACK).rulesets.append(ruleset(7, "x", [], [], target="branch", current_user_can_bypass="always"))
    world.of(STACK).rules["release/1.2.3"] = [rule("creation", 7), rule("deletion", 8)]
    assert settings(world).branch_rules("release/1.2.3") == [
        BranchRule("creation", 7, STACK, "always"),
        BranchRule("deletion", 8, STACK, ""),
    ]


def test_who_may_bypass_a_ruleset(world: GitHubSettings) -> None:
    """Shown to who may edit it; left out for everybody else, and then not known, rather than nobody."""
    listed = [bypass(4), bypass(None, "DeployKey", "exempt"), {"actor_type": "OrganizationAdmin"}]
    world.of(STACK).rulesets.append(ruleset(1, "x", ["creation"], ["~ALL"], bypass_actors=listed))
    administrator = settings(world, world.give("ghp_all", CLASSIC)).tag_rulesets()
    assert not isinstance(administrator, Unknown)
    assert administrator[0].bypassers == [
        Bypasser("RepositoryRole", 4, "always"),
        Bypasser("DeployKey", None, "exempt"),
        Bypasser("OrganizationAdmin", None, "always"),
    ]
    reader = settings(world, world.give("github_pat_reads", READING)).tag_rulesets()
    assert not isinstance(reader, Unknown)
    assert reader[0].bypassers is None


def test_what_takes_a_permission_to_read(world: GitHubSettings) -> None:
    """Without it the answer is unknown, and names it."""
    bare = settings(world, world.give("ghs_bare", Holder(None, permissions={"contents": "read"})))
    assert unknown(bare.shown_pull_requests()).remedy == "Give the token in token the permission pull-requests: read."
    assert unknown(bare.shown_runs()).remedy == "Give the token in token the permission actions: read."
    assert not isinstance(settings(world).shown_pull_requests(), Unknown)


def test_protection_of_the_older_kind(world: GitHubSettings) -> None:
    """What GitHub leaves out is off; without protection there is none; hidden from who may not administer."""
    assert settings(world).guard("master").classic is None
    reviews = {"url": "https://x", "dismiss_stale_reviews": False, "require_code_owner_reviews": False}
    world.of(STACK).protections["master"] = {"required_pull_request_reviews": reviews}
    assert settings(world).guard("master").classic == ClassicProtection(True, False, False)
    for name, on in (("lock_branch", True), ("required_signatures", True), ("lock_branch", False)):
        world.of(STACK).protections["master"] = {name: {"url": "https://x", "enabled": on}}
        assert settings(world).guard("master").classic == ClassicProtection(False, on, False)
    reading = settings(world, world.give("github_pat_reads", READING)).guard("master").classic
    assert isinstance(reading, Hidden)
    assert reading.remedy == "Give the token in token the permission administration: read."


def test_a_branch_that_only_rulesets_protect(world: GitHubSettings) -> None:
    """GitHub says that it is protected, and that there is no protection."""
    world.of(STACK).protections["master"] = {}
    assert settings(world).guard("master").classic is None


@pytest.mark.parametrize(("status", "is_hidden"), [(403, True), (404, True), (401, False), (500, False)])
def test_hidden_is_not_lost(world: GitHubSettings, status: int, is_hidden: bool) -> None:
    """A refusal and a 404, which hides settings too, are told from a wrong token and a broken server."""
    world.server.fail("GET", "/rulesets", status=status)
    assert isinstance(unknown(settings(world).tag_rulesets()), Hidden) is is_hidden


def test_a_ruleset_that_is_lost_makes_all_unknown(world: GitHubSettings) -> None:
    """Half of the rulesets are never taken for all."""
    world.of(STACK).rulesets += [ruleset(number, "x", ["creation"], ["~ALL"]) for number in (1, 2)]
    world.server.fail("GET", "/rulesets/2", status=500)
    unknown(settings(world).tag_rulesets())


def test_a_second_page_is_not_forgotten(world: GitHubSettings) -> None:
    """What is on a page that nobody reads could be what matters, so it makes the answer unknown."""
    link = f'<{world.server.url}/repos/{STACK}/actions/secrets?page=2>; rel="next"'
    world.server.change_headers("GET", "/actions/secrets", {"Link": link})
    assert "more than the 100" in unknown(settings(world).secrets("production").repository).reason


def test_something_else_than_settings(world: GitHubSettings) -> None:
    """A page of a proxy, or JSON of another kind, is no answer."""
    world.server.html("GET", "/environments", times=1)
    unknown(settings(world).environment("production"))
    world.server.fail("GET", "/environments", status=200, body={"environments": [{"name": 1}]})
    unknown(settings(world).environment("production"))


def test_a_folder_without_anything_is_no_folder(world: GitHubSettings) -> None:
    """Git has no empty folders: a list without an item has lost what workflows there are."""
    world.server.fail("GET", "/contents/.github/workflows", status=200, body=[])
    assert "found nothing" in unknown(settings(world).workflow_files("a" * 40)).reason
