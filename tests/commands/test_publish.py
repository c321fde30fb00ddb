"""`publish` as a process: from the reviewed commit to the tag, its build and the release."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from pathlib import Path

import pytest

from commands.stack import MESSAGE, OWN_TOKEN, REPOSITORY, Stack
from commands.test_prepare import ask, head, send, writes
from frag_release.domain.rollback import Mark, taken_back_event
from world.events import Event, dispatch
from world.example import WORKFLOW_FILE, workflow_text
from world.faults import Forward, Reply
from world.github_server import TOKEN

OLD_PAIR = {WORKFLOW_FILE: workflow_text("2023.03.1", "2023.05.3")}
NEW_PAIR = {WORKFLOW_FILE: workflow_text("2023.05.1", "2023.05.4")}
OTHER_CHANGE = {WORKFLOW_FILE: workflow_text("2023.03.1", "2023.05.3") + "      - run: echo more\n"}


def test_the_worked_example_is_tagged_built_and_released(stack: Stack) -> None:
    """The prepared commit gets the tag 2023.06.2; its build is followed to success; the release has release.json."""
    stack.prepare()
    commit = head(stack.world)
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    assert stack.tags()["2023.06.2"] == commit
    (release,) = stack.releases.releases
    assert (release.tag, release.draft, release.make_latest) == ("2023.06.2", False, "true")
    (file,) = release.files
    record = json.loads(file.content)
    assert (file.name, record["stack"]["tag"], record["stack"]["commit"]) == ("release.json", "2023.06.2", commit)
    assert record["headline"] == "Published: 2023.06.2"
    assert record["stack"]["digest"].startswith("sha256:")
    assert [one["tag"] for one in record["components"]] == ["2023.05.1", "2023.05.4"]
    assert record["build"]["conclusion"] == "success"
    backend = stack.world.example.commits["fragalysis-backend"]["2023.05.1"]
    told = ("stack-tag", "stack-commit", "backend-tag", "backend-commit", "run-conclusion", "verdict", "changed")
    assert {name: outcome.outputs[name] for name in told} == {
        "stack-tag": "2023.06.2",
        "stack-commit": commit,
        "backend-tag": "2023.05.1",
        "backend-commit": backend,
        "run-conclusion": "success",
        "verdict": "deploy",
        "changed": "true",
    }
    assert outcome.outputs["release-url"].endswith("/releases/tag/2023.06.2")
    assert outcome.outputs["frontend-image"].startswith("docker.io/xchem/fragalysis-frontend@sha256:")
    assert outcome.outputs["deploy-production"] == "false"
    assert outcome.summary.startswith("## ✅ Published — [`2023.06.2`]")


def test_the_way_back_is_the_last_good_release(stack: Stack) -> None:
    """The tag before was never released, so the card names the newest release that has a release.json."""
    stack.reviewed()
    stack.releases.add(REPOSITORY, "2023.05.1", files={"release.json": b"{}"})
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    assert "The last good release is [`2023.05.1`](" in outcome.summary
    assert "The previous tag, [`2023.06.1`](" in outcome.summary
    assert f"By hand: deploy the image `{REPOSITORY}:2023.05.1`" in outcome.summary


def test_the_way_back_passes_over_a_release_that_was_taken_back(stack: Stack) -> None:
    """Production went back from the tag before, by its text: the next card names what that left it for."""
    stack.reviewed()
    for tag in ("2023.06.1", "2023.05.1"):
        stack.releases.add(REPOSITORY, tag, files={"release.json": b"{}"})
    event = taken_back_event("2023.05.1", datetime.datetime(2023, 6, 1, tzinfo=datetime.timezone.utc), "anna")
    stack.releases.releases[0].body = Mark(REPOSITORY, "2023.06.1").with_event("By hand.", event) or ""
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    assert "The last good release is [`2023.05.1`](" in outcome.summary
    assert "Skipped, because production went back from them: [`2023.06.1`](" in outcome.summary


def test_a_list_of_tags_that_contradicts_another_is_not_believed(stack: Stack) -> None:
    """If the list of all tags lacks one that the list of its year has, nobody knows what else it lacks: no tag."""
    stack.reviewed()
    stack.world.github.fail("GET", "fragalysis-stack/git/matching-refs/tags$", status=200, body=[])
    outcome = stack.publish()
    assert (outcome.status, "2023.06.2" in stack.tags()) == (1, False), outcome.log
    assert outcome.findings()["tag-unique:stack"] == "unknown"
    assert "lacks 2023.06.1, which another list contains" in outcome.log


def test_a_second_run_changes_nothing(stack: Stack) -> None:
    """Published once, the same run again writes nothing, and succeeds."""
    stack.reviewed()
    assert stack.publish().status == 0
    again = stack.publish()
    assert again.status == 0, again.log
    assert writes(stack.world) == []
    assert again.outputs["release-url"].endswith("/releases/tag/2023.06.2")


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_the_merge_of_our_pull_request_is_published(stack: Stack, method: str) -> None:
    """However our pull request is merged, its merge commit is what gets the tag."""
    stack.prepare(mode="pull-request")
    merged = stack.merge(method)
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    assert stack.tags()["2023.06.2"] == merged
    assert "the merge of pull request" in outcome.summary


def test_the_commit_of_an_approved_plan_is_left_to_its_own_run(stack: Stack) -> None:
    """A push with the trailer Plan publishes nothing, with status 0, and says why; by hand it is published."""
    commit = stack.reviewed(f"{MESSAGE}\nPlan: sha256:{'0' * 64}")
    left = stack.publish()
    assert (left.status, writes(stack.world), "2023.06.2" in stack.tags()) == (0, [], False), left.log
    assert f"{commit[:12]} applies an approved plan, and the run that made it publishes it" in left.summary
    by_hand = stack.publish(dispatch("refs/heads/master", commit), stack_tag="2023.06.2")
    assert (by_hand.status, stack.tags().get("2023.06.2")) == (0, commit), by_hand.log


def test_a_merge_that_github_does_not_list_yet_is_published(stack: Stack) -> None:
    """Where the list of a merge's pull requests is empty, the one that its subject names is looked at."""
    stack.prepare(mode="pull-request")
    stack.merge()
    stack.world.github.fail("GET", "/commits/[0-9a-f]+/pulls", status=200, body=[])
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    assert "the merge of pull request" in outcome.summary


