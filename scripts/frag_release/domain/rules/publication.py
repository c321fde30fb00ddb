"""Rules on the stack's commit before it is tagged."""

from __future__ import annotations

from collections.abc import Sequence

from ..evidence import DISPATCH, PUSH, Run, Unknown
from ..facts import StackFacts
from ..findings import Outcome
from ..run_limits import how_to_rerun
from .pin_ci import broken, choose, counted, files_of, has_names, running, unheard_of
from .rule import Occasion, Rule, passed, rule, skipped, unknown

_GIVEN_IN = "stack-ci-workflows"


@rule(
    "stack-ci",
    StackFacts,
    when={Occasion.PUBLICATION, Occasion.BASELINE},
    fails_when="publish: a workflow in `stack-ci-workflows` has not passed on the commit",
    remedy="Run that workflow again on the commit until it passes, or mend what it found.",
    mends_elsewhere=True,
)
def stack_ci(facts: StackFacts) -> Outcome:
    """What is released has passed the stack's own checks."""
    if not facts.ci_workflows:
        return skipped("The input stack-ci-workflows names none.")
    what = f"The CI of {facts.repository} for the commit of {facts.tag}"
    if isinstance(facts.ci, Unknown):
        return unknown(what, facts.ci)
    if has_names(facts.ci_workflows) and isinstance(facts.workflows, Unknown):
        return unknown(f"The files of the workflows of {facts.repository}", facts.workflows)
    runs = counted(facts.ci)
    chosen = choose(runs, facts.ci_workflows, () if isinstance(facts.workflows, Unknown) else facts.workflows)
    if chosen.missing:
        why, url = _no_run(chosen.missing, facts.ci)
        return unknown(what, why, url, may_settle=True)
    return (
        unheard_of(what, chosen, runs, _GIVEN_IN)
        or broken(f"{what} did not pass", chosen.runs, _mend)
        or running(what, chosen.runs)
        or passed(f"{files_of(chosen.runs)} passed on the commit of {facts.tag}.", chosen.runs[0].url)
    )


def _no_run(missing: Sequence[str], runs: Sequence[Run]) -> tuple[Unknown, str]:
    """Return why nothing is known, and the address of a run that was seen and does not count, if there is one."""
    files = {name.split(" (")[0] for name in missing}
    others = [run for run in runs if {run.file, run.workflow} & files and run.event not in (PUSH, DISPATCH)]
    reason, url = f"there is no run of {', '.join(missing)} on it", ""
    remedy = f"If the commit was just pushed, wait and run this again. Otherwise check the names in {_GIVEN_IN}: only "
    if others:
        other = max(others, key=lambda run: run.id)
        url = other.url
        reason += f" that counts. {other.file} ran for it, started by {other.event} ({url})"
        remedy = f"Have {other.file} started by a push of the branch, or start it there by workflow_dispatch: only "
    return Unknown(reason, f"{remedy}runs of a push of the branch count, or of workflow_dispatch on it."), url


def _mend(run: Run) -> str:
    return f"Mend what is wrong, then {how_to_rerun(run.url, None)}. Later, prepare a release of a newer commit."


PUBLICATION_RULES: tuple[Rule[StackFacts], ...] = (stack_ci,)
