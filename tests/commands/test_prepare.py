"""`prepare` as a process: from the form to a reviewed change, on GitHub and on clones."""

from __future__ import annotations

import base64
import datetime
import json
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from commands.conftest import World
from world.asking import HEADERS, get
from world.events import dispatch
from world.example import BACKEND, BACKEND_LINE, FRONTEND_LINE, STACK, WORKFLOW_FILE, release_stack, workflow_text
from world.faults import Forward, Reply
from world.git import Repo
from world.github_server import TOKEN
from world.program import Outcome
from world.scene import push_images
from world.workflow_runs import NAMED

FORM = {"backend-tag": "2023.05.1", "frontend-tag": "2023.05.4", "stack-tag": "2023.06.2"}
REPOSITORY = f"/repos/xchem/{STACK}"


def next_tag() -> str:
    """The first tag of this month, which may turn while a test runs."""
    return f"{datetime.datetime.now(datetime.timezone.utc):%Y.%m}.1"


def begin_in_one_month() -> None:
    """Wait for the next month, if this one ends within a minute: tags have one name for as long as a test runs."""
    now = datetime.datetime.now(datetime.timezone.utc)
    if (now + datetime.timedelta(minutes=1)).month != now.month:
        time.sleep(61 - now.second)


def prepare(world: World, **inputs: str) -> Outcome:
    """Send the form; inputs by name with underscores, on top of the worked example's."""
    event = dispatch("refs/heads/master", world.commit("2023.06.1"))
    given = {"command": "prepare", "token": TOKEN, "registry-url": world.registry.url, **NAMED, **FORM}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    return world.program.run(event, given, api_url=world.github.url)


def ask(world: World, path: str) -> Any:
    """What the GitHub says of the stack's repository."""
    return get(f"{world.github.url}{REPOSITORY}{path}").json()


def send(world: World, method: str, path: str, body: object) -> Any:
    """Change something on the GitHub, as somebody else would."""
    with requests.Session() as session:
        reply = session.request(method, f"{world.github.url}{REPOSITORY}{path}", json=body, headers=HEADERS, timeout=20)
    assert reply.ok, reply.text
    return reply.json()


def open_issue(world: World, body: str) -> str:
    """Open a ticket and return its number."""
    return str(send(world, "POST", "/issues", {"title": "Release", "body": body})["number"])


def head(world: World, branch: str = "master") -> str:
    """The head of a branch of the stack."""
    return str(ask(world, f"/git/ref/heads/{branch}")["object"]["sha"])


def file_at(world: World, ref: str) -> str:
    """The workflow file at a ref."""
    return base64.b64decode(ask(world, f"/contents/{WORKFLOW_FILE}?ref={ref}")["content"]).decode()


