"""The examples deploy for real: from the push of a tag through a loopback AWX to a site that shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from commands.deployment import AT_ONCE, OLD, REPOSITORY, old_record
from process.gates import ACTION, ROOT, SWITCHES
from process.releases import give_inputs
from world.act import Run, Runner
from world.awx import ROBOT, AwxServer
from world.events import Event, dispatch, push_tag
from world.example import STACK, Example
from world.github_releases import GitHubReleases
from world.github_server import TOKEN, GitHubServer
from world.registry import Registry
from world.scene import push_images, seed_example
from world.site import Site
from world.stand_ins import stand_ins

pytestmark = pytest.mark.process

TEMPLATES = ("Staging Fragalysis Stack", "Production Fragalysis Stack")
COMMAND = "        command: deploy\n"


@dataclass
class Stage:
    """All that an example needs to deploy. `images` are the components' digests, `digest` is what the build pushes."""

    folder: Path
    action: Path
    example: Example
    github: GitHubServer
    registry: Registry
    awx: AwxServer
    site: Site
    images: Mapping[str, Mapping[str, str]]
    digest: str

    def run(self, name: str, event: Event) -> Run:
        """Run an example workflow for an event, with the switches and logins that it asks for."""
        text = (ROOT / "examples" / name).read_text("utf-8")
        more = f"        registry-url: '{self.registry.url}'\n        wait-minutes: '1'\n"
        text = text.replace(COMMAND, COMMAND + more)
        if name == "build-main.yaml":
            text = give_inputs(text, {"registry-url": self.registry.url})
        calls = self.folder / "calls"
        instead = {ACTION: self.action}
        used = stand_ins(text, self.folder / "stand-ins", calls=calls, instead=instead, digest=self.digest)
        secrets = {"AWX_USER": ROBOT.username, "AWX_USER_PASSWORD": ROBOT.password}
        runner = Runner(self.folder, used, server_url=self.github.url, token=TOKEN, secrets=secrets)
        return runner.run(text, event, variables=self.variables)

    @property
    def variables(self) -> Mapping[str, str]:
        """The variables of repository and environments."""
        return {**SWITCHES, "AWX_URL": self.awx.url, "VERIFY_URL": f"{self.site.url}/"}

    def launched(self) -> dict[str, object]:
        """What each template was launched with."""
        return {job.template.name: job.variables for job in self.awx.jobs}


@pytest.fixture
def stage(
    tmp_path: Path,
    bundled_action: Path,
    example: Example,
    github: GitHubServer,
    registry: Registry,
    awx: AwxServer,
    site: Site,
) -> Stage:
    """The worked example on servers, its stack image pushed, and a template for each environment."""
    seed_example(github, example)
    images = push_images(registry, example)
    for name in TEMPLATES:
        awx.add_template(name, script=AT_ONCE)
    digest = registry.push(REPOSITORY, "2023.06.2", revision="0" * 40)
    return Stage(tmp_path, bundled_action, example, github, registry, awx, site, images, digest)


def test_a_release_goes_all_the_way_to_the_site(stage: Stage) -> None:
    """Gate, build, staging, production: AWX gets the tag twice, the digests are the gate's, and the site shows it."""
    commit = stage.example.commits[STACK]["2023.06.2"]
    run = stage.run("build-main.yaml", push_tag("2023.06.2", commit))

    assert run.exit_code == 0, run.log
    assert run.jobs == dict.fromkeys(("gate", "build", "deploy-staging", "deploy-production"), "success")
    assert stage.launched() == {key: {"stack_image_tag": "2023.06.2"} for key in TEMPLATES}
    gate = run.outputs["gate.gate"]
    for place in ("staging", "production"):
        summary = run.summaries[f"deploy-{place}"]
        assert summary.startswith(f"## ✅ Deployed — `2023.06.2` on `awx/fragalysis-{place}`\n")
        for digest in (gate["backend-digest"], gate["frontend-digest"]):
            assert digest[:19] in summary
        assert stage.digest in summary
        assert "it answered 200 with" in summary
    assert len(stage.site.requests) == 2
    assert TOKEN not in "".join(run.summaries.values())
    assert ROBOT.password not in "".join(run.summaries.values())


def test_an_image_that_was_pushed_in_between_is_deployed_nowhere(stage: Stage) -> None:
    """An image that is not the one which the build pushed stops staging and production, naming both digests."""
    other = stage.registry.push(REPOSITORY, "2023.06.2", revision="e" * 40)
    run = stage.run("build-main.yaml", push_tag("2023.06.2", stage.example.commits[STACK]["2023.06.2"]))

    assert run.jobs["deploy-production"] == run.jobs["deploy-staging"] == "failure"
    assert stage.awx.jobs == []
    assert stage.digest in run.log
    assert other in run.log


def test_the_form_goes_back(stage: Stage, releases_of: GitHubReleases) -> None:
    """The form with the older tag, run at the newest, deploys that by its release.json, with no CI run left."""
    digest = stage.registry.push(REPOSITORY, OLD, revision="0" * 40)
    document = old_record(stage.example, stage.images, digest)
    releases_of.add(REPOSITORY, OLD, files={"release.json": json.dumps(document).encode()})
    stage.github.runs.clear()
    commit = stage.example.commits[STACK]["2023.06.2"]
    given = {"tag": OLD, "environment": "production", "rollback": "true", "dry-run": "false"}
    run = stage.run("deploy.yaml", dispatch("refs/tags/2023.06.2", commit, **given))

    assert run.exit_code == 0, run.log
    assert stage.launched() == {"Production Fragalysis Stack": {"stack_image_tag": OLD}}
    assert run.outputs["deploy.deploy"]["job-status"] == "successful"
    assert run.summaries["deploy"].startswith(f"## ✅ Deployed — rollback to `{OLD}` on `awx/fragalysis-production`\n")
