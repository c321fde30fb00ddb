"""What an audit comes to, in words: its heading, its one sentence, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..domain.audit.judging import PastRelease
from ..domain.audit.report import AuditReport
from ..domain.audit.rules import is_change
from . import markdown
from .wording import count

MOST_STEPS = 8
"""Most remedies that are shown as steps."""

# Not "release": the gate refuses some of them, and whether one without a release on GitHub was deployed, nobody knows.
_TAG = "production tag"
_NAMED = re.compile(r"\b(?:[0-9a-f]{12,40}|[0-9]+(?:\.[0-9]+)+[\w.+-]*)\b")


def heading(report: AuditReport) -> tuple[str, str]:
    """Return the mark and the few words that everything else explains."""
    if report.gaps:
        return "⛔", "Incomplete"
    if report.broken:
        return "⛔", f"{count(len(report.broken), _TAG)} {_verb(len(report.broken), 'break')} a rule"
    if report.unverified:
        return "⛔", f"{count(len(report.unverified), _TAG)} could not be verified"
    judged = len(report.judged)
    if not judged:
        return "➖", "Nothing to judge"
    return "✅", f"{'All ' if judged > 1 else ''}{count(judged, _TAG)} {_verb(judged, 'keep')} the rules"


def sentence(report: AuditReport) -> str:
    """Return what was found, in a sentence or two."""
    if report.gaps:
        return (
            f"{count(len(report.gaps), 'question')} got no answer, so this audit is not complete and clears nothing. "
            f"So far: {_numbers(report)}."
        )
    if not report.judged and not report.releases:
        return f"There is no release since {report.since}: the newest is {report.newest}."
    words = _numbers(report)
    return f"{words[0].upper()}{words[1:]}."


def as_of(report: AuditReport) -> str:
    """Say by which time what was judged."""
    return (
        f"Judged on {report.time:%Y-%m-%d at %H:%M} UTC, by today's rules: tags, branches, CI and images as they are "
        "now; order and sameness as of the date of each tag. A tag's date is that which it bears if it is annotated, "
        "else that of its commit."
    )


def cautions(report: AuditReport) -> list[str]:
    """Return what was not looked at, each as a line of words."""
    names = {"check-ci": "CI was not looked at", "check-images": "Images were not looked at, so none was compared"}
    lines = [f"{names[name]}, because `{name}` is `false`." for name in report.switched_off]
    if report.records is None:
        lines.append("Nothing was compared with any `release.json`: that takes GitHub's releases.")
    lines += [
        f"The allowance {one} changed nothing: there is no such finding. Remove it from `allow`."
        for one in report.unused_allowances
    ]
    return lines


def steps(report: AuditReport) -> list[str]:
    """Return what to do next, as words."""
    remedies = list(dict.fromkeys(gap.remedy for gap in report.gaps))
    found = [*remedies[:3], "Look at nothing here as clean until a run is complete."] if remedies else []
    changed = [finding for one in reversed(report.releases) for finding in one.findings if is_change(finding)]
    found += list(dict.fromkeys(f"{finding.message} {finding.remedy}" for finding in changed))[:MOST_STEPS]
    # Of an audit that is not complete, what could not be verified says nothing about the past.
    if report.broken or (report.unverified and report.complete):
        found += _about_the_past(report)
    if not report.judged and not found:
        found.append(f"Nothing, if {report.since} is still to come; else correct the input `since`.")
    return found or ["Nothing to do."]


def gaps_in_groups(report: AuditReport) -> list[str]:
    """Return why questions got no answer: those that differ in a commit or a version alone are one, with their number.

    The first word stays as it is: it names the host, which may be an address of numbers.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for gap in report.gaps:
        host, _, rest = gap.reason.partition(" ")
        groups.setdefault((host, _NAMED.sub("…", rest)), []).append(gap.reason)
    return [
        reasons[0] if len(reasons) == 1 else f"{host} {rest} ({len(reasons):,} times)"
        for (host, rest), reasons in groups.items()
    ]


def _numbers(report: AuditReport) -> str:
    blocked = [one for one in (*report.broken, *report.unverified) if not one.compared]
    fine = len(report.judged) - len(blocked)
    since = f" since {report.since}" if report.since else ""
    words = [f"of {count(len(report.judged), _TAG)}{since}, {fine} {_verb(fine, 'keep')} every rule looked at"]
    if report.broken:
        words.append(f"{len(report.broken)} {_verb(len(report.broken), 'break')} a rule")
    if report.unverified:
        words.append(f"{len(report.unverified)} could not be verified")
    compared = sum(one.compared for one in report.releases)
    words += [f"{compared} of these, older or gone, {_verb(compared, 'differ')} from release.json"] if compared else []
    others = sum(not one.is_production for one in report.releases)
    words += [f"{count(others, 'other tag')} never went to production"] if others else []
    return "; ".join(words)


def _verb(number: int, verb: str) -> str:
    return f"{verb}s" if number == 1 else verb


def _about_the_past(report: AuditReport) -> list[str]:
    words = [
        "Read the findings below, and keep to the rules from the next release on: what was released cannot be undone."
    ]
    if not report.complete:
        return words
    later = _fine_at_the_end(report.judged, {one.tag for one in (*report.broken, *report.unverified)})
    if later:
        words.append(f"To hold only newer releases to the rules, set `since` to `{later}`.")
    return words


def _fine_at_the_end(judged: Sequence[PastRelease], blocked: set[str]) -> str:
    """Return the first release after which all are fine; empty where even the newest is not."""
    first = ""
    for one in reversed(judged):
        if one.tag in blocked:
            break
        first = one.tag
    return markdown.visible(first)
