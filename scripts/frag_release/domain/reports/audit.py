"""The report of `audit`: every release with what is said of it, and what could not be found out."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..allow import Allowance
from ..audit.judging import PastRelease
from ..decision import Verdict
from ..evidence import Unknown
from ..findings import Finding, Status, blocking
from .report import Remark, Report, component_as_json, count, finding_as_json, verb

MOST_MISSING = 100
"""Most reasons for gaps that the report lists; it always says how many there are."""

# Not "release": the gate refuses some of them, and whether one without a release on GitHub was deployed, nobody knows.
_TAG = "production tag"

UNDATED = "undated"
"""In the place of a year, where the date of a tag is not known."""


@dataclass(frozen=True)
class Tally:
    """How many of a number of releases are fine, break a rule, or could not be verified."""

    fine: int = 0
    broken: int = 0
    unverified: int = 0

    @property
    def all(self) -> int:
        """How many there are."""
        return self.fine + self.broken + self.unverified

    def as_json(self) -> dict[str, int]:
        """The numbers by name."""
        return {"fine": self.fine, "broken": self.broken, "unverified": self.unverified}


@dataclass(frozen=True)
class AuditReport(Report):
    """An audit. `time` is when it was judged, in UTC; `releases` stand oldest first.

    `records` is how many releases had a `release.json` to compare with, None where releases are not known
    (clones). `components` are the components' names, `newest` is the newest release there is. `gaps` is what
    could not be found out.
    """

    command: ClassVar[str] = "audit"

    version: str
    time: datetime.datetime
    repository: str
    branches: Sequence[str]
    components: Sequence[str]
    since: str
    releases: Sequence[PastRelease]
    newest: str = ""
    records: int | None = None
    gaps: Sequence[Unknown] = ()
    unused_allowances: Sequence[Allowance] = ()
    switched_off: Sequence[str] = field(default_factory=tuple)

    @property
    def complete(self) -> bool:
        """Whether everything that was to be asked was answered."""
        return not self.gaps

    @property
    def judged(self) -> list[PastRelease]:
        """The releases that were judged by every rule."""
        return [one for one in self.releases if one.is_production and not one.compared]

    @property
    def broken(self) -> list[PastRelease]:
        """The releases that break a rule, or changed since they were released; oldest first."""
        return [one for one in self.releases if _broken(one)]

    @property
    def unverified(self) -> list[PastRelease]:
        """The releases of which nothing worse is known than that something could not be verified."""
        return [one for one in self.releases if one.verdict is Verdict.BLOCKED and not _broken(one)]

    @property
    def verdict(self) -> Verdict:
        """`blocked` if anything is wrong or unknown; an audit deploys nothing."""
        return Verdict.BLOCKED if self.gaps or self.broken or self.unverified else Verdict.BUILD_ONLY

    @property
    def findings(self) -> Sequence[Finding]:
        """None of its own: each release has its findings."""
        return ()

    @property
    def failed_rules(self) -> list[str]:
        """`rule:subject` of every finding that blocks, each once, sorted."""
        return sorted({finding.key for one in self.releases for finding in one.findings if finding.status.blocks})

    @property
    def headline(self) -> str:
        """What it comes to, and of which repository."""
        return f"{self.words}: {self.repository}"

    @property
    def words(self) -> str:
        """The few words that everything else explains."""
        if self.gaps:
            return "Incomplete"
        if self.broken:
            return f"{count(len(self.broken), _TAG)} {verb(len(self.broken), 'break')} a rule"
        if self.unverified:
            return f"{count(len(self.unverified), _TAG)} could not be verified"
        judged = len(self.judged)
        if not judged:
            return "Nothing to judge"
        return f"{'All ' if judged > 1 else ''}{count(judged, _TAG)} {verb(judged, 'keep')} the rules"

    @property
    def sentence(self) -> str:
        """What was found, in a sentence or two."""
        if self.gaps:
            return (
                f"{count(len(self.gaps), 'question')} got no answer, so this audit is not complete and clears nothing. "
                f"So far: {self._numbers()}."
            )
        if not self.judged and not self.releases:
            return f"There is no release since {self.since}: the newest is {self.newest}."
        words = self._numbers()
        return f"{words[0].upper()}{words[1:]}."

    def _numbers(self) -> str:
        blocked = [one for one in (*self.broken, *self.unverified) if not one.compared]
        fine = len(self.judged) - len(blocked)
        since = f" since {self.since}" if self.since else ""
        words = [f"of {count(len(self.judged), _TAG)}{since}, {fine} {verb(fine, 'keep')} every rule looked at"]
        if self.broken:
            words.append(f"{len(self.broken)} {verb(len(self.broken), 'break')} a rule")
        if self.unverified:
            words.append(f"{len(self.unverified)} could not be verified")
        compared = sum(one.compared for one in self.releases)
        words += (
            [f"{compared} of these, older or gone, {verb(compared, 'differ')} from release.json"] if compared else []
        )
        others = sum(not one.is_production for one in self.releases)
        words += [f"{count(others, 'other tag')} never went to production"] if others else []
        return "; ".join(words)

    def remarks(self) -> list[Remark]:
        """What it comes to, and each production tag that is blocked, the newest first."""
        if self.verdict is not Verdict.BLOCKED:
            return [] if self.judged else [Remark("warning", self.words, self.sentence)]
        blocked = [one for one in reversed(self.releases) if one.verdict is Verdict.BLOCKED]
        # No file and line: the file is today's, and the finding is on that of its day.
        tags = [
            Remark("error", f"Tag {one.tag}", " ".join(finding.message for finding in blocking(one.findings)))
            for one in blocked
        ]
        return [Remark("error", self.words, self.sentence), *tags]

    def outputs(self) -> dict[str, str]:
        """Which rules block anything."""
        return {"verdict": self.verdict.value, "failed-rules": ",".join(self.failed_rules)}

    def by_rule(self) -> Mapping[str, Mapping[Status, int]]:
        """How many judged releases each rule blocks or warns of; the rule that fails most first."""
        counts: dict[str, Counter[Status]] = {}
        for one in self.releases:
            if one.is_production:
                for rule, status in {(finding.rule, finding.status) for finding in one.findings}:
                    counts.setdefault(rule, Counter())[status] += 1
        told = {rule: count for rule, count in counts.items() if any(count[status] for status in _TOLD)}
        return dict(sorted(told.items(), key=lambda item: [-item[1][status] for status in _TOLD]))

    def by_year(self) -> Mapping[str, Tally]:
        """How the judged releases of each year came out, the oldest year first."""
        years: dict[str, list[PastRelease]] = {}
        for one in self.judged:
            years.setdefault(str(one.date.year) if one.date else UNDATED, []).append(one)
        return {year: tally(years[year]) for year in sorted(years)}

    def as_json(self) -> dict[str, Any]:
        """The report by the schema of every command."""
        return {
            **self.head(),
            "complete": self.complete,
            "since": self.since or None,
            "stack": {"repository": self.repository, "branches": list(self.branches)},
            "releases": [_release(one) for one in self.releases],
            "counts": {
                "by-rule": {
                    rule: {status.value: count[status] for status in _TOLD} for rule, count in self.by_rule().items()
                },
                "by-year": {year: one.as_json() for year, one in self.by_year().items()},
            },
            "missing": {
                "count": len(self.gaps),
                "reasons": [{"message": one.reason, "remedy": one.remedy} for one in self.gaps[:MOST_MISSING]],
            },
        }


_TOLD = (Status.FAIL, Status.UNKNOWN, Status.WARN)


def tally(releases: Sequence[PastRelease]) -> Tally:
    """Count how releases came out."""
    broken = sum(map(_broken, releases))
    blocked = sum(one.verdict is Verdict.BLOCKED for one in releases)
    return Tally(len(releases) - blocked, broken, blocked - broken)


def _broken(one: PastRelease) -> bool:
    return one.verdict is Verdict.BLOCKED and any(finding.status is Status.FAIL for finding in one.findings)


def _release(one: PastRelease) -> dict[str, Any]:
    return {
        "tag": one.tag,
        "commit": one.commit or None,
        "date": one.date.strftime("%Y-%m-%dT%H:%M:%SZ") if one.date else None,
        "verdict": one.verdict.value,
        "previous": one.previous or None,
        "components": [component_as_json(facts) for facts in one.components],
        "findings": [finding_as_json(finding) for finding in one.findings],
    }
