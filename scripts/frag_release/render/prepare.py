"""A prepared release as a job summary and as the body of its pull request: the plan, then the evidence."""

from __future__ import annotations

from functools import partial

from ..domain.evidence import Unknown
from ..domain.findings import Status, blocking
from ..domain.plan import Mode, Plan
from ..domain.release_record import MAX_BODY
from ..domain.reports.prepare import PrepareReport, Stage
from . import markdown
from .findings import LineUrl, allowed_by_hand, evidence_table, folded_findings, open_findings, switched_off, warning
from .markdown import MAX_SUMMARY, Section, fit
from .next_steps import remedies
from .picture import Steps, StepState, step_states, way
from .plan import ComponentChanges, candidates, diff, heading, new_tags, outcome_text, reason
from .plan import prepare_text as plan_text
from .wording import Links, References, action_list, as_warnings, count, signed

_DONE_BY_STAGE = {Stage.REFUSED: 1, Stage.PLANNED: 2, Stage.PROPOSED: 3, Stage.COMMITTED: 3, Stage.NOTHING: 3}


def summary(report: PrepareReport, links: Links) -> str:
    """Return the summary in Markdown, at most `MAX_SUMMARY` long."""
    references, line_url = References(report.tickets_from, links, in_conversation=False), _line_url(report, links)
    changes = ComponentChanges(report.plan.changes, links, references)
    sections = [
        Section(20, "", _verdict(report)),
        Section(19, "", _warnings(report, changes)),
        Section(18, "What to do next", plan_steps(report, links)),
        Section(17, _title_of_diff(report), diff(report.plan)),
        Section(17, "New tags of components", new_tags(report, links)),
        Section(15, "Changes in the components", changes.table()),
        Section(16, "Findings that block or warn", open_findings(report.findings, line_url)),
        Section(14, "What was made", action_list(report.actions)),
        Section(13, "The evidence", evidence_table(report.facts.components, report.findings, links)),
        Section(8, "", candidates(report.plan.changes, links)),
        *(Section(3, "", fold) for fold in changes.commits(100)),
        *folded_findings(report.findings, line_url),
        Section(7, "The way to production", way(_steps(report))),
        Section(12, "", _footer(report)),
    ]
    return fit(sections, MAX_SUMMARY)


def text(report: PrepareReport) -> str:
    """Return the log text: what was made, if the plan was logged before it was carried out; otherwise the plan."""
    return outcome_text(report) if report.actions and not report.refused else plan_text(report)


def pull_request_body(report: PrepareReport, links: Links, limit: int = MAX_BODY) -> str:
    """Return our part of a pull request's body in Markdown, at most `limit` bytes long.

    The same plan and evidence always give the same body, so a changed body means that something changed.
    """
    references, line_url = References(report.tickets_from, links, in_conversation=True), _line_url(report, links)
    changes = ComponentChanges(report.plan.changes, links, references)
    sections = [
        Section(20, "", _introduction(report, links)),
        Section(19, "", _warnings(report, changes)),
        Section(18, "The change", diff(report.plan)),
        Section(15, "Changes in the components", changes.table()),
        Section(16, "Findings that block or warn", open_findings(report.findings, line_url)),
        Section(13, "The evidence", evidence_table(report.facts.components, report.findings, links)),
        *(Section(3, "", fold) for fold in changes.commits(50)),
        *folded_findings(report.findings, line_url),
        Section(17, "What happens after the merge", markdown.numbered(after_the_merge(report.plan))),
    ]
    return fit(sections, limit)


def _steps(report: PrepareReport) -> Steps:
    stage = report.stage
    names = _names(report.plan)
    if stage is Stage.NOTHING:
        # The branch has the values already, so there is no pull request to merge.
        names = [name for name in names if name != "merge"]
    following = StepState.STOPPED if stage is Stage.REFUSED else StepState.NEXT
    return step_states(names, _DONE_BY_STAGE[stage], following)


def _names(plan: Plan) -> list[str]:
    proposal = ["pull request", "merge"] if plan.mode is Mode.PULL_REQUEST else ["commit"]
    return ["form", "plan and checks", *proposal, f"tag {plan.stack_tag}", "build and deployment"]


def plan_steps(report: PrepareReport, links: Links) -> str:
    """Return a numbered list in Markdown."""
    stage = report.stage
    if stage is Stage.REFUSED:
        return markdown.numbered([*remedies(blocking(report.findings), 16), *_newest(report), _after_refusal(report)])
    warnings = sum(finding.status is Status.WARN for finding in report.findings)
    first = [f"Look at the {count(warnings, 'warning')} below first."] if warnings else []
    steps = {
        Stage.PLANNED: _steps_of_plan(report),
        Stage.PROPOSED: [*_review(report), *after_the_merge(report.plan)],
        Stage.COMMITTED: [_committed(report, links), *after_the_merge(report.plan)],
        Stage.NOTHING: _steps_without_change(report),
    }[stage]
    return markdown.numbered([*first, *steps])


