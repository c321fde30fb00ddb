"""A deployment as a job summary and as text: its stage, what to do next, then the evidence."""

from __future__ import annotations

import datetime
from functools import partial

from ..domain.awx_jobs import Job, JobProgress
from ..domain.findings import Status, blocking
from ..domain.reports.deploy import DeployReport, OwnRecord, Stage
from ..domain.rules import all_fixable_elsewhere
from ..domain.site import SiteLook
from . import markdown
from .findings import built_before, changes, folded_findings, open_findings, overrides_notice, pair_table, warning
from .markdown import MAX_SUMMARY, Section, fit, visible
from .next_steps import TITLE, remedies, rollback_card, way_back, way_forward
from .picture import Steps, StepState, step_states, way
from .plan import duration
from .release_notes import approved_by
from .wording import Links, action_list, as_warnings, at, finding_lines, plain, signed

_STAGES = {
    Stage.REFUSED: ("⛔", 0, StepState.STOPPED),
    Stage.PLANNED: ("📝", 2, StepState.NEXT),
    Stage.READY: ("🚀", 2, StepState.NEXT),
    Stage.NOT_LAUNCHED: ("⛔", 2, StepState.STOPPED),
    Stage.NOT_KNOWN: ("❓", 2, StepState.RUNNING),
    Stage.LEFT: ("⏳", 2, StepState.RUNNING),
    Stage.NOT_BEGUN: ("❌", 2, StepState.STOPPED),
    Stage.JOB_FAILED: ("❌", 2, StepState.STOPPED),
    Stage.NOT_SHOWN: ("❌", 3, StepState.STOPPED),
    Stage.HANDED_OVER: ("🚀", 2, StepState.NEXT),
    Stage.UNVERIFIED: ("❌", 3, StepState.STOPPED),
    Stage.DEPLOYED: ("✅", 3, StepState.NEXT),
}
"""The mark of each stage, the number of completed steps, and the state of the step after them."""
_OUTCOME_MARKS = {"success": "✅", "failure": "❌"}
_OWN_STEP_OUTCOMES = {
    Stage.HANDED_OVER: "Verified: the step that deploys is next",
    Stage.NOT_BEGUN: "The step that deploys was skipped: nothing was deployed",
    Stage.LEFT: "The step that deploys was cancelled",
    Stage.JOB_FAILED: "The step that deploys failed",
    Stage.UNVERIFIED: "The step that deploys succeeded, but the image or tag could not be verified again",
    Stage.NOT_SHOWN: "The step that deploys succeeded, but the site did not show it",
}
"""Descriptions in deployment records of a workflow step's deployment."""
_JOB_MARKS = {"successful": "✅", "failed": "❌", "error": "❌", "canceled": "⏹️"}

_STEPS_BY_STAGE = {
    Stage.READY: [],
    Stage.PLANNED: ["Run it again without `dry-run` to deploy it."],
    Stage.HANDED_OVER: [
        "The step that deploys comes next. After it, call deploy again with `deployment-outcome` and `deployment-id`: "
        "otherwise the site is not checked, and the deployment record stays in progress."
    ],
    Stage.UNVERIFIED: ["Then find out which image runs, and re-run this job: it verifies and deploys again."],
}


def summary(report: DeployReport, links: Links) -> str:
    """Return the summary in Markdown, at most `MAX_SUMMARY` long."""
    judged = report.judged
    findings, line_url = judged.decision.findings, partial(links.line, judged.repository, judged.commit)
    sections = [
        Section(20, "", _verdict(report)),
        Section(19, "", overrides_notice(judged)),
        Section(19, "", warning(as_warnings(report.notes))),
        Section(18, "What to do next", markdown.numbered(next_steps(report))),
        Section(16, "The deployment", _deployment(report)),
        Section(15, "What was done", action_list(report.actions)),
        Section(14, "Findings that block or warn", open_findings(findings, line_url)),
        Section(13, "The pair", pair_table(judged, links, built_before(judged, report.image))),
        Section(8, "Since the previous release", changes(judged, links)),
        _way_back(report, links),
        *folded_findings(findings, line_url),
        Section(7, "The way to the site", way(_steps(report))),
        Section(12, "", _footer(report)),
    ]
    return fit(sections, MAX_SUMMARY)


def text(report: DeployReport) -> str:
    """Return the stage, the findings (unless logged before the launch of a job) and what to do, for the log."""
    lines = [visible(report.headline), visible(_reason(report))]
    lines += finding_lines(report.judged.decision.findings) if report.job is None else []
    lines += [visible(note) for note in report.notes]
    return "\n".join([*lines, *(f"{number}. {plain(step)}" for number, step in enumerate(next_steps(report), 1))])


