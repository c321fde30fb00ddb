"""The weekly audit on a runner: the example workflow as users copy it, against the GitHub emulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from frag_release.domain.deployment_records import Deployed
from process.gates import ACTION, ROOT
from process.releases import give_inputs
from world.act import Runner
from world.events import Event, dispatch
from world.example import STACK, WORKFLOW_FILE, Example, add_off_production_release
from world.github_builds import PASSED, GitHubBuilds
from world.github_deployments import Status
from world.github_server import TOKEN, GitHubServer
from world.registry import Registry
from world.scene import push_images, seed_example
from world.site import Site
from world.stand_ins import stand_ins

pytestmark = pytest.mark.process

LAST_INPUT = "        timeout-seconds: '1800'\n"


def test_the_schedule_fails_where_a_release_since_the_first_judged_breaks_a_rule(
    tmp_path: Path, example: Example, github: GitHubServer, registry: Registry, bundled_action: Path
) -> None:
    """A release of a backend off production fails the scheduled run; judging from 2023.07. on by hand ends well."""
    add_off_production_release(example)
    seed_example(github, example)
    push_images(registry, example)
    text = (ROOT / "examples" / "audit.yaml").read_text("utf-8")
    text = give_inputs(text, {"registry-url": registry.url}, LAST_INPUT)
    master = example.stack.head()
    used = stand_ins(text, tmp_path / "stand-ins", calls=tmp_path / "calls", instead={ACTION: bundled_action})
    weekly = Runner(tmp_path / "weekly", used, server_url=github.url, token=TOKEN)
    run = weekly.run(text, Event("schedule", "refs/heads/master", master), variables={"AUDIT_SINCE": "2023.06.2"})
    assert run.jobs == {"audit": "failure"}, run.log
    assert run.outputs["audit.audit"]["failed-rules"] == "pin-on-branch:backend"
    by_hand = Runner(tmp_path / "by-hand", used, server_url=github.url, token=TOKEN)
    again = by_hand.run(
        text, dispatch("refs/heads/master", master, since="2023.07."), variables={"AUDIT_SINCE": "2023.06.2"}
    )
    assert again.jobs == {"audit": "success"}, again.log
    assert STACK in again.log


def test_the_look_at_production_tells_people_that_something_else_runs(
    tmp_path: Path,
    example: Example,
    github: GitHubServer,
    registry: Registry,
    builds: GitHubBuilds,
    site: Site,
    bundled_action: Path,
) -> None:
    """The hourly schedule looks alone, without a login of the registry; a record of another run changes nothing."""
    seed_example(github, example)
    commit = example.commits[STACK]["2023.06.2"]
    run = github.add_run(f"xchem/{STACK}", "2023.06.2", commit, path=WORKFLOW_FILE)
    builds.again(run, PASSED)
    place = {"environment": "awx/fragalysis-production", "production_environment": True}
    for tag, number in (("2023.06.2", run.id), ("2023.06.1", 1)):
        payload = Deployed(tag, run=number, run_job="build").as_payload()
        filed = github.deployments.add(f"xchem/{STACK}", commit, payload=payload, **place)
        told = f"{github.url}/xchem/{STACK}/actions/runs/{number}/attempts/1"
        filed.statuses.append(Status("success", "AWX job 9: successful", told, created_at="2023-06-02T10:02:00Z"))
    text = (ROOT / "examples" / "audit.yaml").read_text("utf-8")
    used = stand_ins(text, tmp_path / "stand-ins", calls=tmp_path / "calls", instead={ACTION: bundled_action})
    hook = {"SLACK_NOTIFY_PRODUCTION_WEBHOOK": "https://hooks.example/1"}
    runner = Runner(tmp_path, used, server_url=github.url, token=TOKEN, secrets=hook)
    variables = {"PRODUCTION_URL": f"{site.url}/", "PRODUCTION_TEXT": "Stack {image-tag}"}
    hourly = Event("schedule", "refs/heads/master", example.stack.head(), {"schedule": "41 * * * *"})
    for shown, matches, result, called in (("2023.06.2", "true", "success", 0), ("2023.06.1", "false", "failure", 1)):
        site.page = f"Stack {shown}"
        seen = runner.run(text, hourly, variables=variables)
        assert seen.jobs == {"watch": result}, seen.log
        outputs = seen.outputs["watch.watch"]
        assert (outputs["production-tag"], outputs["production-matches"]) == ("2023.06.2", matches), seen.log
        told_people = [call.inputs["payload"] for call in seen.calls if call.action == "slackapi/slack-github-action"]
        assert len(told_people) == called
    assert "Production does not run 2023.06.2" in told_people[0]
    assert registry.requests == []
    github.assert_valid()
