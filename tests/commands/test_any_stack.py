"""A stack with three components of other names, which a step of its own deploys: no text has the words of another one.

All commands, done and refused: what they print, summarise, report, put out and write on GitHub.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from commands.conftest import World
from commands.deployment import REPOSITORY
from commands.desk import Desk
from commands.test_configuration import THREE, with_file
from world.events import Event, dispatch, push_branch, push_tag
from world.github_builds import GitHubBuilds
from world.github_releases import GitHubReleases
from world.github_server import TOKEN
from world.program import Outcome
from world.site import Site

TAG = "2023.06.3"
OWN = f"deployer: none\nstack-image: docker.io/{REPOSITORY}\n{THREE}"
FOREIGN = re.compile(r"(?i)(?<![a-z])(?:awx|b/e|f/e|back[ -]?end|front[ -]?end|fragalysis)")
_DATA = re.compile(
    r"fragalysis(?:-|#45;)(?:stack|backend|frontend)|# the (?:back|front)end's release|x-(?:back|front)end-\w+"
)
"""The names of the worked example's repositories, and the words of its workflow file, which stand for any stack's."""
_APPROVAL = re.compile(r"(sha256:[0-9a-f]{64}\.)([A-Za-z0-9_-]+)")


@dataclass
class Stack:
    """The stack on its servers, with a release that may be deployed."""

    world: World
    builds: GitHubBuilds
    releases: GitHubReleases
    site: Site
    digest: str

    def run(self, command: str, event: Event, **more: str) -> Outcome:
        """Run a command."""
        given = {"command": command, "token": TOKEN}
        if command != "announce":
            given["registry-url"] = self.world.registry.url
        given |= {name.replace("_", "-"): value for name, value in more.items()}
        return self.world.program.run(event, given, api_url=self.world.github.url)

    @property
    def tagged(self) -> Event:
        """The push of the release's tag."""
        return push_tag(TAG, self.world.commit(TAG))

    def deploy(self, **more: str) -> Outcome:
        """Verify for the step that deploys, or look after it."""
        found = json.loads(self.run("gate", self.tagged).outputs["components"])
        given = {
            "expected_stack_commit": self.world.commit(TAG),
            "expected_stack_digest": self.digest,
            "expected_components": json.dumps(found),
            "verify_url": f"{self.site.url}/viewer/",
            "verify_text": "Stack {image-tag} {stack-commit}\nStack {image-tag}",
            "verify_looks": "1",
            "wait_minutes": "0",
        }
        return self.run("deploy", self.tagged, **given | more)

    def audit(self, **more: str) -> Outcome:
        """Judge the history."""
        return self.run("audit", push_branch("master", self.world.commit(TAG)), stack_branch="master", **more)


@pytest.fixture
def shop(unseeded: World, builds: GitHubBuilds, releases_of: GitHubReleases, site: Site) -> Stack:
    """The stack."""
    world = with_file(unseeded, OWN)
    digest = world.registry.push(REPOSITORY, TAG, revision="0" * 40)
    site.page = f"Stack {TAG} {world.commit(TAG)}"
    return Stack(world, builds, releases_of, site, digest)


