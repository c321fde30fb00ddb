"""`publish` refused by GitHub, in GitHub's own words: each answered in one paragraph, with the right status."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from commands.stack import OWN_TOKEN, REPOSITORY, Stack
from commands.test_prepare import head, prepare, send, writes
from world.events import dispatch
from world.faults import Forward, Reply, json_reply
from world.github_releases import File
from world.github_server import TOKEN

pytestmark = pytest.mark.hurried

TAG, DRAFT, ASSET, PUBLICATION = ("POST", "/git/refs$"), ("POST", "/releases$"), ("POST", "/assets"), ("PATCH", "/rele")
DISPATCH = ("POST", "/dispatches$")
FORBIDDEN = "Resource not accessible by integration"
RULES = "Repository rule violations found\n\nCannot create ref due to creations being restricted.\n\n"
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


def detail(field_: str, code: str, message: str = "") -> dict[str, Any]:
    """A body with one of GitHub's details."""
    error = {"resource": "Release", "field": field_, "code": code} | ({"message": message} if message else {})
    return {"message": "Validation Failed", "errors": [error], "status": "422"}


@dataclass(frozen=True)
class Refused:
    """A write that GitHub refuses: with what, and with which status and words the run then ends."""

    order: tuple[str, str]
    status: int
    body: dict[str, Any]
    exit_status: int
    words: str
    headers: dict[str, str] = field(default_factory=dict)
    own: bool = False


CASES = {
    "tag ruleset": Refused(
        TAG, 422, {"message": RULES}, 2, "let the app or the person that the token belongs to bypass it"
    ),
    "tag ruleset at the release": Refused(
        PUBLICATION, 422, detail("pre_receive", "custom", f"pre_receive {RULES}"), 2, "bypass it (Settings"
    ),
    "burned at the release": Refused(
        DRAFT,
        422,
        detail("tag_name", "custom", "tag_name was used by an immutable release"),
        1,
        "Run publish by hand with another tag in stack-tag",
    ),
    "frozen": Refused(
        ASSET, 422, {"message": "Cannot upload assets to an immutable release."}, 1, "a published release is frozen"
    ),
    "release exists": Refused(
        PUBLICATION, 422, detail("tag_name", "already_exists"), 1, "Something of that name was created meanwhile"
    ),
    "workflow rule, own token": Refused(TAG, 403, {"message": FORBIDDEN}, 2, "token can never have it.", own=True),
    "workflow rule, app": Refused(DRAFT, 403, {"message": FORBIDDEN}, 2, "Contents: write and Workflows: write"),
    "workflow rule, classic token": Refused(TAG, 404, {"message": "Not Found"}, 2, "a classic one the scope repo"),
    "named permissions": Refused(
        DRAFT,
        403,
        {"message": FORBIDDEN},
        2,
        "GitHub requires contents: write or contents: write, workflows: write.",
        headers={"X-Accepted-GitHub-Permissions": "contents=write; contents=write,workflows=write"},
    ),
    "dispatch": Refused(DISPATCH, 403, {"message": FORBIDDEN}, 2, "needs actions: write under permissions", own=True),
    "no such trigger": Refused(
        DISPATCH,
        422,
        {"message": "Workflow does not have 'workflow_dispatch' trigger", "status": "422"},
        1,
        "Add workflow_dispatch to the triggers",
        own=True,
    ),
    "disabled workflow": Refused(
        DISPATCH,
        422,
        {"message": "Cannot trigger a 'workflow_dispatch' on a disabled workflow", "status": "422"},
        1,
        "(Actions > that workflow > Enable workflow), then run this again",
        own=True,
    ),
    "required input": Refused(
        DISPATCH,
        422,
        {"message": "Required input 'be_namespace' not provided", "status": "422"},
        1,
        "add it under workflow_dispatch of the build workflow",
        own=True,
    ),
    "rate limit": Refused(
        TAG,
        429,
        {"message": "API rate limit exceeded for installation ID 1."},
        1,
        "takes no more requests for now (429)",
        headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 1800)},
    ),
    "secondary limit": Refused(
        DRAFT, 403, {"message": SECONDARY}, 1, "Run this again after", headers={"Retry-After": "60"}
    ),
    "expired": Refused(TAG, 401, {"message": "Bad credentials"}, 2, "is wrong or has expired: set it again."),
    "archived": Refused(
        TAG, 403, {"message": "Repository was archived so is read-only."}, 2, "Unarchive the repository."
    ),
}


