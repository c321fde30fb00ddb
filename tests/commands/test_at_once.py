"""Two runs at the same moment: one ticket, card, comment and job stays; `torture_at_once.py` has more pairs."""

from __future__ import annotations

import json
import signal
import threading
from dataclasses import dataclass, field

import pytest

from adapters.github_desk import forge
from commands.at_once import POSTED, TITLE, announced, demand_one_job, demand_one_ticket, deployed
from commands.conftest import World
from commands.deployment import Deployment
from commands.desk import BOARD, FULL, REPOSITORY, TAG, Desk
from commands.test_announce import END, MARKER
from commands.test_prepare import open_issue, send, writes
from frag_release.adapters.ports.publishing import Board
from frag_release.commands.announce import BoardPlacement
from frag_release.commands.announce.ticketing import Ticketing
from frag_release.commands.journal import Journal
from frag_release.domain.release_record import KeptText
from frag_release.domain.tickets import Comment, Issue, Ticket
from world.emulate import STRANGERS
from world.faults import Forward, Misbehaviour, Reply
from world.github_server import COMPONENT_TOKEN
from world.program import wait_until

(STRANGER,) = STRANGERS
LISTED = {False: r"/issues\?", True: r"/comments\?"}


@pytest.fixture
def desk(unseeded: World) -> Desk:
    """The worked example with a board."""
    return Desk.of(unseeded)


def test_of_two_tickets_the_lower_stays(desk: Desk) -> None:
    """Two runs that open a ticket each leave one, with its card; both name it, and a third run writes nothing."""
    desk.board.takes_all = True
    assert demand_one_ticket(desk, announced(desk, FULL)) == 2


def test_of_two_comments_the_lower_stays(desk: Desk) -> None:
    """Two runs that tell an existing ticket leave one comment, which both name, and a third run writes nothing."""
    inputs = {"ticket": open_issue(desk.world, "")}
    outcomes = announced(desk, inputs)
    assert [one.status for one in outcomes] == [0, 0], outcomes[0].log + outcomes[1].log
    (comment,) = desk.comments(1)
    assert comment.startswith(MARKER) and desk.ticket()["state"] == "open"
    (url,) = {one.outputs["ticket-url"] for one in outcomes}
    again = desk.announce(**inputs)
    assert (again.status, writes(desk.world), again.outputs["ticket-url"]) == (0, [], url), again.log


def test_of_two_deployments_one_job_stays(ready: Deployment) -> None:
    """Two runs that launch a job each leave the lower one to run; both follow it, and end with its address."""
    assert demand_one_job(ready, deployed(ready)) == 2


def test_a_run_cut_off_in_its_launch_says_where_to_look(ready: Deployment) -> None:
    """A second signal while the launch has no answer: a job may have started, and its template's jobs are named."""
    came, over = threading.Event(), threading.Event()

    def hold(forward: Forward) -> Reply:
        came.set()
        over.wait(60)
        return forward()

    ready.awx.add("POST", "/launch/", hold)
    running = ready.start()
    wait_until(came.is_set)
    for number in (signal.SIGINT, signal.SIGTERM):
        running.process.send_signal(number)
    outcome = running.finish()
    over.set()
    ready.awx.settle()
    jobs = f"{ready.awx.url}/#/templates/job_template/{ready.awx.templates[0].id}/jobs"
    for told in (outcome.log, outcome.summary):
        assert "Not known whether it was launched" in told and jobs in told
    assert outcome.report and "Whether this was done as well is unknown: Launch" in outcome.report["problem"]["message"]
    assert (outcome.status, outcome.outputs["verdict"], outcome.outputs["job-id"]) == (1, "blocked", "")


