"""The report of `audit`: every release with its findings, and what could not be determined."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import takewhile
from typing import Any, ClassVar

from ...dataclass import dataclass
from ..audit import PastRelease
from ..audit.rules import is_change
from ..decision import Verdict
from ..evidence import Unknown
from ..findings import Allowance, Finding, Status, blocking
from ..watch import Watch
from . import Remark, Report, component_as_json, count, finding_as_json, verb

MOST_MISSING = 100
"""The most reasons for gaps that the report lists; their number is always included."""

MOST_NAMED = 5
"""The most tags that a sentence names."""

UNDATED = "undated"
"""Used for the year if the date of a tag is unknown."""

# Not "release": the gate refuses some tags, and whether a tag without a release on GitHub was deployed is unknown.
_TAG = "production tag"
_COUNTED = (Status.FAIL, Status.UNKNOWN, Status.WARN)


@dataclass(frozen=True)
class Tally:
    """The number of releases that are fine, break a rule, or could not be verified."""

    fine: int = 0
    broken: int = 0
    unverified: int = 0

    @property
    def all(self) -> int:
        """The number of all releases."""
        return self.fine + self.broken + self.unverified

    def as_json(self) -> dict[str, int]:
        """The numbers by name."""
        return {"fine": self.fine, "broken": self.broken, "unverified": self.unverified}


@dataclass(frozen=True)
class AuditReport(Report):
    """An audit. `time` is in UTC; `releases` are oldest first.

    `records` is the number of releases with a `release.json` to compare with, None if releases are unknown (clones).
    `components` are the components' names, `newest` is the newest release. `gaps` is what could not be determined,
    `stale` has a sentence for each clone that lacks newer tags.
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
    stale: Sequence[str] = ()
    unused_allowances: Sequence[Allowance] = ()
    switched_off: Sequence[str] = ()
    watch: Watch | None = None

    @property
    def complete(self) -> bool:
        """Whether every question was answered."""
        return not self.gaps

    @property
    def judged(self) -> list[PastRelease]:
        """The releases that were judged by every rule."""
        return [one for one in self.releases if one.is_production and not one.compared]

    @cached_property
    def unasked(self) -> list[PastRelease]:
        """The judged releases before the first whose workflow file names every version; the rules do not fit them."""
        return list(takewhile(_lacks_versions, self.judged))

    @cached_property
    def asked(self) -> list[PastRelease]:
        """The judged releases from that one on. A later one that lacks a version breaks a rule."""
        return self.judged[len(self.unasked) :]

    @cached_property
    def recent(self) -> Sequence[PastRelease]:
        """Every tag since the rules apply, and older ones that changed; all tags if the rules apply to none."""
        if not self.asked:
            return self.releases
        start = self.releases.index(self.asked[0])
        return [*(one for one in self.releases[:start] if one.compared), *self.releases[start:]]

    @cached_property
    def broken(self) -> list[PastRelease]:
        """The releases that break a rule that applies to them, or changed since; oldest first."""
        unasked = {one.tag for one in self.unasked}
        return [one for one in self.releases if _broken(one) and one.tag not in unasked]

    @property
    def unverified(self) -> list[PastRelease]:
        """The releases of which something could not be verified, and that break no rule."""
        return [one for one in self.releases if one.verdict is Verdict.BLOCKED and not _broken(one)]

    @property
    def verdict(self) -> Verdict:
        """`blocked` if anything is wrong, unknown or cannot be judged; otherwise `build-only`."""
        runs_other = self.watch is not None and self.watch.matches is False
        is_blocked = runs_other or self.gaps or self.broken or self.unverified or self.unasked
        return Verdict.BLOCKED if is_blocked else Verdict.BUILD_ONLY

    @property
    def findings(self) -> Sequence[Finding]:
        """Empty: each release has its own findings."""
        return ()

    @property
    def failed_rules(self) -> list[str]:
        """`rule:subject` of every finding that blocks, sorted, each once."""
        return sorted({finding.key for one in self.releases for finding in one.findings if finding.status.blocks})

    @property
    def headline(self) -> str:
        """The outcome, and the repository."""
        return f"{self.words}: {self.repository}"

    @property
    def words(self) -> str:
        """The outcome alone."""
        if self.gaps:
            return "Incomplete"
        if self.broken:
            return f"{self._tags(self.broken)} {verb(len(self.broken), 'break')} a rule"
        if self.unverified:
            return f"{self._tags(self.unverified)} could not be verified"
        if not self.judged:
            return "Nothing to judge"
        unasked, asked = len(self.unasked), len(self.asked)
        if not asked:
            return f"{count(unasked, _TAG)} cannot be judged"
        before = f"; the {unasked} before it cannot be judged" if unasked else ""
        return f"{'All ' if asked > 1 else ''}{self._tags(self.asked)} {verb(asked, 'keep')} the rules{before}"

    def _tags(self, some: Sequence[PastRelease]) -> str:
        since = f" since {self.asked[0].tag}" if self.unasked and not some[0].compared else ""
        return f"{count(len(some), _TAG)}{since}"

    @property
    def sentence(self) -> str:
        """What was found: since when the rules apply, how many releases are fine, and which are not, newest first."""
        if self.gaps:
            return (
                f"{count(len(self.gaps), 'question')} could not be answered, so this audit is incomplete and clears "
                f"nothing. So far: {self._numbers()}"
            )
        if not self.judged and not self.releases:
            return f"There is no release since {self.since}: the highest tag is {self.newest}."
        return self._numbers()

    def _numbers(self) -> str:
        broken, unverified = self.broken, self.unverified
        compared = sum(one.compared for one in self.releases)
        others = sum(not one.is_production for one in self.releases)
        words = (
            self._fine() if self.asked else "",
            f"{_named(broken)} {verb(len(broken), 'break')} a rule" if broken else "",
            f"{_named(unverified)} could not be verified" if unverified else "",
            f"{compared} of these, older or gone, {verb(compared, 'differ')} from release.json" if compared else "",
            self._not_asked() if self.unasked else "",
            f"{count(others, 'other tag')} {'was' if others == 1 else 'were'} not judged: only production tags are"
            if others
            else "",
        )
        return " ".join([*(f"{each}." for each in words if each), *self.stale])

    def _fine(self) -> str:
        first, fine, tags = self.asked[0].tag, tally(self.asked).fine, count(len(self.asked), _TAG)
        return f"Since {first}, {fine} of {tags} {verb(fine, 'keep')} every rule that was checked"

    def _not_asked(self) -> str:
        unasked = len(self.unasked)
        if not self.asked:
            return f"The rules cannot be applied to {count(unasked, _TAG)}: no workflow file names every version"
        why = f"{self.asked[0].tag}, whose workflow file is the first to name every version"
        return f"The rules cannot be applied to the {unasked} before {why}"

    def remarks(self) -> list[Remark]:
        """The outcome, and each blocked tag since the rules apply, newest first."""
        seen = remarks_on(self.watch) if self.watch else []
        if self.verdict is not Verdict.BLOCKED:
            return [*seen, *([] if self.judged else [Remark("warning", self.words, self.sentence)])]
        blocked = [one for one in reversed(self.recent) if one.verdict is Verdict.BLOCKED]
        # Without file and line: an annotation would point into today's file, but the finding is on an older one.
        tags = [
            Remark("error", f"Tag {one.tag}", " ".join(finding.message for finding in blocking(one.findings)))
            for one in blocked
        ]
        return [*seen, Remark("error", self.words, self.sentence), *tags]

    def outputs(self) -> dict[str, str]:
        """The verdict and the rules that block."""
        seen = self.watch.outputs() if self.watch else {}
        return {"verdict": self.verdict.value, "failed-rules": ",".join(self.failed_rules), **seen}

    def as_json(self) -> dict[str, Any]:
        """The report in the schema that all commands share."""
        return {
            **self.head(),
            "complete": self.complete,
            "production": self.watch.as_json() if self.watch else None,
            "since": self.since or None,
            "stack": {"repository": self.repository, "branches": list(self.branches)},
            "asked": {"since": self.asked[0].tag if self.asked else None, **tally(self.asked).as_json()},
            "unasked": len(self.unasked),
            "releases": [_release(one) for one in self.releases],
            "counts": {
                "by-rule": {
                    rule: {status.value: count[status] for status in _COUNTED}
                    for rule, count in by_rule(self.releases).items()
                },
                "by-year": {year: one.as_json() for year, one in by_year(self.judged).items()},
            },
            "missing": {
                "count": len(self.gaps),
                "reasons": [{"message": one.reason, "remedy": one.remedy} for one in self.gaps[:MOST_MISSING]],
            },
        }


