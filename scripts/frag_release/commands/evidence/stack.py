"""Gathering the facts about the stack's own tag, and about the previous release with the evidence that it left."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ...adapters.ports import Forge, Repository
from ...dataclass import replace
from ...domain.components import Pin
from ...domain.evidence import Answer, Answers, Placement, TooLong, Unknown, Unseen, answered, seen
from ...domain.facts import ComponentFacts, PreviousRelease, Recorded, StackFacts
from ...domain.release_record import ReleaseRecord
from ...domain.versions import ProductionTag, production_tags

_FIRST_CALENDAR_YEAR = 2000
_MOST_HIGHER = 20
_LOWER_BATCHES = (1, 4)
TagFacts = tuple[StackFacts, Answer[PreviousRelease | None]]
"""The facts of a tag of the stack, and the previous release."""
ReadPins = Callable[[Sequence[str]], Mapping[str, tuple[Pin, ...]]]


def with_records(
    forge: Forge, repository: str, previous: Answer[PreviousRelease | None], components: Sequence[ComponentFacts]
) -> list[ComponentFacts]:
    """Add what `release.json` of the previous release records to the components that have no other evidence of CI.

    It is read only if CI runs are missing: GitHub keeps them for 90 days.
    """
    if previous is None or not any(map(_needs_record, components)):
        return list(components)
    if isinstance(previous, Unknown):
        why = Unknown(f"the previous release, which may have recorded one, could not be read: {previous.reason}")
        return [_with_record(facts, why) if _needs_record(facts) else facts for facts in components]
    record = forge.release_record(repository, previous.tag.text)
    if record is None:
        return list(components)
    if isinstance(record, ReleaseRecord) and record.commit != previous.commit:
        reason = f"release.json of {record.tag} is about {record.commit[:12]}, but the tag is at {previous.commit[:12]}"
        record = Unknown(reason, "Check it: the tag may have been moved, or the file replaced.")
    return [_with_record(facts, record) if _needs_record(facts) else facts for facts in components]


def _needs_record(facts: ComponentFacts) -> bool:
    """Whether the pin's commit has no runs any more, and the previous release had or may have had the same pin."""
    before = facts.previous
    if facts.runs is None or isinstance(facts.runs, Unknown) or before is None:
        return False
    same = isinstance(before, Unknown) or before.unread or before.same_choice == facts.pin.same_choice
    return bool(same) and not facts.tag_runs


def _with_record(facts: ComponentFacts, record: Answer[ReleaseRecord]) -> ComponentFacts:
    if isinstance(record, Unknown):
        return replace(facts, recorded=record)
    name = facts.pin.component.name
    component = record.component(name)
    if component is None or component.tag != facts.pin.tag:
        return facts
    passed, left = record.ci_passed(name), record.taken_back is not None
    return replace(
        facts, recorded=Recorded(record.tag, component.commit, component.digest, passed, record.frozen, left)
    )


