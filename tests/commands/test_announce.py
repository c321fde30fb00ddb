"""`announce` as a process: the ticket of a release, its people and its lane, written once and kept up to date."""

from __future__ import annotations

import pytest

from commands.conftest import World
from commands.desk import BOARD, DIGEST, FULL, REPOSITORY, TAG, Desk
from commands.test_prepare import ask, open_issue, send, writes
from world.emulate import STRANGERS
from world.events import dispatch, push_tag
from world.faults import Forward, Reply, json_reply
from world.github_builds import Job, Look
from world.github_people import Project, by_app
from world.github_server import COMPONENT_TOKEN, TOKEN
from world.killing import kill_after_write

MARKER = "<!-- frag-release-action: ticket of xchem/fragalysis-stack 2023.06.2 -->"
END = "<!-- frag-release-action: end of the part that is kept up to date -->"
(STRANGER,) = STRANGERS


@pytest.fixture
def desk(unseeded: World) -> Desk:
    """The worked example with a board."""
    return Desk.of(unseeded)


def test_the_worked_example_gets_its_ticket(desk: Desk) -> None:
    """Release 2023.06.2 gets a ticket with the pair, the ticket #1322 that a backend commit names, and boxes."""
    outcome = desk.announce()
    assert outcome.status == 0, outcome.log
    ticket = desk.ticket()
    assert ticket["title"] == "Release 2023.06.2"
    body = ticket["body"]
    assert body.startswith(MARKER) and body.rstrip().endswith(END)
    assert "- [ ] xchem/fragalysis-stack#1322 (no visible ticket has this number) (backend)" in body
    assert "backend `2023.05.1` and frontend `2023.05.4`" in body
    assert "2 commits without a ticket." in body
    assert "The checks it passed are not recorded." in body
    told = {name: outcome.outputs[name] for name in ("ticket-number", "ticket-url", "stack-tag", "changed", "verdict")}
    assert told == {
        "ticket-number": str(ticket["number"]),
        "ticket-url": ticket["html_url"],
        "stack-tag": "2023.06.2",
        "changed": "true",
        "verdict": "build-only",
    }
    assert outcome.report and outcome.report["ticket"]["number"] == ticket["number"]
    assert outcome.report["tickets"] == {"repository": REPOSITORY, "added": [1322], "removed": []}
    assert outcome.summary.startswith("## ✅ Announced — [`Release 2023.06.2`]")


def test_a_ticket_says_who_approved_and_keeps_what_was_checked(desk: Desk) -> None:
    """Named in the record or the build's run, but not who rejected it; a line of the checklist stays ticked."""
    desk.release(**{"approved-by": [{"by": "@all", "environments": ["release"]}, {"environments": 1}]})
    run = desk.builds.start(REPOSITORY, TAG, desk.world.commit(TAG))
    place = "awx/fragalysis-production"
    desk.world.github.approvals[run.id] = [("maintainer", place), ("reviewer", place, "rejected")]
    first = desk.announce(checklist="- [ ] I looked at production\nAsk #chemists")
    assert first.status == 0 and first.report, first.log
    ticket = desk.ticket()
    assert "all (`release`), maintainer (`awx/fragalysis-production`).\n" in ticket["body"]
    assert "Approved by " in ticket["body"] and "@all" not in ticket["body"]
    assert "- [ ] I looked at production\n- [ ] Ask" in ticket["body"] and "Seen to work" not in ticket["body"]
    assert first.report["approved-by"][1] == {"by": "maintainer", "environments": [place]}
    desk.edit(ticket["number"], body=ticket["body"].replace("- [ ] I looked", "- [x] I looked"))
    again = desk.announce(checklist="I looked at production")
    assert "| Checked, by the boxes of the ticket | I looked at production |" in again.summary
    assert again.report and again.report["checked"] == ["I looked at production"]
    assert "| Approval | Approved by " in again.summary
    assert "- [x] I looked at production\n" in desk.ticket()["body"]
    desk.world.github.assert_valid()


