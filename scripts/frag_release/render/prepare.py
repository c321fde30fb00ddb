"""A prepared release as a job summary and as the body of its pull request: the plan first, then the evidence."""

from __future__ import annotations

from functools import partial

from ..domain.kept_text import MAX_BODY
from ..domain.plan import Mode
from ..domain.reports.prepare import PrepareReport, Stage
from . import markdown
from .changes import ComponentChanges
from .findings import LineUrl, allowed_by_hand, folded_findings, open_findings, switched_off, warning
from .links import Links
from .pair import evidence_table
from .plan_changes import candidates, diff, new_tags
from .plan_picture import picture, picture_in_words
from .plan_stage import heading, reason
from .plan_steps import after_the_merge, plan_steps
from .plan_text import outcome_text
from .plan_text import prepare_text as plan_text
from .references import References
from .sections import MAX_SUMMARY, Section, fitted


def summary(report: PrepareReport, links: Links) -> str:
    """Return the summary in Markdown, at most `MAX_SUMMARY` long."""
    references = References(report.tickets_from, links, in_conversation=False)
    return fitted(
        _summary_sections(report, links, ComponentChanges(report.plan.changes, links, references)), MAX_SUMMARY
    )


def text(report: PrepareReport) -> str:
    """Return what came of it: of a plan that was shown before it was carried out, what was made, else the plan."""
    return outcome_text(report) if report.actions and not report.refused else plan_text(report)


def pull_request_body(report: PrepareReport, links: Links, limit: int = MAX_BODY) -> str:
    """Return our part of a pull request's body in Markdown, at most `limit` bytes long.

    The same plan and evidence always make the same body, so that it tells whether there is news.
    """
    references = References(report.tickets_from, links, in_conversation=True)
    sections = _body_sections(report, links, ComponentChanges(report.plan.changes, links, references))
    return fitted(sections, limit)


def _summary_sections(report: PrepareReport, links: Links, changes: ComponentChanges) -> list[Section]:
    line_url = _line_url(report, links)
    return [
        Section(20, "", _verdict(report)),
        Section(19, "", _warnings(report, changes)),
        Section(18, "What to do next", plan_steps(report, links)),
        Section(17, _title_of_diff(report), diff(report.plan)),
        Section(17, "New tags of components", new_tags(report, links)),
        Section(15, "What comes with it", changes.table()),
        Section(16, "Findings that block or warn", open_findings(report.findings, line_url)),
        Section(14, "What was made", _made(report)),
        Section(13, "The evidence", evidence_table(report.facts.components, report.findings, links)),
        Section(8, "", candidates(report.plan.changes, links)),
        *(Section(3, "", fold) for fold in changes.commits(100)),
        *(Section(worth, "", fold) for worth, fold in _folded(report, line_url)),
        Section(7, "The way to production", f"{picture(report)}\n\n{picture_in_words(report)}"),
        Section(12, "", _footer(report)),
    ]


def _body_sections(report: PrepareReport, links: Links, changes: ComponentChanges) -> list[Section]:
    line_url = _line_url(report, links)
    return [
        Section(20, "", _introduction(report, links)),
        Section(19, "", _warnings(report, changes)),
        Section(18, "The change", diff(report.plan)),
        Section(15, "What comes with it", changes.table()),
        Section(16, "Findings that block or warn", open_findings(report.findings, line_url)),
        Section(13, "The evidence", evidence_table(report.facts.components, report.findings, links)),
        *(Section(3, "", fold) for fold in changes.commits(50)),
        *(Section(worth, "", fold) for worth, fold in _folded(report, line_url)),
        Section(17, "What happens after the merge", markdown.numbered(after_the_merge(report.plan))),
    ]


def _verdict(report: PrepareReport) -> str:
    mark, words = heading(report)
    return f"## {mark} {markdown.text(words)}\n\n**{markdown.words(reason(report))}**"


def _warnings(report: PrepareReport, changes: ComponentChanges) -> str:
    lines = [*changes.rollbacks(), *allowed_by_hand(report.findings), *switched_off(report.facts.components)]
    return warning([*lines, *(f"⚠️ {markdown.words(note)}" for note in report.notes)])


def _title_of_diff(report: PrepareReport) -> str:
    tenses = {Stage.REFUSED: "What would have changed", Stage.PLANNED: "What would change"}
    return tenses.get(report.stage, "What changes")


def _made(report: PrepareReport) -> str:
    return markdown.bullets([markdown.link(action.what, action.url) for action in report.actions])


def _folded(report: PrepareReport, line_url: LineUrl) -> list[tuple[int, str]]:
    return list(zip((2, 1), folded_findings(report.findings, line_url), strict=False))


def _line_url(report: PrepareReport, links: Links) -> LineUrl:
    """Findings point at lines of the file as it will be; until there is a commit of it, at where it stands."""
    return partial(links.line, report.plan.repository, report.commit or report.plan.head)


def _introduction(report: PrepareReport, links: Links) -> str:
    plan = report.plan
    pair = ", ".join(f"{markdown.text(one.name, 80)} {markdown.code(one.after.tag, 80)}" for one in plan.changes[:20])
    file = markdown.code_link(plan.file, links.line(plan.repository, plan.head, plan.file, None))
    return (
        f"## Release {markdown.code(plan.stack_tag, 60)}\n\nThe stack of {pair}. This changes the values of these "
        f"pins in {file} and nothing else. The pair passed the checks below before this was proposed; the stack's "
        "own gate repeats them here, and once more when the release is tagged."
    )


def _footer(report: PrepareReport) -> str:
    plan = report.plan
    how = "pull request" if plan.mode is Mode.PULL_REQUEST else "commit"
    return (
        f"Planned as a {how}, at {report.time.strftime('%Y-%m-%d %H:%M:%S')} UTC by frag-release-action "
        f"{markdown.text(report.version, 50)}, for {markdown.code(plan.branch, 80)} of "
        f"{markdown.code(plan.repository, 200)} at {markdown.code(plan.head[:12])}."
    )