class StackEvidence:
    """Asks the forge about a production tag of the stack, and about those below and above it.

    `pins` reads the pins at commits of the stack.
    """

    def __init__(self, repository: Repository, branches: Answer[Sequence[str]], pins: ReadPins) -> None:
        self._repository = repository
        self._no_branches = branches if isinstance(branches, Unknown) else None
        self._branches = () if isinstance(branches, Unknown) else branches
        self._pins = pins

    def gather(self, tag: ProductionTag, today: datetime.date) -> TagFacts:
        """Return the facts about `tag`, and the previous release with its pins.

        The list of all tags grows with the years, so it is read in parallel: the other questions use the tags of the
        same year, and tags of other years are looked up afterwards, if at all.
        """
        with ThreadPoolExecutor(1) as pool:
            listing = pool.submit(self._repository.tags_starting, [""])
            names = self._listed(_prefixes(tag))
            facts, previous = self._nearby(tag, names)
        everything = listing.result()
        if isinstance(everything, TooLong):
            # In some time zone it is tomorrow already, and perhaps the next year.
            prefixes = _prefixes(tag, (today + datetime.timedelta(days=1)).year)
            facts, previous = self._nearby(tag, self._repository.tags_starting(prefixes))
            starts = " or ".join(prefixes)
            facts = replace(facts, compared=f"the tags that start with {starts}, because {everything.reason}")
            return facts, everything if previous is None else previous
        gap = _first_unknown(names, everything) or self._gap(tag, facts.tag_commit, everything)
        gap = gap or self._lacking(_names(names), _names(everything))
        if gap:
            # A higher tag that was found counts, even if the list has gaps.
            return replace(facts, siblings=gap, higher=facts.higher or gap), gap if previous is None else previous
        others = set(_names(everything)) - set(_names(names))
        return self._with_others(facts, previous, sorted(others))

    def _with_others(
        self, facts: StackFacts, previous: Answer[PreviousRelease | None], others: Sequence[str]
    ) -> TagFacts:
        """Add the tags of other years; usually none of them is as high as the previous release."""
        lowest = facts.tag if isinstance(previous, Unknown) else previous.tag if previous else None
        passed_over = [tag.text for tag in production_tags(others, facts.tag.form, lowest)]
        siblings = facts.siblings if isinstance(facts.siblings, Unknown) else [*facts.siblings, *passed_over]
        if not isinstance(previous, Unknown) and _lower(facts.tag, passed_over):
            previous = self._previous(facts.tag, siblings)
        return replace(facts, siblings=siblings, higher=self._with_higher(facts, passed_over)), previous

    def _listed(self, prefixes: Sequence[str]) -> Answer[Sequence[str]]:
        with ThreadPoolExecutor(2) as pool:
            listing = pool.submit(self._repository.tags_starting, prefixes)
            pool.submit(self._repository.branches, self._branches)
        return listing.result()

    def _nearby(self, tag: ProductionTag, names: Answer[Sequence[str]]) -> TagFacts:
        with ThreadPoolExecutor(3) as pool:
            own = pool.submit(self._place, tag)
            higher = pool.submit(self._higher, tag, names)
            previous = pool.submit(self._previous, tag, names)
        commit, placement = own.result()
        gap = self._gap(tag, commit, names)
        facts = StackFacts(
            repository=self._repository.name,
            branches=self._branches,
            tag=tag,
            run_commit=None,
            tag_commit=commit,
            placement=placement,
            siblings=gap or names,
            higher=gap or higher.result(),
        )
        return facts, previous.result()

    def _gap(self, tag: ProductionTag, commit: Answer[str | None], names: Answer[Collection[str]]) -> Unknown | None:
        """Return why the list of tags is or may be incomplete: it lacks a tag that exists, so it may lack others."""
        if commit is None or isinstance(names, Unknown) or tag.text in names:
            return None
        if isinstance(commit, Unknown):
            # Publish judges another commit than the tag's own, so no other check would report this.
            return Unknown(f"the list of tags of {self._repository.name} lacks {tag}, and {commit.reason}")
        return Unknown(f"the list of tags of {self._repository.name} lacks {tag}, which exists")

    def _lacking(self, names: Sequence[str], everything: Sequence[str]) -> Unknown | None:
        """Name a tag of the lists by year that the list of all tags lacks: it may lack others, too."""
        lacking = sorted({*names} - {*everything})
        what = f"the list of tags of {self._repository.name} lacks"
        return Unknown(f"{what} {lacking[0]}, which another list contains") if lacking else None

    def _place(self, tag: ProductionTag) -> tuple[Answer[str | None], Answer[Placement]]:
        commit = self._repository.tags([tag.text])[tag.text]
        if isinstance(commit, Unknown):
            return commit, commit
        if commit is None:
            return commit, Placement(frozenset())
        return commit, self._placements([commit])[commit]

    def _placements(self, commits: Sequence[str]) -> Answers[Placement]:
        if self._no_branches:
            return dict.fromkeys(commits, self._no_branches)
        return self._repository.placements(commits, self._branches)

    @answered
    def _higher(self, tag: ProductionTag, names: Answer[Sequence[str]]) -> Sequence[str]:
        higher = [other.text for other in production_tags(seen(names), form=tag.form) if other.version > tag.version]
        looked_at = higher[-_MOST_HIGHER:]
        found = self._on_branch(self._repository.tags(looked_at))
        if found or len(higher) <= _MOST_HIGHER:
            return found
        reason = f"of {len(higher)} higher tags only the {_MOST_HIGHER} highest were checked"
        remedy = f"Delete those that are not releases, such as {looked_at[-1]}, then run this again."
        raise Unseen(Unknown(f"{reason}, and none is on the branch", remedy))

    def _with_higher(self, facts: StackFacts, others: Sequence[str]) -> Answer[Sequence[str]]:
        """Add those of `others` that are higher and on a stack branch; found ones count, even if others are unknown."""
        near, far = facts.higher, self._higher(facts.tag, others)
        found = [name for part in (near, far) if not isinstance(part, Unknown) for name in part]
        return [tag.text for tag in production_tags(found, form=facts.tag.form)] or _first_unknown(near, far) or []

    def _on_branch(self, commits: Answers[str | None]) -> list[str]:
        """Return the tags whose commit is on a stack branch; raises Unseen if there is none and one is unknown."""
        placements = self._placements(_known(commits))
        found, unknown = [], None
        for name, commit in commits.items():
            place = placements[commit] if isinstance(commit, str) else commit
            if isinstance(place, Unknown):
                unknown = place
            elif place and place.branches:
                found.append(name)
        if unknown and not found:
            raise Unseen(unknown)
        return found

    @answered
    def _previous(self, tag: ProductionTag, names: Answer[Sequence[str]]) -> PreviousRelease | None:
        lower = _lower(tag, seen(names))
        for size in _LOWER_BATCHES:
            batch, lower = lower[:size], lower[size:]
            found = self._highest_release(batch)
            if found:
                return found
        if lower:
            raise Unseen(Unknown("none of the next lower tags is on a stack branch"))
        return None

    def _highest_release(self, tags: Sequence[ProductionTag]) -> PreviousRelease | None:
        """Return the first of `tags` that is on a stack branch, with its pins; None if none is."""
        commits = self._repository.tags([tag.text for tag in tags])
        with ThreadPoolExecutor(1) as pool:
            # Both at once: whether the tag is on the branch, and the pins in its file if it is.
            asking = pool.submit(self._pins, _known(commits))
            found = self._on_branch(commits)
        for tag in tags:
            commit = commits[tag.text]
            if tag.text in found and isinstance(commit, str):
                return PreviousRelease(tag, commit, asking.result()[commit])
        return None


def _known(commits: Answers[str | None]) -> list[str]:
    return [commit for commit in commits.values() if isinstance(commit, str)]


def _lower(tag: ProductionTag, names: Sequence[str]) -> list[ProductionTag]:
    return [other for other in reversed(production_tags(names, form=tag.form)) if other.version < tag.version]


def _names(listed: Answer[Sequence[str]]) -> Sequence[str]:
    return () if isinstance(listed, Unknown) else listed


def _first_unknown(*answers: Answer[object]) -> Unknown | None:
    return next((answer for answer in answers if isinstance(answer, Unknown)), None)


def _prefixes(tag: ProductionTag, last_year: int = 0) -> list[str]:
    """Return the prefixes of the tags to compare with: the tag's year, and the years after it up to `last_year`.

    A tag that does not start with a year can be anywhere in the order, so for it every tag is listed.
    """
    if tag.year < _FIRST_CALENDAR_YEAR or (last_year and tag.year > last_year):
        return [""]
    years = [f"{tag.form.prefix}{year}." for year in range(tag.year, max(tag.year, last_year) + 1)]
    written = f"{tag.text.partition('.')[0]}."
    return years if written in years else [*years, written]