def job_line(progress: JobProgress) -> str:
    """Return one line on a running AWX job."""
    job = progress.job
    since = "after" if job.is_over else "for"
    time = f" {since} {duration(datetime.timedelta(seconds=job.elapsed))}" if job.elapsed else ""
    waits = job.explanation if not job.has_begun else ""
    reasons = [f'AWX reports "{visible(waits, 200)}"'] if waits else []
    note = "".join(f" | {one}" for one in [*reasons, *([visible(progress.note, 200)] if progress.note else [])])
    return f"AWX job {job.id}: {visible(job.status, 40)}{time}{note}"


def record_description(report: DeployReport) -> str:
    """Return the outcome for the deployment record, as a sentence without a full stop."""
    job, stage = report.job, report.stage
    if report.by_own_step:
        seen = "and the site shows it" if report.site else "and no site was checked"
        deployed = {Stage.DEPLOYED: f"The step that deploys succeeded, {seen}"}
        return {**_OWN_STEP_OUTCOMES, **deployed}.get(stage, "Nothing was handed over")
    if job is None:
        is_known = stage is not Stage.NOT_KNOWN
        return "Nothing was launched" if is_known else "Whether AWX launched a job could not be determined"
    more = {
        Stage.NOT_BEGUN: " before it began: nothing was deployed",
        Stage.LEFT: " when last seen: this run no longer follows it",
        Stage.NOT_SHOWN: ", but the site did not show it",
        Stage.DEPLOYED: ", and the site shows it" if report.site else ", and no site was checked",
    }.get(stage, "")
    return f"AWX job {job.id}: {visible(job.status, 40)}{more}"


def next_steps(report: DeployReport) -> list[str]:
    """Return what to do, as Markdown."""
    stage = report.stage
    if stage is Stage.REFUSED:
        return [*remedies(blocking(report.judged.decision.findings)), *_of_refusal(report)]
    if report.problem:
        remedy = report.problem.remedy or "Run this again."
        return [markdown.words(remedy, url=_where_to_look(report)), *_if_broken(report)]
    warned = ["Look at the warnings first."] if _warns(report) else []
    if stage in _STEPS_BY_STAGE:
        unmet = remedies(blocking(report.judged.decision.findings))
        return [*(warned if stage is Stage.HANDED_OVER else unmet), *_STEPS_BY_STAGE[stage]]
    if report.site is None:
        return [*warned, "Look at the site: no `verify-url` is set, so it was not checked."]
    if report.shown_before:
        return [*warned, "Look at the job: the site showed this release even before it ran."]
    return [*warned, "Nothing to do: the site shows what was deployed."]


def _where_to_look(report: DeployReport) -> str:
    if report.site:
        return report.site.url
    return report.job.url if report.job else ""


def _if_broken(report: DeployReport) -> list[str]:
    if not report.is_touched or not _way_back(report, Links("")).body:
        return []
    if report.stage is Stage.LEFT:
        first = "make sure that the deployment no longer runs"
        first = first if report.by_own_step else "cancel that job in AWX and wait until it has ended"
        return [f"If the site is broken meanwhile, first {first}, then go back: see *The way back* below."]
    return ["If the site is broken meanwhile, go back: see *The way back* below."]


def _of_refusal(report: DeployReport) -> list[str]:
    if not report.refusal:
        mends = all_fixable_elsewhere(blocking(report.judged.decision.findings))
        return [f"{_no_effect(report)}{' This can be run again at any time.' if mends else ''}"]
    if report.target.is_production:
        return [
            "Re-run the job in the workflow run of the production tag. To deploy a published release from a form, "
            "tick *rollback*: its `release.json` is then the evidence."
        ]
    return ["To deploy it anyway, to staging or a stack of your own, set `ungated: true`."]


def _no_effect(report: DeployReport) -> str:
    return "Nothing was handed over." if report.by_own_step else "Nothing was launched."


def _warns(report: DeployReport) -> bool:
    return bool(report.notes) or any(one.status is Status.WARN for one in report.judged.decision.findings)


def _verdict(report: DeployReport) -> str:
    mark = _STAGES[report.stage][0]
    what = "rollback to " if report.target.rollback else ""
    subject = f"{what}{markdown.code(report.name)} on {markdown.code(report.target.environment, 100)}"
    return f"## {mark} {report.stage_in_words} — {subject}\n\n**{markdown.words(_reason(report))}**"


# Long: it has one sentence for each stage.
def _reason(report: DeployReport) -> str:
    image, where, job = report.image, report.target.environment, report.job
    if report.stage is Stage.REFUSED:
        return f"{report.refusal or report.judged.decision.reason} {_no_effect(report)}"
    if report.problem:
        return report.problem.message
    if report.by_own_step and report.stage is not Stage.PLANNED:
        return _reason_of_own_step(report)
    if report.stage in (Stage.PLANNED, Stage.READY):
        would = "would be" if report.dry_run else "is about to be"
        return f"{image.name}:{image.tag} {would} deployed to {where}."
    number = job.id if job else ""
    shown = " and the site shows it" if report.site else ""
    before = ", as it did before the launch" if shown and report.shown_before else ""
    return f"{image.name}:{image.tag} was deployed to {where}: AWX job {number} was successful{shown}{before}."


