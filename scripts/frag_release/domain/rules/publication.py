"""Rules on the stack's commit before it is tagged."""

from __future__ import annotations

from ..evidence import Unknown
from ..facts import StackFacts
from ..findings import Outcome
from .ci_runs import is_named, latest_runs, names_of
from .rule import Rule, failed, passed, rule, skipped, unknown


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
    runs = latest_runs(facts.ci)
    missing = [name for name in facts.ci_workflows if not any(is_named(run, name) for run in runs)]
    if missing:
        remedy = "If the commit was just pushed, wait and run this again. Otherwise check the names in "
        why = Unknown(f"there is no run of {', '.join(missing)} on it", f"{remedy}stack-ci-workflows.")
        return unknown(what, why)
    chosen = [run for run in runs if any(is_named(run, name) for name in facts.ci_workflows)]
    broken = [run for run in chosen if run.status == "completed" and run.conclusion != "success"]
    if broken:
        ended = ", ".join(f"{run.name} ended as {run.conclusion or 'unknown'}" for run in broken)
        return failed(f"{what} did not pass: {ended}.", f"Open {broken[0].url}, and mend what is wrong.", broken[0].url)
    running = [run for run in chosen if run.status != "completed"]
    if running:
        remedy = f"Wait until it has ended ({running[0].url}), then run this again."
        return unknown(
            what, Unknown(f"{names_of(running)} is still {running[0].status.replace('_', ' ')}", remedy), running[0].url
        )
    return passed(f"{names_of(chosen)} passed on the commit of {facts.tag}.", chosen[0].url)


PUBLICATION_RULES: tuple[Rule[StackFacts], ...] = (stack_ci,)
