"""Judge a whole history: one judged release for each tag, oldest first."""

from __future__ import annotations

import datetime
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from ...dataclass import dataclass, replace
from ..components import Component, Pin
from ..decision import Circumstances, Decision, Verdict, decide
from ..evidence import Answer, Image, NotOffered, Placement, Unknown, WrongKind
from ..facts import NOT_ASKED, ComponentFacts, PreviousRelease, Recorded, ReleaseFacts
from ..findings import Allowance, Finding, apply_allowances
from ..origin import JudgedImage, judged_image
from ..refs import Ref, TagFormat
from ..release_record import RecordedComponent, ReleaseRecord
from ..rules import Occasion, judge
from ..versions import ProductionTag, parse_production_tag, production_tags
from .rules import PAST_RULES, PastStackFacts, StackHistory, StackTag

Tags = Sequence["tuple[ProductionTag, StackTag]"]
"""Production tags with their facts, lowest first."""


def gaps(history: StackHistory) -> list[Unknown]:
    """Return each reason why something could not be determined, once.

    A tag that is not of a commit, or a folder in place of the file, is not a gap: that was seen. Neither is what the
    forge does not offer at all.
    """
    no_gaps = (WrongKind, NotOffered)
    found = [each for each in _answers(history) if isinstance(each, Unknown) and not isinstance(each, no_gaps)]
    return list({each.reason: each for each in found if each is not NOT_ASKED}.values())


def _answers(history: StackHistory) -> Iterator[object]:
    yield history.records
    if isinstance(history.records, Mapping):
        yield from history.records.values()
    for facts in (*history.tags, *history.recorded.values()):
        yield from (facts.commit, facts.placement, facts.date, *(pin.unread for pin in facts.pins))
    for known in history.pinned.values():
        yield from (known.commit, known.shadow, known.placement, known.runs, known.lifetimes, known.workflows)
    yield from (history.images or {}).values()


def production(tags: Iterable[StackTag]) -> Tags:
    """Keep the production tags, lowest first; those of one version in text order."""
    pairs = [(tag, facts) for facts in tags if (tag := facts.production)]
    return sorted(pairs, key=lambda pair: (pair[0].version, pair[0].text))


def by_month(names: Iterable[str], form: TagFormat) -> Mapping[tuple[int, int], Sequence[str]]:
    """Return the production tags among `names` by their first two numbers."""
    months: dict[tuple[int, int], list[str]] = {}
    for tag in production_tags(names, form=form):
        months.setdefault(tag.month, []).append(tag.text)
    return months


def previous_releases(
    tags: Tags, below: Answer[PreviousRelease | None]
) -> Mapping[str, Answer[PreviousRelease | None]]:
    """Return for each tag the next lower production tag on a stack branch, None if there is none.

    `below` is the release below the lowest of `tags`.
    """
    found: dict[str, Answer[PreviousRelease | None]] = {}
    for _, same_version in groupby(tags, key=lambda pair: pair[0].version):
        same = list(same_version)
        found.update((tag.text, below) for tag, _ in same)
        for tag, facts in same:
            below = _released(tag, facts, below)
    return found


def _released(
    tag: ProductionTag, facts: StackTag, below: Answer[PreviousRelease | None]
) -> Answer[PreviousRelease | None]:
    if facts.on_branch and isinstance(facts.commit, str):
        return PreviousRelease(tag, facts.commit, facts.pins)
    return _unplaced(facts) or below


class Timeline:
    """When production tags came onto a stack branch, according to their dates."""

    def __init__(self, tags: Tags) -> None:
        dated = sorted(
            ((facts.date, tag) for tag, facts in tags if facts.on_branch and isinstance(facts.date, datetime.datetime)),
            key=lambda pair: pair[0],
        )
        self._dates = [date for date, _ in dated]
        self._highest: list[ProductionTag] = []
        for _, tag in dated:
            above = bool(self._highest) and self._highest[-1].version >= tag.version
            self._highest.append(self._highest[-1] if above else tag)
        unsure = [(tag, facts) for tag, facts in tags if _is_unsure(facts)]
        self._unsure = unsure[-1] if unsure else None

    def higher_before(self, tag: ProductionTag, date: datetime.datetime) -> Answer[Sequence[str]]:
        """Return the highest release that was there before `date`, if it is higher than `tag`."""
        at = bisect_left(self._dates, date)
        if at and self._highest[at - 1].version > tag.version:
            return [self._highest[at - 1].text]
        if self._unsure and self._unsure[0].version > tag.version:
            return Unknown(f"it could not be determined whether or when {self._unsure[0]} came onto the stack branch")
        return []


def _is_unsure(facts: StackTag) -> bool:
    return bool(_unplaced(facts)) or (facts.on_branch and not isinstance(facts.date, datetime.datetime))


