"""Rules on the stack's own release tag, and on its commit before it is tagged."""

from __future__ import annotations

from collections.abc import Sequence

from ..components import CONFIGURATION_FILE
from ..evidence import DISPATCH, PUSH, NotOffered, Run, Unknown, how_to_rerun
from ..facts import StackFacts
from ..findings import Outcome, listed
from ..versions import following, production_tags
from .pin_ci import Chosen, broken, choose, counted, files_of, running, unmatched
from .rule import (
    JUDGED,
    NO_FINDING,
    RUN,
    Occasion,
    Rule,
    either,
    failed,
    passed,
    placed,
    rule,
    skipped,
    unknown,
    warned,
)

_GIVEN_IN = "stack-ci-workflows"


@rule(
    "stack-ci",
    StackFacts,
    when={Occasion.PUBLICATION, Occasion.BASELINE},
    fails_when="publish: a workflow in `stack-ci-workflows` has not passed on the commit",
    remedy="Run that workflow again on the commit until it passes, or fix what it found.",
    fixable_elsewhere=True,
)
def stack_ci(facts: StackFacts) -> Outcome:
    """The commit to be released has passed the stack's own CI."""
    if not facts.ci_workflows:
        return skipped("The input stack-ci-workflows names no workflow.")
    ci = f"CI of {facts.repository} for the commit of {facts.tag}"
    what = f"the {ci}"
    if isinstance(facts.ci, Unknown):
        return unknown(what, facts.ci)
    runs = counted(facts.ci)
    chosen = choose(facts.repository, runs, facts.ci_workflows, facts.workflows)
    if isinstance(chosen, Outcome):
        return chosen
    if chosen.missing:
        why, url = _no_run(chosen, facts.ci)
        return unknown(what, why, url, may_settle=True)
    return (
        unmatched(what, chosen, runs, _GIVEN_IN)
        or broken(f"The {ci} did not pass", chosen.runs, _remedy)
        or running(what, chosen.runs)
        or passed(f"{files_of(chosen.runs)} passed on the commit of {facts.tag}.", chosen.runs[0].url)
    )


def _no_run(chosen: Chosen, runs: Sequence[Run]) -> tuple[Unknown, str]:
    """Return why the CI is unknown, and the URL of the newest run that does not count, if there is one."""
    other_events = (run for run in runs if run.event not in (PUSH, DISPATCH))
    others = [run for run in other_events if {run.file, run.workflow} & chosen.missing_files]
    reason, url = f"there is no run of {', '.join(chosen.missing)} on it", ""
    remedy = f"If the commit was just pushed, wait and run this again. Otherwise check the names in {_GIVEN_IN}: only "
    if others:
        other = max(others, key=lambda run: run.id)
        url = other.url
        reason += f" that counts. {other.file} ran for it, started by {other.event} ({url})"
        remedy = f"Have {other.file} started by a push of the branch, or start it there by workflow_dispatch: only "
    return Unknown(reason, f"{remedy}runs of a push of the branch count, or of workflow_dispatch on it."), url


def _remedy(run: Run) -> str:
    return f"Fix what is wrong, then {how_to_rerun(run.url, None)}. Later, prepare a release of a newer commit."


@rule(
    "tag-on-stack-branch",
    StackFacts,
    when=JUDGED - {Occasion.PLAN},
    column="branch",
    fails_when="the tag's commit is not on a stack branch",
    remedy="Merge the commit into the stack branch and tag the merged commit, or name the branch in `stack-branch`.",
)
def tag_on_stack_branch(facts: StackFacts) -> Outcome:
    """A release is made from what was reviewed: a commit on the stack branch."""
    wanted = either(facts.branches)
    return placed(facts.tag.text, facts.repository, facts.branches, facts.placement) or failed(
        f"{facts.tag} is not on {wanted} of {facts.repository}, so its changes were not merged there.",
        f"Merge the commit into {wanted} and give the merged commit a new tag.",
    )


@rule(
    "tag-commit",
    StackFacts,
    when=RUN | {Occasion.AUDIT, Occasion.COMPARISON},
    column="tag",
    fails_when="the tag does not point at the commit of this run (`GITHUB_SHA`; skipped in a terminal)",
    remedy="Start a new run from the tag as it is now; a moved tag should become a new tag.",
    allowable=False,
)
def tag_commit(facts: StackFacts) -> Outcome:
    """The run builds the commit that the tag points at now."""
    if facts.run_commit is None:
        return skipped("This is not a run of the tag itself, so there is no commit to compare with.")
    if isinstance(facts.tag_commit, Unknown):
        return unknown(f"what {facts.tag} of {facts.repository} points at", facts.tag_commit)
    if facts.tag_commit == facts.run_commit:
        whose = "that release.json recorded" if facts.rollback else "of this run"
        return passed(f"{facts.tag} points at {facts.run_commit[:12]}, the commit {whose}.")
    now = f"now points at {facts.tag_commit[:12]}" if facts.tag_commit else "no longer exists"
    before = "release.json recorded" if facts.rollback else "this run builds"
    return failed(
        f"{facts.tag} of {facts.repository} {now}, but {before} {facts.run_commit[:12]}: the tag was moved.",
        "Roll back to another release, and find out who moved the tag."
        if facts.rollback
        else "Do not run this again. Give the commit you mean a new tag, which starts a run of its own.",
    )


