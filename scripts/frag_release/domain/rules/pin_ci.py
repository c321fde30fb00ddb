"""The rule on a component's CI: have its workflows passed for this very tag, and for the image that is there now?

Every rule that judges CI runs interprets them with the functions here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...dataclass import dataclass
from ..evidence import (
    DISPATCH,
    KEPT_DAYS,
    PUSH,
    RERUN_DAYS,
    Answer,
    Image,
    NotOffered,
    Placement,
    Run,
    Unknown,
    Workflow,
    days_between,
    how_to_rerun,
    may_be_of_branch,
    who_approves,
)
from ..facts import ComponentFacts, Recorded
from ..findings import Outcome, Status
from .pins import AFTER_TAGGING, NO_SUCH_TAG
from .rule import failed, passed, rule, skipped, unknown, warned

_HELD = {"pending": "pending behind another run of its concurrency group"}
"""Run states of GitHub that need an explanation; the others are shown as they are."""


@dataclass(frozen=True)
class Chosen:
    """The runs that count; `missing` are files without a run, `unmatched` are names that no workflow has."""

    runs: Sequence[Run]
    missing: Sequence[str] = ()
    unmatched: Sequence[str] = ()

    @property
    def missing_files(self) -> frozenset[str]:
        """The files without a run, without the workflow names in parentheses."""
        return frozenset(name.split(" (")[0] for name in self.missing)


def has_names(given: Sequence[str]) -> bool:
    """Whether a workflow is given by name: then the list of workflows is needed to find its file."""
    return not all(map(_is_file, given))


def counted(runs: Sequence[Run]) -> list[Run]:
    """Return the runs that are evidence: for each workflow those of pushes, or the dispatched ones if there are none.

    A failed run is not hidden by a later run, only by a later attempt: GitHub returns the latest one.
    """
    pushed = {run.workflow for run in runs if run.event == PUSH}
    own = [run for run in runs if run.event in (PUSH, DISPATCH)]
    chosen = [run for run in own if run.event == PUSH or run.workflow not in pushed]
    return sorted(chosen, key=lambda run: (run.workflow, run.id))


def choose(
    repository: str, runs: Sequence[Run], given: Sequence[str], workflows: Answer[Sequence[Workflow]]
) -> Chosen | Outcome:
    """Return the runs of the workflows that are `given` by file or name; all runs if none are given.

    If several workflows have one name, all of them count, so that none can replace another. Returns an outcome if
    the files of names could not be looked up.
    """
    if not given:
        return Chosen(runs)
    if has_names(given) and isinstance(workflows, Unknown):
        return unknown(f"the files of the workflows of {repository}", workflows)
    known = () if isinstance(workflows, Unknown) else workflows
    meant = {name: _meant(runs, name, known) for name in given}
    by_file = {file: own for found in meant.values() for file, own in found.items()}
    return Chosen(
        list(dict.fromkeys(run for own in by_file.values() for run in own)),
        [file for file, own in by_file.items() if not own],
        [name for name, found in meant.items() if not found],
    )


def files_of(runs: Sequence[Run]) -> str:
    """Return the file names of the workflows that ran, each once, for a message."""
    return ", ".join(dict.fromkeys(run.file for run in runs))


def broken(what: str, runs: Sequence[Run], remedy: Callable[[Run], str]) -> Outcome | None:
    """Return a failure if a run has ended and did not succeed; `what` starts the message."""
    found = [run for run in runs if run.failed]
    if not found:
        return None
    ended = ", ".join(f"{run.file} ended as {run.conclusion or 'unknown'}" for run in found)
    return failed(f"{what}: {ended}.", remedy(found[0]), found[0].url)


def running(what: str, runs: Sequence[Run]) -> Outcome | None:
    """Return that `what` is unknown if a run has not ended."""
    found = [run for run in runs if not run.is_over]
    if not found:
        return None
    if held := [run for run in found if run.is_held]:
        why = Unknown(f"GitHub holds {files_of(held)} until it is approved", who_approves(held[0].status, held[0].url))
        return unknown(what, why, held[0].url, may_settle=True)
    status = found[0].status
    why = Unknown(
        f"{files_of(found)} is still {_HELD.get(status, status.replace('_', ' '))}",
        f"Wait until it has ended ({found[0].url}), then run this again.",
    )
    return unknown(what, why, found[0].url, may_settle=True)


def unmatched(what: str, chosen: Chosen, ran: Sequence[Run], given_in: str) -> Outcome | None:
    """Return that `what` is unknown if no workflow has a name from the input `given_in`."""
    if not chosen.unmatched:
        return None
    what_ran = f"the files that ran are {files_of(ran)}" if ran else "nothing ran"
    why = Unknown(
        f"no workflow is named {', '.join(chosen.unmatched)}, and {what_ran}",
        f"Correct the input {given_in}: name each workflow by its file, such as ci.yaml.",
    )
    return unknown(what, why)


def _is_file(name: str) -> bool:
    return name.endswith((".yml", ".yaml"))


def _meant(runs: Sequence[Run], name: str, workflows: Sequence[Workflow]) -> dict[str, list[Run]]:
    """Return the runs of each workflow that `name` stands for: its path, its file or its name."""
    if _is_file(name):
        return {name: [run for run in runs if name in (run.workflow, run.file)]}
    named = [one for one in workflows if name in (one.name, one.file)]
    found = {one: [run for run in runs if run.workflow_id == one.id] for one in named}
    # A deleted workflow no longer runs, but the runs that it had still count.
    return {f"{one.file} ({name})": own for one, own in found.items() if own or not one.deleted}


@rule(
    "pin-ci",
    ComponentFacts,
    column="CI",
    fails_when="the tag's own CI run failed, or was skipped or cancelled. It is `unknown` if that run is missing or "
    "still running, if it may be a branch's, or if another commit's build under that name came after it. A green "
    "*branch* run of the same commit does not count",
    remedy="Within 30 days, re-run the component's CI for that tag until it passes. Later, give its commit a new tag, "
    "and pin that.",
    fixable_elsewhere=True,
)
def pin_ci(facts: ComponentFacts) -> Outcome:
    """The component's CI has passed for this very tag."""
    if facts.runs is None:
        return warned(
            f"The CI of {facts.pin.component.repository} for {facts.pin.tag} is not verified: check-ci is false.",
            "Set check-ci to true.",
            instead_of=Status.SKIPPED,
        )
    if facts.is_planned:
        return skipped(AFTER_TAGGING)
    if not facts.commit or isinstance(facts.commit, Unknown):
        return skipped(NO_SUCH_TAG)
    if isinstance(facts.runs, Unknown):
        return unknown(_what(facts), facts.runs)
    if not facts.tag_runs and (recorded := _recorded_pass(facts)):
        return recorded
    component = facts.pin.component
    chosen = choose(component.repository, facts.tag_runs, component.ci_workflows, facts.workflows)
    return chosen if isinstance(chosen, Outcome) else _missing(facts, chosen) or _judged(facts, chosen.runs)