Run = Callable[[Stack], Outcome]
ALL = "api=2023.05.1,web=2023.05.4,worker=2023.05.1"
RUNS: Mapping[str, tuple[Run, int]] = {
    "gate": (lambda shop: shop.run("gate", shop.tagged), 0),
    "gate, refused": (lambda shop: shop.run("gate", shop.tagged, component_tags="api=2023.05.2"), 1),
    "gate, of no component": (lambda shop: shop.run("gate", shop.tagged, component_tags="abc=1"), 2),
    "deploy, first": (lambda shop: shop.deploy(), 0),
    "deploy, dry run": (lambda shop: shop.deploy(dry_run="true"), 0),
    "deploy, refused": (lambda shop: shop.deploy(expected_stack_digest="sha256:" + "9" * 64), 1),
    "deploy, nothing expected": (lambda shop: shop.deploy(expected_stack_digest="", expected_components=""), 2),
    "deploy, seen": (lambda shop: shop.deploy(deployment_outcome="success"), 0),
    "deploy, not seen": (
        lambda shop: shop.deploy(deployment_outcome="success", verify_text="No {image-tag} at {stack-commit}"), 1,
    ),
    "deploy, failed": (lambda shop: shop.deploy(deployment_outcome="failure"), 1),
    "deploy, cancelled": (lambda shop: shop.deploy(deployment_outcome="cancelled"), 1),
    "deploy, skipped": (lambda shop: shop.deploy(deployment_outcome="skipped"), 1),
    "deploy, changed": (
        lambda shop: shop.deploy(deployment_outcome="success", expected_stack_digest="sha256:" + "9" * 64), 1,
    ),
    "rollback without a record": (lambda shop: shop.deploy(rollback="true", ref="2023.06.1", deployer="none"), 1),
    "prepare": (
        lambda shop: shop.run(
            "prepare", dispatch("refs/heads/master", shop.world.commit(TAG)), component_tags=ALL, dry_run="true"
        ),
        0,
    ),
    "prepare, refused": (
        lambda shop: shop.run(
            "prepare", dispatch("refs/heads/master", shop.world.commit(TAG)), component_tags="web=2023.05.9"
        ),
        1,
    ),
    "publish, planned": (
        lambda shop: shop.run("publish", push_branch("master", shop.world.commit(TAG)), stack_tag=TAG, dry_run="true"),
        0,
    ),
    "announce": (lambda shop: shop.run("announce", shop.tagged, labels="release"), 0),
    "audit": (lambda shop: shop.audit(since=TAG), 0),
    "audit, of files without every version": (lambda shop: shop.audit(), 1),
    "doctor": (
        lambda shop: shop.run("doctor", push_branch("master", shop.world.commit(TAG)), environment="production"), 1,
    ),
}  # fmt: skip


def readable(text: str) -> str:
    """The text with what each plan's approval encodes: by chance, the code itself may spell any short word."""
    return _APPROVAL.sub(lambda line: line[1] + base64.urlsafe_b64decode(line[2] + "==").decode(), text)


def foreign(text: str) -> list[str]:
    """Each word of another stack, with what stands around it."""
    own = _DATA.sub("…", readable(text))
    return [own[max(0, hit.start() - 60) : hit.end() + 30] for hit in FOREIGN.finditer(own)]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", RUNS)
def test_no_run_speaks_of_another_stack(shop: Stack, name: str) -> None:
    """Log, summary, report, outputs, deployment records and tickets have the words of this stack alone."""
    run, status = RUNS[name]
    if name == "announce":
        Desk.of(shop.world)
    ended = run(shop)
    assert ended.status == status, ended.log
    # An output is named as the action names it; its value is what people read.
    said = [ended.log, ended.summary, json.dumps(ended.report), *ended.outputs.values()]
    github = shop.world.github
    said += [exchange.request.body.decode() for exchange in github.requests if exchange.request.method != "GET"]
    assert [hit for text in said for hit in foreign(text)] == []
    github.assert_valid()


def test_the_search_for_other_words_finds_them() -> None:
    """Names of repositories are data; all else that names another stack is found, however it is written."""
    assert foreign("xchem/fragalysis-backend, api and `web`; a frag-release-action") == []
    found = "the Backend's tag, a front-end, AWX, INPUT_AWX_URL, the b/e"
    assert len(foreign(found)) == 5


def test_the_code_of_an_approval_is_read_and_not_searched() -> None:
    """Base64 that spells a word by chance is none (`ilaa` becomes aWxhYQ), and a word that it encodes is found."""
    digest = "sha256:" + "0" * 64
    assert foreign(f"plan={digest}.aWxhYQ") == []
    assert foreign(f"plan={digest}.YXd4") == [f"plan={digest}.awx"[-63:]]