def _unplaced(facts: StackTag) -> Unknown | None:
    """Return why it could not be determined whether a tag is on a stack branch; None if it could."""
    if facts.commit is None or isinstance(facts.commit, WrongKind):
        return None
    missing = facts.commit if isinstance(facts.commit, Unknown) else facts.placement
    return missing if isinstance(missing, Unknown) else None


@dataclass(frozen=True)
class PastRelease:
    """A tag of the stack as it is judged today. An unknown `commit` is empty, an unknown `date` None.

    A release that is only `compared` has findings only on what has changed since its `release.json` was written.
    `taken_back` is the release that production went back to from it: empty if unknown, None if it did not.
    """

    tag: str
    commit: str
    date: datetime.datetime | None
    decision: Decision
    components: Sequence[ComponentFacts]
    previous: str = ""
    compared: bool = False
    taken_back: str | None = None

    @property
    def verdict(self) -> Verdict:
        """What the gate would decide."""
        return self.decision.verdict

    @property
    def findings(self) -> Sequence[Finding]:
        """The findings of the rules."""
        return self.decision.findings

    @property
    def is_production(self) -> bool:
        """Whether the rules judge it; what became of other tags is unknown here."""
        return self.verdict is not Verdict.BUILD_ONLY


class Judge:
    """Judges the tags of one history; findings that `allow` names become warnings."""

    def __init__(self, history: StackHistory, allow: Sequence[Allowance] = ()) -> None:
        tags = production(history.tags)
        self._history = history
        self._allow = allow
        self._previous = previous_releases(tags, history.below)
        self._timeline = Timeline(tags)
        self._months = by_month(history.names, history.tag_format)

    def release(self, tag: ProductionTag, facts: StackTag) -> PastRelease:
        """Judge a production tag by every rule."""
        record = self._history.record(tag.text)
        stack = self._stack_facts(tag, facts, record)
        previous = self._previous[tag.text]
        components = [self._component(pin, previous, record) for pin in facts.pins]
        found = previous.tag.text if isinstance(previous, PreviousRelease) else ""
        findings = judge(Occasion.AUDIT, ReleaseFacts(stack, components, previous), PAST_RULES)
        return self._decided(facts, findings, components, previous=found)

    def changes(self, tag: ProductionTag, record: ReleaseRecord) -> PastRelease:
        """Return a release that is not judged, with what has changed since its `release.json` was written."""
        facts = self._history.recorded.get(tag.text, StackTag(tag.text, None, form=tag.form))
        pins = [_recorded_pin(component, record) for component in self._history.components_of(tag.text)]
        components = [self._component(pin, None, record) for pin in pins if pin]
        release = ReleaseFacts(self._stack_facts(tag, facts, record), components)
        findings = judge(Occasion.COMPARISON, release, PAST_RULES)
        return self._decided(facts, findings, components, compared=True)

    def other(self, facts: StackTag) -> PastRelease:
        """Return a tag that is not a production tag, which no rule judges."""
        components = [ComponentFacts(pin) for pin in facts.pins]
        findings = judge(Occasion.UNJUDGED, ReleaseFacts(None, components, None))
        return self._decided(facts, findings, components)

    def _decided(
        self,
        facts: StackTag,
        findings: Sequence[Finding],
        components: Sequence[ComponentFacts],
        previous: str = "",
        compared: bool = False,
    ) -> PastRelease:
        asked = Circumstances(Ref.of_tag(facts.name), "", self._history.branches, tag_format=self._history.tag_format)
        record = self._history.record(facts.name)
        return PastRelease(
            tag=facts.name,
            commit=facts.commit if isinstance(facts.commit, str) else "",
            date=facts.date if isinstance(facts.date, datetime.datetime) else None,
            decision=decide(asked, apply_allowances(findings, self._allow)),
            components=components,
            previous=previous,
            compared=compared,
            taken_back=record.taken_back if isinstance(record, ReleaseRecord) else None,
        )

    def _stack_facts(self, tag: ProductionTag, facts: StackTag, record: Answer[ReleaseRecord | None]) -> PastStackFacts:
        date = facts.date if isinstance(facts.date, datetime.datetime) else None
        return PastStackFacts(
            repository=self._history.repository,
            branches=self._history.branches,
            tag=tag,
            run_commit=None,
            tag_commit=facts.commit,
            placement=_placement(facts),
            siblings=self._months.get(tag.month, ()),
            higher=self._timeline.higher_before(tag, date) if date else NOT_ASKED,
            date=facts.date,
            record=record,
            image=self._stack_image(record),
            pair=self._recorded_pair(record),
            origin_required=self._history.origin_required,
        )

    def _stack_image(self, record: Answer[ReleaseRecord | None]) -> Answer[Image] | None:
        images = self._history.images
        if images is None or not isinstance(record, ReleaseRecord) or not self._history.checks_stack_images:
            return None
        return images.get(self._history.stack_image_of(record), NOT_ASKED)

    def _recorded_pair(self, record: Answer[ReleaseRecord | None]) -> Sequence[JudgedImage]:
        """The components' images as recorded, with the platforms that the registry lists under their tags now."""
        images, recorded = self._history.images or {}, record.components if isinstance(record, ReleaseRecord) else ()
        named = [(one.image.rpartition(":"), one.digest) for one in recorded if one.image and one.digest]
        return [judged_image(name, digest, images.get((name, tag))) for (name, _, tag), digest in named]

    def _component(
        self, pin: Pin, previous: Answer[PreviousRelease | None], record: Answer[ReleaseRecord | None]
    ) -> ComponentFacts:
        facts = self._history.pinned.get(pin.key, ComponentFacts(pin))
        before = _same_component(pin.component, previous.pins) if isinstance(previous, PreviousRelease) else previous
        recorded = _recorded(pin, record) if isinstance(record, ReleaseRecord) else facts.recorded
        return replace(facts, pin=pin, previous=before, recorded=recorded)