def changed_lines(before: str, after: str) -> list[tuple[int, str]]:
    """The numbers, from 1, and new texts of the lines that differ."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    return [(number, new) for number, (old, new) in enumerate(pairs, 1) if old != new]


EXPECTED = [
    (BACKEND_LINE, "  BE_IMAGE_TAG: 2023.05.1  # the backend's release"),
    (FRONTEND_LINE, "  FE_IMAGE_TAG: 2023.05.4  # the frontend's release"),
]


def writes(world: World) -> list[str]:
    """The requests that change something, by method and path."""
    world.github.settle()
    return [f"{one.method} {one.path}" for one in world.github.requests if one.method != "GET"]


def test_commit_mode_makes_one_commit_of_two_lines(before_release: World) -> None:
    """The form gives one commit on master, on top of its head, that changes the two values and names the tag."""
    world, before = before_release, head(before_release)
    outcome = prepare(world, mode="commit")
    assert outcome.status == 0, outcome.log
    after = head(world)
    commit = ask(world, f"/git/commits/{after}")
    assert [parent["sha"] for parent in commit["parents"]] == [before]
    assert commit["message"].strip() == "build: Use of b/e 2023.05.1 f/e 2023.05.4\n\nStack-Tag: 2023.06.2"
    assert changed_lines(file_at(world, before), file_at(world, after)) == EXPECTED
    told = ("stack-tag", "backend-tag", "frontend-tag", "changed", "commit")
    assert {name: outcome.outputs[name] for name in told} == {
        "stack-tag": "2023.06.2",
        "backend-tag": "2023.05.1",
        "frontend-tag": "2023.05.4",
        "changed": "true",
        "commit": after,
    }
    assert outcome.outputs["backend-commit"] == world.example.commits["fragalysis-backend"]["2023.05.1"]
    assert outcome.outputs["frontend-image"].startswith("docker.io/xchem/fragalysis-frontend@sha256:")


def test_a_change_goes_into_the_variable_that_the_file_has(before_release: World) -> None:
    """With a list of variables the one that is there is changed, and no other is made."""
    variables = {"backend_variable": "BE_BRANCH,BE_IMAGE_TAG", "frontend_variable": "FE_IMAGE_TAG,FE_BRANCH"}
    outcome = prepare(before_release, mode="commit", **variables)
    assert outcome.status == 0, outcome.log
    after = file_at(before_release, outcome.outputs["commit"])
    assert changed_lines(file_at(before_release, before_release.commit("2023.06.1")), after) == EXPECTED


def test_pull_request_mode_opens_one_pull_request(before_release: World) -> None:
    """The form gives a branch release/TAG of one commit, and one pull request with our marker and the plan."""
    world, before = before_release, head(before_release)
    outcome = prepare(world)
    assert outcome.status == 0, outcome.log
    (request,) = ask(world, "/pulls?state=open")
    assert (request["head"]["ref"], request["base"]["ref"]) == ("release/2023.06.2", "master")
    assert request["title"] == "build: Use of b/e 2023.05.1 f/e 2023.05.4"
    marker = "<!-- frag-release-action: release 2023.06.2 backend=2023.05.1 frontend=2023.05.4 -->"
    assert marker in request["body"]
    assert head(world) == before
    assert outcome.outputs["pull-request-number"] == str(request["number"])
    assert outcome.outputs["commit"] == head(world, "release/2023.06.2")


@pytest.mark.parametrize("mode", ["commit", "pull-request"])
def test_running_it_twice_creates_nothing_twice(before_release: World, mode: str) -> None:
    """The second run of the same form writes nothing at all, and succeeds."""
    world = before_release
    first = prepare(world, mode=mode)
    world.github.requests.clear()
    second = prepare(world, mode=mode)
    assert (first.status, second.status) == (0, 0), second.log
    assert writes(world) == []
    assert (second.outputs["changed"], second.outputs["stack-tag"]) == ("false", "2023.06.2")


def test_the_tag_is_the_next_of_the_month(before_release: World) -> None:
    """Without a stack tag the next YEAR.MONTH.ITERATION is taken, and a second run of the form keeps it."""
    before = next_tag()
    tag = prepare(before_release, stack_tag="").outputs["stack-tag"]
    assert tag in (before, next_tag())
    assert prepare(before_release, stack_tag="").outputs["stack-tag"] == tag
    assert [request["head"]["ref"] for request in ask(before_release, "/pulls?state=open")] == [f"release/{tag}"]


def test_newest_takes_the_newest_that_is_on_production(before_release: World) -> None:
    """`newest` is the highest production tag on the production branch: not 2023.05.2, which is off it."""
    outcome = prepare(before_release, backend_tag="newest", frontend_tag="newest", dry_run="true")
    assert outcome.status == 0, outcome.log
    assert (outcome.outputs["backend-tag"], outcome.outputs["frontend-tag"]) == ("2023.05.1", "2023.05.4")


def test_the_release_before_is_found_across_years(before_release: World) -> None:
    """A stack that slept for years is still compared with its last release."""
    outcome = prepare(before_release, stack_tag="", dry_run="true")
    assert outcome.report is not None
    assert outcome.report["previous"]["tag"] == "2023.06.1"
    assert outcome.findings()["pair-changed:pair"] == "pass"


def test_a_dry_run_shows_the_plan_and_writes_nothing(before_release: World) -> None:
    """A dry run has the diff in its summary, and sends nothing but questions."""
    outcome = prepare(before_release, dry_run="true")
    assert outcome.status == 0, outcome.log
    assert writes(before_release) == []
    assert "+  BE_IMAGE_TAG: 2023.05.1" in outcome.summary
    assert outcome.outputs["changed"] == "false"


def test_a_pair_that_does_not_pass_is_refused_before_anything_is_written(before_release: World) -> None:
    """A backend off production ends with status 1, the finding, and no write."""
    outcome = prepare(before_release, backend_tag="2023.05.2")
    assert outcome.status == 1
    assert outcome.findings("fail", "unknown") == {"pin-on-branch:backend": "fail"}
    assert "The newest tag that is on production is 2023.05.1." in outcome.summary
    assert writes(before_release) == []


def test_a_twin_in_another_spelling_takes_its_number(before_release: World) -> None:
    """A tag written with other zeros, which starts with no year in question, is counted all the same."""
    send(
        before_release, "POST", "/git/refs", {"ref": "refs/tags/02023.06.2", "sha": before_release.commit("2023.06.1")}
    )
    outcome = prepare(before_release, stack_tag="2023.06.2")
    assert outcome.status == 1
    assert "taken: the stack has the tag 02023.06.2" in outcome.summary


@pytest.mark.parametrize(
    ("tag", "said"),
    [("2023.06.1", "is taken"), ("2023.6.1", "is taken"), ("v2023.06.3", "not a production tag")],
    ids=["exists", "same number", "not production"],
)
def test_a_stack_tag_that_cannot_be_is_refused(before_release: World, tag: str, said: str) -> None:
    """A stack tag that exists, equals one numerically, or is not N.N.N is refused."""
    outcome = prepare(before_release, stack_tag=tag)
    assert outcome.status == 1
    assert said in outcome.log
    assert outcome.report is not None
    assert (outcome.report["verdict"], said in outcome.report["error"]["message"]) == ("blocked", True)
    assert writes(before_release) == []


def test_the_workflows_own_token_is_told_apart_before_anything_is_written(before_release: World) -> None:
    """With the workflow's own token the run ends with status 2, says which token it takes, and writes nothing."""
    world = before_release
    event = dispatch("refs/heads/master", world.commit("2023.06.1"))
    given = {"command": "prepare", "token": TOKEN, "registry-url": world.registry.url, **FORM}
    outcome = world.program.run(event, given, api_url=world.github.url, environment={"RUN_TOKEN": TOKEN})
    assert outcome.status == 2
    assert "workflow" in outcome.log and "input token" in outcome.log
    assert writes(world) == []


