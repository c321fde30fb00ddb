"""Tickets and pull requests out of commit messages as real histories have them."""

from __future__ import annotations

import time

import pytest

from frag_release.domain.changes import (
    Commit,
    References,
    TicketHome,
    pull_request_numbers,
    read_references,
    ticket_numbers,
)

SQUASHED = """\
Squashed commit of the following:

commit 0123456789abcdef0123456789abcdef01234567
Author: Somebody <somebody@example.org>
Date:   Mon Jun 5 10:00:00 2023 +0100

    #1322 Show the ligand's name

commit 89abcdef0123456789abcdef0123456789abcdef
Author: Somebody <somebody@example.org>

    #1402 Mend the list (#451)
"""


@pytest.mark.parametrize(
    ("message", "tickets", "pull_requests"),
    [
        ("#1523 #1463 (#457)", [1523, 1463], [457]),
        ("Merge pull request #684 from xchem/m2ms-1517-tag-datestamp", [1517], [684]),
        ("Merge pull request #448 from xchem/staging\n\nRelease of #1508", [1508], [448]),
        ("Merge branch 'M2MS-1517-tag' into staging", [1517], []),
        (SQUASHED, [1322, 1402], [451]),
        ("#1508-1 (#449)", [1508], [449]),
        ("feat: faster (#440) (#447)\n\n* feat: first (#12)\n* fix: #1300\n", [1300], [440, 447, 12]),
        ('Revert "#1322 Show it (#440)" (#441)', [1322], [440, 441]),
        ("Fixes #1322, see (#1323) for more", [1322, 1323], []),
        ("fixes: #1322.\r\nmore (#7)\r\n", [1322], [7]),
        ("#1322 #1322 m2ms-1322-x (#5) \n(#5)", [1322], [5]),
        ("xchem/other#12 &#39; #0 #01 abc#7 #1a ##3 #1234567 /#9", [], []),
        ("m2ms-12345678 xm2ms-3", [], []),
        ("", [], []),
        ("(#447)", [], [447]),
        ("\tMerge pull request #5 from a/b", [], [5]),
    ],
)
def test_numbers_are_told_apart(message: str, tickets: list[int], pull_requests: list[int]) -> None:
    """What GitHub adds to subjects is the component's own pull request, every other bare number a ticket."""
    assert ticket_numbers(message, TicketHome()) == tickets
    assert pull_request_numbers(message) == pull_requests


HOME = TicketHome("https://github.com", "m2ms/tickets")


@pytest.mark.parametrize(
    ("message", "tickets"),
    [
        ("See https://github.com/m2ms/tickets/issues/1527", [1527]),
        ("(https://github.com/m2ms/tickets/issues/1527), http://GitHub.com/M2MS/Tickets/issues/9.", [1527, 9]),
        ("https://github.com/m2ms/tickets/issues/1527#issuecomment-2001234567 #4", [1527, 4]),
        ("https://github.com/m2ms/tickets/issues/1527/ <https://github.com/m2ms/tickets/issues/8?x=#3>", [1527, 8]),
        ("https://www.github.com/m2ms/tickets/issues/1527 https://www.github.example/m2ms/tickets/issues/2", [1527]),
        ("[#1527](https://github.com/m2ms/tickets/issues/1527)", [1527]),
        ("m2ms/tickets#1527, (M2MS/tickets#8)", [1527, 8]),
        # Those of others, and what is none.
        ("https://github.com/m2ms/other/issues/1 https://github.example/m2ms/tickets/issues/2", []),
        ("https://github.com/m2ms/tickets/pull/3 https://github.com/m2ms/tickets/issues/4/events", []),
        ("https://github.com/m2ms/tickets/issues/1234567 https://github.com/m2ms/tickets/issues/new", []),
        ("https://github.com.evil.example/m2ms/tickets/issues/5 https://x.example/?q=#6 https://x.example/-#7", []),
        ("m2ms/ticket#1 xm2ms/tickets#2 m2ms/tickets#3a other/m2ms/tickets#4 m2ms/tickets#0", []),
        ("https://githubXcom/m2ms/tickets/issues/8 ftp://github.com/m2ms/tickets/issues/9", []),
    ],
)
def test_tickets_are_named_by_address_and_by_reference(message: str, tickets: list[int]) -> None:
    """Addresses and references of the tickets' repository, in any case, are its tickets; those of others are not."""
    assert ticket_numbers(message, HOME) == tickets


@pytest.mark.parametrize("server", ["https://github.example", "https://github.example:8443", "http://github.example/"])
def test_an_address_is_of_the_server_of_the_run(server: str) -> None:
    """On an Enterprise Server its own addresses are those of tickets, and github.com's are not."""
    message = f"{server.rstrip('/')}/a/b/issues/7 https://github.com/a/b/issues/8"
    assert ticket_numbers(message, TicketHome(server, "a/b")) == [7]


def test_a_history_is_read_in_its_order_and_once() -> None:
    """Every number is told once, in the order of the history, and commits without a ticket are counted."""
    history = [Commit(str(at), text) for at, text in enumerate(["#3 (#30)", "typo", "#1 #3 (#31)", "wip (#30)"])]
    assert read_references(history, TicketHome()) == References((3, 1), (30, 31), without_ticket=2)
    assert read_references([], TicketHome()) == References()


@pytest.mark.parametrize(
    "piece",
    ["\n", " ", "\t\n", "(#1) ", "(#1)", '(#1)"', "#", "#1", "#1 ", "Merge pull request #", "\n Merge pull request #1",
     "m2ms-", "m2ms-1", "https://", "https://github.com/m2ms/tickets/issues/1", "m2ms/tickets#1",
     "(#1)" + " " * 60, "#123456"],
)  # fmt: skip
def test_a_hostile_message_costs_no_time(piece: str) -> None:
    """A message of 256 KiB is done with within seconds, whatever it repeats."""
    message = piece * (262_144 // len(piece)) + "x"
    started = time.process_time()
    ticket_numbers(message, HOME)
    pull_request_numbers(message)
    assert time.process_time() - started < 10
