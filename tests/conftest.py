"""Guards around every test, and the test world's servers as fixtures: one of each kind per worker."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings

from world.awx import AwxServer
from world.example import Example, build_example, copy_example
from world.github_builds import GitHubBuilds
from world.github_people import GitHubPeople
from world.github_releases import GitHubReleases
from world.github_server import GitHubServer
from world.guards import forbid_network, isolate_environment
from world.registry import BasicRegistry, Registry, TokenRegistry
from world.scene import seed_example
from world.site import Site

NOTHING_MAY_BE_SKIPPED = bool(os.environ.get("TESTS_REQUIRE_ALL"))
# Generated tests measure what is right, not how fast: a busy machine must not fail them.
settings.register_profile("unhurried", parent=settings(), deadline=None)
settings.register_profile("torture", parent=settings(), deadline=None, max_examples=50 * settings().max_examples)
settings.load_profile("unhurried")
AnyRegistry = TypeVar("AnyRegistry", bound=Registry)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `make torture` asks for."""
    parser.addoption("--every-case", action="store_true", help="run every case of the tests that are marked `sampled`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of a test that is marked `sampled` keep so many cases, evenly from the first to the last."""
    if config.getoption("--every-case"):
        return
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("sampled"):
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    left_out: list[pytest.Item] = []
    for own in cases.values():
        (keep,) = next(own[0].iter_markers("sampled")).args
        kept = {round(at * (len(own) - 1) / max(keep - 1, 1)) for at in range(keep)}
        left_out += [item for at, item in enumerate(own) if at not in kept]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


@pytest.fixture(autouse=True)
def guarded(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No network beyond loopback, nothing from the runner's environment, a home of its own."""
    forbid_network(monkeypatch)
    # Not by `mktemp`, which looks through all that it has made before.
    isolate_environment(monkeypatch, Path(tempfile.mkdtemp(prefix="home-", dir=tmp_path_factory.getbasetemp())))


@pytest.fixture(scope="session")
def _built_example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    return build_example(tmp_path_factory.mktemp("built") / "example")


@pytest.fixture
def example(_built_example: Example, tmp_path: Path) -> Example:
    """The worked example, fresh: tests may change it."""
    return copy_example(_built_example, tmp_path / "example")


@pytest.fixture(scope="session")
def _github() -> Iterator[GitHubServer]:
    server = GitHubServer()
    yield server
    server.stop()


@pytest.fixture
def github(_github: GitHubServer) -> Iterator[GitHubServer]:
    """A GitHub without repositories. At the end every request must have been a valid one."""
    _github.clear()
    yield _github
    _github.assert_valid()


@pytest.fixture
def releases_of(github: GitHubServer) -> GitHubReleases:
    """The releases of that GitHub, which else has its emulator's."""
    github.parts.append(part := GitHubReleases(github))
    return part


@pytest.fixture
def builds(github: GitHubServer) -> GitHubBuilds:
    """The builds of that GitHub, which else starts none."""
    github.parts.append(part := GitHubBuilds(github))
    return part


@pytest.fixture
def people(github: GitHubServer) -> GitHubPeople:
    """The people of that GitHub and their boards, which else has no more than issues."""
    github.parts.append(part := GitHubPeople(github))
    return part


@pytest.fixture
def github_example(github: GitHubServer, example: Example) -> GitHubServer:
    """A GitHub that holds the worked example, with a passed CI run for every component tag."""
    seed_example(github, example)
    return github


@pytest.fixture(scope="session")
def _awx() -> Iterator[AwxServer]:
    server = AwxServer()
    yield server
    server.stop()


@pytest.fixture
def awx(_awx: AwxServer) -> Iterator[AwxServer]:
    """An AWX with accounts, and without templates and jobs."""
    _awx.reset()
    yield _awx
    assert _awx.errors == []


@pytest.fixture(scope="session")
def _site(_awx: AwxServer) -> Iterator[Site]:
    site = Site(_awx)
    yield site
    site.stop()


@pytest.fixture
def site(_site: Site) -> Iterator[Site]:
    """The site that shows what the AWX has deployed last; nobody may show it a login."""
    _site.clear()
    yield _site
    assert _site.errors == []
    assert not [one for one in _site.requests if "authorization" in one.headers or "cookie" in one.headers]


def _running(registry: AnyRegistry) -> Iterator[AnyRegistry]:
    yield registry
    registry.stop()


def _folder(factory: pytest.TempPathFactory) -> Path:
    if shutil.which("docker-registry") is None and not NOTHING_MAY_BE_SKIPPED:
        pytest.skip("docker-registry is not installed (Debian package of that name; .ci/run installs it)")
    return factory.mktemp("registry")


@pytest.fixture(scope="session")
def _registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    yield from _running(Registry(_folder(tmp_path_factory)))


@pytest.fixture(scope="session")
def _basic_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BasicRegistry]:
    yield from _running(BasicRegistry(_folder(tmp_path_factory)))


@pytest.fixture(scope="session")
def _token_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenRegistry]:
    yield from _running(TokenRegistry(_folder(tmp_path_factory)))


def _clean(registry: AnyRegistry) -> Iterator[AnyRegistry]:
    registry.clear()
    yield registry
    assert registry.errors == []


@pytest.fixture
def registry(_registry: Registry) -> Iterator[Registry]:
    """A real registry without a login. What other tests pushed may be there: push under names of your own."""
    yield from _clean(_registry)


@pytest.fixture
def basic_registry(_basic_registry: BasicRegistry) -> Iterator[BasicRegistry]:
    """A real registry behind a user name and password."""
    yield from _clean(_basic_registry)


@pytest.fixture
def token_registry(_token_registry: TokenRegistry) -> Iterator[TokenRegistry]:
    """A real registry that asks for bearer tokens of a token service."""
    _token_registry.tokens.private.clear()
    yield from _clean(_token_registry)