@dataclass
class Telling:
    """A run of ours in this process, that opens the ticket or (`existing`) comments on the first one.

    While it writes `beside` comes, and from then on lists are as `lists` makes them.
    """

    desk: Desk
    existing: bool
    beside: Misbehaviour
    lists: Misbehaviour = lambda forward: forward()
    waits: list[float] = field(default_factory=list)
    journal: Journal = field(default_factory=lambda: Journal(lambda _: None))

    def run(self) -> Issue | Comment | str | None:
        """Write; returns the ticket that stays, or the address of the comment that does."""
        github, written = self.desk.world.github, threading.Event()

        def write(forward: Forward) -> Reply:
            written.set()
            return self.beside(forward)

        github.requests.clear()
        github.add("POST", POSTED[self.existing], write, times=1)
        github.add("GET", LISTED[self.existing], lambda forward: (self.lists if written.is_set() else _truly)(forward))
        told = self._write(self.ticketing())
        github.planned.clear()
        return told

    def ticketing(self) -> Ticketing:
        """What writes."""
        tickets = forge(self.desk.world.github.url).tickets(REPOSITORY)
        kept = KeptText.of_ticket(REPOSITORY, TAG)
        return Ticketing(tickets, kept, lambda _: "What came with it.", self.journal, self.waits.append)

    def _write(self, ticketing: Ticketing) -> Issue | str | None:
        if self.existing:
            return ticketing.existing(Ticket(REPOSITORY, 1))[1]
        return ticketing.own(ticketing.find(TITLE), TITLE, ())

    def left(self) -> list[int]:
        """The numbers of the tickets that are open, or the places of the comments."""
        if self.existing:
            return list(range(1, len(self.desk.comments(1)) + 1))
        return [one["number"] for one in self.desk.tickets() if one["state"] == "open"]

    @property
    def warned(self) -> list[str]:
        """What fell short."""
        return [one.message for one in self.journal.shortfalls]


def _truly(forward: Forward) -> Reply:
    return forward()


def twice(forward: Forward) -> Reply:
    """Another run writes the same just before ours."""
    forward()
    return forward()


def twice_after(forward: Forward) -> Reply:
    """Another run writes the same just after ours."""
    reply = forward()
    forward()
    return reply


@pytest.fixture(params=[False, True], ids=["ticket", "comment"])
def existing(request: pytest.FixtureRequest, desk: Desk) -> bool:
    """Whether an existing ticket is told, in a comment; it is there."""
    if request.param:
        open_issue(desk.world, "")
    return bool(request.param)


def test_the_lower_one_is_left_to_itself(desk: Desk, existing: bool) -> None:
    """A run whose ticket or comment is the lower one keeps it after one look, and does not touch the other's."""
    telling = Telling(desk, existing, twice_after)
    told = telling.run()
    assert isinstance(told, str) or (told and told.id == desk.tickets()[0]["id"])
    assert (len(writes(desk.world)), telling.left(), telling.warned, len(telling.waits)) == (1, [1, 2], [], 1)


def test_nobody_waits_who_has_made_nothing(desk: Desk, existing: bool) -> None:
    """Only what was written by this very run is looked at again: a run that finds it written waits for nothing."""
    Telling(desk, existing, _truly).run()
    again = Telling(desk, existing, _truly)
    again.run()
    assert (writes(desk.world), again.waits) == ([], [])


def test_a_list_that_lags_is_looked_at_again(desk: Desk, existing: bool) -> None:
    """A list without our own ticket or comment shows nothing of the others', and is asked for again until it has it."""
    stale = [2]

    def lag(forward: Forward) -> Reply:
        reply, stale[0] = forward(), stale[0] - 1
        return Reply(200, reply.headers, b"[]") if stale[0] >= 0 else reply

    telling = Telling(desk, existing, twice, lag)
    telling.run()
    assert (telling.left(), telling.warned, len(telling.waits)) == ([1], [], 3)


@pytest.mark.parametrize("body", [b"[]", None], ids=["lags", "fails"])
def test_a_second_look_that_fails_closes_nothing(desk: Desk, existing: bool, body: bytes | None) -> None:
    """If GitHub cannot be asked again, or never shows our own, nothing is closed or deleted; that is told, and two."""
    telling = Telling(desk, existing, twice, lambda _: Reply(503) if body is None else Reply(200, (), body))
    telling.run()
    assert (telling.left(), len(telling.warned)) == ([1, 2], 1)
    assert "at the same moment could not be determined: " in telling.warned[0]
    assert sum(telling.waits) <= 15
    again = Telling(desk, existing, _truly)
    again.run()
    assert again.warned[0].startswith(f"There are 2 {'comments' if existing else 'tickets'} for this release")
    assert telling.left() == [1, 2]


