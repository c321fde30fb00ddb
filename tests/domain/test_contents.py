"""What came with a release, over all its components."""

from __future__ import annotations

from dataclasses import replace

from frag_release.domain.changes import History
from frag_release.domain.contents import NamedTicket, changes_between, named_tickets, unread
from frag_release.domain.evidence import Unknown
from frag_release.domain.facts import PreviousRelease
from frag_release.domain.plan import Change
from render.plans import commits
from render.reports import pin, production_tag

PREVIOUS = PreviousRelease(production_tag("2023.06.1"), "1" * 40, [pin("backend", "2023.03.1")])


def change(name: str, history: History | Unknown, before: str = "2023.03.1") -> Change:
    """A component's change."""
    return Change(pin(name, before), pin(name, "2023.05.1"), history)


def test_a_ticket_that_two_components_name_is_one() -> None:
    """Each ticket is told once with those that name it; commits without one are counted over all."""
    backend = change("backend", History(commits("#7 #5 (#40)", "typo", "#5")))
    frontend = change("frontend", History(commits("Merge pull request #684 from xchem/m2ms-5-x", "wip (#12)")))
    found = named_tickets([backend, frontend])
    assert found.added == [NamedTicket(7, ("backend",)), NamedTicket(5, ("backend", "frontend"))]
    assert (found.numbers, found.without_ticket) == ([7, 5], 2)


def test_a_rollback_takes_tickets_away() -> None:
    """What only the older pin had is told as removed, also where the other component brings it; never as added."""
    back = change("backend", History(removed=commits("#9 (#3)", "no ticket")))
    forth = change("frontend", History(commits("#9", "#8")))
    found = named_tickets([back, forth])
    assert found.removed == [NamedTicket(9, ("backend",))]
    assert found.added == [NamedTicket(9, ("frontend",)), NamedTicket(8, ("frontend",))]
    assert (found.numbers, found.without_ticket) == ([9, 8], 0)


def test_what_could_not_be_read_is_told_and_counts_for_nothing() -> None:
    """An unknown history is named with its reason; where there was no pin before, none is missed."""
    lost, first = change("backend", Unknown("503")), change("frontend", Unknown("no pin"), before="")
    assert unread([lost, first]) == [(lost, Unknown("503"))]
    assert named_tickets([lost, first]) == named_tickets([])


def test_each_pin_stands_beside_the_one_before() -> None:
    """Pins are compared by their component; one that was not there before has an empty one beside it."""
    backend, frontend = pin("backend", "2023.05.1"), pin("frontend", "2023.05.4")
    first, second = changes_between([backend, frontend], PREVIOUS)
    assert (first.before.tag, first.after) == ("2023.03.1", backend)
    assert (second.before.tag, second.after) == ("", frontend)
    assert [one.before.tag for one in changes_between([backend], None)] == [""]
    assert [one.before.tag for one in changes_between([backend], Unknown("503"))] == [""]
    assert replace(first, history=History()).changed
