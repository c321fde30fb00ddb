"""`audit` that looks at production: what the last record or release says, beside what the site shows."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from commands.auditing import audit, record
from commands.deployment import REPOSITORY, Deployment
from commands.test_prepare import head, send
from frag_release.commands.evidence.deployment_records import DEPLOY_FILE
from frag_release.domain.deployment_records import Deployed
from world.example import WORKFLOW_FILE
from world.github_builds import FAILED, PASSED, GitHubBuilds, Job, Look
from world.github_deployments import Status, now
from world.program import Outcome

TAG = "2023.06.2"
PLACE = "awx/fragalysis-production"
DEPLOYED = Look("completed", "success", (Job("build"), Job("Deploy to production")))


def watch(ready: Deployment, **inputs: str) -> Outcome:
    """Look at production alone."""
    given = {"since": "newest", "verify_url": f"{ready.site.url}/", "verify_text": "Stack {image-tag}"}
    return audit(ready.world, **{**given, **inputs})


def matches(outcome: Outcome) -> tuple[int, str, str]:
    """Status, the tag that should run, and whether it does."""
    return outcome.status, outcome.outputs["production-tag"], outcome.outputs["production-matches"]


@pytest.fixture
def deployed(ready: Deployment, builds: GitHubBuilds) -> Deployment:
    """With a believed record of the tag in production."""
    world = ready.world
    run = world.github.add_run(REPOSITORY, TAG, world.commit(TAG), path=WORKFLOW_FILE)
    builds.again(run, PASSED)
    pair = {"backend": {"tag": "2023.05.1"}}
    payload = Deployed(TAG, ready.digest, pair, run=run.id, run_job="build").as_payload()
    facts = {"environment": PLACE, "production_environment": True, "created_at": "2023-06-02T10:01:00Z"}
    filed = world.github.deployments.add(REPOSITORY, world.commit(TAG), payload=payload, **facts)
    told = f"https://github.example/{REPOSITORY}/actions/runs/{run.id}/attempts/1"
    filed.statuses.append(Status("success", "AWX job 9: successful", told, created_at="2023-06-02T10:02:00Z"))
    return ready


def test_a_record_is_judged_by_the_format_of_the_tags(deployed: Deployment) -> None:
    """Where tags have a v, a record of one without is claimed, and what should run is not known."""
    deployed.site.page = f"Stack {TAG}"
    outcome = watch(deployed, environment=PLACE, tag_format="vYEAR.MONTH.ITERATION")
    assert matches(outcome) == (0, "", "unknown"), outcome.log


def test_production_is_held_to_the_newest_believed_record(deployed: Deployment) -> None:
    """A handful of requests; status 1 if something else runs; a record that nobody believes changes nothing."""
    deployed.site.page = f"Stack {TAG} of 2023.05.1"
    lines = "Stack {image-tag}\nof {backend-tag}"
    same = watch(deployed, verify_text=lines, environment=PLACE)
    assert matches(same) == (0, TAG, "true"), same.log
    assert len(deployed.world.github.requests) <= 8
    assert "| Deployed | `2023.06.2`: 2023-06-02 10:02:00 UTC, by the deployment record" in same.summary
    forged = Deployed("2023.06.1", "", run=1).as_payload()
    facts = {"environment": PLACE, "production_environment": True}
    deployed.world.github.deployments.add(REPOSITORY, deployed.world.commit("2023.06.1"), payload=forged, **facts)
    deployed.world.github.deployments.records[-1].statuses.append(Status("success", created_at="2023-06-03T10:02:00Z"))
    deployed.site.page = "Stack 2023.06.1"
    other = watch(deployed)
    assert matches(other) == (1, TAG, "false"), other.log
    assert other.outputs["headline"] == "Production does not run 2023.06.2"
    assert "is not there, but" in other.summary and "Stack 2023.06.1" in other.summary
    deployed.world.github.assert_valid()


def test_a_believed_record_is_not_buried_under_others(deployed: Deployment) -> None:
    """Behind five records that nobody believes what should run is unknown, and not the newest release."""
    facts = {"environment": PLACE, "production_environment": True}
    for number in range(5):
        forged = Deployed("2023.06.1", "", run=number + 1).as_payload()
        deployed.world.github.deployments.add(REPOSITORY, deployed.world.commit("2023.06.1"), payload=forged, **facts)
    deployed.site.page = f"Stack {TAG}"
    outcome = watch(deployed, environment=PLACE)
    assert matches(outcome) == (0, "", "unknown"), outcome.log
    assert "none of the newest 5 deployment records is believed, and older ones exist" in outcome.summary


CALLED = ".github/workflows/roll-out.yaml"


@pytest.mark.parametrize(
    ("jobs", "ran", "word"),
    [
        ("{roll-out: {strategy: {matrix: {zone: [1, 2]}}}}", "roll-out (1)", "true"),
        ("{roll-out: {name: Roll out, strategy: {matrix: {zone: [1, 2]}}}}", "Roll out (2)", "true"),
        ("{roll-out: {name: Roll out}}", "Roll out (2)", "unknown"),
        (f"{{ship: {{uses: ./{CALLED}}}}}", "ship / Inner", "true"),
        (f"{{ship: {{name: Ship it, uses: ./{CALLED}, strategy: {{}}}}}}", "Ship it (eu) / Inner", "true"),
        (f"{{ship: {{uses: ./{CALLED}}}}}", "other / Inner", "unknown"),
        (f"{{ship: {{uses: other/stack/{CALLED}@v1}}}}", "ship / Inner", "unknown"),
    ],
    ids=["a matrix", "a matrix with a name", "no matrix", "called", "called with a matrix", "another", "elsewhere"],
)
def test_a_job_is_known_by_the_name_that_github_gives_it(
    ready: Deployment, builds: GitHubBuilds, jobs: str, ran: str, word: str
) -> None:
    """Of a matrix it ends with the values, and in a workflow that another one calls it starts with the caller's."""
    world = ready.world
    for path, content in ((DEPLOY_FILE, f"jobs: {jobs}\n"), (CALLED, "jobs: {roll-out: {name: Inner}}\n")):
        body = {"message": "Add it", "content": base64.b64encode(content.encode()).decode(), "branch": "master"}
        send(world, "PUT", f"/contents/{path}", body)
    run = world.github.add_run(REPOSITORY, "master", head(world), path=DEPLOY_FILE, event="workflow_dispatch")
    builds.again(run, Look("completed", "success", (Job(ran),)))
    payload = Deployed(TAG, ready.digest, run=run.id, run_job="roll-out").as_payload()
    facts = {"environment": PLACE, "production_environment": True, "created_at": "2023-06-02T10:01:00Z"}
    filed = world.github.deployments.add(REPOSITORY, run.head_sha, payload=payload, **facts)
    told = f"https://github.example/{REPOSITORY}/actions/runs/{run.id}/attempts/1"
    filed.statuses.append(Status("success", "AWX job 9: successful", told, created_at="2023-06-02T10:02:00Z"))
    ready.site.page = f"Stack {TAG}"
    outcome = watch(ready)
    assert outcome.outputs["production-matches"] == word, outcome.log


