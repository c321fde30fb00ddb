"""What came in between two pins, through the real forge, and the titles of the tickets that it names."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from adapters.github_desk import BACKEND, FRONTEND, STACK, forge
from domain.test_changes import SQUASHED
from frag_release.commands.evidence.histories import titles_of, with_histories
from frag_release.domain.changes import History, TicketHome
from frag_release.domain.contents import NamedTicket, named_tickets
from frag_release.domain.evidence import Unknown
from frag_release.domain.plan import Change
from render.reports import pin
from world.asking import HEADERS, get
from world.faults import json_reply
from world.git import Repo
from world.github_server import GitHubServer

MESSAGES = [
    "#1523 #1463 (#457)",
    "Merge pull request #684 from xchem/m2ms-1517-tag-datestamp",
    SQUASHED,
    "#1508-1 (#449)",
    "no ticket",
]


@pytest.fixture
def components(tmp_path: Path, github: GitHubServer) -> GitHubServer:
    """A backend with 600 commits more than 1.1.1, five of them like those of real histories, and a frontend."""
    backend, frontend = Repo.create(tmp_path / "backend"), Repo.create(tmp_path / "frontend")
    backend.tag("1.1.1", backend.commit({}, "start"))
    for message in MESSAGES:
        backend.commit({}, message)
    backend.fast_history(595)
    backend.tag("2.2.2")
    frontend.tag("1.1.1", frontend.commit({}, "start"))
    frontend.tag("2.2.2", frontend.commit({}, "#1523 too"))
    github.seed_from_git(backend, BACKEND)
    github.seed_from_git(frontend, FRONTEND)
    return github


def change(name: str, before: str = "1.1.1", after: str = "2.2.2") -> Change:
    """A component's change, its commits not read yet."""
    return Change(pin(name, before), pin(name, after))


def test_six_hundred_commits_are_read_and_their_tickets_told(components: GitHubServer) -> None:
    """All commits of both components count; the real histories give their tickets, each once, the newest first."""
    changes = with_histories(forge(components.url), [change("backend"), change("frontend")], {STACK}, TicketHome())
    assert [len(one.history.added) for one in changes if isinstance(one.history, History)] == [600, 1]
    found = named_tickets(changes)
    assert found.added == [
        NamedTicket(1508, ("backend",)),
        NamedTicket(1322, ("backend",)),
        NamedTicket(1402, ("backend",)),
        NamedTicket(1517, ("backend",)),
        NamedTicket(1523, ("backend", "frontend")),
        NamedTicket(1463, ("backend",)),
    ]
    assert (found.removed, found.without_ticket) == ([], 596)
    pages = [one.query["page"][0] for one in components.requests if f"{BACKEND}/compare" in one.path]
    assert sorted(pages) == ["1", "2", "3", "4", "5", "6"]


def test_a_rollback_has_them_all_removed(components: GitHubServer) -> None:
    """The other way round nothing is added, and the same tickets are removed."""
    (back,) = with_histories(forge(components.url), [change("backend", "2.2.2", "1.1.1")], {STACK}, TicketHome())
    found = named_tickets([back])
    assert (found.added, found.without_ticket) == ([], 0)
    assert [one.number for one in found.removed] == [1508, 1322, 1402, 1517, 1523, 1463]


def test_a_tag_that_is_gone_makes_one_history_unknown(components: GitHubServer) -> None:
    """What cannot be compared is unknown, with its reason; the other component's commits are told."""
    lost, fine = with_histories(
        forge(components.url), [change("backend", "0.0.9"), change("frontend")], {STACK}, TicketHome()
    )
    assert lost.history == Unknown("xchem/fragalysis-backend has no tag '0.0.9'")
    assert isinstance(fine.history, History)