def _what(facts: ComponentFacts) -> str:
    return f"the CI of {facts.pin.component.repository} for {facts.pin.tag}"


def _missing(facts: ComponentFacts, chosen: Chosen) -> Outcome | None:
    """Return why a workflow that must have passed has no run; None if each of them has one."""
    if chosen.missing:
        return _no_run(facts, f"of {', '.join(chosen.missing)}", chosen.missing_files)
    if chosen.unmatched:
        return unmatched(_what(facts), chosen, facts.tag_runs, facts.pin.component.given_in("ci-workflows"))
    return None if chosen.runs else _no_run(facts, "of a push of this tag")


def _judged(facts: ComponentFacts, runs: Sequence[Run]) -> Outcome:
    return (
        broken(f"The CI of {facts.pin.component.repository} did not pass for {facts.pin.tag}", runs, _remedy(facts))
        or _built_over(facts, runs)
        or _of_branch(facts, runs)
        or running(_what(facts), runs)
        or _passed(facts, runs)
    )


def _remedy(facts: ComponentFacts) -> Callable[[Run], str]:
    return lambda run: (
        f"{_once_more(facts, run, 'it', 'fix what is wrong')} Or pin a tag whose CI passed. If that workflow does not "
        f"matter for the release, name those that do in {facts.pin.component.given_in('ci-workflows')}."
    )