def judge_history(history: StackHistory, allow: Sequence[Allowance] = ()) -> list[PastRelease]:
    """Judge every tag from `since` on, and compare those before it with their `release.json`; oldest first.

    Production tags are in numeric order, each other tag after the last of them that is not younger.
    """
    judge = Judge(history, allow)
    judged = [judge.release(tag, facts) for tag, facts in production(history.tags) if history.since.covers(tag)]
    compared = [judge.changes(tag, record) for tag, record in only_compared(history)]
    releases = sorted(
        [*judged, *(one for one in compared if one.findings)], key=lambda one: _place(one.tag, history.tag_format)
    )
    return _merged(releases, [judge.other(facts) for facts in history.tags if facts.production is None])


def only_compared(history: StackHistory) -> list[tuple[ProductionTag, ReleaseRecord]]:
    """Return the releases with a `release.json` that are not judged: those before `since`, or whose tag is gone."""
    if isinstance(history.records, Unknown):
        return []
    form = history.tag_format
    judged = {facts.name for facts in history.tags if facts.production and history.since.covers(facts.production)}
    return [
        (tag, record)
        for name, record in history.records.items()
        if name not in judged and isinstance(record, ReleaseRecord) and (tag := parse_production_tag(name, form))
    ]


def recorded_pins(history: StackHistory) -> list[Pin]:
    """Return the pins of the releases that are only compared, from their `release.json`."""
    compared = only_compared(history)
    pins = (_recorded_pin(each, record) for tag, record in compared for each in history.components_of(tag.text))
    return [pin for pin in pins if pin]


def _place(name: str, form: TagFormat) -> tuple[object, str]:
    tag = parse_production_tag(name, form)
    return (tag.version if tag else "", name)


def _placement(facts: StackTag) -> Answer[Placement]:
    """Return the branches that the tag is on; none if there is no such tag."""
    if isinstance(facts.commit, Unknown):
        return facts.commit
    return facts.placement if facts.commit else Placement(frozenset())


def _same_component(component: Component, pins: Sequence[Pin]) -> Pin | None:
    return next((pin for pin in pins if pin.component.name == component.name), None)


def _recorded_pin(component: Component, record: ReleaseRecord) -> Pin | None:
    found = _of_component(component, record)
    return Pin(component, found.tag, found.namespace or component.owner) if found else None


def _of_component(component: Component, record: ReleaseRecord) -> RecordedComponent | None:
    """Return what was recorded of a component, if its repository is still the same."""
    found = record.component(component.name)
    return found if found and found.repository.lower() == component.repository.lower() else None


def _recorded(pin: Pin, record: ReleaseRecord) -> Recorded | None:
    found = _of_component(pin.component, record)
    if found is None or found.tag != pin.tag:
        return None
    digest = found.digest if found.image == f"{pin.image_name}:{pin.image_tag}" else ""
    return Recorded(record.tag, found.commit, digest, record.ci_passed(pin.component.name), record.frozen)


def _merged(releases: Sequence[PastRelease], others: Sequence[PastRelease]) -> list[PastRelease]:
    """Put each of `others` after the last release that is not younger; those without a date come first."""
    after: dict[int, list[PastRelease]] = {}
    for one in others:
        older = [at for at, release in enumerate(releases, 1) if _not_younger(release, one)]
        after.setdefault(older[-1] if older else 0, []).append(one)
    merged: list[PastRelease] = []
    for at, release in enumerate([None, *releases]):
        merged += [release] if release else []
        merged += sorted(after.get(at, ()), key=lambda one: (one.date is not None, one.date, one.tag))
    return merged


def _not_younger(release: PastRelease, other: PastRelease) -> bool:
    return release.date is not None and other.date is not None and release.date <= other.date