@pytest.mark.parametrize(
    ("status", "message"),
    [(403, "Resource not accessible by integration"), (404, "Not Found")],
    ids=["app", "personal token"],
)
def test_a_refused_write_names_the_missing_right(before_release: World, status: int, message: str) -> None:
    """However GitHub words its refusal of a workflow file, the run ends with status 2 and names the right."""
    world = before_release
    world.github.fail("POST", "git/trees", status=status, body=json.dumps({"message": message}))
    outcome = prepare(world)
    assert outcome.status == 2
    assert "workflow" in outcome.log.lower()
    assert outcome.outputs["changed"] == "false"


def test_a_planted_branch_is_refused(before_release: World) -> None:
    """A branch release/TAG that is not exactly our change is left as it is, and its maker is named."""
    world = before_release
    evil = world.example.stack.commit(
        {WORKFLOW_FILE: workflow_text("2023.05.1", "2023.05.4", "xchem"), "Dockerfile": "FROM evil"},
        "build: Use of b/e 2023.05.1 f/e 2023.05.4\n\nStack-Tag: 2023.06.2\n",
        branch="release/2023.06.2",
        parents=[world.commit("2023.06.1")],
    )
    world.github.clear()
    world.seed()
    outcome = prepare(world)
    assert outcome.status == 1
    assert "release/2023.06.2" in outcome.log
    assert head(world, "release/2023.06.2") == evil
    assert ask(world, "/pulls?state=open") == []


