"""Rules on the stack's commit before it is tagged."""

from __future__ import annotations

from ..evidence import Run, Unknown
from ..facts import StackFacts
from ..findings import Outcome
from ..run_limits import how_to_rerun
from .ci_runs import broken, choose, counted, files_of, has_names, running, unheard_of
from .rule import Rule, passed, rule, skipped, unknown

_GIVEN_IN = "stack-ci-workflows"


@rule(
    "stack-ci",
    "stack",
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
        remedy = (
            f"If the commit was just pushed, wait and run this again. Otherwise check the names in {_GIVEN_IN}: only "
            "runs of a push of the branch count, or of workflow_dispatch on it."
        )
        why = Unknown(f"there is no run of {', '.join(chosen.missing)} on it", remedy)
        return unknown(what, why, may_settle=True)
    return (
        unheard_of(what, chosen, runs, _GIVEN_IN)
        or broken(f"{what} did not pass", chosen.runs, _mend)
        or running(what, chosen.runs)
        or passed(f"{files_of(chosen.runs)} passed on the commit of {facts.tag}.", chosen.runs[0].url)
    )


def _mend(run: Run) -> str:
    return f"Mend what is wrong, then {how_to_rerun(run.url, None)}. Later, prepare a release of a newer commit."


PUBLICATION_RULES: tuple[Rule[StackFacts], ...] = (stack_ci,)