def test_tickets_are_named_by_their_address(unseeded: World) -> None:
    """A commit names a ticket by the address of a comment on it: #1527, and none of another repository."""
    example, server = unseeded.example, "https://github.example"
    message = f"Mend it\n\n{server}/xchem/fragalysis-stack/issues/1527#issuecomment-5 {server}/a/b/issues/3"
    commit = example.backend.commit({"viewer/more.py": "x"}, message, branch="production")
    example.backend.delete("refs/tags/2023.05.1")
    example.backend.tag("2023.05.1", commit)
    outcome = Desk.of(unseeded).announce()
    assert outcome.status == 0 and outcome.report, outcome.log
    assert sorted(outcome.report["tickets"]["added"]) == [1322, 1527]


def test_everything_is_done_once(desk: Desk) -> None:
    """Labels are made, people assigned, the lane set, whatever its case; the second run writes nothing."""
    desk.board.page = 1
    first = desk.announce(**FULL)
    assert first.status == 0, first.log
    ticket = desk.ticket()
    assert [label["name"] for label in ticket["labels"]] == ["release", "urgent"]
    assert "2. ticket: ✅ done\n3. board: ✅ done\n\n" in first.summary
    assert [user["login"] for user in ticket["assignees"]] == ["maintainer", "reviewer"]
    assert desk.board.lanes() == {"Release 2023.06.2": ["Push to Production"]}
    again = desk.announce(**FULL)
    assert (again.status, writes(desk.world), again.outputs["changed"]) == (0, [], "false"), again.log
    assert again.summary.startswith("## ✅ Already announced, nothing to change — ")


def test_the_evidence_is_that_of_the_release(desk: Desk) -> None:
    """With release.json the ticket has the digests, how each check came out, and what was allowed by hand."""
    desk.release()
    desk.announce()
    body = desk.ticket()["body"]
    assert f"stack image: `docker.io/xchem/fragalysis-stack@{DIGEST}`" in body
    assert f"backend image: `docker.io/xchem/fragalysis-backend@sha256:{'b' * 64}`" in body
    assert "> ⚠️ **ALLOWED by hand:** `pin-ci:frontend`. The CI of frontend 2023.05.4 failed." in body


def test_a_record_of_another_commit_is_no_evidence(desk: Desk) -> None:
    """A release.json about another commit than the tag's is not used; the ticket is made, and a finding says so."""
    stack = {"repository": REPOSITORY, "tag": TAG, "commit": "1" * 40, "image": "x:1", "digest": DIGEST}
    desk.release(stack=stack)
    outcome = desk.announce()
    assert outcome.status == 0, outcome.log
    assert DIGEST not in desk.ticket()["body"]
    assert outcome.findings("warn") == {"announce-contents:ticket": "warn"}


GAPS = {
    "commits": ("fragalysis-backend/compare/", "What changed in the backend could not be read:"),
    "titles": ("/issues/1322$", "The title of a ticket could not be read:"),
    "the build": (f"{REPOSITORY}/actions/workflows/", "The build could not be read:"),
    "its jobs": (f"{REPOSITORY}/actions/runs/[0-9]+/.*jobs", "The jobs of the build could not be read:"),
}


@pytest.mark.parametrize("what", list(GAPS))
def test_what_could_not_be_read_is_a_warning(desk: Desk, what: str) -> None:
    """A gap in the ticket's text is told by `announce-contents`, and a second run fills it."""
    desk.builds.start(REPOSITORY, TAG, desk.world.commit(TAG))
    pattern, told = GAPS[what]
    desk.world.github.fail("GET", pattern, status=403)
    outcome = desk.announce()
    assert (outcome.status, outcome.findings("warn")) == (0, {"announce-contents:ticket": "warn"}), outcome.log
    assert told in outcome.log and "but not completely" in outcome.summary
    desk.world.github.planned.pop()
    again = desk.announce()
    assert (again.status, again.findings("warn")) == (0, {}), again.log
    assert "could not be" not in desk.ticket()["body"]


def test_a_release_before_that_could_not_be_read_is_not_none(desk: Desk) -> None:
    """Where the release before is not known, the ticket neither says that there was none nor that none was named."""
    desk.world.github.fail("GET", f"contents/.*ref={desk.world.commit('2023.06.1')}", status=403)
    outcome = desk.announce()
    assert outcome.status == 0 and outcome.findings("warn") == {"announce-contents:ticket": "warn"}, outcome.log
    body = desk.ticket()["body"]
    assert "| unknown | [`2023.05.1`]" in body and "| none |" not in body
    assert "nothing to compare with" not in body and "None of the" not in body