@dataclass(frozen=True)
class WatchReport(Report):
    """An audit of only what runs in production. `time` is in UTC."""

    command: ClassVar[str] = "audit"

    version: str
    time: datetime.datetime
    repository: str
    watch: Watch
    findings: Sequence[Finding] = ()

    @property
    def verdict(self) -> Verdict:
        """`blocked` only if production is known to run another release."""
        return Verdict.BLOCKED if self.watch.matches is False else Verdict.BUILD_ONLY

    @property
    def headline(self) -> str:
        """What was found."""
        return self.watch.words

    def remarks(self) -> list[Remark]:
        """What was found, unless production runs what it should."""
        return remarks_on(self.watch)

    def outputs(self) -> dict[str, str]:
        """The release that should run, and whether it does."""
        return {"verdict": self.verdict.value, **self.watch.outputs()}

    def as_json(self) -> dict[str, Any]:
        """The report in the schema that all commands share, with `production`."""
        return {**self.head(), "stack": {"repository": self.repository}, "production": self.watch.as_json()}


def remarks_on(watch: Watch) -> list[Remark]:
    """Return the annotation on production: an error if it runs another release, a warning if that is unknown."""
    if watch.matches:
        return []
    return [Remark("error" if watch.matches is False else "warning", watch.words, watch.sentence)]


