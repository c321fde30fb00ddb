"""The worked example with all the servers that its workflows speak to: GitHub, registry, AWX and the site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from commands.deployment import AT_ONCE, REPOSITORY
from process.gates import ACTION, ROOT, SWITCHES
from process.releases import give_inputs
from world.act import Run, Runner
from world.awx import ROBOT, AwxServer
from world.buildah import BUILD
from world.buildah import action as building_action
from world.events import Event
from world.example import Example
from world.github_deployments import JobDeployments, filing_jobs
from world.github_server import COMPONENT_TOKEN, TOKEN, GitHubServer
from world.registry import Registry
from world.scene import push_images, seed_example
from world.site import Site
from world.stand_ins import UPLOAD, fixed_gate, stand_ins, uploader

TEMPLATES = ("Staging Fragalysis Stack", "Production Fragalysis Stack")
APP_TOKEN = COMPONENT_TOKEN
"""The token of the release app: another than the workflow's own."""
_APP = "actions/create-github-app-token"
_MORE = {"prepare": "", "publish": "", "doctor": "", "deploy": "        wait-minutes: '1'\n"}
"""What each command of the examples is given beside the registry's address."""


@dataclass
class Stage:
    """All that the examples need. `images` are the components' digests, `digest` is what the build pushes.

    `uploads` is the address that artifacts are sent to, empty where nobody asks for them. With `builds_images` the
    workflows' images are really built and pushed. `repository` is the one whose workflows are run.
    """

    folder: Path
    action: Path
    example: Example
    github: GitHubServer
    registry: Registry
    awx: AwxServer
    site: Site
    images: Mapping[str, Mapping[str, str]]
    digest: str
    uploads: str = ""
    builds_images: bool = False
    repository: str = REPOSITORY

    @classmethod
    def of(
        cls,
        folder: Path,
        action: Path,
        example: Example,
        github: GitHubServer,
        registry: Registry,
        awx: AwxServer,
        site: Site,
    ) -> Stage:
        """The example, as it is, on the servers: its images pushed, and a template for each environment."""
        seed_example(github, example)
        images = push_images(registry, example)
        for name in TEMPLATES:
            awx.add_template(name, script=AT_ONCE)
        digest = registry.push(REPOSITORY, "2023.06.2", revision="0" * 40)
        return cls(folder, action, example, github, registry, awx, site, images, digest)

    def run(
        self, name: str, event: Event, variables: Mapping[str, str] | None = None, run_id: int | None = None
    ) -> Run:
        """Run an example workflow for an event, with the switches and logins that it asks for, or with others."""
        text = self._text(name)
        app = fixed_gate(self.folder / "app", {"token": APP_TOKEN}, inputs=["client-id", "private-key"])
        instead = {ACTION: self.action, _APP: app}
        calls = self.folder / "calls"
        if self.uploads:
            instead[UPLOAD] = uploader(self.folder / "upload", calls, self.uploads)
        if self.builds_images:
            names = ["context", "push", "tags", "labels", "provenance", "build-args", "build-contexts"]
            instead[BUILD] = building_action(self.folder / "buildah", calls, self.registry.own_host, names)
        used = stand_ins(text, self.folder / "stand-ins", calls=calls, instead=instead, digest=self.digest)
        secrets = {"AWX_USER": ROBOT.username, "AWX_USER_PASSWORD": ROBOT.password, "RELEASE_TICKET_TOKEN": APP_TOKEN}
        env = {"GITHUB_RUN_ID": str(run_id)} if run_id else {}
        environments = filing_jobs(text, event)
        filing = JobDeployments(self.github.deployments, self.repository, event, environments)
        runner = Runner(
            self.folder, used, self.repository, server_url=self.github.url, token=TOKEN, secrets=secrets, env=env,
            on_job=filing.took,
        )  # fmt: skip
        return runner.run(text, event, variables={**self.variables, **(variables or {})})

    @property
    def variables(self) -> Mapping[str, str]:
        """The variables of repository and environments."""
        site = {"VERIFY_URL": f"{self.site.url}/", "VERIFY_TEXT": "Stack {image-tag}"}
        return {**SWITCHES, **site, "AWX_URL": self.awx.url, "RELEASE_APP_CLIENT_ID": "Iv1"}

    def launched(self) -> dict[str, object]:
        """What each template was launched with."""
        return {job.template.name: job.variables for job in self.awx.jobs}

    def _text(self, name: str) -> str:
        """The example as its users have it, who name a registry of their own."""
        text = (ROOT / "examples" / name).read_text("utf-8")
        if name == "build-main.yaml":
            text = give_inputs(text, {"registry-url": self.registry.url})
            # This GitHub stands for github.com, which takes artifacts.
            text = text.replace("'https://github.com'", f"'{self.github.url}'")
        for command, more in _MORE.items():
            line = f"        command: {command}\n"
            text = text.replace(line, f"{line}        registry-url: '{self.registry.url}'\n{more}")
        return text