def test_only_our_own_is_taken_back(desk: Desk, existing: bool) -> None:
    """What a person or a stranger writes with our mark or title, before or after, stays, and does not replace ours."""
    kind = "/issues/1/comments" if existing else "/issues"
    title = {} if existing else {"title": TITLE}
    send(desk.world, "POST", kind, {**title, "body": "Mine"})

    def planted(forward: Forward) -> Reply:
        desk.post_as(STRANGER, kind, **title, body=f"{MARKER}\nplanted\n{END}")
        reply = forward()
        send(desk.world, "POST", kind, {**title, "body": f"{MARKER}\nby hand\n{END}"})
        return reply

    telling = Telling(desk, existing, planted)
    told = telling.run()
    assert telling.left() == [1, 2, 3, 4]
    assert isinstance(told, str) or (told and told.number == 3)  # type: ignore[union-attr]
    assert "Commented on" in (made := telling.journal.actions[-1]).what or made.outputs["ticket-number"] == "3"


def test_what_a_person_has_opened_is_not_closed_but_ours_is(desk: Desk) -> None:
    """A maintainer's ticket with our whole part, opened just before ours, is the release's: ours gives way to it."""

    def by_hand(forward: Forward) -> Reply:
        send(desk.world, "POST", "/issues", {"title": TITLE, "body": f"Mine.\n{MARKER}\nby hand\n{END}"})
        return forward()

    telling = Telling(desk, False, by_hand)
    told = telling.run()
    assert isinstance(told, Issue) and told.number == 1 and told.body.startswith("Mine.")
    assert telling.left() == [1]


def test_a_closed_ticket_keeps_nothing_open(desk: Desk) -> None:
    """A lower ticket that is closed already does not stay, so ours is not closed for it: one stays open."""

    def closed(forward: Forward) -> Reply:
        forward()
        desk.edit(1, state="closed")
        return forward()

    telling = Telling(desk, False, closed)
    telling.run()
    assert telling.left() == [2]


def test_what_was_written_into_ours_meanwhile_stays(desk: Desk) -> None:
    """What somebody writes above our part before it is closed as a duplicate is still there afterwards."""

    def edited(forward: Forward) -> Reply:
        reply = twice(forward)
        desk.edit(2, body="Wait for me.\n\n" + json.loads(reply.body)["body"])
        return reply

    Telling(desk, False, edited).run()
    assert desk.tickets()[1]["body"].startswith("Wait for me.\n\nDuplicate of #1, which")


def test_a_duplicate_that_cannot_be_taken_back_is_told(desk: Desk, existing: bool) -> None:
    """Where GitHub refuses to close or delete our duplicate, a warning names it; the run goes on with the lower one."""
    desk.world.github.fail("DELETE" if existing else "PATCH", "/issues/", status=403)
    telling = Telling(desk, existing, twice)
    told = telling.run()
    assert isinstance(told, str) or (isinstance(told, Issue) and told.number == 1)
    named = "a duplicate comment on ticket #1" if existing else "the closing of ticket #2, a duplicate of #1,"
    assert named in telling.warned[0] and telling.left() == [1, 2]


def lose(forward: Forward) -> Reply:
    """Do what was asked for, and drop the connection before the answer."""
    forward()
    return Reply(0, dropped=True)


@pytest.mark.parametrize("done", [True, False])
def test_a_lost_answer_is_looked_for(desk: Desk, existing: bool, done: bool) -> None:
    """Where the answer to the closing or the deletion is lost, a look tells whether it was done."""
    for method in ("PATCH", "DELETE"):
        desk.world.github.add(method, "/issues/", lose if done else lambda _: Reply(0, dropped=True), times=1)
    telling = Telling(desk, existing, twice)
    telling.run()
    assert (telling.left(), len(telling.warned)) == (([1], 0) if done else ([1, 2], 1))


@pytest.mark.parametrize("done", [True, False])
def test_the_card_of_a_duplicate_is_taken_off(desk: Desk, done: bool) -> None:
    """A card that the board itself has made for the duplicate goes; one that cannot be taken off is a warning."""
    desk.board.takes_all = True
    telling = Telling(desk, False, twice)
    ticketing = telling.ticketing()
    github = desk.world.github
    github.add("POST", "/issues$", twice, times=1)
    first = ticketing.own(None, TITLE, ())
    github.add("DELETE", "/items/", lose if done else lambda _: Reply(0, dropped=True), times=1)
    board: Board = forge(github.url, COMPONENT_TOKEN).board(BOARD)
    BoardPlacement(board, telling.journal).put(first, "Status", "Push to Production", ticketing.closed)
    left = [item.issue["number"] for item in desk.board.items]
    assert (left, len(telling.warned)) == (([1], 0) if done else ([1, 2], 1))
