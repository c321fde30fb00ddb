"""What CI runs say, for every rule that judges them."""

from __future__ import annotations

from collections.abc import Sequence

from ..evidence import Run


def latest_runs(runs: Sequence[Run]) -> list[Run]:
    """Keep the newest run of each workflow: a tag pushed a second time has several."""
    newest: dict[str, Run] = {}
    for run in sorted(runs, key=lambda run: run.number):
        newest[run.workflow] = run
    return [newest[workflow] for workflow in sorted(newest)]


def is_named(run: Run, name: str) -> bool:
    """Whether a workflow is meant by its path, its file, or its name."""
    return name in (run.workflow, run.workflow.rpartition("/")[2], run.name)


def names_of(runs: Sequence[Run]) -> str:
    """Return the names of the runs for people, each once."""
    return ", ".join(dict.fromkeys(run.name for run in runs))
