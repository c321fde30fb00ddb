"""An audit as a job summary and as text: what it comes to, what to do next, then the releases, newest first."""

from __future__ import annotations

from ..domain.decision import Verdict
from ..domain.reports.audit import AuditReport, WatchReport
from ..domain.watch import Watch
from . import markdown
from .audit_tables import MOST_ROWS, day, in_short, releases_table, rules_table, told, years_table
from .audit_words import as_of, cautions, gaps_in_groups, mark, steps
from .findings import allowed_by_hand, warning
from .links import Links
from .sections import MAX_SUMMARY, Section, fitted
from .terminal import finding_lines
from .wording import count

_MOST_GAPS = 20
_WATCHED = {True: "✅", False: "⛔", None: "❓"}


def summary(report: AuditReport | WatchReport, links: Links) -> str:
    """Return the summary in Markdown, at most `MAX_SUMMARY` long."""
    return _watched(report) if isinstance(report, WatchReport) else _summary(report, links)


def _watched(report: WatchReport) -> str:
    watch = report.watch
    title = f"## {_WATCHED[watch.matches]} {markdown.words(watch.words)} — {markdown.code(report.repository)}"
    sections = [
        Section(20, "", f"{title}\n\n**{markdown.words(watch.sentence)}**"),
        Section(18, "What to do next", markdown.numbered([markdown.words(watch.remedy)])),
        Section(16, "The chain", _chain(watch)),
    ]
    return fitted(sections, MAX_SUMMARY)


def _chain(watch: Watch) -> str:
    last, look = watch.last, watch.look
    since = f"{last.since:%Y-%m-%d %H:%M:%S} UTC, " if last and last.since else ""
    rows = [("Deployed", f"{markdown.code(last.tag)}: {since}by {markdown.words(last.how)}")] if last else []
    if look:
        seen = f"{_WATCHED[watch.matches]} {markdown.words(look.seen)}, at {watch.time:%Y-%m-%d %H:%M:%S} UTC"
        rows.append(("Seen on the site", f"{markdown.link(look.url, look.url)}: {seen}"))
    return markdown.table(("", ""), rows) if rows else ""


def _summary(report: AuditReport, links: Links) -> str:
    every = releases_table(report, report.releases, links)
    title = f"All {count(len(report.releases), 'tag')}, newest first"
    sections = [
        Section(20, "", _verdict(report)),
        Section(19, "", warning([*_cautions(report), *_allowed(report)])),
        Section(18, "What to do next", markdown.numbered([markdown.words(step) for step in _steps(report)])),
        Section(18, "What runs in production", _production(report)),
        Section(17, "What could not be found out", _gaps(report)),
        Section(15, "Production tags that break a rule or could not be verified", _blocked(report, links)),
        Section(12, "By rule", rules_table(report)),
        Section(11, "By year", years_table(report)),
        Section(5, "", markdown.details(title, every) if every else ""),
        Section(16, "", _footer(report)),
    ]
    return fitted(sections, MAX_SUMMARY)


def _production(report: AuditReport) -> str:
    watch = report.watch
    return f"{_WATCHED[watch.matches]} {markdown.words(watch.sentence)}\n\n{_chain(watch)}".rstrip() if watch else ""


def _steps(report: AuditReport) -> list[str]:
    """Return what to do: first of all what production needs."""
    watch = report.watch
    if watch is None or watch.matches:
        return steps(report)
    return [watch.remedy, *(step for step in steps(report) if step != "Nothing to do.")]


def text(report: AuditReport | WatchReport) -> str:
    """Return the verdict, and of each release what blocks or warns, the newest first, for the log."""
    if isinstance(report, WatchReport):
        watch = report.watch
        return "\n".join(map(markdown.visible, (watch.words, watch.sentence, watch.remedy)))
    lines = [markdown.visible(report.watch.sentence)] if report.watch else []
    lines += [markdown.visible(report.headline), markdown.visible(report.sentence), as_of(report)]
    lines += [markdown.visible(line) for line in cautions(report)]
    lines += [f"Not found out: {markdown.visible(reason)}" for reason in gaps_in_groups(report)[:_MOST_GAPS]]
    newest = list(reversed(report.recent))
    for one in newest[:MOST_ROWS]:
        pins = ", ".join(f"{facts.pin.component.name} {facts.pin.tag or 'none'}" for facts in one.components)
        lines.append(markdown.visible(f"{day(one)}  {one.tag}  {in_short(one)}  {pins}"))
        # Without the remedies: of a release that is long past there is nothing to mend.
        lines += [f"    {found.partition(chr(10))[0]}" for found in finding_lines(told(one))]
    if len(newest) > MOST_ROWS:
        lines.append(f"Showing {MOST_ROWS} of {len(newest)}.")
    if older := len(report.releases) - len(newest):
        lines.append(
            f"Not shown: {count(older, 'older tag')}, from before the rules can be asked. The report has them."
        )
    return "\n".join(
        [*lines, *(f"{number}. {markdown.visible(step)}" for number, step in enumerate(_steps(report), 1))]
    )


def _verdict(report: AuditReport) -> str:
    title = f"## {mark(report)} {report.words} — audit of {markdown.code(report.repository)}"
    return f"{title}\n\n**{markdown.words(report.sentence)}**\n\n{markdown.words(as_of(report))}"


def _cautions(report: AuditReport) -> list[str]:
    return [f"⚠️ {markdown.words(line)}" for line in cautions(report)]


def _allowed(report: AuditReport) -> list[str]:
    return allowed_by_hand([finding for one in reversed(report.releases) for finding in one.findings])


def _blocked(report: AuditReport, links: Links) -> str:
    """Return those that are blocked as a table; of an audit that is not complete, only those that break a rule."""
    if report.complete:
        blocked = [one for one in report.recent if one.verdict is Verdict.BLOCKED]
        return releases_table(report, blocked, links)
    left = len(report.unverified)
    more = f"{count(left, 'production tag')} could not be verified: see all tags below." if left else ""
    return "\n\n".join(filter(None, [releases_table(report, report.broken, links), more]))


def _gaps(report: AuditReport) -> str:
    return markdown.bullets([markdown.words(reason) for reason in gaps_in_groups(report)], cap=_MOST_GAPS)


def _footer(report: AuditReport) -> str:
    branches = ", ".join(markdown.code(name, 80) for name in list(report.branches)[:5])
    compared = "" if report.records is None else f" {count(report.records, 'release')} had a `release.json`."
    return (
        f"Judged by frag-release-action {markdown.text(report.version, 50)}, for "
        f"{markdown.code(report.repository)} on {branches}.{compared}"
    )