def test_it_is_brought_up_to_date_after_the_deployment(desk: Desk) -> None:
    """Run again when the build's job that deploys has passed, the ticket says that it has."""
    waiting = Look("in_progress", None, (Job("deploy", "in_progress", None, completed_at=None),))
    desk.builds.script = (waiting, Look("completed", "success", (Job("deploy"),)))
    run = desk.builds.start(REPOSITORY, TAG, desk.world.commit(TAG))
    first = desk.announce()
    assert "2. ticket: ✅ done\n3. deployment: ⏳ goes on\n\n" in first.summary
    assert "After the deployment, run this again" in first.summary
    assert "deploy](" in (before := desk.ticket()["body"]) and "): ⏳ in progress" in before
    ask(desk.world, f"/actions/runs/{run.id}")
    second = desk.announce()
    assert second.status == 0 and "3. deployment: ✅ done" in second.summary and "run this again" not in second.summary
    assert "): ✅ success" in desk.ticket()["body"] and "⏳" not in desk.ticket()["body"]


def test_what_people_wrote_and_ticked_stays(desk: Desk) -> None:
    """A refreshed text keeps ticked boxes, and what stands above and below it, as browsers write it (CRLF)."""
    desk.announce()
    number, body = desk.ticket()["number"], desk.ticket()["body"]
    ticked = body.replace("- [ ] Seen to work on staging", "- [x] Seen to work on staging")
    ticked = ticked.replace("- [ ] xchem/fragalysis-stack#1322", "- [x] xchem/fragalysis-stack#1322")
    edited = f"Call Rachael first.\n\n{ticked}\n\nSeen by me at noon.".replace("\n", "\r\n")
    desk.edit(number, body=edited)
    assert writes(desk.world)
    assert desk.announce().status == 0 and writes(desk.world) == []
    desk.release()
    assert desk.announce().status == 0 and len(writes(desk.world)) == 1
    after = desk.ticket()["body"].replace("\r\n", "\n")
    assert after.startswith(f"Call Rachael first.\n\n{MARKER}\n") and after.endswith(f"{END}\n\nSeen by me at noon.")
    assert "- [x] Seen to work on staging\n- [ ] Deployed to production" in after
    assert "- [x] xchem/fragalysis-stack#1322" in after and "Ticked before" not in after
    assert DIGEST in after


def test_a_text_without_its_end_is_left_alone(desk: Desk) -> None:
    """Where somebody has removed the line that ends our part, nothing is overwritten, and a finding says so."""
    desk.announce()
    ticket = desk.ticket()
    desk.edit(ticket["number"], body=ticket["body"].replace(END, "Mine."))
    outcome = desk.announce()
    assert (outcome.status, writes(desk.world)) == (0, [])
    assert "Restore the line that ends our part" in outcome.summary


def test_a_strangers_ticket_is_not_taken(desk: Desk) -> None:
    """An issue of our title with our mark, by somebody without a part in the repository, is left alone."""
    planted = desk.post_as(STRANGER, "/issues", title="Release 2023.06.2", body=f"{MARKER}\nevil\n{END}")
    outcome = desk.announce()
    assert outcome.status == 0, outcome.log
    first, second = desk.tickets()
    assert (first["id"], first["body"]) == (planted["id"], f"{MARKER}\nevil\n{END}")
    assert outcome.outputs["ticket-number"] == str(second["number"])
    assert "#1 of stranger" in outcome.log and "left unchanged" in outcome.log
    assert desk.announce().status == 0 and writes(desk.world) == []