def test_the_release_is_found_below_later_commits_of_the_same_push(stack: Stack) -> None:
    """Of a push of a release and a correction of the README, the commit of the release is what gets the tag."""
    before = head(stack.world)
    stack.reviewed()
    released = head(stack.world)
    stack.commit("docs: say more", {"README.md": "More\n"})
    outcome = stack.publish(stack.push(before))
    assert outcome.status == 0, outcome.log
    assert stack.tags()["2023.06.2"] == released


def test_a_change_of_the_file_that_leaves_the_pair_is_no_release(stack: Stack) -> None:
    """A commit that changes the workflow file but not the pair publishes nothing, with status 0, and says so."""
    before = head(stack.world)
    stack.commit("ci: echo more\n\nStack-Tag: 2023.06.2", OTHER_CHANGE)
    outcome = stack.publish(stack.push(before))
    assert outcome.status == 0, outcome.log
    assert stack.made_nothing()
    assert outcome.summary.startswith("## ➖ Nothing to publish\n\n**The commits of this push leave the pair unchanged")
    assert outcome.report is not None
    assert outcome.report["verdict"] == "build-only"


def test_a_new_pair_without_trailer_or_pull_request_is_no_release(stack: Stack) -> None:
    """A pair that somebody just commits publishes nothing, with status 0; the summary says what a release needs."""
    before = head(stack.world)
    stack.commit("build: newer versions", NEW_PAIR)
    outcome = stack.publish(stack.push(before))
    assert outcome.status == 0, outcome.log
    assert stack.made_nothing()
    assert "and its message has no trailer Stack-Tag." in outcome.summary
    assert "To release this pair, run prepare" in outcome.summary


