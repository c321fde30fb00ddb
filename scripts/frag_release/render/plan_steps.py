"""What the reader of a plan does next, and what happens after the merge."""

from __future__ import annotations

from ..domain.evidence import Unknown
from ..domain.findings import Status, blocking
from ..domain.plan import Mode, Plan
from ..domain.reports.prepare import PrepareReport, Stage
from . import markdown
from .links import Links
from .next_steps import remedies
from .wording import count


def plan_steps(report: PrepareReport, links: Links) -> str:
    """Return a numbered list in Markdown."""
    stage = report.stage
    if stage is Stage.REFUSED:
        return markdown.numbered([*remedies(blocking(report.findings), 16), *_newest(report), _again(report)])
    warnings = sum(finding.status is Status.WARN for finding in report.findings)
    first = [f"Look at the {count(warnings, 'warning')} below first."] if warnings else []
    steps = {
        Stage.PLANNED: _carry_out(report),
        Stage.PROPOSED: [*_review(report), *after_the_merge(report.plan)],
        Stage.COMMITTED: [_committed(report, links), *after_the_merge(report.plan)],
        Stage.NOTHING: _as_it_is(report),
    }[stage]
    return markdown.numbered([*first, *steps])


def after_the_merge(plan: Plan) -> list[str]:
    """Return the steps from the changed stack branch to production, as Markdown."""
    tag, branch = markdown.code(plan.stack_tag, 60), markdown.code(plan.branch, 80)
    commit = "merged commit" if plan.mode is Mode.PULL_REQUEST else "commit"
    return [
        f"The {commit} on {branch} gets the tag {tag}: by the command `publish` where the stack's workflows use it, "
        "else by a maintainer, by hand.",
        f"The tag starts the stack's build. Its gate verifies the pair once more, builds the image {tag}, and lets "
        "it be deployed to production only if every check passes.",
    ]


def _newest(report: PrepareReport) -> list[str]:
    """Name the newest tag that could be chosen instead, of each component that stands in the way."""
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


def _again(report: PrepareReport) -> str:
    if all(finding.status is Status.UNKNOWN for finding in blocking(report.findings)):
        return f"Then run this again with the same inputs: nothing was found to be wrong, and {_nothing(report)}."
    return f"Then run this again, or run it with other versions; {_nothing(report)}."


def _nothing(report: PrepareReport) -> str:
    return "what was made stays" if report.actions else "nothing was written"


def _carry_out(report: PrepareReport) -> list[str]:
    if report.dry_run:
        return ["Look at the plan below.", "To carry it out, run this again with `dry-run` off."]
    return ["Nothing: this plan is carried out now."]


def _review(report: PrepareReport) -> list[str]:
    number, url = report.pull_request or (0, "")
    request = markdown.link(f"pull request {number}", url)
    return [f"Review {request}: the lines below are all that it changes. Then merge it."]


def _committed(report: PrepareReport, links: Links) -> str:
    url = links.commit(report.plan.repository, report.commit)
    return f"Look at the commit {markdown.code_link(report.commit[:12], url)}: the lines below are all that it changes."


def _as_it_is(report: PrepareReport) -> list[str]:
    if report.plan.committed:
        return after_the_merge(report.plan)
    tag = markdown.code(report.plan.stack_tag, 60)
    return [
        f"If this pair has not been released yet, release {markdown.code(report.plan.branch, 80)} as it is: {tag} "
        f"is the tag for it. Run the command `publish` by hand with {tag} in `stack-tag`, or push the tag by hand.",
        "To release another pair, run this again with other versions.",
    ]