def test_neither_title_nor_mark_alone_is_enough(desk: Desk) -> None:
    """People's tickets of the release's title get a twin, not silently: they are named until they are closed."""
    open_issue(desk.world, MARKER)
    send(desk.world, "POST", "/issues", {"title": "release: 2023.06.2", "body": "Mine"})
    desk.post_as(STRANGER, "/issues", title="Release 2023.06.2", body=MARKER.replace("06.2", "06.22"))
    outcome = desk.announce()
    assert (outcome.status, outcome.outputs["ticket-number"]) == (0, "4"), outcome.log
    assert outcome.findings("warn") == {"announce-ticket:ticket": "warn"}
    assert "#2 of maintainer, #3 of stranger. It was left unchanged, and the release's own ticket is op" in outcome.log
    assert "run announce with ticket: 2, and close the release's own ticket." in outcome.log
    desk.edit(2, state="closed")
    assert "#3 of stranger. It was left unchanged, and the release's own ticket is kept" in desk.announce().log
    desk.edit(3, state="closed")
    assert desk.announce().findings("warn") == {}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("login", "token", "tickets"),
    [
        ("github-actions[bot]", "own", 1),
        ("github-actions[bot]", "a person's", 1),
        ("support-bot[bot]", "own", 2),
        ("support-bot[bot]", "a person's", 2),
        ("release-app[bot]", "an app's", 1),
        ("github-actions", "a person's", 2),
    ],
)
def test_an_apps_ticket_is_taken_where_it_can_be_ours(desk: Desk, login: str, token: str, tickets: int) -> None:
    """Tickets of workflows are ours, and those of apps where the token is an app's; no other bot's."""
    desk.announce()
    desk.people.changes[desk.ticket()["id"]] = {**by_app(login), **({} if "[" in login else {"user": {"login": login}})}
    if token == "an app's":
        body = {"message": "Resource not accessible by integration", "status": "403"}
        desk.world.github.fail("GET", "/user$", status=403, body=body)
    environment = {"RUN_TOKEN": TOKEN} if token == "own" else {}
    event = push_tag(TAG, desk.world.commit(TAG))
    assert desk.announce_for(event, {}, environment).status == 0
    assert len(desk.tickets()) == tickets


def test_the_tokens_own_ticket_is_taken_without_push_rights(desk: Desk) -> None:
    """Somebody who may open tickets and no more gets one, is told what was dropped, and finds it again."""
    desk.people.without_push.add(STRANGER)
    inputs = {**FULL, "ticket_token": STRANGER, "project": ""}
    outcome = desk.announce(**inputs)
    assert outcome.status == 0, outcome.log
    assert outcome.findings() == {"announce-labels:ticket": "warn", "announce-assignees:ticket": "warn"}
    assert (desk.ticket()["labels"], desk.ticket()["user"]["login"]) == ([], "stranger")
    assert desk.announce(**inputs).outputs["ticket-number"] == str(desk.ticket()["number"])


def test_of_several_the_oldest_is_kept(desk: Desk) -> None:
    """Two tickets of the release, the older one closed: that one is kept up to date, and a finding names the other."""
    desk.announce()
    desk.edit(1, state="closed", body=f"{MARKER}\nold\n{END}")
    send(desk.world, "POST", "/issues", {"title": "Release 2023.06.2", "body": f"{MARKER}\n{END}"})
    outcome = desk.announce(**FULL)
    assert (outcome.status, outcome.outputs["ticket-number"]) == (0, "1"), outcome.log
    first, second = desk.tickets()
    assert "2023.05.1" in first["body"] and second["body"] == f"{MARKER}\n{END}"
    assert "Close the others: #2." in outcome.log
    # A closed ticket is done with.
    assert (first["state"], first["assignees"], desk.board.lanes()) == ("closed", [], {})


def test_a_closed_ticket_wears_nothing_new(desk: Desk) -> None:
    """What is closed is done with: no label is made for it, and a finding says what was left out and what to do."""
    desk.announce()
    desk.edit(1, state="closed")
    outcome = desk.announce(**FULL)
    assert (outcome.status, outcome.outputs["changed"], writes(desk.world)) == (0, "false", []), outcome.log
    assert "The ticket #1 is closed, so labels, assignees and project were left out." in outcome.log
    assert "reopen the ticket" in outcome.summary


