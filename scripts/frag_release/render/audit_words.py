"""What an audit comes to, in words: its heading, its one sentence, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..domain.audit.judging import PastRelease
from ..domain.audit.rules import is_change
from ..domain.decision import Verdict
from ..domain.findings import in_one_line
from ..domain.reports.audit import AuditReport
from . import markdown

MOST_STEPS = 8
"""Most remedies that are shown as steps."""

_FETCH = (
    "Bring the clones up to date with their branches and tags (in a bare one: `git fetch --prune --tags origin "
    "'+refs/heads/*:refs/heads/*'`), then run this again: what a stale clone lacks may well exist."
)
_NAMED = re.compile(r"\b(?:[0-9a-f]{12,40}|v?[0-9]+(?:\.[0-9]+)+[\w.+-]*)\b")


def mark(report: AuditReport) -> str:
    """Return the mark that goes with the headline."""
    if report.verdict is not Verdict.BLOCKED:
        return "✅" if report.judged else "➖"
    # All that can be asked about is fine, and not all can.
    return "⛔" if report.gaps or report.broken or report.unverified or not report.asked else "⚠️"


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
    found = [_FETCH] if report.stale else []
    found += [*remedies[:3], "Look at nothing here as clean until a run is complete."] if remedies else []
    changed = [finding for one in reversed(report.releases) for finding in one.findings if is_change(finding)]
    found += list(dict.fromkeys(in_one_line(finding.message, finding.remedy) for finding in changed))[:MOST_STEPS]
    # Of an audit that is not complete, what could not be verified says nothing about the past.
    if report.broken or (report.unverified and report.complete):
        found.append(
            "Read the findings below, and keep to the rules from the next release on: what was released cannot be "
            "undone."
        )
    found += [*_later_start(report), *_other_variables(report)]
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


def _later_start(report: AuditReport) -> list[str]:
    blocked = {one.tag for one in (*report.broken, *report.unverified, *report.unasked)}
    later = _fine_at_the_end(report.judged, blocked) if blocked and report.complete else ""
    return [f"To hold only newer releases to the rules, set `since` to `{later}`."] if later else []


def _other_variables(report: AuditReport) -> list[str]:
    """Say how older files can be asked, if they name the versions by other variables."""
    if not report.unasked:
        return []
    newest = report.unasked[-1]
    pins = [facts.pin for facts in newest.components if not facts.pin.tag]
    names = " and ".join(f"`{pin.component.given_in('variable')}`" for pin in pins)
    why = "; ".join(dict.fromkeys(pin.problem.message for pin in pins if pin.problem))
    return [
        f"If older files name the versions by other variables, list those, too, in {names}: the first that a file has "
        f"counts. Of {newest.tag} it was found that {why}."
    ]


def _fine_at_the_end(judged: Sequence[PastRelease], blocked: set[str]) -> str:
    """Return the first release after which all are fine; empty where even the newest is not."""
    first = ""
    for one in reversed(judged):
        if one.tag in blocked:
            break
        first = one.tag
    return markdown.visible(first)
