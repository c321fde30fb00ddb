"""The README's quick start put into a workflow as stacks have it today: overrides in shell, secrets, dispatches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from process.gates import ACTION
from world.act import Run, Runner
from world.events import Event, dispatch, push_tag
from world.example import STACK, WORKFLOW_FILE, Example
from world.github_deployments import JobDeployments, filing_jobs
from world.github_server import TOKEN, GitHubServer
from world.level_one import BEFORE, with_level_one
from world.registry import Registry
from world.scene import push_images, seed_example
from world.stand_ins import stand_ins

pytestmark = pytest.mark.process

TAG = "2023.06.3"
AWX = "informaticsmatters/trigger-awx-action"
STAGING, PRODUCTION = "Staging Fragalysis Stack", "Production Fragalysis Stack"


@dataclass
class Stacks:
    """A stack whose file is `text`, released as `TAG` from the worked example's pair."""

    folder: Path
    action: Path
    example: Example
    github: GitHubServer
    registry: Registry
    text: str = ""
    commit: str = field(default="", init=False)

    def release(self, text: str) -> Stacks:
        """Commit the file, tag it, and put all of it on the servers."""
        self.text = text
        self.commit = self.example.stack.commit({WORKFLOW_FILE: text}, "build: another file", branch="master")
        self.example.stack.tag(TAG, self.commit)
        self.example.commits[STACK][TAG] = self.commit
        seed_example(self.github, self.example)
        push_images(self.registry, self.example)
        return self

    def run(self, event: Event | None = None, secrets: Mapping[str, str] | None = None) -> Run:
        """Run the file for an event, by default the push of the tag."""
        known = {"TRIGGER_AWX": "yes", "AWX_HOST": "https://awx.example", **(secrets or {})}
        used = stand_ins(
            self.text, self.folder / "stand-ins", calls=self.folder / "calls", instead={ACTION: self.action}
        )
        event = event or push_tag(TAG, self.commit)
        environments = filing_jobs(self.text, event)
        filing = JobDeployments(self.github.deployments, f"xchem/{STACK}", event, environments)
        runner = Runner(self.folder, used, server_url=self.github.url, token=TOKEN, secrets=known, on_job=filing.took)
        return runner.run(self.text, event)


@pytest.fixture
def stacks(tmp_path: Path, bundled_action: Path, example: Example, github: GitHubServer, registry: Registry) -> Stacks:
    """The same servers for every test; the stack has no file yet."""
    return Stacks(tmp_path, bundled_action, example, github, registry)


def inputs(stacks: Stacks) -> str:
    """What the gate is given beside the README's lines: where the test's registry is."""
    return f"        registry-url: '{stacks.registry.url}'"


def deployed(run: Run) -> dict[str, str]:
    """Each template that was launched, with the tag that it was given."""
    return {call.inputs["template"]: call.inputs["template-var-value"] for call in run.calls if call.action == AWX}


def built(run: Run) -> list[str]:
    """The lines that the build was given."""
    calls = [call.inputs["build-args"] for call in run.calls if "build-args" in call.inputs]
    return calls[0].split() if calls else []


GOOD = ["BE_NAMESPACE=xchem", "BE_IMAGE_TAG=2023.05.1", "FE_NAMESPACE=xchem", "FE_IMAGE_TAG=2023.05.4"]


def test_a_good_tag_deploys(stacks: Stacks) -> None:
    """With level 1 the good pair is built as before, by its tags, and reaches staging and production.

    Its jobs file what such files file by themselves: two deployments to production, one of them of staging.
    """
    run = stacks.release(with_level_one(BEFORE, inputs(stacks))).run()
    assert run.exit_code == 0, run.log
    assert built(run) == GOOD
    assert deployed(run) == {STAGING: TAG, PRODUCTION: TAG}
    filed = stacks.github.deployments.records
    assert [one.environment for one in filed] == ["awx/fragalysis-production"] * 2
    assert [(one.ref, one.sha, one.payload) for one in filed] == [(TAG, stacks.commit, {})] * 2
    assert [one.states for one in filed] == [["in_progress", "success"]] * 2


def test_todays_secrets_keep_working(stacks: Stacks) -> None:
    """A secret that says what the file says is no override, and its value may be an input of the gate."""
    run = stacks.release(with_level_one(BEFORE, inputs(stacks))).run(secrets={"BE_NAMESPACE": "xchem"})
    assert built(run) == GOOD
    assert deployed(run) == {STAGING: TAG, PRODUCTION: TAG}