def test_a_ticket_that_got_another_title_gets_no_twin(desk: Desk) -> None:
    """Our ticket under another title: none is opened beside it, and the run says how it is found again."""
    desk.announce()
    desk.edit(1, title="Release 2023.06.2 (hotfix `x`)")
    outcome = desk.announce(**FULL)
    assert (outcome.status, writes(desk.world), len(desk.tickets())) == (1, [], 1), outcome.log
    assert "xchem/fragalysis-stack#1, was given another title" in outcome.log
    assert "hotfix" in outcome.log


def test_the_other_title_of_a_private_ticket_is_not_told(desk: Desk) -> None:
    """The title that somebody gave a private ticket stays out of the run, which others may read."""
    desk.announce()
    desk.edit(1, title="Release 2023.06.2 for ACME")
    desk.world.github.change_json("GET", f"/repos/{REPOSITORY}$", lambda entry: entry.update(private=True))
    outcome = desk.announce(**FULL)
    assert (outcome.status, writes(desk.world)) == (1, [])
    assert "xchem/fragalysis-stack#1, was given another title" in outcome.log
    assert "ACME" not in outcome.log + outcome.summary
    assert "Restore its title, Release 2023.06.2" in outcome.summary
    desk.edit(1, title="Release 2023.06.2")
    assert (desk.announce().status, len(desk.tickets())) == (0, 1)


def test_a_strangers_copy_under_another_title_stops_nothing(desk: Desk) -> None:
    """Our mark in a stranger's issue of another title is no ticket of ours: the release gets its own."""
    desk.post_as(STRANGER, "/issues", title="Look here", body=f"{MARKER}\nplanted\n{END}")
    outcome = desk.announce()
    assert (outcome.status, len(desk.tickets())) == (0, 2), outcome.log


def test_it_is_found_on_a_later_page(desk: Desk) -> None:
    """Behind a hundred other tickets ours is found, and not opened again."""
    for number in range(101):
        send(desk.world, "POST", "/issues", {"title": f"Bug {number}", "body": ""})
    assert desk.announce().outputs["ticket-number"] == "102"
    again = desk.announce()
    assert (again.outputs["ticket-number"], writes(desk.world)) == ("102", [])


def test_an_existing_ticket_gets_one_comment(desk: Desk) -> None:
    """With `ticket` an existing one is told in one comment, which a later run renews; it gets labels, nothing more."""
    number = int(open_issue(desk.world, "Please release"))
    desk.post_as(STRANGER, f"/issues/{number}/comments", body=f"{MARKER}\nevil\n{END}")
    inputs = {"ticket": f"#{number}", "labels": "release"}
    outcome = desk.announce(**inputs)
    assert outcome.status == 0, outcome.log
    evil, ours = desk.comments(number)
    assert evil == f"{MARKER}\nevil\n{END}" and ours.startswith(MARKER)
    ticket = desk.ticket()
    assert (ticket["state"], ticket["body"], ticket["assignees"]) == ("open", "Please release", [])
    assert [label["name"] for label in ticket["labels"]] == ["release"]
    assert outcome.outputs["ticket-number"] == str(number) and "#issuecomment-" in outcome.outputs["ticket-url"]
    assert desk.announce(**inputs).status == 0 and writes(desk.world) == []
    desk.release()
    assert desk.announce(**inputs).status == 0 and len(writes(desk.world)) == 1
    assert len(desk.comments(number)) == 2 and DIGEST in desk.comments(number)[1]


def test_the_ticket_that_the_commit_names_is_told(unseeded: World) -> None:
    """Without `ticket` the one of the trailer `Release-Ticket` gets one comment and the label, and stays open."""
    text = "build: Use of it\n\nStack-Tag: 2023.06.3\nRelease-Ticket: xchem/fragalysis-stack#1"
    stack = unseeded.example.stack
    stack.tag("2023.06.3", commit := stack.commit({"NEW.md": "x"}, text, branch="master"))
    desk = Desk.of(unseeded)
    number = int(open_issue(desk.world, "Please release"))
    event, inputs = push_tag("2023.06.3", commit), {"labels": "release", "project": BOARD, "assignees": "maintainer"}
    outcome = desk.announce_for(event, inputs)
    assert outcome.status == 0, outcome.log
    ticket = desk.ticket()
    assert (ticket["number"], ticket["state"], ticket["assignees"], len(desk.comments(number))) == (
        number,
        "open",
        [],
        1,
    )
    assert [label["name"] for label in ticket["labels"]] == ["release"]
    assert "were left out" not in outcome.log
    assert desk.announce_for(event, inputs).status == 0 and writes(desk.world) == []