def test_another_release_under_way_is_refused_naming_its_owner(before_release: World) -> None:
    """While our pull request for one pair is open, another pair is refused, and the first one is untouched."""
    world = before_release
    prepare(world)
    world.github.requests.clear()
    outcome = prepare(world, backend_tag="2023.03.1", stack_tag="2023.06.3")
    assert outcome.status == 1
    assert "Pull request #" in outcome.log and "of maintainer" in outcome.log
    assert len(ask(world, "/pulls?state=open")) == 1
    assert [one for one in writes(world) if "refs" in one or "pulls" in one] == []


def test_tickets_may_live_elsewhere(before_release: World) -> None:
    """The numbers in commits are those of tickets-from, else of ticket-repository, in pull request and summary."""
    for inputs, where in (
        ({"ticket_repository": "m2ms/board"}, "m2ms/board"),
        ({"ticket_repository": "m2ms/board", "tickets_from": "m2ms/old"}, "m2ms/old"),
    ):
        outcome = prepare(before_release, **inputs)
        assert outcome.status == 0, outcome.log
        (pull,) = ask(before_release, "/pulls?state=open")
        assert f"{where}#1322" in pull["body"] and "xchem/fragalysis-stack#1322" not in pull["body"]
        assert f"{where}/issues/1322" in outcome.summary


def test_a_ticket_names_the_pair(before_release: World) -> None:
    """A ticket whose text names both versions chooses the pair; one that names two of a component is refused."""
    world = before_release
    number = open_issue(world, "- backend 2023.05.1\n- frontend 2023.05.4\n")
    outcome = prepare(world, backend_tag="", frontend_tag="", ticket=f"#{number}", dry_run="true")
    assert outcome.status == 0, outcome.log
    assert (outcome.outputs["backend-tag"], outcome.outputs["frontend-tag"]) == ("2023.05.1", "2023.05.4")
    vague = open_issue(world, "backend 2023.05.1 or backend 2023.03.1")
    refused = prepare(world, backend_tag="", frontend_tag="", ticket=vague, dry_run="true")
    assert (refused.status, refused.outputs["backend-tag"]) == (1, "")


UNCLEAR = [
    ("Intro\r\n\r\nfor ACME backend/frontend: 2023.05.1/2023.05.4", "ACME", "in line 3 of its text"),
    ("<!-- of\nseveral\nlines -->\nbackend 2023.05.1-ACME\nfrontend 2023.05.4", "ACME", "line 4 of its text"),
    ("backend 2023.05.1\nbackend 2099.09.9\nfrontend 2023.05.4", "2099.09.9", "line 1 of its text, line 2 of its text"),
]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("visible", ["private", "unseen", "moved"])
@pytest.mark.parametrize(("body", "words", "place"), UNCLEAR, ids=["unclear", "no tag", "several"])
def test_no_words_of_a_private_ticket_are_told(
    before_release: World, visible: str, body: str, words: str, place: str
) -> None:
    """Where the ticket's repository is not known to be public the line's number stands in place of its words."""
    world, number = before_release, open_issue(before_release, body)
    if visible == "private":
        world.github.change_json("GET", f"{REPOSITORY}$", lambda entry: entry.update(private=True))
    else:
        # GitHub answers with what a transferred ticket is now.
        world.github.change_json("GET", f"/issues/{number}$", lambda issue: issue.update(repository_url=_SECRET))
        world.github.fail("GET", "/repos/org/secret$", status=404 if visible == "moved" else 500)
    form = {"backend_tag": "", "frontend_tag": "", "stack_branch": "master"}
    outcome = prepare(world, **form, ticket=number)
    assert outcome.status == 1
    assert words not in f"{outcome.log} {outcome.summary} {outcome.report} {outcome.outputs}"
    assert place in outcome.log and place in outcome.summary


_SECRET = "https://api.github.com/repos/org/secret"