def test_the_form_may_have_the_other_ending(deployed: Deployment) -> None:
    """GitHub runs deploy.yml as it runs deploy.yaml; records of a file with another name are not believed."""
    deployed.site.page = f"Stack {TAG}"
    run = deployed.world.github.runs[-1]
    for path, word in ((".github/workflows/deploy.yml", "true"), (".github/workflows/roll-out.yml", "unknown")):
        body = {"message": "Add it", "content": base64.b64encode(b"jobs: {build: {}}").decode(), "branch": "master"}
        send(deployed.world, "PUT", f"/contents/{path}", body)
        run.path, run.head_branch, run.head_sha = path, "master", head(deployed.world)
        deployed.world.github.deployments.records[-1].sha = run.head_sha
        outcome = watch(deployed)
        assert outcome.outputs["production-matches"] == word, outcome.log


def stage(ready: Deployment, number: int) -> None:
    """File records of staging, as a stack with many builds has them."""
    for _ in range(number):
        ready.world.github.deployments.add(REPOSITORY, ready.world.commit(TAG), environment="staging")


def test_a_production_record_is_found_behind_those_of_staging(deployed: Deployment, builds: GitHubBuilds) -> None:
    """However many pages of a list these fill: else a release that production left would pass for what it runs."""
    world = deployed.world
    deployed.releases.add(REPOSITORY, TAG, files={"release.json": record(world, TAG, digest=deployed.digest)})
    stage(deployed, 120)
    deployed.site.page = f"Stack {TAG}"
    found = watch(deployed)
    assert matches(found) == (0, TAG, "true"), found.log
    assert "by the deployment record" in found.summary
    stage(deployed, 400)
    builds.again(world.github.runs[-1], DEPLOYED)
    lost = watch(deployed)
    assert matches(lost) == (0, "", "unknown"), lost.log
    assert "no believed one of production is among the newest 500 deployment records" in lost.summary
    named = watch(deployed, environment=PLACE)
    assert matches(named) == (0, TAG, "true"), named.log
    world.github.assert_valid()


