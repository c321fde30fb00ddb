"""The page with the figures: docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.figures import Figures, Target
from benchmarks.scale import Scale

_PAGE = """\
# How long a gate takes

Measured by `make bench`: whole processes, one after the other, taking turns, each asking about the worked example's
release `2023.06.2`. Whoever is measured makes the same checks and must come to the same verdict, on a good release
and on two bad ones.

{machine}

![Seconds from start to verdict, by delay](benchmark.svg)

{table}

What a runner downloads, made as GitHub makes it (`git archive`, with `export-ignore`):

{sizes}

- *Cold start* is what a job waits for: *unpacking* that download (`tar -xzf`), and the *time*. Downloading itself is
  not in it. A release has bytecode for three Pythons; if one of those is not on this machine, another takes its place.
- **bundle** is the action as it is published, **bare checkout** the action from a branch or a commit, which first
  installs its packages. Both start from a freshly unpacked folder, as on a fresh runner: nothing is left of earlier
  runs. A *second use* is another step of the same job. `check-origin` is off, as no other contestant asks for that.
- **JavaScript action** makes the same checks with `@actions/core` and `@octokit/rest`, everything in parallel, in one
  file by esbuild, as such actions are published. **Shell script** makes them with `gh api`, `jq` and `curl`, one
  after the other, as they are written today. Both are in `tests/benchmarks`.
- The *delay* is added to every reply of the servers: the GitHub emulator `emulate` and a real registry, over TLS with
  the usual list of certificates. Opening a connection costs no delay here, as it does on a network; the shell script,
  which opens one for each question, is spared the most by that.
- *Time* is the median, in brackets the middle half of the runs. *First request* is from the start of the process to
  the arrival at the server. *Memory* is the highest peak of the largest process, for a bare checkout that of pip.

## Targets

{targets}

## Long histories

The same gate where each of the three repositories has had so many more commits, each with a production tag of
another year, without delay. These histories are served by a light server of the tests, which answers from clones
(the emulator takes minutes to hold them) and remembers its answers. *On clones* the gate reads them itself, where
git walks through all commits between a tag and the head of its branch.

{scale}

An audit reads all of a history, so what it costs grows with the releases; of each of three repositories:

{audits}

## Measuring again

`make bench` takes about {minutes} minutes, needs Debian's `gh`, `jq`, `curl` and `docker-registry`, and writes this
page, the picture, and every single sample to `build/benchmarks/samples.json`. Let nothing else run beside it.
"""


def page(
    machine: str,
    figures: Sequence[Figures],
    sizes: Mapping[str, tuple[int, int]],
    targets: Sequence[Target],
    scales: Sequence[Scale],
    audits: str,
    minutes: int,
) -> str:
    """Write the page; `audits` is a table already."""
    return _PAGE.format(
        machine=f"On {machine}; medians of {_runs(figures)} runs.",
        table=figures_table(figures),
        sizes=sizes_table(sizes),
        targets=targets_table(targets),
        scale=scale_table(scales),
        audits=audits,
        minutes=minutes,
    )


def figures_table(figures: Sequence[Figures]) -> str:
    """The table of all contestants at all delays."""
    rows = [
        [
            f"{one.delay} ms",
            one.name,
            f"{one.seconds:.2f} s ({one.lower:.2f} to {one.upper:.2f})",
            f"{one.first_request:.2f} s",
            str(one.requests),
            f"{one.cpu_seconds:.2f} s",
            f"{one.peak_mib:.0f} MiB",
            f"{one.unpack_seconds:.2f} s",
            f"{one.cold_seconds:.2f} s",
        ]
        for one in figures
    ]
    heads = ["delay", "", "time", "first request", "requests", "CPU time", "memory", "unpacking", "cold start"]
    return _table(heads, rows, right=7)


def sizes_table(sizes: Mapping[str, tuple[int, int]]) -> str:
    """The table of downloads: bytes and files of each contestant."""
    rows = [[name, f"{size / 1e6:.2f} MB", f"{files:,}"] for name, (size, files) in sizes.items()]
    return _table(["", "download", "files"], rows, right=2)


def targets_table(targets: Sequence[Target]) -> str:
    """The table of promises."""
    rows = [
        [
            one.words,
            f"{one.most:g}{one.unit}",
            f"{one.found:.2f}{one.unit}" if one.found < 10 else f"{one.found:.0f}{one.unit}",
            "yes" if one.met else f"**no**, {one.found / one.most - 1:.0%} over",
        ]
        for one in targets
    ]
    return _table(["", "at most", "measured", "met"], rows, right=2)


def scale_table(scales: Sequence[Scale]) -> str:
    """The table of sizes."""
    rows = [
        [f"{one.size:,}", f"{one.seconds:.2f} s", str(one.requests), f"{one.seconds_on_clones:.2f} s"] for one in scales
    ]
    return _table(["commits and tags more", "time", "requests", "on clones"], rows, right=4)


def _runs(figures: Sequence[Figures]) -> str:
    counts = sorted({one.runs for one in figures})
    return str(counts[0]) if len(counts) == 1 else f"{counts[-1]} (bare checkout {counts[0]})"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: int) -> str:
    """A Markdown table whose last `right` columns hold numbers, but for words that a reader wants at the left."""
    rules = ["---" if place < len(heads) - right else "---:" for place in range(len(heads))]
    lines = [heads, rules, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