@pytest.mark.parametrize(("body", "words", "place"), UNCLEAR, ids=["unclear", "no tag", "several"])
def test_words_of_a_public_ticket_are_quoted(before_release: World, body: str, words: str, place: str) -> None:
    """Everybody may read a public ticket, so the words themselves help most."""
    outcome = prepare(before_release, backend_tag="", frontend_tag="", ticket=open_issue(before_release, body))
    assert (outcome.status, words in outcome.log, place in outcome.log) == (1, True, False)


@pytest.mark.parametrize("run", ["xchem/fragalysis-stack", "org/public"])
def test_words_of_private_commits_stay_out_of_a_run_that_others_read(before_release: World, run: str) -> None:
    """Between private repositories commits are shown, but not in the summary of a run of a repository that is not."""
    world = before_release
    for name in (STACK, "fragalysis-backend", "fragalysis-frontend"):
        world.github.change_json("GET", f"/repos/xchem/{name}$", lambda entry: entry.update(private=True))
    given = {"command": "prepare", "token": TOKEN, "registry-url": world.registry.url, "dry-run": "true", **FORM}
    given["stack-repository"] = REPOSITORY.removeprefix("/repos/")
    event = dispatch("refs/heads/master", world.commit("2023.06.1"))
    outcome = world.program.run(event, given, api_url=world.github.url, repository=run)
    assert outcome.status == 0, outcome.log
    hidden = "their messages are omitted: the repository is private, or may be" in outcome.summary
    assert hidden == (run == "org/public")


def test_a_run_that_broke_off_is_taken_up_again(before_release: World) -> None:
    """A run that pushed its branch and then broke is finished by the next: same tag, same branch, one pull request."""
    world = before_release
    world.github.fail("POST", "/pulls", status=502, times=1)
    assert prepare(world, stack_tag="").status == 1
    (left,) = ask(world, "/git/matching-refs/heads/release")
    tag = left["ref"].removeprefix("refs/heads/release/")
    again = prepare(world, stack_tag="")
    assert again.status == 0, again.log
    assert (again.outputs["stack-tag"], again.outputs["commit"]) == (tag, left["object"]["sha"])
    assert len(ask(world, "/pulls?state=open")) == 1


def test_a_run_that_broke_off_finds_its_branch_among_many(before_release: World) -> None:
    """Twenty other branches release/…, which sort behind the month's as text, hide none that an earlier run made."""
    world = before_release
    for number in range(1, 21):
        send(world, "POST", "/git/refs", {"ref": f"refs/heads/release/3.0.{number}", "sha": head(world)})
    world.github.fail("POST", "/pulls", status=502, times=1)
    assert prepare(world, stack_tag="").status == 1
    again = prepare(world, stack_tag="")
    assert again.status == 0, again.log
    assert again.outputs["stack-tag"] == next_tag()
    assert len(ask(world, "/git/matching-refs/heads/release")) == 21


def test_the_branch_of_an_earlier_release_of_the_pair_hides_none(before_release: World) -> None:
    """Where the same pair was released before, and that branch was kept, a second run goes on with its own branch."""
    world, message = before_release, "build: Use of b/e 2023.05.1 f/e 2023.05.4\n\nStack-Tag: 2023.06.2\n"
    tree = ask(world, f"/git/commits/{head(world)}")["tree"]["sha"]
    body = {"message": message, "tree": tree, "parents": [head(world)]}
    commit = send(world, "POST", "/git/commits", body)["sha"]
    for ref in ("refs/heads/release/2023.06.2", "refs/tags/2023.06.2"):
        send(world, "POST", "/git/refs", {"ref": ref, "sha": commit})
    first, again = prepare(world, stack_tag=""), prepare(world, stack_tag="")
    assert (first.status, again.status) == (0, 0), again.log
    assert first.outputs["stack-tag"] == again.outputs["stack-tag"] == next_tag()


def test_the_tag_of_a_release_that_may_be_unfinished_is_named(before_release: World) -> None:
    """Where the pair is committed and tagged, the form names that tag to continue with, before the next free one."""
    world = before_release
    made = prepare(world, stack_tag="", mode="commit")
    assert made.status == 0, made.log
    send(world, "POST", "/git/refs", {"ref": f"refs/tags/{next_tag()}", "sha": head(world)})
    again = prepare(world, stack_tag="", mode="commit")
    assert (again.status, again.outputs["changed"]) == (0, "false"), again.log
    steps = again.summary.partition("What to do next")[2]
    assert f" The newest commit was made for the release `{next_tag()}`, whose tag exists. If that release" in steps


