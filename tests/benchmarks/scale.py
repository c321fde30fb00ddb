"""What a gate costs when the repositories have had long lives: more commits, and more tags of other years."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.answers import AnswerServer
from benchmarks.contestants import LocalAction, OurAction
from benchmarks.course import GOOD, Proxies, Release
from benchmarks.measuring import Sample, measure
from world.example import STACK, build_example
from world.git import Repo
from world.registry import Registry
from world.scene import push_images

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
    server = AnswerServer(example.repositories)
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
