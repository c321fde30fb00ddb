"""The page with the figures: docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.figures import Figures, Target
from benchmarks.scale import Scale

_PAGE = """\
# How long a gate takes

Measured by `make bench`: whole processes, run one after the other in turns, each judging the worked example's
release `2023.06.2`. All contestants make the same checks and must reach the same verdict, on a good release and on two
bad ones.

{machine}

![Seconds from start to verdict, by delay](benchmark.svg)

{table}

What a runner downloads, built as GitHub builds it (`git archive`, with `export-ignore`):

{sizes}

- *Cold start* is what a job waits for: *unpacking* that download (`tar -xzf`), plus the *time*. It does not include
  the download itself. A release has bytecode for three Pythons; if one of them is missing on this machine, another
  replaces it.
- **bundle** is the action as it is published, **bare checkout** the action from a branch or a commit, which first
  installs its packages. Both start from a freshly unpacked folder, as on a fresh runner, with nothing left of earlier
  runs. A *second use* is another step of the same job. `check-origin` is off, because no other contestant checks it.
- **JavaScript action** makes the same checks with `@actions/core` and `@octokit/rest`, everything in parallel, bundled
  into one file by esbuild, as such actions are published. **Shell script** makes them with `gh api`, `jq` and `curl`,
  one after the other, as such scripts are written today. Both are in `tests/benchmarks`.
- The *delay* is added to every response of the servers: the GitHub emulator `emulate` and a real registry, over TLS
  with the usual list of certificates. Unlike on a network, opening a connection is not delayed; the shell script, which
  opens one for each request, benefits most from that.
- *Time* is the median, with the middle half of the runs in brackets. *First request* is measured from the start of the
  process to the arrival at the server. *Memory* is the peak of the largest process, for a bare checkout that of pip.

## Targets

{targets}

## Long histories

The same gate when each of the three repositories has that many more commits, each with a production tag of another
year, without delay. These histories come from a small test server, which reads clones (the emulator needs minutes to
load them) and caches its responses. *On clones*, the gate reads the clones itself, and git walks through all commits
between a tag and the head of its branch.

{scale}

An audit reads the whole history, so its cost grows with the number of releases; for each of three repositories:

{audits}

## Measuring again

`make bench` takes about {minutes} minutes, needs Debian's `gh`, `jq`, `curl` and `docker-registry`, and writes this
page, the picture, and every sample to `build/benchmarks/samples.json`. Run nothing else at the same time.
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
