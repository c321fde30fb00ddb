"""The ticket that a release's commit says is to be told, also behind a merge."""

from __future__ import annotations

from typing import Any

import pytest

from frag_release.adapters.ports import CommitFacts
from frag_release.commands.evidence.histories import ticket_to_announce
from frag_release.domain.evidence import Answer, Unknown
from frag_release.domain.tickets import Ticket
from frag_release.errors import EvidenceError, RefusedError

STACK = "xchem/stack"
OURS = "build: Use of it\n\nStack-Tag: 2026.11.1\nRelease-Ticket: "


class Writer:
    """Commits by their ids: the message and the parents of each."""

    def __init__(self, **commits: tuple[str, list[str]]) -> None:
        self.commits = commits

    def message_of(self, commit: str) -> Answer[CommitFacts]:
        """The commit."""
        if commit not in self.commits:
            return Unknown("GitHub answered 503")
        message, parents = self.commits[commit]
        return CommitFacts(commit, message, parents, "somebody")


def told(*known: str, **commits: tuple[str, list[str]]) -> Ticket | None:
    """The ticket that the commit `x` says is to be told."""
    writer: Any = Writer(**commits)
    return ticket_to_announce(writer, "x", STACK, known)


def test_the_ticket_is_in_the_commit_or_behind_its_merge() -> None:
    """A direct commit, its merge, and a merge of the branch after updates from the stack branch name it."""
    ours, wanted = (f"{OURS}xchem/stack#12", ["base"]), Ticket("xchem/stack", 12)
    assert told(x=ours) == wanted
    merge = "Merge pull request #7 from xchem/release/2026.11.1\n\nbuild: Use of it"
    assert told(x=(merge, ["base", "ours"]), ours=ours) == wanted
    assert told(x=(merge, ["base", "update"]), update=("Merge master", ["ours", "base"]), ours=ours) == wanted
    assert told(x=("docs: Say more\n\nRelease-Ticket: xchem/stack#3 is another", ["base"])) is None
    assert told(x=(merge, ["base", "ours"]), ours=("build: Use of it\n\nStack-Tag: 2026.11.1", ["base"])) is None


@pytest.mark.parametrize("text", ["evil/tickets#1", "xchem/stack#1\nRelease-Ticket: xchem/stack#2", "twelve"])
def test_what_is_not_one_ticket_of_ours_is_refused(text: str) -> None:
    """Another owner's ticket, two of them, and what is none: whoever may push can write such a line."""
    with pytest.raises(RefusedError, match="not one ticket of the stack's owner"):
        told(x=(OURS + text, ["base"]))


def test_a_known_repository_of_another_owner_is_told() -> None:
    """A ticket of `ticket-repository` or `tickets-from` is, whoever owns it; case does not matter."""
    assert told("M2ms/Tickets", x=(f"{OURS}m2ms/tickets#5", ["base"])) == Ticket("m2ms/tickets", 5)


def test_a_commit_that_cannot_be_read_names_no_ticket() -> None:
    """Where GitHub does not say, that is an error: another ticket must not be opened beside the one that is meant."""
    with pytest.raises(EvidenceError, match="503"):
        told()
    with pytest.raises(EvidenceError, match="503"):
        told(x=("Merge it", ["base", "lost"]))