def test_records_older_than_the_newest_releases_deployment_do_not_matter(
    ready: Deployment, builds: GitHubBuilds
) -> None:
    """If the records since the job that deployed it are read, none of production is missing."""
    world = ready.world
    ready.releases.add(REPOSITORY, TAG, files={"release.json": record(world, TAG, digest=ready.digest)})
    for _ in range(600):
        facts = {"environment": "staging", "created_at": "2023-01-01T00:00:00Z"}
        world.github.deployments.add(REPOSITORY, world.commit(TAG), **facts)
    builds.again(world.github.add_run(REPOSITORY, TAG, world.commit(TAG), path=WORKFLOW_FILE), DEPLOYED)
    ready.site.page = f"Stack {TAG}"
    outcome = watch(ready)
    assert matches(outcome) == (0, TAG, "true"), outcome.log


ROLLING_OUT = Look("in_progress", None, (Job("build", "in_progress", None, completed_at=None),))


@pytest.mark.parametrize(
    ("run", "look", "statuses", "word"),
    [
        ({}, ROLLING_OUT, True, "unknown"),
        ({}, ROLLING_OUT, False, "unknown"),
        ({}, FAILED, True, "false"),
        ({"repository": "xchem/fragalysis-backend"}, ROLLING_OUT, True, "false"),
        ({"head_branch": "mine"}, ROLLING_OUT, True, "false"),
        ({"path": ".github/workflows/mine.yaml"}, ROLLING_OUT, False, "false"),
    ],
    ids=["goes on", "was just filed", "a failed run's", "another repository's", "a branch's", "another file's"],
)
def test_only_a_run_that_goes_on_keeps_the_watch_quiet(
    deployed: Deployment, builds: GitHubBuilds, run: Any, look: Look, statuses: bool, word: str
) -> None:
    """While the deploy job of a true run goes on, another version is no alarm; an unended record that is forged is."""
    world = deployed.world
    given = {"repository": REPOSITORY, "head_branch": TAG, "head_sha": world.commit(TAG), "path": WORKFLOW_FILE}
    made = world.github.add_run(**{**given, **run})
    builds.again(made, look)
    payload = Deployed(TAG, deployed.digest, run=made.id, run_job="build").as_payload()
    filed = world.github.deployments.add(
        REPOSITORY, world.commit(TAG), payload=payload, environment=PLACE, production_environment=True
    )
    told = f"https://github.example/{made.repository}/actions/runs/{made.id}/attempts/1"
    filed.statuses += [Status("in_progress", "AWX job 9: running", told, created_at=now())] * statuses
    deployed.site.page = "Stack 2023.06.1"
    outcome = watch(deployed)
    assert matches(outcome) == (int(word == "false"), TAG, word), outcome.log
    world.github.assert_valid()


def test_what_cannot_be_told_is_unknown(deployed: Deployment) -> None:
    """Where GitHub, or the site, does not answer as it should; the run is not red."""
    deployed.site.page = "Down for maintenance"
    assert matches(watch(deployed)) == (0, TAG, "unknown")
    deployed.world.github.fail("GET", "/actions/runs/[0-9]+$", status=403)
    unseen = watch(deployed)
    assert matches(unseen) == (0, "", "unknown"), unseen.log
    assert "could not be verified" in unseen.summary


def test_without_records_the_newest_release_that_was_deployed_counts(ready: Deployment, builds: GitHubBuilds) -> None:
    """By the job of its build; a release whose job did not deploy says nothing."""
    world = ready.world
    ready.releases.add(REPOSITORY, TAG, files={"release.json": record(world, TAG, digest=ready.digest)})
    run = world.github.add_run(REPOSITORY, TAG, world.commit(TAG), path=WORKFLOW_FILE)
    builds.again(run, PASSED)
    ready.site.page = f"Stack {TAG}"
    assert matches(watch(ready)) == (0, "", "unknown")
    builds.again(run, DEPLOYED)
    outcome = watch(ready)
    assert matches(outcome) == (0, TAG, "true"), outcome.log
    world.github.assert_valid()


def test_a_whole_audit_tells_of_production_too(deployed: Deployment) -> None:
    """Beside the releases, and an audit that finds these in order ends with 1 if something else runs."""
    deployed.site.page = "Stack 2023.06.1"
    outcome = watch(deployed, since="2023.06.2")
    assert matches(outcome) == (1, TAG, "false"), outcome.log
    assert "What runs in production" in outcome.summary
    assert outcome.report and outcome.report["production"]["matches"] is False