@pytest.mark.parametrize("unread", ["git/ref/heads/release/{branch}", "commits/{commit}"])
def test_a_branch_that_cannot_be_read_is_not_taken_for_none(before_release: World, unread: str) -> None:
    """Where a release branch may be an earlier run's, but cannot be read, no second branch is pushed."""
    world = before_release
    world.github.fail("POST", "/pulls", status=502, times=1)
    assert prepare(world, stack_tag="").status == 1
    (left,) = ask(world, "/git/matching-refs/heads/release")
    tag, commit = left["ref"].removeprefix("refs/heads/release/"), left["object"]["sha"]
    world.github.fail("GET", unread.format(branch=tag, commit=commit), status=403, times=9)
    outcome = prepare(world, stack_tag="")
    assert (outcome.status, len(ask(world, "/git/matching-refs/heads/release"))) == (1, 1), outcome.log


def test_our_own_branch_is_rebuilt_on_a_newer_head(before_release: World) -> None:
    """Where the stack branch went on since, our branch is made anew on top of it, without another pull request."""
    world = before_release
    assert prepare(world).status == 0
    other = send(world, "PUT", "/contents/NEW.md", {"message": "docs: New", "content": "eA==", "branch": "master"})
    again = prepare(world)
    assert again.status == 0, again.log
    commit = ask(world, f"/git/commits/{head(world, 'release/2023.06.2')}")
    assert [parent["sha"] for parent in commit["parents"]] == [other["commit"]["sha"]]
    assert len(ask(world, "/pulls?state=open")) == 1


def test_running_ci_is_waited_for(before_release: World) -> None:
    """With `wait-minutes` a component's CI that still runs is waited for, and the release goes on when it passed."""
    world = before_release
    (run,) = [one for one in world.github.runs if one.head_branch == "2023.05.1"]
    run.status, run.conclusion = "in_progress", None
    assert prepare(world, dry_run="true").findings("unknown") == {"pin-ci:backend": "unknown"}

    def finish(forward: Forward) -> Reply:
        reply = forward()
        run.status, run.conclusion = "completed", "success"
        return reply

    world.github.add("GET", "fragalysis-backend/actions/runs", finish, times=1)
    outcome = prepare(world, dry_run="true", wait_minutes="1")
    assert outcome.status == 0, outcome.log
    assert "Waiting for CI" in outcome.log