def tally(releases: Sequence[PastRelease]) -> Tally:
    """Count the outcomes of releases."""
    broken = sum(map(_broken, releases))
    blocked = sum(one.verdict is Verdict.BLOCKED for one in releases)
    return Tally(len(releases) - blocked, broken, blocked - broken)


def by_rule(releases: Sequence[PastRelease]) -> Mapping[str, Mapping[Status, int]]:
    """The number of production tags by rule and status, the rule with most failures first."""
    counts: dict[str, Counter[Status]] = {}
    for one in releases:
        if one.is_production:
            for rule, status in {(finding.rule, finding.status) for finding in one.findings}:
                counts.setdefault(rule, Counter())[status] += 1
    shown = {rule: count for rule, count in counts.items() if any(count[status] for status in _COUNTED)}
    return dict(sorted(shown.items(), key=lambda item: [-item[1][status] for status in _COUNTED]))


def by_year(judged: Sequence[PastRelease]) -> Mapping[str, Tally]:
    """The tally of judged releases by year, oldest first."""
    years: dict[str, list[PastRelease]] = {}
    for one in judged:
        years.setdefault(str(one.date.year) if one.date else UNDATED, []).append(one)
    return {year: tally(years[year]) for year in sorted(years)}


def _lacks_versions(one: PastRelease) -> bool:
    """Whether the workflow file was read and lacks a version; a release that changed since does not count."""
    lacks = any(not facts.pin.tag and not facts.pin.unread for facts in one.components)
    return lacks and not any(map(is_change, one.findings))


def _named(releases: Sequence[PastRelease]) -> str:
    """Return tags, which are given oldest first, as text with the newest first; of many only those."""
    names = [one.tag for one in reversed(releases)]
    shown, left = names[:MOST_NAMED], len(names) - MOST_NAMED
    if left > 0:
        shown.append(f"{left:,} more")
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _broken(one: PastRelease) -> bool:
    return one.verdict is Verdict.BLOCKED and any(finding.status is Status.FAIL for finding in one.findings)


def _release(one: PastRelease) -> dict[str, Any]:
    return {
        "tag": one.tag,
        "commit": one.commit or None,
        "date": one.date.strftime("%Y-%m-%dT%H:%M:%SZ") if one.date else None,
        "verdict": one.verdict.value,
        "previous": one.previous or None,
        "taken-back": one.taken_back is not None,
        "components": [component_as_json(facts) for facts in one.components],
        "findings": [finding_as_json(finding) for finding in one.findings],
    }
