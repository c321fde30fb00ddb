"""Marks, words and URLs that all renderings share. A mark is always followed by its word."""

from __future__ import annotations

import datetime
import html
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from ..dataclass import dataclass
from ..domain.decision import Verdict
from ..domain.findings import Finding, Status
from ..domain.reports import Action
from ..domain.reports import count as count
from ..domain.reports.gate import VERDICTS as _VERDICTS
from ..domain.reports.gate import GateReport
from . import markdown
from .markdown import visible

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+")
_SHOWN = 40

_LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
_MARKUP = re.compile(r"`|</?(?:code|span)>|&#8203;")

MARKS = {
    Status.PASS: "✅",
    Status.FAIL: "❌",
    Status.UNKNOWN: "❔",
    Status.WARN: "⚠️",
    Status.SKIPPED: "➖",
}
WORDS = {
    Status.PASS: "passed",
    Status.FAIL: "failed",
    Status.UNKNOWN: "not verified",
    Status.WARN: "warning",
    Status.SKIPPED: "not checked",
}
_VERDICT_MARKS = {Verdict.DEPLOY: "✅", Verdict.BLOCKED: "⛔", Verdict.BUILD_ONLY: "🔨"}

_UNITS = ((365 * 86_400, "year"), (30 * 86_400, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute"))
NEEDS_ATTENTION = (Status.FAIL, Status.UNKNOWN, Status.WARN)
"""Statuses that need the reader's attention, worst first."""
_WORST_FIRST = (*NEEDS_ATTENTION, Status.PASS, Status.SKIPPED)
VERDICTS = {verdict: (mark, _VERDICTS[verdict]) for verdict, mark in _VERDICT_MARKS.items()}


@dataclass(frozen=True)
class Links:
    """Builds URLs below `server` (such as `https://github.com`); a URL is empty if `server` or a name in it is empty.

    Names are foreign text and always percent-encoded.
    """

    server: str

    def repository(self, repository: str) -> str:
        """The URL of `OWNER/NAME`."""
        return self._of(repository)

    def commit(self, repository: str, commit: str) -> str:
        """The URL of a commit SHA."""
        return self._of(repository, "commit", commit)

    def tag(self, repository: str, tag: str) -> str:
        """The URL of a tag; GitHub shows it below `releases` even if the tag has no release."""
        return self._of(repository, "releases", "tag", tag)

    def releases(self, repository: str) -> str:
        """The URL of the list of releases."""
        return self._of(repository, "releases")

    def branch(self, repository: str, branch: str) -> str:
        """The URL of a branch."""
        return self._of(repository, "tree", branch)

    def line(self, repository: str, commit: str, path: str, line: int | None) -> str:
        """The URL of a file at a commit, and of the line (counted from 1) if one is given."""
        file = self._of(repository, "blob", commit, path)
        return f"{file}#L{line}" if file and line else file

    def comparison(self, repository: str, before: str, after: str) -> str:
        """The URL of the comparison of tag `before` with tag `after`."""
        if not before or not after:
            return ""
        return self._of(repository, "compare", f"{before}...{after}")

    def issue(self, repository: str, number: int) -> str:
        """The URL of an issue; GitHub redirects it if the number is a pull request's."""
        return self._of(repository, "issues", str(number))

    def actions(self, repository: str) -> str:
        """The URL of the list of workflows, with the form that starts one."""
        return self._of(repository, "actions")

    def _of(self, repository: str, *names: str) -> str:
        if not self.server.startswith(("https://", "http://")) or not all((repository, *names)):
            return ""
        parts = (quote(name, safe="/", errors="replace") for name in (repository, *names))
        return "/".join((self.server.rstrip("/"), *parts))


@dataclass(frozen=True)
class References:
    """Writes issue numbers of `tickets_from` (`OWNER/NAME`) and of other repositories.

    In conversations GitHub links `OWNER/NAME#N` and adds a back-reference. In job summaries it does neither, so
    `links` are written.
    """

    tickets_from: str
    links: Links
    in_conversation: bool

    def tickets(self, numbers: Sequence[int]) -> str:
        """Return tickets as Markdown, with a note if some are omitted."""
        return self.of(self.tickets_from, numbers)

    def of(self, repository: str, numbers: Sequence[int]) -> str:
        """Return issues or pull requests of a repository as Markdown, with a note if some are omitted."""
        shown = ", ".join(self._one(repository, number) for number in numbers[:_SHOWN])
        return f"{shown} (showing {_SHOWN} of {len(numbers)})" if len(numbers) > _SHOWN else shown

    def _one(self, repository: str, number: int) -> str:
        if self.in_conversation and _REPOSITORY.fullmatch(repository):
            return f"{repository}#{number}"
        return markdown.link(f"#{number}", self.links.issue(repository, number))


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Return each finding on a line, worst first, followed by its remedy if it did not pass."""
    ordered = sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.status))
    widths = [max((len(part) for part in column), default=0) for column in zip(*map(_names, ordered), strict=True)]
    return [_line(finding, widths) for finding in ordered]


def plain(step: str) -> str:
    """Return a step (our own Markdown) as plain text; a link keeps its URL."""
    return visible(html.unescape(_MARKUP.sub("", _LINK.sub(_unlinked, step).replace("**", "").replace("<br>", " "))))


def _unlinked(link: re.Match[str]) -> str:
    return link[2] if link[1].strip("`") == link[2] else f"{link[1]} ({link[2]})"


def _names(finding: Finding) -> tuple[str, str, str]:
    status = "ALLOWED" if finding.allowed else finding.status.value.upper()
    return status, visible(finding.rule, 60), visible(finding.subject, 60)


def _line(finding: Finding, widths: list[int]) -> str:
    names = "  ".join(name.ljust(width) for name, width in zip(_names(finding), widths, strict=True))
    line = f"{names}  {visible(finding.message)}".rstrip()
    if not finding.remedy or finding.status in (Status.PASS, Status.SKIPPED):
        return line
    return f"{line}\n    -> {visible(finding.remedy)}"


def mark(status: Status) -> str:
    """Return the mark with its word, such as `✅ passed`."""
    return f"{MARKS[status]} {WORDS[status]}"


def finding_mark(finding: Finding) -> str:
    """Return the mark with its word: `allowed` or `not checked` if a person allowed it or switched the check off."""
    if finding.status is Status.WARN and finding.demoted_from is Status.SKIPPED:
        return f"{MARKS[Status.WARN]} not checked"
    return f"{MARKS[Status.WARN]} allowed" if finding.allowed else mark(finding.status)


def is_judged(report: GateReport) -> bool:
    """Whether the rules were applied; other builds only report pins that cannot be read."""
    return report.facts.stack is not None or any(one.rule == "pin-grade" for one in report.decision.findings)


def worst(findings: Sequence[Finding]) -> Finding | None:
    """Return the finding that represents several: the worst, or `not checked` only if all are."""
    return min(findings, key=lambda finding: _WORST_FIRST.index(finding.status), default=None)


def age(moment: datetime.datetime | None, now: datetime.datetime) -> str:
    """Return how long before `now` a moment was, such as `3 days ago`; empty if unknown.

    A month has 30 days here, a year 365. Times without a zone are in UTC.
    """
    if moment is None:
        return ""
    seconds = int((_in_utc(now) - _in_utc(moment)).total_seconds())
    if seconds < 0:
        return "dated in the future"
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{count(seconds // length, unit)} ago"
    return "just now"


def at(moment: datetime.datetime) -> str:
    """Return a UTC time to the second, for people."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def signed(moment: datetime.datetime, version: str) -> str:
    """Return the time and the version of the action, as Markdown."""
    return f"{at(moment)} by frag-release-action {markdown.text(version, 50)}"


def action_list(actions: Sequence[Action]) -> str:
    """Return actions as a list of links."""
    return markdown.bullets([markdown.link(action.what, action.url) for action in actions])


def as_warnings(notes: Iterable[str]) -> list[str]:
    """Return messages as lines of Markdown, marked as warnings."""
    return [f"⚠️ {markdown.words(note)}" for note in notes]


def rollbacks_unknown(why: str) -> str:
    """Return the message that `why` left unknown which releases were taken back."""
    return f"Whether a release was taken back could not be determined: {why}."


def listed(items: Sequence[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    *others, last = items or [""]
    return f"{', '.join(others)} and {last}" if others else last


def stack_image(report: GateReport, tag: str) -> str:
    """Return the stack's image of a tag in Markdown, or the tag alone if the image's name is unknown."""
    name = report.image_name.removeprefix("docker.io/")
    return f"the image {markdown.code(f'{name}:{tag}')}" if name else f"the image tag {markdown.code(tag)}"


def _in_utc(moment: datetime.datetime) -> datetime.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