class TestRace:
    """Two that change the branch at the same time."""

    def test_a_lost_race_is_read_judged_and_tried_again(self, before_release: World) -> None:
        """A commit that lands between our reading and our writing is kept, and ours comes on top of it."""
        world = before_release
        other = world.example.stack.commit(
            {"README.md": "moved\n"}, "docs: Move", branch="other", parents=[world.commit("2023.06.1")]
        )
        world.github.clear()
        world.seed()

        def beaten(forward: Forward) -> Reply:
            send(world, "PATCH", "/git/refs/heads/master", {"sha": other})
            return forward()

        world.github.add("PATCH", "git/refs/heads/master", beaten, times=1)
        outcome = prepare(world, mode="commit")
        assert outcome.status == 0, outcome.log
        commit = ask(world, f"/git/commits/{head(world)}")
        assert [parent["sha"] for parent in commit["parents"]] == [other]
        assert "everything is read and judged again" in outcome.log

    def test_of_two_prepares_one_wins_and_the_other_notices(self, before_release: World) -> None:
        """Two forms at once end as two commits, one on top of the other: the second saw the first and judged again."""
        world, before = before_release, head(before_release)
        won: list[Outcome] = []

        def beaten(forward: Forward) -> Reply:
            won.append(prepare(world, mode="commit", frontend_tag="", stack_tag="2023.06.3"))
            return forward()

        world.github.add("PATCH", "git/refs/heads/master", beaten, times=1)
        outcome = prepare(world, mode="commit")
        assert (won[0].status, outcome.status) == (0, 0), won[0].log + outcome.log
        assert "everything is read and judged again" in outcome.log
        last = ask(world, f"/git/commits/{head(world)}")
        first = ask(world, f"/git/commits/{last['parents'][0]['sha']}")
        assert first["sha"] == won[0].outputs["commit"]
        assert [parent["sha"] for parent in first["parents"]] == [before]
        assert (last["message"].split()[-1], first["message"].split()[-1]) == ("2023.06.2", "2023.06.3")

    def test_a_race_that_is_always_lost_ends_with_who_moved_what(self, before_release: World) -> None:
        """A branch that moves at every attempt is left to whoever moves it, who is named; status 1."""
        world = before_release
        count = iter(range(100))

        def beaten(forward: Forward) -> Reply:
            body = {"message": "docs: Busy", "content": "eA==", "branch": "master"}
            world.github.planned.clear()
            send(world, "PUT", f"/contents/BUSY-{next(count)}.md", body)
            world.github.add("PATCH", "git/refs/heads/master", beaten)
            return forward()

        world.github.add("PATCH", "git/refs/heads/master", beaten)
        outcome = prepare(world, mode="commit")
        assert outcome.status == 1
        assert "was moved 4 times" in outcome.log and "last by maintainer" in outcome.log
        assert file_at(world, "master") == workflow_text("2023.03.1", "2023.05.3")


class TestClones:
    """The same on clones of a disk, without any token."""

    def form(self, world: World, folder: Path, **inputs: str) -> Outcome:
        """Send the form to the local forge."""
        given = {"local": str(folder), "check-ci": "false", "mode": "commit", "token": ""}
        return prepare(world, **{**given, **inputs})

    def test_commit_mode_changes_exactly_two_lines(self, clones: World, tmp_path: Path) -> None:
        """One commit on master of the bare clone, with two lines changed; the second run makes none."""
        push_images(clones.registry, clones.example)
        stack = Repo(tmp_path / "clones" / f"{STACK}.git")
        before = stack.head("master")
        assert self.form(clones, tmp_path / "clones").status == 0
        after = stack.head("master")
        changed = stack.git("diff", "--numstat", before, after).split()
        assert changed == ["2", "2", WORKFLOW_FILE]
        assert stack.git("rev-list", "--count", f"{before}..{after}").strip() == "1"
        again = self.form(clones, tmp_path / "clones")
        assert (again.status, again.outputs["changed"], stack.head("master")) == (0, "false", after)


