"""Needs: how each presence is reported, and which commands have which."""

from __future__ import annotations

import pytest

from frag_release.domain.evidence import Unknown
from frag_release.domain.findings import Status
from frag_release.domain.needs import OUTSIDE, Judgement, Need, Presence, Row, unseen

NEED = Need("contents-write", ("prepare",), "Write")
GUARD = Need("tag-ruleset", ("gate",), "Tags", OUTSIDE)


@pytest.mark.parametrize(
    ("presence", "status", "demoted", "blocks"),
    [
        (Presence.THERE, Status.PASS, None, False),
        (Presence.MISSING, Status.FAIL, None, True),
        (Presence.UNAVAILABLE, Status.UNKNOWN, None, True),
        (Presence.UNVERIFIABLE, Status.WARN, Status.UNKNOWN, False),
        (Presence.NOT_NEEDED, Status.SKIPPED, None, False),
    ],
)
def test_a_need_blocks_where_it_is_missing_or_was_not_seen(
    presence: Presence, status: Status, demoted: Status | None, blocks: bool
) -> None:
    """What nobody can see without writing only warns, and keeps that it was unknown."""
    row = Row(NEED, Judgement(presence, "m", "r", file="f", line=3))
    assert (row.finding.status, row.finding.demoted_from, row.blocks) == (status, demoted, blocks)
    assert (row.finding.key, row.finding.file, row.finding.line) == ("need:contents-write", "f", 3)


@pytest.mark.parametrize(
    ("presence", "status", "demoted"),
    [
        (Presence.THERE, Status.PASS, None),
        (Presence.MISSING, Status.WARN, Status.FAIL),
        (Presence.UNAVAILABLE, Status.WARN, Status.UNKNOWN),
        (Presence.UNVERIFIABLE, Status.WARN, Status.UNKNOWN),
    ],
)
def test_what_guards_from_outside_blocks_nothing(presence: Presence, status: Status, demoted: Status | None) -> None:
    """No command stops for want of it, and it is never reported as there without having been seen."""
    row = Row(GUARD, Judgement(presence, "m"))
    assert (row.finding.status, row.finding.demoted_from, row.blocks) == (status, demoted, False)
    assert row.finding.key == "outside:tag-ruleset"


def test_evidence_that_could_not_be_had_is_not_seen() -> None:
    """An Unknown becomes a sentence, with its remedy."""
    assert unseen(Unknown("the server is away", "Wait.")) == Judgement(
        Presence.UNAVAILABLE, "The server is away.", "Wait."
    )


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("the server is away", "The server is away."),
        ("org/stack has no such branch.", "org/stack has no such branch."),
        ("api.github.com answered 500", "api.github.com answered 500."),
        ("", "."),
    ],
)
def test_a_reason_becomes_a_sentence(reason: str, shown: str) -> None:
    """Names of repositories and hosts keep their letters."""
    assert unseen(Unknown(reason)).message == shown