def _reason_of_own_step(report: DeployReport) -> str:
    what, where = f"{report.image.name}:{report.image.tag}", report.target.environment
    if report.stage is Stage.HANDED_OVER:
        return f"{what} was verified, and the step that deploys may deploy it to {where}."
    if report.stage is Stage.UNVERIFIED:
        reason = report.judged.decision.reason
        return f"{what} was deployed to {where}, but it may not be what was verified: {reason}"
    shown = ", and the site shows it" if report.site else ""
    return f"{what} was deployed to {where}: the step that deploys succeeded{shown}."


def _deployment(report: DeployReport) -> str:
    image, target = report.image, report.target
    digest = f"\n{markdown.code(image.digest)}" if image.digest else ""
    rows = [
        ("Environment", f"{markdown.code(target.environment, 100)} ({_rules(report)})"),
        ("Image", markdown.code(f"{image.name}:{image.tag}".removeprefix("docker.io/")) + digest),
    ]
    rows += [("AWX job", _job(report.job))] if report.job else []
    if report.outcome:
        mark = _OUTCOME_MARKS.get(report.outcome, "⏹️")
        rows += [("The step that deploys", f"{mark} {markdown.text(report.outcome, 40)}")]
    rows += [("Approval", approved_by(report.approvals))] if report.approvals else []
    rows += [("Deployment record", _record(report.record))] if report.record else []
    rows += [("Site", _site(report.site, report.seen_at))] if report.site else []
    return markdown.table(("", ""), rows)


def _rules(report: DeployReport) -> str:
    target = report.target
    kind = "production" if target.is_production else "not production"
    gated = "a rollback, by its record" if target.rollback else "gated" if target.gated else "not gated"
    return f"{kind}, {gated}"


def _job(job: Job) -> str:
    state = f"{_JOB_MARKS.get(job.status, '⏳')} {markdown.text(job.status or 'unknown', 40)}"
    time = f", {duration(datetime.timedelta(seconds=job.elapsed))}" if job.elapsed else ""
    return f"{markdown.link(f'{job.name} {job.id}', job.url)}: {state}{time}"


def _record(record: OwnRecord) -> str:
    state = markdown.text(record.state or "no state yet", 40)
    return f"{markdown.link(str(record.id), record.url)}: {state}, filed at {at(record.filed)}"


def _site(site: SiteLook, seen_at: datetime.datetime | None) -> str:
    mark = "✅" if site.passed else "❌"
    when = f", seen at {at(seen_at)}" if seen_at else ""
    excerpt = f"\n{markdown.code(site.excerpt, 300)}" if site.excerpt else ""
    return f"{markdown.link(site.url, site.url)}: {mark} {markdown.words(site.seen)}{when}{excerpt}"


def _way_back(report: DeployReport, links: Links) -> Section:
    """Return the rollback card of production; after a rollback, how to go forward again."""
    judged, target = report.judged, report.target
    if not target.is_production:
        return Section(17, TITLE, "")
    awx = not report.by_own_step
    if report.stage is Stage.REFUSED and target.rollback:
        further = way_back(judged, links, awx=awx)
        other = f" If {markdown.code(judged.tag)} stays refused, use an older release. {further}" if further else ""
        return Section(17, TITLE, f"This run deployed nothing.{other}")
    untouched = report.stage in (Stage.REFUSED, Stage.PLANNED, Stage.NOT_BEGUN)
    untouched = untouched or (report.stage is Stage.NOT_LAUNCHED and report.by_own_step)
    forward = way_forward(judged, links, awx=awx) if target.rollback and not untouched else ""
    return Section(17, TITLE, forward) if forward else rollback_card(judged, links, 17, untouched=untouched, awx=awx)


def _footer(report: DeployReport) -> str:
    judged = report.judged
    return (
        f"Judged again at {signed(judged.time, judged.version)}, for {markdown.code(judged.ref.text, 200)} of "
        f"{markdown.code(judged.repository)} at {markdown.code(judged.commit)}."
    )


def _steps(report: DeployReport) -> Steps:
    target = report.target
    judged = "release.json" if target.rollback else "gate again" if target.gated else "no gate"
    by = "your own step" if report.by_own_step else "AWX job"
    names = [judged, f"image {report.image.tag}", by, "site"]
    _, steps_done, following = _STAGES[report.stage]
    if report.stage is Stage.DEPLOYED and report.site:
        steps_done += 1
    return step_states(names, steps_done, following)