@pytest.mark.sampled(7)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_refusal_is_answered_in_one_paragraph(stack: Stack, case: Refused) -> None:
    """GitHub's words are quoted, the remedy follows, on one line without the token; nothing is released."""
    stack.reviewed()
    environment = OWN_TOKEN if case.own else {}
    stack.builds.silent |= {TOKEN} if case.own else set()
    stack.world.github.fail(*case.order, status=case.status, body=case.body, headers=case.headers)
    outcome = stack.publish(environment=environment)
    assert outcome.status == case.exit_status, outcome.log
    (told,) = [line for line in outcome.log.splitlines() if line.startswith("::error title=publish::")]
    assert case.words in told and "%0A" not in told
    assert outcome.summary.startswith("## ⛔ Not published yet — `2023.06.2`")
    assert TOKEN not in outcome.summary and TOKEN not in told
    assert [one for one in stack.releases.releases if not one.draft] == []


@pytest.mark.parametrize("way", ["burned", "taken", "overtaken"])
def test_a_merged_pair_whose_tag_cannot_be_used_is_released_under_another(stack: Stack, way: str) -> None:
    """Followed to the letter the remedies lead on: prepare, and publish by hand, each with the next tag."""
    below, commit = head(stack.world), stack.reviewed()
    if way == "burned":
        stack.world.github.fail(*TAG, status=422, body={"message": RULES}, times=1)
    else:
        name, at = ("2023.06.2", below) if way == "taken" else ("2023.06.7", commit)
        send(stack.world, "POST", "/git/refs", {"ref": f"refs/tags/{name}", "sha": at})
    refused = stack.publish()
    assert refused.status != 0, refused.log
    words = {
        "burned": "the name is permanently burned: an immutable release had it",
        "taken": "with the next free tag in stack-tag",
        "overtaken": "such as 2023.06.8: pass it to prepare or publish in the input stack-tag",
    }
    assert words[way] in refused.log
    assert "Prepare the release anew" not in refused.log

    another = "2023.06.8" if way == "overtaken" else "2023.06.3"
    planned = prepare(stack.world, stack_tag=another, dry_run="true")
    assert (planned.status, planned.outputs["stack-tag"]) == (0, another), planned.log
    assert f"Run the command `publish` by hand with `{another}` in `stack-tag`" in planned.summary

    stack.builds.pushes = stack.world.registry.push(REPOSITORY, another, revision="0" * 40)
    released = stack.publish(dispatch("refs/heads/master", head(stack.world)), stack_tag=another)
    assert released.status == 0, released.log
    assert stack.tags()[another] == commit
    assert [one.tag for one in stack.releases.releases if not one.draft] == [another]
    if way != "taken":
        assert "in place of 2023.06.2" in released.summary


def test_a_publication_whose_answer_is_lost_is_found_by_the_next_run(stack: Stack) -> None:
    """A bad gateway behind which the release was published: status 1, run it again, and then nothing is written."""
    stack.reviewed()

    def broken(forward: Forward) -> Reply:
        forward()
        return json_reply(502, {"message": "Server Error"})

    stack.world.github.add(*PUBLICATION, broken, times=1)
    outcome = stack.publish()
    assert outcome.status == 1, outcome.log
    assert "Run it again: what exists already is detected first." in outcome.summary
    again = stack.publish()
    assert (again.status, writes(stack.world)) == (0, []), again.log
    assert [one.draft for one in stack.releases.releases] == [False]


def test_a_tag_that_somebody_makes_at_the_same_moment_is_taken(stack: Stack) -> None:
    """`Reference already exists`, and it stands for the reviewed commit: that is what was wanted."""
    commit = stack.reviewed()

    def beaten(forward: Forward) -> Reply:
        forward()
        return json_reply(422, {"message": "Reference already exists", "status": "422"})

    stack.world.github.add(*TAG, beaten, times=1)
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    assert (stack.tags()["2023.06.2"], len(stack.runs())) == (commit, 1)