@pytest.mark.parametrize(
    ("secret", "value", "rule"),
    [("BE_IMAGE_TAG", "latest", "backend"), ("FE_NAMESPACE", "somebody", "frontend")],
)
def test_a_secret_with_another_pair_is_blocked(stacks: Stacks, secret: str, value: str, rule: str) -> None:
    """A secret that names another tag or namespace stops a production tag before anything is built."""
    run = stacks.release(with_level_one(BEFORE, inputs(stacks))).run(secrets={secret: value})
    assert run.jobs == {"gate": "failure"}
    assert f"pin-effective:{rule}" in run.outputs["gate.gate"]["failed-rules"].split(",")
    assert deployed(run) == {}


def test_a_dispatch_with_another_pair_is_blocked(stacks: Stacks) -> None:
    """A dispatch at the tag that names another backend stops before anything is built."""
    stacks.release(with_level_one(BEFORE, inputs(stacks)))
    run = stacks.run(dispatch(f"refs/tags/{TAG}", stacks.commit, be_image_tag="2023.03.1"))
    assert run.jobs == {"gate": "failure"}
    assert "pin-effective:backend" in run.outputs["gate.gate"]["failed-rules"].split(",")


def test_a_branch_is_built_of_a_secret_as_before(stacks: Stacks) -> None:
    """Off production tags a secret still decides: a dispatch on the branch builds and deploys `latest`."""
    stacks.release(with_level_one(BEFORE, inputs(stacks)))
    run = stacks.run(dispatch("refs/heads/master", stacks.commit), secrets={"BE_IMAGE_TAG": "latest"})
    assert built(run) == [GOOD[0], "BE_IMAGE_TAG=latest", *GOOD[2:]]
    assert deployed(run) == {STAGING: "latest"}


def test_a_bad_pair_is_blocked(stacks: Stacks) -> None:
    """A file that names a backend which is not on production stops a production tag before anything is built."""
    text = with_level_one(BEFORE, inputs(stacks)).replace("BE_IMAGE_TAG: 2023.05.1", "BE_IMAGE_TAG: 2023.05.2")
    run = stacks.release(text).run()
    assert run.jobs == {"gate": "failure"}
    assert "pin-on-branch:backend" in run.outputs["gate.gate"]["failed-rules"].split(",")
    assert deployed(run) == {}


def test_a_candidate_is_built_and_goes_to_staging_alone(stacks: Stacks) -> None:
    """A tag that is no production tag is built as before, whatever its pair, and production is not deployed."""
    stacks.release(with_level_one(BEFORE, inputs(stacks)))
    stacks.example.stack.tag(f"{TAG}-rc.1", stacks.commit)
    seed_example(stacks.github, stacks.example)
    run = stacks.run(push_tag(f"{TAG}-rc.1", stacks.commit))
    assert built(run) == GOOD
    assert deployed(run) == {STAGING: f"{TAG}-rc.1"}


def test_a_components_dispatch_builds_what_it_names(stacks: Stacks) -> None:
    """What a component's workflow dispatches on the branch is built of that component's image, for staging."""
    stacks.release(with_level_one(BEFORE, inputs(stacks)))
    run = stacks.run(dispatch("refs/heads/master", stacks.commit, be_image_tag="production", be_namespace="xchem"))
    assert built(run) == [GOOD[0], "BE_IMAGE_TAG=production", *GOOD[2:]]
    assert deployed(run) == {STAGING: "latest"}


def test_a_gate_that_is_told_of_nothing_is_refused(stacks: Stacks) -> None:
    """The gate without its four lines, which let another pair through, blocks by `hidden-override`, with the line."""
    text = with_level_one(BEFORE, inputs(stacks))
    told = [line for line in text.splitlines(keepends=True) if " || secrets." not in line]
    run = stacks.release("".join(told)).run(secrets={"BE_IMAGE_TAG": "latest"})
    assert run.jobs == {"gate": "failure"}
    assert run.outputs["gate.gate"]["failed-rules"] == "hidden-override:backend,hidden-override:frontend"
    [note] = [one for one in run.annotations if one.properties.get("title") == "hidden-override (backend)"]
    line = next(number for number, text in enumerate(told, 1) if "github.event.inputs.be_image_tag" in text)
    assert note.properties["line"] == str(line)
    assert "backend-tag: ${{ inputs.be_image_tag || secrets.BE_IMAGE_TAG }}" in note.message
