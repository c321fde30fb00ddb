"""Rights of tokens: what is known by reading alone, for each kind of token."""

from __future__ import annotations

from typing import Any

import pytest

from frag_release.domain.needs import Presence, Right, TokenFacts, TokenKind, how_to_get, judge_right

ALL = frozenset({"repo", "workflow", "project"})
THERE, MISSING, UNVERIFIABLE = Presence.THERE, Presence.MISSING, Presence.UNVERIFIABLE


def token(kind: TokenKind, **facts: Any) -> TokenFacts:
    """A token on a private repository."""
    return TokenFacts(kind, "token", "org/stack", **{"is_public": False, **facts})


CLASSIC = token(TokenKind.CLASSIC, scopes=ALL, may_push=True)
FINE = token(TokenKind.FINE_GRAINED, may_push=True, shows_merge_settings=True)
APP = token(TokenKind.APP, shows_merge_settings=True)
OWN = token(TokenKind.OWN, shows_merge_settings=True)


def stands(right: Right, facts: TokenFacts) -> Presence:
    """How a right of a token stands."""
    judged = judge_right(right, facts, ["publish"])
    assert judged.remedy or judged.presence is THERE
    return judged.presence


@pytest.mark.parametrize("right", Right)
def test_without_a_token_no_right_is_there(right: Right) -> None:
    """And it is said that there is none."""
    judged = judge_right(right, token(TokenKind.NONE), ["publish"])
    assert judged.presence is MISSING
    assert judged.message == "The input token contains no token, and writing needs one."


@pytest.mark.parametrize("right", Right)
def test_a_classic_token_with_all_scopes_has_every_right(right: Right) -> None:
    """If its owner may push; but scopes tell nothing of the roles that a board has."""
    assert stands(right, CLASSIC) is (UNVERIFIABLE if right is Right.PROJECTS else THERE)


def test_the_scope_for_boards_is_no_role_on_one() -> None:
    """That its owner may change the board is not told, and who could let them is said."""
    judged = judge_right(Right.PROJECTS, CLASSIC, ["announce"])
    assert judged.message == (
        "The token in the input token (a classic token) has the scope for it; whether its owner may change the board "
        "cannot be checked without writing. If it is refused, announce reports which right is missing."
    )
    assert judged.remedy.startswith("Give the owner of the token write access to that board")


@pytest.mark.parametrize("facts", [CLASSIC, FINE, APP, OWN, token(TokenKind.NONE)], ids=lambda facts: facts.kind.name)
def test_nobody_writes_to_an_archive(facts: TokenFacts) -> None:
    """Whatever the token; only a board is no part of the repository."""
    archived = TokenFacts(**{**vars(facts), "archived": True})
    for right in Right:
        judged = judge_right(right, archived, ["publish"])
        if right is not Right.PROJECTS:
            assert judged.presence is MISSING
            assert judged.message == "org/stack is archived: nothing can be written to it."
        assert right is not Right.PROJECTS or "archived" not in judged.message


@pytest.mark.parametrize(
    ("right", "scopes", "public", "lacks"),
    [
        (Right.CONTENTS, {"workflow"}, False, "repo"),
        (Right.CONTENTS, {"public_repo"}, False, "repo"),
        (Right.CONTENTS, {"public_repo"}, True, ""),
        (Right.CONTENTS, set(), True, "repo"),
        (Right.WORKFLOWS, {"repo"}, False, "workflow"),
        (Right.WORKFLOWS, {"public_repo", "workflow"}, True, ""),
        (Right.WORKFLOWS, set(), False, "repo and workflow"),
        (Right.PROJECTS, {"repo"}, False, "project"),
        (Right.PROJECTS, {"project"}, False, ""),
        (Right.PROJECTS, {"read:project"}, False, "project"),
        (Right.ISSUES, {"workflow"}, False, "repo"),
    ],
)
def test_a_classic_token_lacks_what_its_scopes_lack(right: Right, scopes: set[str], public: bool, lacks: str) -> None:
    """The scopes that are missing are named."""
    facts = token(TokenKind.CLASSIC, scopes=frozenset(scopes), may_push=True, is_public=public)
    judged = judge_right(right, facts, ["publish"])
    has = UNVERIFIABLE if right is Right.PROJECTS else THERE
    assert judged.presence is (MISSING if lacks else has)
    assert f"lacks the scope {lacks}." in judged.message or not lacks


@pytest.mark.parametrize("kind", [TokenKind.CLASSIC, TokenKind.FINE_GRAINED])
def test_nobody_who_may_only_read_can_push(kind: TokenKind) -> None:
    """But everybody who may read may open tickets."""
    facts = token(kind, scopes=ALL, may_push=False, shows_merge_settings=False)
    for right in (Right.CONTENTS, Right.WORKFLOWS, Right.PULL_REQUESTS, Right.ACTIONS):
        assert stands(right, facts) is MISSING
    assert stands(Right.ISSUES, facts) is (THERE if kind is TokenKind.CLASSIC else UNVERIFIABLE)


@pytest.mark.parametrize("facts", [FINE, APP, OWN], ids=lambda facts: facts.kind.name)
def test_contents_are_told_by_the_merge_settings(facts: TokenFacts) -> None:
    """GitHub shows them to tokens with contents: write alone; without them the right is missing."""
    assert stands(Right.CONTENTS, facts) is THERE
    without = TokenFacts(**{**vars(facts), "shows_merge_settings": False})
    assert stands(Right.CONTENTS, without) is MISSING


@pytest.mark.parametrize("facts", [FINE, APP, OWN], ids=lambda facts: facts.kind.name)
@pytest.mark.parametrize("right", [Right.PULL_REQUESTS, Right.ISSUES, Right.ACTIONS])
def test_the_other_rights_cannot_be_told(facts: TokenFacts, right: Right) -> None:
    """And it is said who will say so when one is refused."""
    judged = judge_right(right, facts, ["prepare", "publish"])
    assert judged.presence is UNVERIFIABLE
    assert "cannot be checked without writing" in judged.message
    assert judged.message.endswith("If it is refused, prepare or publish reports which right is missing.")


def test_the_workflows_own_token() -> None:
    """It never has workflows and projects, and nothing at all in other repositories."""
    assert stands(Right.WORKFLOWS, OWN) is stands(Right.PROJECTS, OWN) is MISSING
    away = TokenFacts(**{**vars(OWN), "at_home": False})
    assert stands(Right.ISSUES, away) is MISSING
    assert "In a workflow" not in how_to_get(Right.ISSUES, away)


def test_how_to_get_a_right() -> None:
    """Each kind of token that can have it, with GitHub's names for it."""
    assert how_to_get(Right.PULL_REQUESTS, APP) == (
        "In a workflow: pull-requests: write in the job's permissions. Or set token to an app's token or a "
        "fine-grained one with Pull requests: write for org/stack, or to a classic one with the scope repo."
    )
    assert how_to_get(Right.PROJECTS, APP) == (
        "Set token to an app's token or a fine-grained one with Projects: write for the organisation, or to a "
        "classic one with the scope project."
    )
