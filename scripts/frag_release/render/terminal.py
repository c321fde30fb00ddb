"""The result as plain text, for the log and for a terminal."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from ..domain.findings import Finding, Status
from .markdown import visible

_LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
_MARKUP = re.compile(r"`|</?(?:code|span)>|&#8203;")
_ORDER = (Status.FAIL, Status.UNKNOWN, Status.WARN, Status.PASS, Status.SKIPPED)


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Return each finding on one line, the worst first, with its remedy on a line below where it needs one."""
    ordered = sorted(findings, key=lambda finding: _ORDER.index(finding.status))
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
