"""What a gate costs when the repositories have had long lives: more commits, and more tags of other years."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contestants import LocalAction, OurAction
from benchmarks.course import GOOD, Proxies, Release
from benchmarks.measuring import Sample, measure
from world.clones_on_github import ClonesOnGithub
from world.example import STACK, Example, build_example
from world.faults import Reply, json_reply
from world.git import Repo
from world.loopback import Request
from world.registry import Registry
from world.scene import push_images
from world.workflow_runs import Run

SIZES = (10, 100, 1_000, 10_000)
_YEARS = range(2001, 2023)
"""Years without a release in the example."""
_MONTHS = 12


@dataclass(frozen=True)
class Scale:
    """The gate's cost where each repository has `size` more commits and as many more tags."""

    size: int
    seconds: float
    requests: int
    seconds_on_clones: float


class LongLived(ClonesOnGithub):
    """A GitHub that answers from the clones, each question once: what is measured then is the gate, not the server.

    Every tag of the components has passed its CI.
    """

    def __init__(self, example: Example) -> None:
        super().__init__(example.repositories)
        self._example = example
        self._known: dict[str, Reply] = {}

    def answer(self, request: Request) -> Reply:
        """The reply, from memory where the same was asked before."""
        if request.target not in self._known:
            self._known[request.target] = self._entry(request) or self._runs(request) or super().answer(request)
        return self._known[request.target]

    def _entry(self, request: Request) -> Reply | None:
        repo = self._example.repositories.get(request.path.removeprefix("/repos/"))
        return json_reply(200, {"default_branch": repo.default_branch}) if repo else None

    def _runs(self, request: Request) -> Reply | None:
        match = re.fullmatch(r"/repos/([^/]+/([^/]+))/actions/runs", request.path)
        if match is None:
            return None
        tag = request.query["branch"][0]
        run = Run(match[1], 1, tag, self._example.commits[match[2]][tag])
        return json_reply(200, {"total_count": 1, "workflow_runs": [run.as_json(self.url, False)]})


def measure_scale(bundle: Path, folder: Path, runs: int, sizes: Sequence[int] = SIZES) -> Iterator[Scale]:
    """Measure each size, from small to large; `folder` is empty."""
    registry = Registry(folder / "registry")
    try:
        for size in sizes:
            yield _at(size, bundle, folder / str(size), registry, runs)
    finally:
        registry.stop()


def _at(size: int, bundle: Path, folder: Path, registry: Registry, runs: int) -> Scale:
    example = build_example(folder / "example")
    for repo in example.repositories.values():
        grow(repo, size)
    push_images(registry, example)
    server = LongLived(example)
    proxies = Proxies(folder / "proxies", [server.port, registry.port])
    try:
        api_url, registry_url = proxies.urls
        release = Release(GOOD, example.commits[STACK][GOOD], api_url, registry_url, proxies.trusted)
        remote = _samples(OurAction("gate", bundle), release, proxies, runs)
        local = _samples(LocalAction("gate on clones", bundle, clones=example.folder), release, proxies, runs)
        assert not server.errors, server.errors
    finally:
        proxies.stop()
        server.stop()
    return Scale(
        size,
        statistics.median(one.seconds for one in remote),
        max(one.requests for one in remote),
        statistics.median(one.seconds for one in local),
    )


def _samples(contestant: OurAction, release: Release, proxies: Proxies, runs: int) -> list[Sample]:
    # The first is not counted: with it the server learns its answers.
    return [measure(contestant, release, proxies, 0) for _ in range(runs + 1)][1:]


def grow(repo: Repo, size: int) -> None:
    """Add `size` commits to the default branch, and a production tag of a year gone by to each of them."""
    commits = repo.fast_history(size)
    month = -(-size // (len(_YEARS) * _MONTHS))
    names = (f"{year}.{number:02d}.{one}" for year in _YEARS for number in range(1, 13) for one in range(1, month + 1))
    lines = [f"create refs/tags/{name} {commit}\n" for name, commit in zip(names, commits, strict=False)]
    assert len(lines) == size
    repo.git("update-ref", "--stdin", stdin="".join(lines).encode())
    repo.git("pack-refs", "--all")