def test_a_hand_made_release_branch_is_no_release(stack: Stack) -> None:
    """The merge of a branch release/2023.06.2 that somebody made by hand publishes nothing, with status 0."""
    before = head(stack.world)
    send(stack.world, "POST", "/git/refs", {"ref": "refs/heads/release/2023.06.2", "sha": before})
    stack.commit("build: newer versions", NEW_PAIR, "release/2023.06.2")
    body = {"title": "Release", "head": "release/2023.06.2", "base": "master", "body": "Please merge."}
    send(stack.world, "POST", "/pulls", body)
    stack.merge()
    outcome = stack.publish(stack.push(before))
    assert outcome.status == 0, outcome.log
    assert stack.made_nothing()
    assert outcome.summary.startswith("## ➖ Nothing to publish")


def test_a_trailer_that_names_another_tag_than_the_pull_request_is_refused(stack: Stack) -> None:
    """Where the merge of the pull request for 2023.06.2 says Stack-Tag: 2023.06.3, nothing is published: status 1."""
    stack.prepare(mode="pull-request")
    message = {"commit_title": "build: Use of b/e 2023.05.1 f/e 2023.05.4", "commit_message": "Stack-Tag: 2023.06.3"}
    stack.merge("squash", **message)
    outcome = stack.publish()
    assert outcome.status == 1, outcome.log
    assert stack.made_nothing()
    assert "is marked as the release of 2023.06.3 and of 2023.06.2." in outcome.summary
    assert outcome.summary.startswith("## ⛔ Refused\n")
    assert outcome.outputs["changed"] == "false"


def test_a_pull_request_for_another_pair_than_was_merged_is_refused(stack: Stack) -> None:
    """Where the merged file holds another pair than the pull request's marker, that was not reviewed: status 1."""
    stack.prepare(mode="pull-request")
    # The emulator merges what was first proposed, whatever is pushed later: so the marker is what differs.
    (pull,) = ask(stack.world, "/pulls?state=open")
    body = pull["body"].replace("frontend=2023.05.4", "frontend=2023.05.3", 1)
    send(stack.world, "PATCH", f"/pulls/{pull['number']}", {"body": body})
    stack.merge()
    outcome = stack.publish()
    assert outcome.status == 1, outcome.log
    assert stack.made_nothing()
    assert "was created for another pair" in outcome.summary


@pytest.mark.parametrize("message", ['Revert "build: Use of b/e 2023.05.1 f/e 2023.05.4"\n\nThis reverts it.'])
def test_a_reverted_release_is_not_published(stack: Stack, message: str) -> None:
    """Neither the revert of a release, nor the release that was reverted before it had its tag, is published."""
    stack.reviewed()
    release = stack.push()
    stack.commit(message, OLD_PAIR)
    reverted = stack.publish(stack.push(release.sha))
    assert (reverted.status, stack.made_nothing()) == (0, True), reverted.log
    assert "It reverts an earlier change." in reverted.summary
    late = stack.publish(release)
    assert (late.status, stack.made_nothing()) == (0, True), late.log
    assert "was reviewed as the release 2023.06.2, but master has another pair now" in late.summary


def test_a_pull_request_of_a_fork_is_no_release(stack: Stack) -> None:
    """A fork's branch release/2023.06.2 with our marker in its text is not ours: nothing is published, status 0."""
    before = head(stack.world)
    stack.prepare(mode="pull-request")
    stack.merge()

    def forked(forward: Forward) -> Reply:
        reply = forward()
        pulls = json.loads(reply.body)
        for pull in pulls if isinstance(pulls, list) else [pulls]:
            pull["head"]["repo"]["id"] += 1
        return replace(reply, body=json.dumps(pulls).encode())

    stack.world.github.add("GET", "/pulls", forked)
    outcome = stack.publish(stack.push(before))
    assert (outcome.status, stack.made_nothing()) == (0, True), outcome.log
    assert outcome.summary.startswith("## ➖ Nothing to publish")