def _once_more(facts: ComponentFacts, run: Run, jobs: str, first: str = "") -> str:
    """Return how to get another run for the tag's commit: a re-run within 30 days, later a new tag."""
    days = days_between(run.created, facts.asked)
    rerun, new = how_to_rerun(run.url, days, jobs), _new_tag(facts)
    start = f"{first}, then " if first else ""
    if not rerun:
        return f"GitHub re-runs nothing after {RERUN_DAYS} days, and {run.url} is {days} days old: {start}{new}"
    later = f" After that, {new}" if days is None else ""
    return f"{start[:1].upper()}{start[1:]}{rerun if start else f'R{rerun[1:]}'}.{later}"


def _new_tag(facts: ComponentFacts) -> str:
    return f"give the same commit ({str(facts.commit)[:12]}) a new tag, and pin that."


def _built_over(facts: ComponentFacts, runs: Sequence[Run]) -> Outcome | None:
    """Return that a later run at another commit may have pushed its image under the tag; None if none can have.

    It cannot have if it ended before the tag's own run started. A re-run starts a new attempt, so each of the
    tag's workflows can be made to run after it.
    """
    files = {run.workflow for run in runs}
    for other in (run for run in facts.seen_runs if run.head_sha != facts.commit):
        after = {run.workflow for run in runs if other.ended_before(run)}
        if files - after:
            return _not_the_newest(facts, other, next(run for run in runs if run.workflow not in after))
    return None


def _not_the_newest(facts: ComponentFacts, other: Run, own: Run) -> Outcome:
    first = "" if other.is_over else f"Wait until {other.url} has ended, or cancel it. Then build the tag again. "
    why = Unknown(
        f"{other.file} also ran under that name, at another commit ({other.head_sha[:12]}), and did not end before "
        f"{own.file} started for the tag, so the image under the tag may be of that commit",
        f"{first}{_once_more(facts, own, 'all jobs')}",
    )
    return unknown(_what(facts), why, other.url)


def _of_branch(facts: ComponentFacts, runs: Sequence[Run]) -> Outcome | None:
    """Return that a run may be a branch's: GitHub does not distinguish runs of a branch and a tag of one name."""
    pin = facts.pin
    if isinstance(facts.lifetimes, NotOffered):
        return None
    if isinstance(facts.lifetimes, Unknown):
        what = f"that {pin.component.repository} had no branch named {pin.tag} when its CI ran"
        return unknown(what, facts.lifetimes)
    for run in runs:
        if may_be_of_branch(run.created, facts.lifetimes):
            why = Unknown(
                f"{pin.component.repository} had a branch named {pin.tag} when {run.file} was started, so the run may "
                "be the branch's instead of the tag's",
                f"G{_new_tag(facts)[1:]}",
            )
            return unknown(_what(facts), why, run.url)
    return None


def _passed(facts: ComponentFacts, runs: Sequence[Run]) -> Outcome:
    note = ""
    if isinstance(facts.lifetimes, NotOffered):
        note = f" It was not checked whether a branch had that name then: {facts.lifetimes.reason.rstrip('.')}."
    return _as_named(facts, f"{files_of(runs)} passed for {facts.pin.tag}", note, runs[0].url)


def _as_named(facts: ComponentFacts, message: str, note: str, url: str = "") -> Outcome:
    """Return a pass, with a warning if no workflows are named that must have passed."""
    given_in = facts.pin.component.given_in("ci-workflows")
    if facts.pin.component.ci_workflows:
        return passed(f"{message}.{note}", url)
    return warned(
        f"{message}, but {given_in} is empty, so the deletion of a failed run would go unnoticed.{note}",
        f"Name the workflows that must have passed in {given_in}, such as build-production.yaml.",
        url,
        instead_of=Status.PASS,
    )