def test_a_moved_ticket_is_named(desk: Desk) -> None:
    """A ticket that was transferred is not told: the error names where it is now."""
    number = open_issue(desk.world, "")
    desk.people.changes[desk.ticket()["id"]] = {"repository_url": f"{desk.world.github.url}/repos/m2ms/tickets"}
    outcome = desk.announce(ticket=number)
    assert (outcome.status, writes(desk.world)) == (1, [])
    assert "was moved to m2ms/tickets#1." in outcome.log and "Name m2ms/tickets#1 in the input ticket." in outcome.log


def test_a_dry_run_shows_and_writes_nothing(desk: Desk) -> None:
    """What would be done is told, with the text, and nothing is written."""
    outcome = desk.announce(dry_run="true", **FULL)
    assert (outcome.status, writes(desk.world), outcome.outputs["changed"]) == (0, [], "false"), outcome.log
    assert outcome.report and outcome.report["planned"] == [
        "Create the label 'release' in xchem/fragalysis-stack",
        "Create the label 'urgent' in xchem/fragalysis-stack",
        "Open the ticket 'Release 2023.06.2' in xchem/fragalysis-stack with the labels release, urgent",
        "Assign maintainer, reviewer",
        "Add the ticket to the board orgs/m2ms/projects/3",
        "Move it to 'Push to Production' on the board orgs/m2ms/projects/3",
    ]
    assert "- [ ] Seen to work on staging" in outcome.summary


@pytest.mark.parametrize(
    ("ref", "tag", "words"),
    [
        ("refs/heads/master", "", "the input stack-tag is empty"),
        ("refs/tags/2023.06.2-rc.1", "", "is not a production tag"),
        ("refs/heads/master", "2023.06", "The input stack-tag cannot be '2023.06'."),
    ],
)
def test_without_a_release_it_is_wrongly_used(desk: Desk, ref: str, tag: str, words: str) -> None:
    """A run that is for no production tag, and names none, ends with status 2 and asks nothing."""
    outcome = desk.announce_for(dispatch(ref, desk.world.commit(TAG)), {"stack-tag": tag})
    assert (outcome.status, desk.world.github.requests) == (2, [])
    assert words in outcome.log


def test_by_hand_a_tag_is_named(desk: Desk) -> None:
    """On a branch `stack-tag` says which release; one that is not there ends with status 1."""
    event = dispatch("refs/heads/master", desk.world.commit(TAG))
    assert desk.announce_for(event, {"stack-tag": TAG}).status == 0
    missing = desk.announce_for(event, {"stack-tag": "2023.06.9"})
    assert (missing.status, writes(desk.world)) == (1, [])
    assert "has no tag 2023.06.9, so there is nothing to announce" in missing.log


def test_private_titles_stay_out_of_the_summary(desk: Desk) -> None:
    """A private ticket shows the titles of its own repository's tickets; the job summary, which others read, not."""
    open_issue(desk.world, "")
    entry = ask(desk.world, "")
    issue = {**ask(desk.world, "/issues/1"), "title": "Secret ligand"}
    desk.world.github.fail("GET", "/issues/1322$", status=200, body=issue)
    public = desk.announce(dry_run="true")
    assert "/issues/1322) Secret ligand (backend)" in public.summary
    desk.world.github.fail("GET", f"/repos/{REPOSITORY}$", status=200, body={**entry, "private": True})
    outcome = desk.announce()
    assert "Secret ligand" in desk.tickets()[1]["body"]
    assert "Secret ligand" not in outcome.summary + outcome.log


def test_commits_that_cannot_be_read_are_told(desk: Desk) -> None:
    """Where a component's commits cannot be read the ticket says so, and is made."""
    desk.world.github.fail("GET", "fragalysis-backend/compare", status=500)
    outcome = desk.announce()
    assert outcome.status == 0, outcome.log
    assert "What changed in the backend could not be read:" in desk.ticket()["body"]