def test_a_tag_that_somebody_makes_elsewhere_meanwhile_stops_it(stack: Stack) -> None:
    """`Reference already exists`, and it stands for another commit: status 1, both named, no release."""
    elsewhere = head(stack.world)
    stack.reviewed()

    def beaten(forward: Forward) -> Reply:
        send(stack.world, "POST", "/git/refs", {"ref": "refs/tags/2023.06.2", "sha": elsewhere})
        return forward()

    stack.world.github.add(*TAG, beaten, times=1)
    outcome = stack.publish()
    assert outcome.status == 1, outcome.log
    assert f"already points at {elsewhere[:12]}, but" in outcome.summary
    assert stack.releases.releases == []


@pytest.mark.parametrize("refusal", ["tag ruleset", "workflow rule, app"])
def test_a_refusal_is_none_the_less_one_where_the_tag_is_there(stack: Stack, refusal: str) -> None:
    """What forbids the tag is not forgiven because somebody has made it meanwhile: status 2, and no release."""
    stack.reviewed()
    case = CASES[refusal]

    def beaten(forward: Forward) -> Reply:
        forward()
        return json_reply(case.status, case.body)

    stack.world.github.add(*TAG, beaten, times=1)
    outcome = stack.publish()
    assert outcome.status == 2, outcome.log
    assert stack.releases.releases == []


def test_a_tag_that_was_made_elsewhere_than_it_was_told_stops_it(stack: Stack) -> None:
    """An answer that the tag was made, on another commit than was sent: status 1, that commit named, no release."""
    stack.reviewed()
    elsewhere = "7" * 40
    stack.world.github.change_json("POST", TAG[1], lambda ref: ref["object"].update(sha=elsewhere))
    outcome = stack.publish()
    assert outcome.status == 1, outcome.log
    assert f"already points at {elsewhere[:12]}, but" in outcome.summary
    assert stack.releases.releases == []


def test_a_tag_whose_answer_is_lost_is_found(stack: Stack) -> None:
    """Where the answer to the tag never comes, it is looked for, and the run goes on."""
    commit = stack.reviewed()

    def lost(forward: Forward) -> Reply:
        forward()
        return Reply(0, dropped=True)

    stack.world.github.add(*TAG, lost, times=1)
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    assert (stack.tags()["2023.06.2"], len(stack.runs())) == (commit, 1)


def test_a_tag_that_is_deleted_while_its_build_runs_is_not_released(stack: Stack) -> None:
    """GitHub would make the tag anew at the default branch's head: the draft stays one, and the run says why."""
    stack.reviewed()

    def deleted(forward: Forward) -> Reply:
        reply = forward()
        stack.delete_tag("2023.06.2")
        return reply

    stack.world.github.add(*ASSET, deleted, times=1)
    outcome = stack.publish()
    assert outcome.status == 1, outcome.log
    assert "was deleted while this run followed its build" in outcome.summary
    assert [one.draft for one in stack.releases.releases] == [True]


def test_a_file_that_broke_off_and_a_draft_of_somebody_else(stack: Stack) -> None:
    """Our draft's broken release.json is replaced; another draft for the tag, which is not ours, is left alone."""
    stack.reviewed()
    theirs = stack.releases.add(REPOSITORY, "2023.06.2", draft=True)
    ours = stack.releases.add(REPOSITORY, "2023.06.2", draft=True)
    ours.body = "<!-- frag-release-action: release notes of 2023.06.2 -->\nold"
    ours.files.append(File(77, "release.json", b"", state="open"))
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    assert stack.releases.releases == [theirs, ours]
    assert (theirs.draft, theirs.files, ours.draft) == (True, [], False)
    assert [(file.id != 77, file.state) for file in ours.files] == [(True, "uploaded")]


def test_a_release_made_by_hand_is_left_alone(stack: Stack) -> None:
    """A public release of the tag that somebody made by hand is theirs: nothing is written, and a warning says so."""
    commit = stack.reviewed()
    send(stack.world, "POST", "/git/refs", {"ref": "refs/tags/2023.06.2", "sha": commit})
    theirs = stack.releases.add(REPOSITORY, "2023.06.2")
    outcome = stack.publish()
    assert (outcome.status, writes(stack.world)) == (0, []), outcome.log
    assert stack.releases.releases == [theirs]
    assert "has no release.json: it was probably made by hand" in outcome.summary