def test_titles_are_asked_for_once_each(components: GitHubServer) -> None:
    """One question for each ticket, also where both components name it; what cannot be had fails nothing."""
    with requests.Session() as session:
        url = f"{components.url}/repos/{FRONTEND}/issues"
        assert session.post(url, json={"title": "Show @all the ligand"}, headers=HEADERS, timeout=20).ok
    changes = with_histories(forge(components.url), [change("backend"), change("frontend")], {STACK}, TicketHome())
    components.fail("GET", "/issues/1517$", status=500)
    components.fail("GET", "/issues/1402$", status=410, body={"message": "This issue was deleted"})
    issue = get(f"{url}/1").json()
    components.add("GET", "/issues/1523$", lambda _: json_reply(200, issue))
    components.requests.clear()
    tickets = forge(components.url).tickets(FRONTEND)
    titles, are_private = titles_of(tickets, changes, tickets)
    assert not are_private
    known = {number: title for number, title in titles.items() if not isinstance(title, Unknown)}
    assert known == {1508: None, 1322: None, 1402: None, 1523: "Show @all the ligand", 1463: None}
    assert isinstance(titles[1517], Unknown)
    asked = [
        one.path.rsplit("/", 1)[1] for one in components.requests if "/issues/" in one.path and one.reply.status != 500
    ]
    assert sorted(asked) == ["1322", "1402", "1463", "1508", "1523"]


def test_private_titles_are_not_told_in_public(components: GitHubServer) -> None:
    """Titles of a private repository are left out elsewhere, unless that is private, too; at home they are shown."""
    (changed,) = with_histories(forge(components.url), [change("frontend")], {STACK}, TicketHome())
    source, elsewhere = (forge(components.url).tickets(name) for name in (FRONTEND, BACKEND))
    entry = get(f"{components.url}/repos/{FRONTEND}").json()
    components.fail("GET", f"/repos/{FRONTEND}$", status=200, body={**entry, "private": True})
    components.requests.clear()
    titles, are_private = titles_of(source, [changed], elsewhere)
    assert are_private and "is private, or may be" in str(titles[1523])
    assert not [one for one in components.requests if "/issues/" in one.path]
    assert titles_of(source, [changed], source) == ({1523: None}, True)
    components.fail("GET", f"/repos/{BACKEND}$", status=200, body={**entry, "private": True})
    hidden = forge(components.url).tickets(BACKEND)
    assert titles_of(source, [changed], hidden) == ({1523: None}, True)


@pytest.mark.parametrize("name", ["org/elsewhere", "org/renamed"])
def test_the_title_of_a_ticket_that_was_moved_is_not_told(components: GitHubServer, name: str) -> None:
    """A transferred ticket may be in a private repository now; one of a repository that was renamed is at home."""
    url = f"{components.url}/repos/{FRONTEND}/issues"
    with requests.Session() as session:
        assert session.post(url, json={"title": "For ACME"}, headers=HEADERS, timeout=20).ok
    issue = {**get(f"{url}/1").json(), "repository_url": f"https://api.github.com/repos/{name}"}
    components.add("GET", "/issues/1523$", lambda _: json_reply(200, issue))
    components.change_json("GET", f"/repos/{FRONTEND}$", lambda entry: entry.update(full_name="Org/Renamed"))
    tickets = forge(components.url).tickets(FRONTEND)

    title = tickets.titles([1523])[1523]

    if name == "org/renamed":
        assert title == "For ACME"
    else:
        assert isinstance(title, Unknown) and "was transferred to another repository" in title.reason


@pytest.mark.parametrize(
    ("private", "hidden", "secret"),
    [
        ((), (), False),
        ((FRONTEND,), (), True),
        ((FRONTEND, STACK), (), False),
        ((FRONTEND, STACK), (STACK,), True),
        ((), (FRONTEND,), True),
    ],
)
def test_the_words_of_private_commits_are_secret_in_public(
    github_example: GitHubServer, private: tuple[str, ...], hidden: tuple[str, ...], secret: bool
) -> None:
    """Unless the component is known to be public, or the place they are written to known to be private."""
    for name in hidden:
        github_example.fail("GET", f"/repos/{name}$", status=404)
    for name in private:
        github_example.change_json("GET", f"/repos/{name}$", lambda entry: entry.update(private=True))
    (changed,) = with_histories(
        forge(github_example.url), [change("frontend", "2023.05.3", "2023.05.4")], {STACK}, TicketHome()
    )
    assert isinstance(changed.history, History) and changed.history.added
    assert changed.is_secret == secret