def _recorded_pass(facts: ComponentFacts) -> Outcome | None:
    """Return the pass that an earlier release recorded for the same commit and the same image."""
    record = facts.recorded
    if not isinstance(record, Recorded) or _why_not(facts, record):
        return None
    how = f"release.json of {record.tag} records that it passed, for the same commit and the same image"
    return _as_named(facts, f"GitHub no longer has the run for {facts.pin.tag}; {how}", note_if_mutable(record.frozen))


def note_if_mutable(frozen: bool) -> str:
    """Return a sentence, to append to a message, on a record whose release is not immutable; else empty."""
    return "" if frozen else " That release is not immutable: anyone with write access can change its release.json."


def _why_not(facts: ComponentFacts, record: Recorded) -> str:
    """Return why a record is not evidence; empty if it is."""
    if not record.ci_passed:
        return "it does not record that the CI passed"
    if record.commit != facts.commit:
        return "the tag pointed at another commit then"
    digest = facts.image.digest if isinstance(facts.image, Image) else None
    return "" if digest and record.digest == digest else "the image was another one, or one of the digests is unknown"


def _unhelpful_record(facts: ComponentFacts) -> str:
    record = facts.recorded
    if isinstance(record, Unknown):
        return f", and {record.reason}"
    return f", and release.json of {record.tag} is no substitute: {_why_not(facts, record)}" if record else ""


def _no_run(facts: ComponentFacts, what: str, files: frozenset[str] = frozenset()) -> Outcome:
    other = _of_another_event(facts, files)
    if other:
        return _does_not_count(facts, what, other)
    why = Unknown(
        f"there is no run {what} for {facts.commit}{_deleted(facts)}{_unhelpful_record(facts)}",
        f"If the tag was just pushed, wait and run this again. Otherwise {_new_tag(facts)} Push it alone, as a person "
        "or an app: GitHub starts no run if more than three tags are pushed at once, or if a workflow's own token "
        "made the tag. A green run of a branch does not count.",
    )
    return unknown(_what(facts), why, may_settle=True)


def _of_another_event(facts: ComponentFacts, files: frozenset[str]) -> Run | None:
    """Return the newest run for the tag's commit that was not started by a push; one of `files` if these are named."""
    found = [run for run in facts.seen_runs if run.head_sha == facts.commit and run.event != PUSH]
    meant = [run for run in found if not files or {run.file, run.workflow} & files]
    return max(meant, key=lambda run: run.id, default=None)


def _does_not_count(facts: ComponentFacts, what: str, run: Run) -> Outcome:
    inputs = " with any inputs" if run.event == DISPATCH else ""
    why = Unknown(
        f"there is no run {what} for {facts.commit}{_unhelpful_record(facts)}. {run.file} ran for it, started by "
        f"{run.event} ({run.url}): that does not count, because it can be started at any time{inputs}, and not by the "
        "tag",
        f"Another push of {facts.pin.tag} does not help unless {run.file} starts on one: add such tags to its on: "
        f"push: tags:, and pin a new tag, on a commit that has this. Or name a workflow that the push of a tag starts "
        f"in {facts.pin.component.given_in('ci-workflows')}.",
    )
    return unknown(_what(facts), why, run.url, may_settle=True)


def _deleted(facts: ComponentFacts) -> str:
    """Return that GitHub has deleted older runs, if the commit is old enough to have had any."""
    placement = facts.placement
    days = days_between(placement.committed, facts.asked) if isinstance(placement, Placement) else None
    if days is None or days <= KEPT_DAYS:
        return ""
    return (
        f". The commit is {days} days old, and GitHub keeps runs for {KEPT_DAYS} days (the default, and the most in "
        "public repositories), so an older run is gone"
    )
