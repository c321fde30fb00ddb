"""The program and the worked example on a GitHub and a registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from commands.deployment import AT_ONCE, STAGING_TEMPLATE, TEMPLATE, Deployment
from process.bundle import bundle_action
from process.gates import ROOT
from world.awx import AwxServer
from world.events import Event, push_tag
from world.example import STACK, Example
from world.fault_proxy import Stranger
from world.forks import Forks
from world.github_builds import PASSED, GitHubBuilds
from world.github_releases import GitHubReleases
from world.github_server import TOKEN, GitHubServer
from world.hurried import hurried
from world.program import Outcome, Program
from world.registry import Registry
from world.scene import push_images, seed_example
from world.site import Site
from world.workflow_runs import NAMED

if TYPE_CHECKING:
    from commands.stack import Stack


@pytest.fixture(scope="session")
def action_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The action with its dependencies beside it."""
    return bundle_action(ROOT, tmp_path_factory.mktemp("action") / "frag-release-action")


@pytest.fixture(scope="session")
def forks(action_folder: Path) -> Iterator[Forks]:
    """What the program's processes are forked from."""
    forks = Forks(action_folder)
    yield forks
    forks.stop()


@dataclass
class World:
    """The worked example on servers, and the gate to be asked about it."""

    program: Program
    example: Example
    github: GitHubServer
    registry: Registry
    digests: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def seed(self) -> World:
        """Put the example, as it is now, on the servers; every component tag with CI and image."""
        seed_example(self.github, self.example)
        self.digests = push_images(self.registry, self.example)
        self.github.requests.clear()
        return self

    def commit(self, tag: str) -> str:
        """The commit of a tag of the stack."""
        return self.example.commits[STACK][tag]

    def gate(self, event: Event | str = "2023.06.2", **inputs: str) -> Outcome:
        """Ask the gate about an event, or about the push of a tag; inputs by name with underscores."""
        return self.gate_where({}, event, **inputs)

    def gate_where(self, environment: Mapping[str, str], event: Event | str = "2023.06.2", **inputs: str) -> Outcome:
        """The same in a run with more variables than every run has."""
        if isinstance(event, str):
            event = push_tag(event, self.commit(event))
        given = {"token": TOKEN, "registry-url": self.registry.url, **NAMED}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        return self.program.run(event, given, api_url=self.github.url, environment=environment)


@pytest.fixture(scope="session")
def stranger() -> Iterator[Stranger]:
    """The server that redirects lead to."""
    server = Stranger()
    yield server
    server.stop()


@pytest.fixture
def program(action_folder: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Program:
    """The program of the action; each run is a fork, or for a test that is marked `new_python` a new Python.

    For a test that is marked `hurried` its own pauses are over in a moment, and count as the time that they are.
    """
    afresh = request.node.get_closest_marker("new_python")
    program = Program(action_folder, tmp_path / "runs", forks=None if afresh else request.getfixturevalue("forks"))
    return hurried(program, whole=True) if request.node.get_closest_marker("hurried") else program


@pytest.fixture
def unseeded(program: Program, example: Example, github: GitHubServer, registry: Registry) -> World:
    """The worked example beside empty servers: change it, then seed."""
    return World(program, example, github, registry)


@pytest.fixture
def world(unseeded: World) -> World:
    """The worked example on servers."""
    return unseeded.seed()


def go_back(example: Example) -> None:
    """Make the stack as it was before 2023.06.2: older pins on master, and no such tag."""
    for tag in ("2023.06.2", "2023.06.2-rc.1"):
        example.stack.delete(f"refs/tags/{tag}")
    example.stack.branch("master", example.commits[STACK]["2023.06.1"])


@pytest.fixture
def before_release(unseeded: World) -> World:
    """The worked example on servers as it was before its release: the file holds 2023.03.1 and 2023.05.3."""
    go_back(unseeded.example)
    return unseeded.seed()


@pytest.fixture
def clones(unseeded: World, tmp_path: Path) -> World:
    """The same on the local forge: bare clones below `clones`, named by the world's `folder`."""
    go_back(unseeded.example)
    for name, repository in unseeded.example.repositories.items():
        repository.clone(tmp_path / "clones" / f"{name.partition('/')[2]}.git", bare=True)
    return unseeded


@pytest.fixture
def stack(before_release: World, builds: GitHubBuilds, releases_of: GitHubReleases) -> Stack:
    """The stack before the worked example's release, on servers that build and release; master has the older pair."""
    from commands.stack import REPOSITORY, Stack  # it needs what is above

    # The image that the build of the tag pushes.
    builds.pushes = before_release.registry.push(REPOSITORY, "2023.06.2", revision="0" * 40)
    builds.script = (PASSED,)
    return Stack(before_release, builds, releases_of)


@pytest.fixture
def ready(world: World, awx: AwxServer, site: Site, releases_of: GitHubReleases) -> Deployment:
    """The worked example built, with templates that deploy at once: of production, and of staging."""
    awx.add_template(TEMPLATE, script=AT_ONCE)
    awx.add_template(STAGING_TEMPLATE, script=AT_ONCE)
    deployment = Deployment(world, awx, site, releases_of)
    deployment.digest = deployment.build()
    return deployment


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """After the tests of cancelled runs and of pairs, say how they ended."""
    from commands.at_once import report_pairs  # they need what is above
    from commands.faults import report_faults
    from commands.signals import report_table

    report_table(terminalreporter)
    report_pairs(terminalreporter)
    report_faults(terminalreporter)