@rule(
    "tag-unique",
    StackFacts,
    column="tag",
    fails_when="another tag is numerically the same, however it is written (`2023.6.1` and `02023.06.1`)",
    remedy="Release under the next free tag.",
)
def tag_unique(facts: StackFacts) -> Outcome:
    """One version has one tag: with two it would be unclear which one is running."""
    if isinstance(facts.siblings, Unknown):
        return unknown(f"the other tags of {facts.repository}", facts.siblings)
    same = [
        tag.text
        for tag in production_tags(facts.siblings, form=facts.tag.form)
        if tag.version == facts.tag.version and tag.text != facts.tag.text
    ]
    if same:
        return failed(
            f"{facts.tag} is the same version as {', '.join(same)} of {facts.repository}.",
            "Release under the next free tag, and delete the tag that is not the release.",
        )
    return passed(f"No other tag of {facts.repository} is the same version{_among(facts)}.")


@rule(
    "tag-order",
    StackFacts,
    when=JUDGED - {Occasion.BASELINE},
    column="tag",
    fails_when="a higher production tag is already on the stack branch (re-running an old release would "
    "downgrade production)",
    remedy="Release under a higher tag. To go back on purpose, deploy the older release as a rollback.",
)
def tag_order(facts: StackFacts) -> Outcome:
    """Production only moves forward, except by an explicit rollback."""
    if facts.rollback:
        return skipped("This is a rollback: an older release is deployed again on purpose.")
    if isinstance(facts.higher, Unknown):
        return unknown(f"that {facts.repository} has no higher release than {facts.tag}", facts.higher)
    if not facts.higher:
        return passed(f"{facts.tag} is the highest release on {either(facts.branches)}{_among(facts)}.")
    above = following(production_tags(facts.higher, facts.tag.form)[-1])
    return failed(
        f"{facts.higher[-1]} is already released on {either(facts.branches)} of {facts.repository}: deploying "
        f"{facts.tag} would take production back.",
        f"Release under a higher tag, such as {above}: pass it to prepare or publish in the input stack-tag. If "
        f"{facts.higher[-1]} was a mistake and never a release, delete it. To go back on purpose, deploy the older "
        "release as a rollback.",
    )


@rule(
    "tag-style",
    StackFacts,
    column="tag",
    fails_when="*warning only*: the tag is not YEAR.MONTH.ITERATION with a real, two-digit month",
    remedy="Name the next release YEAR.MONTH.ITERATION, such as `2023.06.1`.",
)
def tag_style(facts: StackFacts) -> Outcome:
    """Release tags show when they were made."""
    form = facts.tag.form
    if not form.by_month:
        return skipped(f"The tags of {facts.repository} are version numbers: tag-format is {form.name}.")
    if facts.tag.is_calendar_style:
        return passed(f"{facts.tag} is of the form {form.name}.")
    return warned(
        f"{facts.tag} is not of the form {form.name}, with a month of two digits and iterations from 1.",
        f"Name the next release {form.name}, such as {form.like()}.",
    )


@rule(
    "tag-released",
    StackFacts,
    when={Occasion.GATE},
    column="tag",
    fails_when="gate: the tag has a public release whose `release.json` records the stack's image: another build would "
    "push over it",
    remedy="Deploy it again with the form of `examples/deploy.yaml`, if the stack has one, with *rollback* ticked. "
    "Release new changes under the next free tag.",
)
def tag_released(facts: StackFacts) -> Outcome:
    """A release is built once: production and a rollback use the image that was recorded."""
    public = facts.public
    if isinstance(public, NotOffered):
        return skipped(f"Not looked up: {public.reason}.")
    if isinstance(public, Unknown):
        return unknown(f"that {facts.tag} of {facts.repository} is not released already", public)
    if public is None:
        return passed(f"{facts.tag} of {facts.repository} has no public release yet.")
    if not public.digest:
        lacks = "release.json names no digest" if public.has_record else "release has no release.json"
        return passed(f"{facts.tag} is public already, but its {lacks}: no image is recorded.", public.url)
    return failed(
        f"{facts.tag} of {facts.repository} is released already, as the image {public.digest}: another build would "
        "push another image under its tag, and rolling back to the release would be impossible.",
        "To deploy it again with the stack's form, if it has one: Actions > Deploy > Run workflow, with this tag and "
        "rollback ticked. Release new changes under the next free tag.",
        public.url,
    )


@rule(
    "config-same",
    StackFacts,
    when=JUDGED - {Occasion.AUDIT},
    column="tag",
    fails_when="a key of `.github/frag-release.yaml` at the commit differs from the default branch's file, whose "
    "settings apply (reported only if one does, or if it could not be looked up)",
    remedy="Give both files the same content in a separate change, and release that under a new tag.",
    allowable=False,
)
def config_same(facts: StackFacts) -> Outcome:
    """A release is made with the settings that it is judged by."""
    if isinstance(facts.configuration, Unknown):
        return unknown(f"that {CONFIGURATION_FILE} at the commit has the settings that apply", facts.configuration)
    if not facts.configuration:
        return NO_FINDING  # most stacks have no such file
    return failed(
        f"{CONFIGURATION_FILE} at the commit differs from that of the default branch, whose settings apply, in "
        f"{listed(facts.configuration, 5)}.",
        "Give both files the same content in a separate change, and release that under a new tag.",
    )


def _among(facts: StackFacts) -> str:
    return f", among those compared: {facts.compared}" if facts.compared else ""


STACK_RULES: tuple[Rule[StackFacts], ...] = (
    tag_on_stack_branch,
    tag_commit,
    tag_unique,
    tag_order,
    tag_style,
    tag_released,
    config_same,
)
