"""An audit as a job summary and as text: the result, what to do next, then the releases, newest first."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..domain.audit import PastRelease
from ..domain.audit.rules import is_change
from ..domain.decision import Verdict
from ..domain.findings import Finding, Status, in_one_line
from ..domain.reports.audit import AuditReport, WatchReport, by_rule, by_year
from ..domain.watch import Watch
from . import markdown
from .findings import allowed_by_hand, warning
from .markdown import MAX_SUMMARY, Section, fit
from .wording import MARKS, NEEDS_ATTENTION, VERDICTS, WORDS, Links, as_warnings, at, count, finding_lines, finding_mark

MOST_ROWS = 100
"""Most releases in a table; the report has them all."""

_MOST_FINDINGS = 8
_MOST_YEARS = 25

MOST_STEPS = 8
"""Most remedies shown as steps."""

_FETCH = (
    "Bring the clones up to date with their branches and tags (in a bare one: `git fetch --prune --tags origin "
    "'+refs/heads/*:refs/heads/*'`), then run this again: a stale clone may lack tags or commits that exist."
)
_NAMED = re.compile(r"\b(?:[0-9a-f]{12,40}|v?[0-9]+(?:\.[0-9]+)+[\w.+-]*)\b")

_MOST_GAPS = 20
_WATCHED = {True: "✅", False: "⛔", None: "❓"}


def releases_table(report: AuditReport, releases: Sequence[PastRelease], links: Links) -> str:
    """Return releases, passed oldest first, as a table with the newest first; empty if there are none."""
    if not releases:
        return ""
    header = ("Date", "Release", *(markdown.text(name, 80) for name in report.components), "Today", "Findings")
    newest = list(reversed(releases))
    rows: list[Sequence[str]] = [_row(report, one, links) for one in newest[:MOST_ROWS]]
    # Omitted rows still count in "Showing N of M".
    rows += [()] * (len(newest) - len(rows))
    return markdown.table(header, rows, cap=MOST_ROWS)


def rules_table(report: AuditReport) -> str:
    """Return how many releases each rule blocks or warns about, with a chart; empty if there are none."""
    counts = by_rule(report.recent)
    if not counts:
        return ""
    header = ("Rule", *(f"{MARKS[status]} {WORDS[status]}" for status in NEEDS_ATTENTION))
    rows = [
        (markdown.code(rule), *(str(count[status]) for status in NEEDS_ATTENTION)) for rule, count in counts.items()
    ]
    return f"{markdown.table(header, rows)}\n\n{_pie(report)}".rstrip()


def years_table(report: AuditReport) -> str:
    """Return the results of each year's releases, newest first, with a chart; empty if there are none."""
    years = list(by_year(report.asked).items())
    if not years:
        return ""
    header = ("Year", "Releases", "✅ fine", f"{MARKS[Status.FAIL]} broken", f"{MARKS[Status.UNKNOWN]} not verified")
    rows = [(year, str(one.all), str(one.fine), str(one.broken), str(one.unverified)) for year, one in reversed(years)]
    shown = years[-_MOST_YEARS:]
    words = "The front bar of each year counts releases that break a rule or could not be verified; the back bar, all."
    lines = [
        "xychart-beta",
        '  title "Releases by year"',
        f"  x-axis [{', '.join(chr(34) + year + chr(34) for year, _ in shown)}]",
        f'  y-axis "releases" 0 --> {max(one.all for _, one in shown)}',
        f"  bar [{', '.join(str(one.all) for _, one in shown)}]",
        f"  bar [{', '.join(str(one.broken + one.unverified) for _, one in shown)}]",
    ]
    return f"{markdown.table(header, rows)}\n\n{markdown.fence(chr(10).join(lines), 'mermaid')}\n\n{words}"


def needing_attention(one: PastRelease) -> list[Finding]:
    """Return the findings of a release that block or warn, worst first."""
    chosen = [finding for finding in one.findings if finding.status in NEEDS_ATTENTION]
    return sorted(chosen, key=lambda finding: NEEDS_ATTENTION.index(finding.status))


def day(one: PastRelease) -> str:
    """Return the date of a tag."""
    return f"{one.date:%Y-%m-%d}" if one.date else "undated"


def in_short(one: PastRelease) -> str:
    """Return the mark of a release with its word, and whether it was taken back."""
    taken_back = "" if one.taken_back is None else ", taken back"
    if one.verdict is Verdict.DEPLOY:
        return f"{MARKS[Status.PASS]} fine{taken_back}"
    if one.verdict is Verdict.BUILD_ONLY:
        return f"{VERDICTS[Verdict.BUILD_ONLY][0]} build only{taken_back}"
    failed = any(finding.status is Status.FAIL for finding in one.findings)
    words = f"{MARKS[Status.FAIL]} breaks a rule" if failed else f"{MARKS[Status.UNKNOWN]} not verified"
    return f"{words}{taken_back}"