class TestNewest:
    """`newest`, and the stack's next tag, on histories of years and of other numbers."""

    def test_it_is_found_years_above_the_pin(self, unseeded: World) -> None:
        """From 2023.03.1 it is 2024.03.1, whatever its year; a v-tag is named and not chosen."""
        world, (backend, tags) = unseeded, (unseeded.example.backend, unseeded.example.commits[BACKEND])
        for name in ("2024.03.1", "v2099.02.1"):
            backend.tag(name, tags["2023.05.1"])
            tags[name] = tags["2023.05.1"]
        release_stack(world.example, "2023.06.3", "2023.05.2", "2023.05.4")
        outcome = prepare(
            world.seed(), backend_tag="Newest", frontend_tag="NEWEST", stack_tag="2023.06.4", dry_run="true"
        )
        assert outcome.status == 0, outcome.log
        assert (outcome.outputs["backend-tag"], outcome.outputs["frontend-tag"]) == ("2024.03.1", "2023.05.4")
        said = "v2099.02.1 is not N.N.N"
        assert said in outcome.log and said in outcome.summary

    @pytest.mark.parametrize("planted", ["2099.12.9", "2024.03.999999"])
    def test_a_tag_that_cannot_be_right_stops_it(self, unseeded: World, planted: str) -> None:
        """A planted tag is named and nothing chosen, wherever it is; a tag that is typed is taken all the same."""
        world, tags = unseeded, unseeded.example.commits[BACKEND]
        for name, commit in (("2024.03.1", "2023.05.1"), (planted, "2023.05.2")):
            world.example.backend.tag(name, tags[commit])
            tags[name] = tags[commit]
        release_stack(world.example, "2023.06.3", "2023.05.2", "2023.05.4")
        outcome = prepare(world.seed(), backend_tag="newest", frontend_tag="2023.05.4", stack_tag="2023.06.4")
        assert (outcome.status, writes(world)) == (1, []), outcome.log
        assert f"tag of xchem/fragalysis-backend could not be determined: {planted} cannot be right" in outcome.log
        assert f"If {planted} was a mistake and never a release, delete it; or name the tag in the" in outcome.log
        typed = prepare(world, backend_tag="2024.03.1", frontend_tag="2023.05.4", stack_tag="2023.06.4", dry_run="true")
        assert (typed.status, typed.outputs["backend-tag"]) == (0, "2024.03.1"), typed.log
        # The gate's remedy for the pin that is there, which is off production, chooses nothing: it names both.
        said = f"The newest tag that is on production is 2024.03.1. {planted} cannot be right and was passed over"
        assert said in world.gate("2023.06.3").log

    def test_a_repository_of_v_tags_is_told_so(self, unseeded: World) -> None:
        """Where all tags are `vN.N.N` there is no newest: not for their branch, but for their form."""
        backend = unseeded.example.backend
        backend.tag("v1.4.2", unseeded.example.commits[BACKEND]["2023.05.1"])
        for name in ("2023.03.1", "2023.05.1", "2023.05.1-rc.1", "2023.05.2"):
            backend.delete(f"refs/tags/{name}")
        unseeded.example.commits[BACKEND] = {}
        outcome = prepare(unseeded.seed(), backend_tag="newest", dry_run="true")
        assert outcome.status == 1
        assert (
            "has no newest production tag. v1.4.2 is not N.N.N" in outcome.log and "is on production" not in outcome.log
        )

    @pytest.mark.parametrize(
        ("tags", "said"),
        [
            (["1.4.2", "1.4.1"], "The newest tag of the stack is 1.4.2, and by month the next would be"),
            (["v1.4.2"], "The newest tag of the stack is v1.4.2, which is not N.N.N"),
        ],
    )
    def test_a_stack_of_other_numbers_is_asked_for_its_tag(self, unseeded: World, tags: list[str], said: str) -> None:
        """Without stack-tag no release by month is planned after 1.4.2: every 1.x would be blocked. With it one is."""
        stack, commit = unseeded.example.stack, unseeded.example.commits[STACK]["2023.06.1"]
        for name in ("2023.06.1", "2023.06.2", "2023.06.2-rc.1"):
            stack.delete(f"refs/tags/{name}")
        for name in tags:
            stack.tag(name, commit)
        stack.branch("master", commit)
        world = unseeded.seed()
        outcome = prepare(world, stack_tag="", dry_run="true")
        assert (outcome.status, said in outcome.log, "in stack-tag" in outcome.log) == (1, True, True), outcome.log
        assert prepare(world, stack_tag="1.4.3", dry_run="true").outputs["stack-tag"] == "1.4.3"

    def test_a_plan_below_a_higher_tag_names_the_way_on(self, before_release: World) -> None:
        """Where a tag of a later year is on master, the next of this month is refused, and stack-tag is the remedy."""
        # Not of the next one, which may begin meanwhile.
        tag = f"{datetime.datetime.now(datetime.timezone.utc).year + 2}.01.1"
        send(
            before_release, "POST", "/git/refs", {"ref": f"refs/tags/{tag}", "sha": before_release.commit("2023.06.1")}
        )
        outcome = prepare(before_release, stack_tag="", dry_run="true")
        assert outcome.findings("fail", "unknown") == {"tag-order:stack": "fail"}
        way = f"such as {tag[:-1]}2: pass it to prepare or publish in the input stack-tag. If {tag} was a mistake"
        assert way in outcome.log
        assert prepare(before_release, stack_tag=f"{tag[:-1]}2", dry_run="true").status == 0
