"""Marks, words and web addresses that every rendering shares. A mark never stands without its word."""

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
TOLD = (Status.FAIL, Status.UNKNOWN, Status.WARN)
"""What a reader must look at, the worst first."""
_WORST_FIRST = (*TOLD, Status.PASS, Status.SKIPPED)
VERDICTS = {verdict: (mark, _VERDICTS[verdict]) for verdict, mark in _VERDICT_MARKS.items()}


@dataclass(frozen=True)
class Links:
    """Makes addresses below `server` (such as `https://github.com`); all are empty where `server` is.

    Names are foreign text and always percent-encoded. An address is also empty where a name is.
    """

    server: str

    def repository(self, repository: str) -> str:
        """Address of `OWNER/NAME`."""
        return self._of(repository)

    def commit(self, repository: str, commit: str) -> str:
        """Address of a commit by its SHA."""
        return self._of(repository, "commit", commit)

    def tag(self, repository: str, tag: str) -> str:
        """Address of a tag, which GitHub shows below `releases` also where there is no release."""
        return self._of(repository, "releases", "tag", tag)

    def releases(self, repository: str) -> str:
        """Address of the list of releases."""
        return self._of(repository, "releases")

    def branch(self, repository: str, branch: str) -> str:
        """Address of a branch."""
        return self._of(repository, "tree", branch)

    def line(self, repository: str, commit: str, path: str, line: int | None) -> str:
        """Address of a file at a commit, at a line (counted from 1) where one is given."""
        file = self._of(repository, "blob", commit, path)
        return f"{file}#L{line}" if file and line else file

    def comparison(self, repository: str, before: str, after: str) -> str:
        """Address of what changed from tag `before` to tag `after`."""
        if not before or not after:
            return ""
        return self._of(repository, "compare", f"{before}...{after}")

    def issue(self, repository: str, number: int) -> str:
        """Address of an issue or, which GitHub leads on to, a pull request."""
        return self._of(repository, "issues", str(number))

    def actions(self, repository: str) -> str:
        """Address of the list of workflows, where the form to start one is."""
        return self._of(repository, "actions")

    def _of(self, repository: str, *names: str) -> str:
        if not self.server.startswith(("https://", "http://")) or not all((repository, *names)):
            return ""
        parts = (quote(name, safe="/", errors="replace") for name in (repository, *names))
        return "/".join((self.server.rstrip("/"), *parts))


@dataclass(frozen=True)
class References:
    """Writes numbers of `tickets_from` (`OWNER/NAME`) and of other repositories.

    In conversations GitHub links `OWNER/NAME#N` by itself, and shows the reference at the other end; in
    job summaries it does neither, so there `links` are made.
    """

    tickets_from: str
    links: Links
    in_conversation: bool

    def tickets(self, numbers: Sequence[int]) -> str:
        """Return tickets as Markdown, with a note where some are left out."""
        return self.of(self.tickets_from, numbers)

    def of(self, repository: str, numbers: Sequence[int]) -> str:
        """Return issues or pull requests of a repository as Markdown, with a note where some are left out."""
        shown = ", ".join(self._one(repository, number) for number in numbers[:_SHOWN])
        return f"{shown} (showing {_SHOWN} of {len(numbers)})" if len(numbers) > _SHOWN else shown

    def _one(self, repository: str, number: int) -> str:
        if self.in_conversation and _REPOSITORY.fullmatch(repository):
            return f"{repository}#{number}"
        return markdown.link(f"#{number}", self.links.issue(repository, number))


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Return each finding on one line, the worst first, with its remedy on a line below where it needs one."""
    ordered = sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.status))
    widths = [max((len(part) for part in column), default=0) for column in zip(*map(_names, ordered), strict=True)]
    return [_line(finding, widths) for finding in ordered]


def plain(step: str) -> str:
    """Return a step, which is Markdown of ours, as plain text; a link keeps its address."""
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
    """The mark with its word, such as `✅ passed`."""
    return f"{MARKS[status]} {WORDS[status]}"


def finding_mark(finding: Finding) -> str:
    """The mark with its word; what a person allowed or switched off is called so."""
    if finding.status is Status.WARN and finding.demoted_from is Status.SKIPPED:
        return f"{MARKS[Status.WARN]} not checked"
    return f"{MARKS[Status.WARN]} allowed" if finding.allowed else mark(finding.status)


def is_judged(report: GateReport) -> bool:
    """Whether the rules decided; of other builds it is only told that pins cannot be read."""
    return report.facts.stack is not None or any(one.rule == "pin-grade" for one in report.decision.findings)


def worst(findings: Sequence[Finding]) -> Finding | None:
    """The finding that decides how several together look; `not checked` only where all are."""
    return min(findings, key=lambda finding: _WORST_FIRST.index(finding.status), default=None)


def age(moment: datetime.datetime | None, now: datetime.datetime) -> str:
    """Return how long before `now` a moment was, such as `3 days ago`; empty where it is not known.

    Months are taken as 30 days and years as 365; times without a zone are in UTC.
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
    """Return a moment in UTC to the second, for people."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def signed(moment: datetime.datetime, version: str) -> str:
    """Return when this was, and which release of the action says it, as Markdown."""
    return f"{at(moment)} by frag-release-action {markdown.text(version, 50)}"


def action_list(actions: Sequence[Action]) -> str:
    """Return what was made or done as a list of links."""
    return markdown.bullets([markdown.link(action.what, action.url) for action in actions])


def noted(notes: Iterable[str]) -> list[str]:
    """Return messages of ours as lines of Markdown that stand out as warnings do."""
    return [f"⚠️ {markdown.words(note)}" for note in notes]


def rollbacks_unknown(why: str) -> str:
    """Say, as a message of ours, that nobody knows which releases were taken back, for what could not be read."""
    return f"Whether a release was taken back is not known: {why}."


def listed(items: Sequence[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    *others, last = items or [""]
    return f"{', '.join(others)} and {last}" if others else last


def stack_image(report: GateReport, tag: str) -> str:
    """Return the stack's image of a tag in Markdown; the tag alone where nobody has told the image's name."""
    name = report.image_name.removeprefix("docker.io/")
    return f"the image {markdown.code(f'{name}:{tag}')}" if name else f"the image tag {markdown.code(tag)}"


def _in_utc(moment: datetime.datetime) -> datetime.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
