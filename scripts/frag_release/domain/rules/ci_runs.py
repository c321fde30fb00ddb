"""What CI runs say, for every rule that judges them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..evidence import DISPATCH, PUSH, Run, Unknown, Workflow
from ..findings import Outcome
from ..run_limits import who_lets_go
from .rule import failed, unknown

_HELD = {"pending": "pending behind another run of its concurrency group"}
"""What a word of GitHub's for a run means that says too little; each other word is told as it is."""


@dataclass(frozen=True)
class Chosen:
    """The runs that count; `missing` are files without a run, `unheard` names that no workflow has."""

    runs: Sequence[Run]
    missing: Sequence[str] = ()
    unheard: Sequence[str] = ()


def has_names(given: Sequence[str]) -> bool:
    """Whether what is given as workflows holds a name: to find its file, the list of workflows is needed."""
    return not all(map(_is_file, given))


def counted(runs: Sequence[Run]) -> list[Run]:
    """Return the runs that are evidence: of each workflow those of pushes; what was dispatched if there are none.

    All of them: a run that failed is not hidden by a later one. (An attempt is, for GitHub shows the latest.)
    """
    pushed = {run.workflow for run in runs if run.event == PUSH}
    own = [run for run in runs if run.event in (PUSH, DISPATCH)]
    chosen = [run for run in own if run.event == PUSH or run.workflow not in pushed]
    return sorted(chosen, key=lambda run: (run.workflow, run.id))


def choose(runs: Sequence[Run], given: Sequence[str], workflows: Sequence[Workflow]) -> Chosen:
    """Return the runs of the workflows that are `given` by file or name; all where none is.

    Several workflows may have one name. Then all of them are meant, so that none stands in for another.
    """
    if not given:
        return Chosen(runs)
    meant = {name: _meant(runs, name, workflows) for name in given}
    by_file = {file: own for found in meant.values() for file, own in found.items()}
    return Chosen(
        list(dict.fromkeys(run for own in by_file.values() for run in own)),
        [file for file, own in by_file.items() if not own],
        [name for name, found in meant.items() if not found],
    )


def files_of(runs: Sequence[Run]) -> str:
    """Return the files of the workflows that ran, each once, for people."""
    return ", ".join(dict.fromkeys(run.file for run in runs))


def broken(what: str, runs: Sequence[Run], remedy: Callable[[Run], str]) -> Outcome | None:
    """Return a failure where a run has ended otherwise than well."""
    found = [run for run in runs if run.failed]
    if not found:
        return None
    ended = ", ".join(f"{run.file} ended as {run.conclusion or 'unknown'}" for run in found)
    return failed(f"{what}: {ended}.", remedy(found[0]), found[0].url)


def running(what: str, runs: Sequence[Run]) -> Outcome | None:
    """Return that nothing is known yet where a run has not ended."""
    found = [run for run in runs if not run.is_over]
    if not found:
        return None
    if held := [run for run in found if run.is_held]:
        why = Unknown(
            f"GitHub holds {files_of(held)} until somebody approves it", who_lets_go(held[0].status, held[0].url)
        )
        return unknown(what, why, held[0].url, may_settle=True)
    status = found[0].status
    why = Unknown(
        f"{files_of(found)} is still {_HELD.get(status, status.replace('_', ' '))}",
        f"Wait until it has ended ({found[0].url}), then run this again.",
    )
    return unknown(what, why, found[0].url, may_settle=True)


def unheard_of(what: str, chosen: Chosen, ran: Sequence[Run], given_in: str) -> Outcome | None:
    """Return that a name which is `given_in` an input is that of no workflow."""
    if not chosen.unheard:
        return None
    what_ran = f"the files that ran are {files_of(ran)}" if ran else "nothing ran"
    why = Unknown(
        f"no workflow is named {', '.join(chosen.unheard)}, and {what_ran}",
        f"Correct the input {given_in}: name each workflow by its file, such as ci.yaml.",
    )
    return unknown(what, why)


def _is_file(name: str) -> bool:
    return name.endswith((".yml", ".yaml"))


def _meant(runs: Sequence[Run], name: str, workflows: Sequence[Workflow]) -> dict[str, list[Run]]:
    """Return the runs of each workflow that is meant by its path, its file, or its name."""
    if _is_file(name):
        return {name: [run for run in runs if name in (run.workflow, run.file)]}
    named = [one for one in workflows if name in (one.name, one.file)]
    found = {one: [run for run in runs if run.workflow_id == one.id] for one in named}
    # A file that is gone runs no more, but what it did stands.
    return {f"{one.file} ({name})": own for one, own in found.items() if own or not one.deleted}