def test_another_branch_and_another_event_publish_nothing(stack: Stack) -> None:
    """A push of a branch that is not released publishes nothing, with status 0."""
    stack.reviewed()
    outcome = stack.publish(Event("push", "refs/heads/topic", head(stack.world)))
    assert (outcome.status, stack.made_nothing()) == (0, True), outcome.log
    assert "only master is released" in outcome.summary
    assert outcome.outputs["changed"] == "false"


def test_a_tag_that_stands_for_another_commit_stops_it(stack: Stack) -> None:
    """Where 2023.06.2 is there at another commit nothing is written, and both commits are named: status 1."""
    elsewhere = head(stack.world)
    send(stack.world, "POST", "/git/refs", {"ref": "refs/tags/2023.06.2", "sha": elsewhere})
    stack.commit("build: Use of b/e 2023.05.1 f/e 2023.05.4\n\nStack-Tag: 2023.06.2", NEW_PAIR)
    outcome = stack.publish()
    assert (outcome.status, writes(stack.world)) == (1, []), outcome.log
    assert f"already points at {elsewhere[:12]}, but" in outcome.summary
    assert head(stack.world)[:12] in outcome.summary


def test_a_pair_that_does_not_pass_is_not_tagged(stack: Stack) -> None:
    """A reviewed pair whose backend lost its CI evidence is refused: status 1, nothing written, the rule named."""
    stack.reviewed()
    stack.world.github.runs.clear()
    outcome = stack.publish()
    assert (outcome.status, stack.made_nothing()) == (1, True), outcome.log
    assert outcome.outputs["failed-rules"] == "pin-ci:backend,pin-ci:frontend"
    assert outcome.summary.startswith("## ⛔ Refused — `2023.06.2`")


def test_a_dry_run_writes_nothing(stack: Stack) -> None:
    """With dry-run the verdict is shown, and nothing is written."""
    stack.reviewed()
    outcome = stack.publish(dry_run="true")
    assert (outcome.status, stack.made_nothing()) == (0, True), outcome.log
    assert outcome.summary.startswith("## 📝 Planned, nothing written — `2023.06.2`")


def test_a_dry_run_says_what_is_public_already(stack: Stack) -> None:
    """Of a release that is public a dry run does not say that it would be released, and names its address."""
    stack.reviewed()
    assert stack.publish().status == 0
    outcome = stack.publish(dry_run="true")
    assert (outcome.status, writes(stack.world)) == (0, []), outcome.log
    assert "is already released as 2023.06.2: it is public." in outcome.summary
    assert "\n1. Nothing to do: the release is public already.\n" in outcome.summary
    assert "5. release: ✅ done\n6. announcement: 👉 next" in outcome.summary
    assert outcome.outputs["release-url"].endswith("/releases/tag/2023.06.2")


def test_by_hand_a_release_of_the_same_pair_is_possible(stack: Stack) -> None:
    """With stack-tag a release of the Dockerfile alone is published from the head of master, and says who asked."""
    stack.commit("Dockerfile: newer base", {"Dockerfile": "FROM x\n"})
    stack.world.registry.push(REPOSITORY, "2023.06.2", revision="0" * 40)
    event = dispatch("refs/heads/master", head(stack.world))
    outcome = stack.publish(event, stack_tag="2023.06.2")
    assert outcome.status == 0, outcome.log
    assert stack.tags()["2023.06.2"] == head(stack.world)
    assert "requested by hand" in outcome.summary


@pytest.mark.parametrize("later", [1, 31])
def test_by_hand_the_reviewed_commit_is_found_below_later_ones(stack: Stack, later: int) -> None:
    """With stack-tag the commit that was reviewed as that release gets the tag, not the head of master."""
    stack.reviewed()
    released = head(stack.world)
    for number in range(later):
        stack.commit("docs: say more", {"README.md": f"More {number}\n"})
    outcome = stack.publish(dispatch("refs/heads/master", head(stack.world)), stack_tag="2023.06.2")
    assert outcome.status == 0, outcome.log
    assert stack.tags()["2023.06.2"] == released


