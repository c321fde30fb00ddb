"""Boards of projects, and tickets, where something is lost or hidden."""

from __future__ import annotations

import pytest

from adapters.github_desk import STACK, forge, unknown
from frag_release.adapters.ports.publishing import BoardStatus
from frag_release.domain.evidence import TooLong, Unknown
from frag_release.domain.tickets import Author, Found, Issue
from world.github_people import GitHubPeople, Project
from world.github_server import TOKEN, GitHubServer

BOARD = "orgs/m2ms/projects/3"
LANE = BoardStatus(101, "Status", "101-1", "Done")
ISSUE = Issue(7, STACK, 1, "https://x/1", "Release", "", True, Author("maintainer"))


@pytest.fixture
def board(people: GitHubPeople) -> Project:
    """A board with a field of two lanes, sent one item at a time."""
    return people.add_project(Project(BOARD, {"Status": ["Todo", "Done"]}, [TOKEN], page=1))


def nobodys(body: str) -> bool:
    """No text has our part."""
    return not body and body != ""


def test_a_lane_is_found_by_its_names(github: GitHubServer, board: Project) -> None:
    """Field and lane are found on whatever page and in whatever case; ids are those of now."""
    assert forge(github.url).board(BOARD).status("STATUS", " done") == LANE


@pytest.mark.parametrize(
    ("field", "lane", "words"),
    [("Title", "Done", "'Status'"), ("Nothing", "Done", "'Status'"), ("Status", "Doing", "'Todo', 'Done'")],
)
def test_what_is_not_there_names_what_is(
    github: GitHubServer, board: Project, field: str, lane: str, words: str
) -> None:
    """A field of another kind, no such field and no such lane: the remedy names those that there are."""
    assert words in unknown(forge(github.url).board(BOARD).status(field, lane)).remedy


@pytest.mark.parametrize(("field", "lane", "secret"), [("Nothing", "Done", "Status"), ("Status", "Doing", "Todo")])
@pytest.mark.parametrize("fault", [None, 404, 500])
def test_names_on_a_private_board_are_not_told(
    github: GitHubServer, people: GitHubPeople, field: str, lane: str, secret: str, fault: int | None
) -> None:
    """What is on a board that is not known to be public is not listed: others may read what a run says."""
    people.add_project(Project(BOARD, {"Status": ["Todo", "Done"]}, [TOKEN], is_public=False))
    if fault:
        github.fail("GET", "/projectsV2/3$", status=fault)
    answer = unknown(forge(github.url).board(BOARD).status(field, lane))
    assert f"'{secret}'" not in answer.remedy and "project-" in answer.remedy


def test_two_lanes_of_one_name_are_none(github: GitHubServer, people: GitHubPeople) -> None:
    """Lanes that differ in case alone cannot be told apart, so none is chosen."""
    people.add_project(Project(BOARD, {"Status": ["Done", "DONE"]}, [TOKEN]))
    unknown(forge(github.url).board(BOARD).status("Status", "Done"))


@pytest.mark.parametrize("fault", ["fail", "drop", "truncate", "empty", "html"])
def test_a_lost_page_of_cards_is_no_absence(
    github: GitHubServer, people: GitHubPeople, board: Project, fault: str
) -> None:
    """Where one page of cards is lost, the ticket is not taken to be off the board."""
    for number in (5, 6):
        people.add_card(board, {"id": number, "title": "x", "html_url": f"https://x/{number}"})
    ours = forge(github.url).board(BOARD)
    assert ours.card(ISSUE, LANE) is None
    getattr(github, fault)("GET", "/items.*after=1", **({"status": 500} if fault == "fail" else {}))
    unknown(ours.card(ISSUE, LANE))


def test_a_card_is_known_by_its_issue(github: GitHubServer, people: GitHubPeople, board: Project) -> None:
    """The card of the issue is found with its lane, and another card's lane is not taken for it."""
    people.add_card(board, {"id": 5, "title": "x", "html_url": "https://x/5"}).options[101] = "101-0"
    mine = people.add_card(board, {"id": 7, "title": "x", "html_url": "https://elsewhere/1"})
    ours = forge(github.url).board(BOARD)
    found = ours.card(ISSUE, LANE)
    assert found and not isinstance(found, Unknown) and (found.id, found.option_id) == (mine.id, "")
    mine.options[101] = "101-1"
    found = ours.card(ISSUE, LANE)
    assert found and not isinstance(found, Unknown) and found.option_id == "101-1"


def test_a_name_that_is_no_board_is_not_asked_for(github: GitHubServer) -> None:
    """A malformed name says so, without a request."""
    assert (
        "is not the name of a board"
        in unknown(forge(github.url).board("orgs/../repos/1").status("Status", "Done")).reason
    )
    assert github.requests == []


@pytest.mark.parametrize("fault", ["fail", "drop", "truncate", "html"])
def test_a_lost_page_of_tickets_is_no_absence(github_example: GitHubServer, fault: str) -> None:
    """Where the list of tickets is not whole, nobody can say that there is none of that title."""
    tickets = forge(github_example.url).tickets(STACK)
    tickets.create("Another", "text", [])
    assert tickets.of_release("Release", nobodys) == Found([])
    getattr(github_example, fault)("GET", "/issues[?]", **({"status": 502} if fault == "fail" else {}))
    unknown(tickets.of_release("Release", nobodys))


def test_a_cut_list_is_told_as_cut(github_example: GitHubServer) -> None:
    """Where GitHub shows no second page (422), tickets are those of the first; labels are not known to be all."""

    for path in ("issues", "labels"):
        link = f'<{github_example.url}/repos/{STACK}/{path}?page=2>; rel="next"'
        github_example.change_headers("GET", f"/{path}[?].*per_page", {"Link": link})
        github_example.fail("GET", f"/{path}[?]page=2", status=422, body={"message": "Only the first 1000 results"})
    tickets = forge(github_example.url).tickets(STACK)
    made = tickets.create("Release", "text", [])
    found = tickets.of_release("Release", nobodys)
    assert isinstance(found, Found) and ([one.id for one in found.issues], found.among) == ([made.id], 1)
    why = unknown(tickets.labels())
    assert isinstance(why, TooLong) and "does not help" in why.remedy


def test_a_pull_request_is_no_ticket(github_example: GitHubServer, people: GitHubPeople) -> None:
    """GitHub lists pull requests among the issues; one of our title is not taken."""
    tickets = forge(github_example.url).tickets(STACK)
    made = tickets.create("Release", "text", [])
    assert [one.id for one in tickets.of_release("Release", nobodys).issues] == [made.id]  # type: ignore[union-attr]
    people.changes[made.id] = {"pull_request": {"url": "https://x"}}
    assert tickets.of_release("Release", nobodys) == Found([])