def _row(report: AuditReport, one: PastRelease, links: Links) -> Sequence[str]:
    tags = {facts.pin.component.name: facts.pin for facts in one.components}
    pins = (
        markdown.code_link(markdown.visible(pin.tag, 80), links.tag(pin.component.repository, pin.tag))
        if (pin := tags.get(name)) and pin.tag
        else "➖ none"
        for name in report.components
    )
    tag = markdown.code_link(markdown.visible(one.tag, 80), links.tag(report.repository, one.tag))
    return (day(one), tag, *pins, in_short(one).replace(" ", "&nbsp;"), _findings(one))


def _findings(one: PastRelease) -> str:
    # Subjects with the same finding share a line.
    found: dict[tuple[str, str, str], list[str]] = {}
    for each in needing_attention(one):
        subjects = found.setdefault((finding_mark(each), each.rule, each.message), [])
        subjects.append(markdown.text(each.subject))
    lines = [
        f"{mark.replace(' ', '&nbsp;')} {markdown.code(rule)} ({', '.join(subjects)}): {markdown.words(message, 300)}"
        for (mark, rule, message), subjects in list(found.items())[:_MOST_FINDINGS]
    ]
    left = len(found) - _MOST_FINDINGS
    return "\n".join([*lines, *([f"… and {left} more"] if left > 0 else [])])


def _pie(report: AuditReport) -> str:
    slices = {rule: count[Status.FAIL] + count[Status.UNKNOWN] for rule, count in by_rule(report.recent).items()}
    lines = [f'  "{rule}" : {number}' for rule, number in slices.items() if number]
    if not lines:
        return ""
    return markdown.fence("\n".join(["pie showData", "  title Releases that a rule blocks", *lines]), "mermaid")


def mark(report: AuditReport) -> str:
    """Return the mark for the headline."""
    if report.verdict is not Verdict.BLOCKED:
        return "✅" if report.judged else "➖"
    # All releases that can be judged are fine, but some cannot be judged.
    return "⛔" if report.gaps or report.broken or report.unverified or not report.asked else "⚠️"


def as_of(report: AuditReport) -> str:
    """Return which facts are today's and which are of the tag's date."""
    return (
        f"Judged on {report.time:%Y-%m-%d at %H:%M} UTC, by today's rules: tags, branches, CI and images as they are "
        "now; the order of tags and changes of the pair as of the date of each tag. That is the date in an annotated "
        "tag, or else the date of the commit."
    )


def cautions(report: AuditReport) -> list[str]:
    """Return what was not checked, one line each."""
    names = {"check-ci": "CI was not checked", "check-images": "Images were not checked, so none was compared"}
    lines = [f"{names[name]}, because `{name}` is `false`." for name in report.switched_off]
    if report.records is None:
        lines.append("Nothing was compared with any `release.json`: that requires GitHub's releases.")
    lines += [
        f"The allowance {one} had no effect: there is no such finding. Remove it from `allow`."
        for one in report.unused_allowances
    ]
    return lines


def steps(report: AuditReport) -> list[str]:
    """Return what to do next, as messages."""
    remedies = list(dict.fromkeys(gap.remedy for gap in report.gaps))
    found = [_FETCH] if report.stale else []
    found += [*remedies[:3], "Treat nothing here as clean until a run is complete."] if remedies else []
    changed = [finding for one in reversed(report.releases) for finding in one.findings if is_change(finding)]
    found += list(dict.fromkeys(in_one_line(finding.message, finding.remedy) for finding in changed))[:MOST_STEPS]
    # In an incomplete audit, an unverified release is not a statement about the past.
    if report.broken or (report.unverified and report.complete):
        found.append(
            "Read the findings below, and follow the rules from the next release on: past releases cannot be undone."
        )
    found += [*_later_start(report), *_other_variables(report)]
    if not report.judged and not found:
        found.append(f"Nothing, if {report.since} is in the future; otherwise correct the input `since`.")
    return found or ["Nothing to do."]


