"""The worked example's release, built and ready to be deployed: with its image, an AWX and a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from frag_release.domain.environments import is_production
from world.awx import ROBOT, AwxServer
from world.awx_jobs import LINES, Look
from world.events import Event, push_tag
from world.example import BACKEND, FRONTEND, STACK, Example
from world.github_releases import GitHubReleases
from world.github_server import TOKEN
from world.program import Outcome, Running
from world.site import Site
from world.workflow_runs import NAMED

if TYPE_CHECKING:
    from commands.conftest import World

REPOSITORY = f"xchem/{STACK}"
TEMPLATE = "Production Fragalysis Stack"
STAGING_TEMPLATE = "Staging Fragalysis Stack"
OLD = "2023.06.1"
"""The release before the worked example's."""
OTHER_DIGEST = "sha256:" + "9" * 64
AT_ONCE = (Look("pending"), Look("successful", LINES))
"""A job that is done when it is first looked at."""


def old_record(example: Example, images: Mapping[str, Mapping[str, str]], built: str) -> dict[str, Any]:
    """What `publish` would have left with the release `OLD`, whose stack image has the digest `built`."""
    commits = example.commits
    image = {"image": f"docker.io/{REPOSITORY}:{OLD}", "digest": built}
    components = [
        {
            "name": name.removeprefix("fragalysis-"),
            "repository": f"xchem/{name}",
            "tag": tag,
            "namespace": "xchem",
            "commit": commits[name][tag],
            "image": f"docker.io/xchem/{name}:{tag}",
            "digest": images[name][tag],
        }
        for name, tag in ((BACKEND, "2023.03.1"), (FRONTEND, "2023.05.3"))
    ]
    stack = {"repository": REPOSITORY, "tag": OLD, "commit": commits[STACK][OLD], **image}
    findings = [{"rule": "pin-ci", "subject": "backend", "status": "pass"}]
    return {"schema": 1, "stack": stack, "components": components, "findings": findings}


@dataclass
class Deployment:
    """Deploys for events of the worked example; `digest` is that of the stack's image as it was built."""

    world: World
    awx: AwxServer
    site: Site
    releases: GitHubReleases
    digest: str = ""

    def build(self, tag: str = "2023.06.2", content: str = "0") -> str:
        """Push the stack's image under a tag; other content is another image. Returns its digest."""
        return self.world.registry.push(REPOSITORY, tag, revision=content * 40)

    def inputs(self, **more: str) -> dict[str, str]:
        """The inputs of a production deployment as the build's workflow gives them."""
        world = self.world
        given: dict[str, Any] = {
            **NAMED,
            "command": "deploy",
            "token": TOKEN,
            "registry-url": world.registry.url,
            "expected-stack-commit": world.commit("2023.06.2"),
            "expected-backend-digest": world.digests[BACKEND]["2023.05.1"],
            "expected-frontend-digest": world.digests[FRONTEND]["2023.05.4"],
            "expected-stack-digest": self.digest,
            "awx-url": self.awx.url,
            "awx-username": ROBOT.username,
            "awx-password": ROBOT.password,
            "awx-template": TEMPLATE if is_production(more.get("environment", "production")) else STAGING_TEMPLATE,
            "verify-url": f"{self.site.url}/viewer/",
            "verify-text": "Stack {image-tag}",
            # One look is enough where nothing is said of several: between two a run waits for seconds.
            "verify-looks": "1",
            "wait-minutes": "1",
        }
        return given | {name.replace("_", "-"): value for name, value in more.items()}

    def start(self, event: Event | str = "2023.06.2", **more: str) -> Running:
        """Start a deployment for an event, or for the push of a tag; inputs by name with underscores."""
        if isinstance(event, str):
            event = push_tag(event, self.world.commit(event))
        program, url = self.world.program, self.world.github.url
        return program.start(event, self.inputs(**more), api_url=url)

    def deploy(self, event: Event | str = "2023.06.2", **more: str) -> Outcome:
        """Deploy to the end."""
        return self.start(event, **more).finish()

    def launched(self) -> Sequence[Mapping[str, Any]]:
        """The variables of each job that was launched."""
        return [job.variables for job in self.awx.jobs]


NO_EXPECTATIONS = dict.fromkeys(
    ("expected_stack_commit", "expected_backend_digest", "expected_frontend_digest", "expected_stack_digest"), ""
)
"""As a form that knows nothing gives them."""