def test_by_hand_a_reverted_release_is_refused(stack: Stack) -> None:
    """With stack-tag a release that was reverted before it had its tag is refused: status 1, saying why."""
    stack.reviewed()
    stack.commit('Revert "build"', OLD_PAIR)
    outcome = stack.publish(dispatch("refs/heads/master", head(stack.world)), stack_tag="2023.06.2")
    assert (outcome.status, stack.made_nothing()) == (1, True), outcome.log
    assert "the change was reverted or replaced" in outcome.summary


def test_by_hand_what_is_published_changes_nothing(stack: Stack) -> None:
    """With the stack-tag of a release that is public already, from a later master, nothing is written: status 0."""
    stack.reviewed()
    assert stack.publish().status == 0
    stack.commit("docs: say more", {"README.md": "More\n"})
    outcome = stack.publish(dispatch("refs/heads/master", head(stack.world)), stack_tag="2023.06.2")
    assert (outcome.status, writes(stack.world)) == (0, []), outcome.log
    assert outcome.outputs["release-url"].endswith("/releases/tag/2023.06.2")


@pytest.mark.parametrize("own_token", [False, True])
def test_a_release_whose_build_is_forgotten_is_not_built_again(stack: Stack, own_token: bool) -> None:
    """A public release, whose run GitHub has deleted by now, is not dispatched again: that would deploy it again."""
    stack.reviewed()
    assert stack.publish().status == 0
    stack.world.github.runs[:] = [run for run in stack.world.github.runs if run.repository != REPOSITORY]
    outcome = stack.publish(environment=OWN_TOKEN if own_token else {})
    assert (outcome.status, writes(stack.world), stack.runs()) == (0, [], []), outcome.log
    assert "GitHub no longer has a run of the build of 2023.06.2." in outcome.summary
    assert outcome.outputs["release-url"].endswith("/releases/tag/2023.06.2")


def test_by_hand_without_a_tag_the_newest_reviewed_change_is_published(stack: Stack) -> None:
    """The form without stack-tag takes the newest change of the pair, below commits that leave it."""
    commit = stack.reviewed()
    stack.commit("docs: say more", {"README.md": "More\n"})
    outcome = stack.publish(dispatch("refs/heads/master", head(stack.world)))
    assert outcome.status == 0, outcome.log
    assert stack.tags()["2023.06.2"] == commit


def test_an_annotated_tag_that_was_made_by_hand_is_gone_on_from(stack: Stack) -> None:
    """A tag of the reviewed commit that a person made, with a message, is taken: its build is followed, released."""
    commit = stack.reviewed()
    tagger = {"name": "A", "email": "a@example.org", "date": "2023-06-08T12:00:00Z"}
    made = {"tag": "2023.06.2", "message": "Release", "object": commit, "type": "commit", "tagger": tagger}
    sha = send(stack.world, "POST", "/git/tags", made)["sha"]
    send(stack.world, "POST", "/git/refs", {"ref": "refs/tags/2023.06.2", "sha": sha})
    stack.builds.start(REPOSITORY, "2023.06.2", commit)
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    assert stack.tags()["2023.06.2"] == sha
    assert [one.tag for one in stack.releases.releases] == ["2023.06.2"]
    assert outcome.outputs["stack-commit"] == commit


def test_by_hand_under_a_lower_name_than_reviewed_is_refused(stack: Stack) -> None:
    """A change that was reviewed as 2023.06.2 and waits is not published as 2023.05.9, below it: status 1."""
    stack.reviewed()
    outcome = stack.publish(dispatch("refs/heads/master", head(stack.world)), stack_tag="2023.05.9")
    assert (outcome.status, stack.made_nothing()) == (1, True), outcome.log
    assert "was reviewed as the release 2023.06.2, not as 2023.05.9" in outcome.summary
    assert "or name a higher tag in stack-tag" in outcome.summary