def gaps_in_groups(report: AuditReport) -> list[str]:
    """Return why evidence is missing; reasons that differ only in a commit or version become one, with their number.

    The first word is kept: it names the host, which may be an IP address.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for gap in report.gaps:
        host, _, rest = gap.reason.partition(" ")
        groups.setdefault((host, _NAMED.sub("…", rest)), []).append(gap.reason)
    return [
        reasons[0] if len(reasons) == 1 else f"{host} {rest} ({len(reasons):,} times)"
        for (host, rest), reasons in groups.items()
    ]


def _later_start(report: AuditReport) -> list[str]:
    blocked = {one.tag for one in (*report.broken, *report.unverified, *report.unasked)}
    later = _fine_at_the_end(report.judged, blocked) if blocked and report.complete else ""
    return [f"To hold only newer releases to the rules, set `since` to `{later}`."] if later else []


def _other_variables(report: AuditReport) -> list[str]:
    """Return how to have older files judged if they name the versions by other variables."""
    if not report.unasked:
        return []
    newest = report.unasked[-1]
    pins = [facts.pin for facts in newest.components if not facts.pin.tag]
    names = " and ".join(f"`{pin.component.given_in('variable')}`" for pin in pins)
    why = "; ".join(dict.fromkeys(pin.problem.message for pin in pins if pin.problem))
    return [
        f"If older files name the versions by other variables, add those to {names}: the first one in a file counts. "
        f"For {newest.tag}, {why}."
    ]


def _fine_at_the_end(judged: Sequence[PastRelease], blocked: set[str]) -> str:
    """Return the first release from which on all are fine; empty if even the newest is not."""
    first = ""
    for one in reversed(judged):
        if one.tag in blocked:
            break
        first = one.tag
    return markdown.visible(first)


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
    return fit(sections, MAX_SUMMARY)


def _chain(watch: Watch) -> str:
    last, look = watch.last, watch.look
    since = f"{at(last.since)}, " if last and last.since else ""
    rows = [("Deployed", f"{markdown.code(last.tag)}: {since}by {markdown.words(last.how)}")] if last else []
    if look:
        seen = f"{_WATCHED[watch.matches]} {markdown.words(look.seen)}, at {at(watch.time)}"
        rows.append(("Seen on the site", f"{markdown.link(look.url, look.url)}: {seen}"))
    return markdown.table(("", ""), rows) if rows else ""


def _summary(report: AuditReport, links: Links) -> str:
    every = releases_table(report, report.releases, links)
    title = f"All {count(len(report.releases), 'tag')}, newest first"
    sections = [
        Section(20, "", _verdict(report)),
        Section(19, "", warning([*as_warnings([*cautions(report), *report.notes]), *_allowed(report)])),
        Section(18, "What to do next", markdown.numbered([markdown.words(step) for step in _steps(report)])),
        Section(18, "What runs in production", _production(report)),
        Section(17, "What could not be determined", _gaps(report)),
        Section(15, "Production tags that break a rule or could not be verified", _blocked(report, links)),
        Section(12, "By rule", rules_table(report)),
        Section(11, "By year", years_table(report)),
        Section(5, "", markdown.details(title, every) if every else ""),
        Section(16, "", _footer(report)),
    ]
    return fit(sections, MAX_SUMMARY)


def _production(report: AuditReport) -> str:
    watch = report.watch
    return f"{_WATCHED[watch.matches]} {markdown.words(watch.sentence)}\n\n{_chain(watch)}".rstrip() if watch else ""


def _steps(report: AuditReport) -> list[str]:
    """Return what to do, starting with what production needs."""
    watch = report.watch
    if watch is None or watch.matches:
        return steps(report)
    return [watch.remedy, *(step for step in steps(report) if step != "Nothing to do.")]


def text(report: AuditReport | WatchReport) -> str:
    """Return the verdict, and for each release what blocks or warns, newest first, for the log."""
    if isinstance(report, WatchReport):
        watch = report.watch
        return "\n".join(map(markdown.visible, (watch.words, watch.sentence, watch.remedy)))
    lines = [markdown.visible(report.watch.sentence)] if report.watch else []
    lines += [markdown.visible(report.headline), markdown.visible(report.sentence), as_of(report)]
    lines += [markdown.visible(line) for line in cautions(report)]
    lines += [f"Not determined: {markdown.visible(reason)}" for reason in gaps_in_groups(report)[:_MOST_GAPS]]
    newest = list(reversed(report.recent))
    for one in newest[:MOST_ROWS]:
        pins = ", ".join(f"{facts.pin.component.name} {facts.pin.tag or 'none'}" for facts in one.components)
        lines.append(markdown.visible(f"{day(one)}  {one.tag}  {in_short(one)}  {pins}"))
        # Without remedies: a past release cannot be fixed.
        lines += [f"    {found.partition(chr(10))[0]}" for found in finding_lines(needing_attention(one))]
    if len(newest) > MOST_ROWS:
        lines.append(f"Showing {MOST_ROWS} of {len(newest)}.")
    if older := len(report.releases) - len(newest):
        lines.append(
            f"Not shown: {count(older, 'older tag')}, from before the rules can be applied. The report has them."
        )
    return "\n".join(
        [*lines, *(f"{number}. {markdown.visible(step)}" for number, step in enumerate(_steps(report), 1))]
    )


def _verdict(report: AuditReport) -> str:
    title = f"## {mark(report)} {report.words} — audit of {markdown.code(report.repository)}"
    return f"{title}\n\n**{markdown.words(report.sentence)}**\n\n{markdown.words(as_of(report))}"


def _allowed(report: AuditReport) -> list[str]:
    return allowed_by_hand([finding for one in reversed(report.releases) for finding in one.findings])


def _blocked(report: AuditReport, links: Links) -> str:
    """Return the blocked releases as a table; if the audit is incomplete, only those that break a rule."""
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