def test_a_release_made_by_hand_is_no_proof_of_its_build(stack: Stack) -> None:
    """Where a public release has no release.json and the tag has no build yet, the build is waited for: status 1."""
    commit = stack.reviewed()
    stack.builds.starts = False
    send(stack.world, "POST", "/git/refs", {"ref": "refs/tags/2023.06.2", "sha": commit})
    stack.releases.add(REPOSITORY, "2023.06.2")
    outcome = stack.publish(timeout_seconds="60")
    assert outcome.status == 1, outcome.log
    assert "was started for it before time was up" in outcome.summary


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (503, "answered 503"),
        (404, "the registry has no such image"),
    ],
)
def test_without_the_images_digest_nothing_is_released(stack: Stack, status: int, words: str) -> None:
    """An image that cannot be seen, or is not there, stops it before the draft; the next run goes on from the build."""
    stack.reviewed()
    stack.world.registry.fail("*", f"/v2/{REPOSITORY}/manifests/", status=status)
    outcome = stack.publish(timeout_seconds="120")
    assert outcome.status == 1, outcome.log
    assert outcome.outputs["release-url"] == ""
    assert stack.releases.releases == []
    assert outcome.summary.startswith("## ⛔ Not published yet")
    assert f"its image docker.io/{REPOSITORY}:2023.06.2 could not be read: " in outcome.log
    assert words in outcome.log
    assert "it resumes after the tag and the build" in outcome.log
    assert "set stack-image to it; if it pushes no image, to none." in outcome.log
    stack.world.registry.clear()
    again = stack.publish()
    assert (again.status, len(stack.runs())) == (0, 1), again.log
    (release,) = stack.releases.releases
    assert json.loads(release.files[0].content)["stack"]["digest"].startswith("sha256:")


def test_an_image_under_another_name_is_released_by_that_name_alone(stack: Stack) -> None:
    """Where the build pushes elsewhere nothing is released under the default name; with stack-image it is."""
    stack.reviewed()
    other = "docker.io/dev/fragalysis-stack"
    outcome = stack.publish(stack_image=other, timeout_seconds="120")
    assert (outcome.status, stack.releases.releases) == (1, []), outcome.log
    digest = stack.world.registry.push("dev/fragalysis-stack", "2023.06.2", revision="1" * 40)
    stack.builds.artifacts.found[0].name = f"stack-image-{digest.replace(':', '-')}"
    assert stack.publish(stack_image=other).status == 0
    (release,) = stack.releases.releases
    told = json.loads(release.files[0].content)["stack"]
    assert (told["image"], told["digest"]) == (f"{other}:2023.06.2", digest)


def test_a_registry_that_shows_the_tag_a_moment_late_is_waited_for(stack: Stack) -> None:
    """An image that is not there at the first look is looked for again."""
    stack.reviewed()
    stack.world.registry.fail("*", f"/v2/{REPOSITORY}/manifests/", status=404, times=1)
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    (release,) = stack.releases.releases
    assert json.loads(release.files[0].content)["stack"]["digest"].startswith("sha256:")


@pytest.mark.parametrize("given", [{"stack_image": "none"}, {"check_images": "false"}])
def test_a_stack_without_an_image_is_released_without_a_digest(stack: Stack, given: dict[str, Any]) -> None:
    """Where nobody is to look for an image, nothing is asked of the registry about it, and nothing recorded."""
    stack.reviewed()
    stack.world.registry.fail("*", f"/v2/{REPOSITORY}/manifests/", status=503)
    outcome = stack.publish(**given)
    assert outcome.status == 0, outcome.log
    (release,) = stack.releases.releases
    assert json.loads(release.files[0].content)["stack"]["digest"] is None


def test_what_is_public_needs_no_registry(stack: Stack) -> None:
    """A release that is public already stays so, and the run succeeds, while the registry is down."""
    stack.reviewed()
    assert stack.publish().status == 0
    stack.world.registry.fail("*", f"/v2/{REPOSITORY}/manifests/", status=503)
    again = stack.publish()
    assert (again.status, writes(stack.world)) == (0, []), again.log