@pytest.mark.parametrize(
    ("conclusion", "status", "words"),
    [
        ("success", 0, "Published"),
        ("failure", 1, "did not pass: lint.yaml ended as failure."),
        (None, 1, "lint.yaml is still in progress"),
        ("", 1, "there is no run of lint.yaml on it"),
    ],
)
def test_the_stacks_own_ci_must_have_passed(stack: Stack, conclusion: str | None, status: int, words: str) -> None:
    """With stack-ci-workflows a commit is tagged only where these passed on it; our own run is no evidence."""
    stack.reviewed()
    commit = head(stack.world)
    own = stack.world.github.add_run(REPOSITORY, "master", commit, path=".github/workflows/lint.yaml", name="lint")
    if conclusion != "":
        running = "in_progress" if conclusion is None else "completed"
        facts = {"path": ".github/workflows/lint.yaml", "name": "lint", "status": running, "conclusion": conclusion}
        stack.world.github.add_run(REPOSITORY, "master", commit, **facts)
    environment = {"GITHUB_RUN_ID": str(own.id)}
    outcome = stack.publish(stack_ci_workflows="lint.yaml", environment=environment)
    assert outcome.status == status, outcome.log
    assert words in outcome.summary
    assert (status == 0) == ("2023.06.2" in stack.tags())


def test_a_dispatch_hides_no_failed_run_of_the_stacks_own_ci(stack: Stack) -> None:
    """A later dispatch of the workflow, with whatever inputs, does not make up for its failed run of the push."""
    stack.reviewed()
    facts = {"path": ".github/workflows/lint.yaml", "name": "build main"}
    commit = head(stack.world)
    stack.world.github.add_run(REPOSITORY, "master", commit, conclusion="failure", **facts)
    stack.world.github.add_run(REPOSITORY, "master", commit, event="workflow_dispatch", **facts)
    outcome = stack.publish(stack_ci_workflows="lint.yaml")
    assert (outcome.status, stack.made_nothing()) == (1, True), outcome.log
    assert "lint.yaml ended as failure" in outcome.summary


def test_the_stacks_own_ci_goes_by_the_name_of_the_workflow(stack: Stack) -> None:
    """A run titled like the workflow is not its run, and a run of it counts whatever its title is."""
    stack.reviewed()
    commit, origins = head(stack.world), stack.world.github.origins
    origins.names[".github/workflows/lint.yaml"] = "checks"
    lint = stack.world.github.add_run(REPOSITORY, "master", commit, path=".github/workflows/lint.yaml")
    lint.conclusion, lint.name = "failure", "Lint of master"
    stack.world.github.add_run(REPOSITORY, "master", commit, path=".github/workflows/other.yaml", name="checks")
    assert stack.publish(stack_ci_workflows="checks").status == 1
    lint.conclusion = "success"
    assert stack.publish(stack_ci_workflows="checks").status == 0


def test_an_unchanged_pin_whose_run_is_forgotten_passes_by_the_record(stack: Stack, tmp_path: Path) -> None:
    """Without runs of a pin that the previous release had too, its release.json is the evidence, and only then."""
    stack.reviewed()
    assert stack.publish().status == 0
    stack.world.registry.push(REPOSITORY, "2023.06.3", revision="0" * 40)
    stack.commit("Dockerfile: newer base", {"Dockerfile": "FROM x\n"})
    stack.world.github.runs[:] = [run for run in stack.world.github.runs if run.repository == REPOSITORY]
    event = dispatch("refs/heads/master", head(stack.world))
    outcome = stack.publish(event, stack_tag="2023.06.3", dry_run="true")
    assert outcome.status == 0, outcome.log
    assert "release.json of 2023.06.2 records that it passed" in outcome.log
    record = stack.releases.releases[0].files[0]
    record.content = record.content.replace(b'"pin-ci"', b'"pin-cj"')
    refused = stack.publish(event, stack_tag="2023.06.3", dry_run="true")
    assert refused.outputs["failed-rules"] == "pin-ci:backend,pin-ci:frontend"
    assert "anyone with write access can change its release.json" in outcome.summary
    assert "authorization" not in stack.releases.storage.requests[0].headers


def test_a_bad_tag_is_a_wrong_input(stack: Stack) -> None:
    """stack-tag must be a production tag: status 2, naming the input and the value."""
    outcome = stack.publish(stack_tag="v1.0")
    assert outcome.status == 2
    assert "The input stack-tag cannot be 'v1.0'." in outcome.log
    assert TOKEN not in outcome.summary