def after_the_merge(plan: Plan) -> list[str]:
    """Return the steps from the changed stack branch to production, as Markdown."""
    tag, branch = markdown.code(plan.stack_tag, 60), markdown.code(plan.branch, 80)
    commit = "merged commit" if plan.mode is Mode.PULL_REQUEST else "commit"
    return [
        f"The {commit} on {branch} gets the tag {tag}: from the command `publish` if the stack's workflows use it, "
        "otherwise from a maintainer, by hand.",
        f"The tag starts the stack's build. Its gate verifies the pair again, and allows the image {tag} to be built "
        "and deployed to production only if every check passes.",
    ]


def _newest(report: PrepareReport) -> list[str]:
    """Return the newest tag that could be chosen instead, for each component with a blocking finding."""
    blocked = {finding.subject for finding in blocking(report.findings)}
    steps = []
    for change in report.plan.changes:
        found = change.candidates
        newest = "" if isinstance(found, Unknown) else found.tag(besides=change.after.tag)
        if change.name in blocked and newest and not isinstance(newest, Unknown):
            branches = " or ".join(markdown.code(branch, 80) for branch in change.after.component.branches[:5])
            name, tag = markdown.text(change.name, 80), markdown.code(newest, 80)
            today = ", which is in use today" if newest == change.before.tag else ""
            steps.append(f"The newest other **{name}** tag on {branches} is {tag}{today}.")
    return steps[:2]


def _after_refusal(report: PrepareReport) -> str:
    if all(finding.status is Status.UNKNOWN for finding in blocking(report.findings)):
        return f"Then run this again with the same inputs: nothing was found to be wrong, and {_kept(report)}."
    return f"Then run this again with the same or other versions; {_kept(report)}."


def _kept(report: PrepareReport) -> str:
    return "what was made is kept" if report.actions else "nothing was written"


def _steps_of_plan(report: PrepareReport) -> list[str]:
    if report.dry_run:
        return ["Look at the plan below.", "To carry it out, run this again with `dry-run` off."]
    return ["Nothing: this plan is carried out now."]


def _review(report: PrepareReport) -> list[str]:
    number, url = report.pull_request or (0, "")
    request = markdown.link(f"pull request {number}", url)
    return [f"Review {request}: it changes only the lines below. Then merge it."]


def _committed(report: PrepareReport, links: Links) -> str:
    url = links.commit(report.plan.repository, report.commit)
    return f"Look at the commit {markdown.code_link(report.commit[:12], url)}: it changes only the lines below."


def _steps_without_change(report: PrepareReport) -> list[str]:
    if report.plan.committed:
        return after_the_merge(report.plan)
    tag, before = markdown.code(report.plan.stack_tag, 60), markdown.code(report.plan.tagged, 60)
    unfinished = (
        f"The newest commit was made for the release {before}, whose tag exists. If that release is not public yet, "
        f"run the command `publish` by hand with {before} in `stack-tag`: it continues from there."
    )
    return [
        *([unfinished] if report.plan.tagged else []),
        f"If this pair has not been released yet, release {markdown.code(report.plan.branch, 80)} as it is: {tag} "
        f"is the tag for it. Run the command `publish` by hand with {tag} in `stack-tag`, or push the tag by hand.",
        "To release another pair, run this again with other versions.",
    ]


def _verdict(report: PrepareReport) -> str:
    mark, words = heading(report)
    return f"## {mark} {markdown.text(words)}\n\n**{markdown.words(reason(report))}**"


def _warnings(report: PrepareReport, changes: ComponentChanges) -> str:
    by_hand = [*allowed_by_hand(report.findings), *switched_off(report.facts.components)]
    return warning([*changes.rollbacks(), *by_hand, *as_warnings(report.notes)])


def _title_of_diff(report: PrepareReport) -> str:
    tenses = {Stage.REFUSED: "What would have changed", Stage.PLANNED: "What would change"}
    return tenses.get(report.stage, "What changes")


def _line_url(report: PrepareReport, links: Links) -> LineUrl:
    """Return URLs of lines at the new commit, or at the branch's head if there is none yet."""
    return partial(links.line, report.plan.repository, report.commit or report.plan.head)


def _introduction(report: PrepareReport, links: Links) -> str:
    plan = report.plan
    pair = ", ".join(f"{markdown.text(one.name, 80)} {markdown.code(one.after.tag, 80)}" for one in plan.changes[:20])
    file = markdown.code_link(plan.file, links.line(plan.repository, plan.head, plan.file, None))
    return (
        f"## Release {markdown.code(plan.stack_tag, 60)}\n\nThe stack of {pair}. This changes the values of these "
        f"pins in {file} and nothing else. The pair passed the checks below before this was proposed; the stack's "
        "own gate repeats them here, and again when the release is tagged."
    )


def _footer(report: PrepareReport) -> str:
    plan = report.plan
    how = "pull request" if plan.mode is Mode.PULL_REQUEST else "commit"
    return (
        f"Planned as a {how}, at {signed(report.time, report.version)}, for {markdown.code(plan.branch, 80)} of "
        f"{markdown.code(plan.repository, 200)} at {markdown.code(plan.head[:12])}."
    )