REFUSALS = [
    ("GET", "/issues[?]", 410, "Issues are disabled for this repo", 1, "Features > Issues"),
    ("POST", "/issues$", 410, "Issues are disabled for this repo", 1, "Features > Issues"),
    (
        "GET",
        "/issues[?]",
        404,
        "Not Found",
        1,
        "in ticket-token: the workflow's own token reaches only its own repository",
    ),
    ("GET", "/issues[?]", 403, "Resource not accessible by integration", 1, "the permission issues: read"),
    ("POST", "/issues$", 403, "Resource not accessible by integration", 2, "needs Issues: write"),
    ("POST", "/issues$", 404, "Not Found", 2, "needs Issues: write"),
    ("POST", "/issues$", 401, "Bad credentials", 2, "is wrong or has expired"),
    ("POST", "/issues$", 403, "Repository was archived so is read-only.", 2, "Unarchive the repository"),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("method", "path", "status", "message", "exit_status", "remedy"), REFUSALS)
def test_a_refusal_of_the_ticket_is_one_paragraph(
    desk: Desk, method: str, path: str, status: int, message: str, exit_status: int, remedy: str
) -> None:
    """Whatever GitHub refuses of the ticket itself ends the run, with what to do about it in the summary."""
    desk.world.github.fail(method, path, status=status, body={"message": message, "status": str(status)})
    outcome = desk.announce()
    assert outcome.status == exit_status, outcome.log
    assert remedy in outcome.summary.replace("&gt;", ">").replace("&#39;", "'")
    assert desk.world.github.requests and "Traceback" not in outcome.log


def test_a_locked_ticket_is_told(desk: Desk) -> None:
    """A comment that is refused because the conversation is locked says so."""
    number = open_issue(desk.world, "")
    body = {"message": "Unable to create comment because issue is locked.", "status": "403"}
    desk.world.github.fail("POST", "/comments$", status=403, body=body)
    outcome = desk.announce(ticket=number)
    assert outcome.status == 1
    assert "The conversation of the ticket is locked: unlock it" in outcome.log


def test_labels_and_people_that_are_refused_leave_the_ticket(desk: Desk) -> None:
    """A label that may not be made, a login nobody has and one that GitHub refuses: the ticket is made without."""
    github = desk.world.github
    github.fail("POST", "/labels$", status=403, body={"message": "Must have push access", "status": "403"})
    invalid = {"resource": "Issue", "field": "assignees", "code": "invalid"}
    github.fail("POST", "/assignees$", status=422, body={"message": "Validation Failed", "errors": [invalid]})
    outcome = desk.announce(labels="release", assignees="maintainer,nobody")
    assert outcome.status == 0, outcome.log
    assert desk.ticket()["labels"] == [] and desk.ticket()["assignees"] == []
    assert "nobody cannot be assigned in xchem/fragalysis-stack." in outcome.log
    assert "One of the assignees can no longer be assigned there" in outcome.log
    assert outcome.summary.startswith("## ⚠️ Announced, but not completely — ")


def test_a_label_that_another_run_has_just_made_is_set(desk: Desk) -> None:
    """Between our look and our order somebody makes the label: GitHub refuses ours, and the ticket gets theirs."""
    exists = {"resource": "Label", "code": "already_exists", "field": "name"}

    def made_before(forward: Forward) -> Reply:
        assert forward().status == 201
        return json_reply(422, {"message": "Validation Failed", "errors": [exists], "status": "422"})

    desk.world.github.add("POST", "/labels$", made_before, times=1)
    outcome = desk.announce(labels="release")
    assert outcome.status == 0, outcome.log
    assert [label["name"] for label in desk.ticket()["labels"]] == ["release"]
    assert outcome.summary.startswith("## ✅ Announced")


def test_more_people_than_github_takes_are_refused(desk: Desk) -> None:
    """Eleven assignees end with status 2 before anything is asked."""
    outcome = desk.announce(assignees=",".join(f"user{number}" for number in range(11)))
    assert (outcome.status, desk.world.github.requests) == (2, [])


