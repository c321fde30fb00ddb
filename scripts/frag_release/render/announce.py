"""An announcement as a job summary and as text: what was announced, what failed, and what to do next."""

from __future__ import annotations

from ..dataclass import replace
from ..domain.builds import Build, production_deployments
from ..domain.contents import named_tickets
from ..domain.evidence import Unknown
from ..domain.reports.announce import BOARD, AnnounceReport
from . import markdown
from .findings import open_findings, warning
from .markdown import MAX_SUMMARY, Section, fit
from .picture import StepState, way
from .plan import ComponentChanges
from .release_notes import TicketList, approved_by, ticket_body
from .wording import Links, References, action_list, finding_lines, signed

_TICKETS = 100


def summary(report: AnnounceReport, links: Links) -> str:
    """Return the summary in Markdown, at most `MAX_SUMMARY` long.

    People without access to a private ticket may read it, so it omits such titles. A dry run has the whole text.
    """
    if report.contents.private_titles:
        report = replace(report, contents=replace(report.contents, titles={}))
    body = ticket_body(report.contents, links.server)
    references = References(report.contents.tickets_from, links, in_conversation=False)
    changes = ComponentChanges(report.contents.changes, links, references, released=True)
    tickets = TicketList(references, report.contents.titles, _TICKETS)
    shown = markdown.details("The text of the ticket", markdown.fence(body, "markdown")) if report.dry_run else ""
    sections = [
        Section(20, "", _verdict(report)),
        Section(19, "", warning(changes.rollbacks())),
        Section(18, "What to do next", markdown.numbered(next_steps(report))),
        Section(17, "What would be done", markdown.bullets([markdown.text(one) for one in report.planned])),
        Section(17, "What was done", action_list(report.actions)),
        Section(16, "What failed", open_findings(report.findings, lambda _file, _line: "")),
        Section(15, "The chain", _chain(report)),
        Section(14, "Tickets", tickets.items(named_tickets(report.contents.changes).added)),
        Section(13, "Changes in the components", changes.table()),
        Section(8, "", shown),
        Section(7, "The way to production", way(_steps(report))),
        Section(12, "", _footer(report)),
    ]
    return fit(sections, MAX_SUMMARY)


def text(report: AnnounceReport) -> str:
    """Return the result as plain text, for the log and the terminal."""
    lines = [report.headline, _reason(report)]
    lines += [f"would: {markdown.visible(one)}" for one in report.planned]
    return "\n".join([*lines, *finding_lines(report.findings)])


def next_steps(report: AnnounceReport) -> list[str]:
    """Return what to do, as Markdown."""
    remedies = list(dict.fromkeys(one.remedy for one in report.findings if one.remedy))
    steps = [f"⚠️ {markdown.words(remedy)}" for remedy in remedies[:10]]
    if report.dry_run:
        return [*steps, "Run it again without `dry-run` to write it."]
    ticket = markdown.link("the ticket", report.url)
    steps.append(f"Tick the boxes on {ticket} once you have seen things work: they stay ticked.")
    until = _until(report)
    return [*steps, f"After {until}, run this again to update the text."] if until else steps


def _chain(report: AnnounceReport) -> str:
    checked = "; ".join(markdown.words(step) for step in report.checked)
    rows = [("Approval", approved_by(report.contents.approvals)), ("Checked, by the boxes of the ticket", checked)]
    known = [row for row in rows if row[1]]
    return markdown.table(("", ""), known) if known else ""


def _until(report: AnnounceReport) -> str:
    """Return what is known to be ahead of the release and will change its text; empty if nothing is."""
    deployment, build = _deployment(report), report.contents.build
    if deployment in (StepState.RUNNING, StepState.NEXT):
        return "the deployment"
    return "the build" if isinstance(build, Build) and not build.is_over else ""


def _deployment(report: AnnounceReport) -> StepState | None:
    """Return the state of the production deployment, from the jobs of the build; None if none of them deploys."""
    known = report.contents.jobs
    jobs = () if isinstance(known, Unknown) else production_deployments(known)
    if not jobs:
        return None
    if any(job.failed for job in jobs):
        return StepState.STOPPED
    if all(job.is_over for job in jobs):
        return StepState.DONE
    return StepState.RUNNING if any(job.status == "in_progress" for job in jobs) else StepState.NEXT


def _verdict(report: AnnounceReport) -> str:
    mark = "📝" if report.dry_run else "⚠️" if report.findings else "✅"
    tag = markdown.code_link(f"Release {report.contents.tag}", report.url)
    return f"## {mark} {report.words} — {tag}\n\n**{markdown.words(_reason(report))}**"


def _reason(report: AnnounceReport) -> str:
    if report.where is None:
        return f"There is no ticket of this release in {report.repository} yet."
    what = "A comment on the ticket" if report.is_existing else "The ticket"
    would = " would list" if report.dry_run else " lists"
    return f"{what} {report.where}{would} the contents of the release and the changes in it."


def _steps(report: AnnounceReport) -> list[tuple[str, StepState]]:
    written = StepState.NEXT if report.dry_run else StepState.DONE
    board_failed = any(one.rule == BOARD for one in report.findings)
    board = [("board", StepState.STOPPED if board_failed else written)] if report.board else []
    deployment = _deployment(report)
    last = [("deployment", deployment)] if deployment else []
    return [(f"release {report.contents.tag}", StepState.DONE), ("ticket", written), *board, *last]


def _footer(report: AnnounceReport) -> str:
    contents = report.contents
    return (
        f"Read at {signed(report.time, report.version)}, for {markdown.code(contents.repository, 200)} at "
        f"{markdown.code(contents.commit)}."
    )
