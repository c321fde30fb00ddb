"""Who approved what is released: the people whose approval a run has waited for."""

from __future__ import annotations

from collections.abc import Collection

from ...adapters.ports.publishing import Builds
from ...domain.evidence import Approval, Unknown
from ...inputs.context import Context
from ..journal import Journal


def approvals_of(builds: Builds, runs: Collection[int], journal: Journal) -> list[Approval]:
    """Return who approved the runs, each approval once. What cannot be seen is a note: nothing hangs on it."""
    found: list[Approval] = []
    for run in sorted({*runs} - {0}):
        seen = builds.approvals(run)
        if isinstance(seen, Unknown):
            journal.note(f"Who approved the run {run} could not be seen: {seen.reason.rstrip('.')}.")
        else:
            found += [one for one in seen if one not in found]
    return found


def own_run(context: Context, repository: str) -> int:
    """The run that we are part of if it is of that repository, else 0."""
    return context.run_id if context.repository.lower() == repository.lower() else 0