def test_a_board_that_cannot_be_reached_leaves_the_ticket(desk: Desk) -> None:
    """Without rights, without such a field or lane, or with the workflow's own token, a finding says what lacks."""
    cases: list[tuple[dict[str, str], str]] = [
        ({}, "Projects: write"),
        ({"project": "orgs/m2ms/projects/99"}, "was not found"),
        ({"ticket_token": COMPONENT_TOKEN, "project_status": "Nowhere"}, "'Todo', 'Push to Production', 'Done'"),
        ({"ticket_token": COMPONENT_TOKEN, "project_field": "Lane"}, "'Priority', 'Status'"),
    ]
    for inputs, words in cases:
        outcome = desk.announce(**{"project": BOARD, **inputs})
        assert outcome.status == 0, outcome.log
        assert outcome.findings() == {"announce-board:ticket": "warn"}, outcome.log
        assert words in outcome.summary.replace("&#39;", "'"), words
    event = push_tag(TAG, desk.world.commit(TAG))
    own = desk.announce_for(event, {"project": BOARD}, {"RUN_TOKEN": TOKEN})
    assert own.findings() == {"announce-board:ticket": "warn"}
    assert "The workflow&#39;s own token can never reach a project" in own.summary
    assert not [one for one in desk.world.github.requests if "projectsV2" in one.path]
    assert len(desk.tickets()) == 1 and desk.board.items == []


def test_a_users_board_and_a_card_in_another_lane(desk: Desk) -> None:
    """On a user's board a card that is there already is moved into the lane, behind other cards and pages."""
    desk.announce()
    board = Project("users/rachael/projects/7", desk.board.fields, [TOKEN], page=2)
    desk.people.add_project(board)
    for number in range(3):
        desk.people.add_card(board, {"id": 900 + number, "title": f"Card {number}", "html_url": f"https://x/{number}"})
    card = desk.people.add_card(board, desk.ticket())
    card.options[102] = "102-0"
    assert desk.announce(project="https://github.com/users/rachael/projects/7/views/1").status == 0
    assert [one.split(" ")[0] for one in writes(desk.world)] == ["PATCH"]
    assert board.lanes()["Release 2023.06.2"] == ["Push to Production"]


@pytest.mark.parametrize("existing", [False, True])
def test_a_lost_answer_makes_nothing_twice(desk: Desk, existing: bool) -> None:
    """Where the answer to each write is lost, it is looked whether it was done; then that run goes on."""

    def lose(forward: Forward) -> Reply:
        forward()
        return Reply(0, dropped=True)

    inputs = {**FULL, "ticket": open_issue(desk.world, ""), "project": "", "assignees": ""} if existing else FULL
    for method, path in [("POST", "/issues$"), ("POST", "/comments$"), ("POST", "/labels$"), ("POST", "/items$")]:
        desk.world.github.add(method, path, lose)
    outcome = desk.announce(**inputs)
    assert outcome.status == 0, outcome.log
    desk.world.github.planned.clear()
    assert desk.announce(**inputs).status == 0
    state = desk.state()
    assert len(state["tickets"]) == 1 and state["labels"] == ["release", "urgent"]
    assert len(state["tickets"][0]["comments"]) == (1 if existing else 0)
    assert state["lanes"] == ({} if existing else {"Release 2023.06.2": ["Push to Production"]})


@pytest.mark.parametrize("existing", [False, True])
def test_killed_after_any_write_and_run_again_it_ends_the_same(unseeded: World, existing: bool) -> None:
    """Killed right after each of its writes in turn, and run again, everything is as if it was never disturbed."""

    def fresh() -> tuple[Desk, dict[str, str]]:
        unseeded.github.assert_valid()
        desk = Desk.of(unseeded)
        if not existing:
            return desk, FULL
        return desk, {"ticket": open_issue(unseeded, "Please release"), "labels": "release,urgent"}

    desk, inputs = fresh()
    assert desk.announce(**inputs).status == 0
    undisturbed, count = desk.state(), len(writes(unseeded))
    assert count == (4 if existing else 6)
    for nth in range(1, count + 1):
        desk, inputs = fresh()
        kill_after_write(unseeded.github, unseeded.program, nth)
        assert desk.announce(**inputs).status == -9, nth
        unseeded.github.planned.clear()
        assert desk.announce(**inputs).status == 0
        assert desk.state() == undisturbed, nth
