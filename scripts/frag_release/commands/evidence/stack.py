"""Gathering the facts about the stack's own tag, and about the release before it with the evidence that it left."""

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
"""The facts of a tag of the stack, and the release before it."""
ReadPins = Callable[[Sequence[str]], Mapping[str, tuple[Pin, ...]]]


def with_records(
    forge: Forge, repository: str, previous: Answer[PreviousRelease | None], components: Sequence[ComponentFacts]
) -> list[ComponentFacts]:
    """Add what `release.json` of the previous release says to those components that nothing else speaks for.

    It is asked for only where CI runs are missing: GitHub keeps them for 90 days.
    """
    if previous is None or not any(map(_needs_record, components)):
        return list(components)
    if isinstance(previous, Unknown):
        why = Unknown(f"the release before, which may have recorded one, could not be read: {previous.reason}")
        return [_with_record(facts, why) if _needs_record(facts) else facts for facts in components]
    record = forge.release_record(repository, previous.tag.text)
    if record is None:
        return list(components)
    if isinstance(record, ReleaseRecord) and record.commit != previous.commit:
        reason = f"release.json of {record.tag} is about {record.commit[:12]}, and the tag is at {previous.commit[:12]}"
        record = Unknown(reason, "Look at it: somebody may have moved the tag, or replaced the file.")
    return [_with_record(facts, record) if _needs_record(facts) else facts for facts in components]


def _needs_record(facts: ComponentFacts) -> bool:
    """Whether no run of the pin's commit is left, and the previous release had the same pin, or may have had it."""
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
        """Return the facts about `tag`, and the release before it with its pins.

        The list of all tags grows with the years, so it comes beside the other questions: they go by the tags of the
        same year, and only what is found in another is asked about afterwards.
        """
        with ThreadPoolExecutor(1) as pool:
            listing = pool.submit(self._repository.tags_starting, [""])
            names = self._listed(_prefixes(tag))
            facts, previous = self._nearby(tag, names)
        everything = listing.result()
        if isinstance(everything, TooLong):
            # Somewhere it is tomorrow already, and with it the next year.
            prefixes = _prefixes(tag, (today + datetime.timedelta(days=1)).year)
            facts, previous = self._nearby(tag, self._repository.tags_starting(prefixes))
            starts = " or ".join(prefixes)
            facts = replace(facts, compared=f"the tags that start with {starts}, because {everything.reason}")
            return facts, everything if previous is None else previous
        lost = _first_unknown(names, everything) or self._gap(tag, facts.tag_commit, everything)
        lost = lost or self._lacking(_names(names), _names(everything))
        if lost:
            # A higher tag that was found counts, whatever else there may be.
            return replace(facts, siblings=lost, higher=facts.higher or lost), lost if previous is None else previous
        others = set(_names(everything)) - set(_names(names))
        return self._with_others(facts, previous, sorted(others))

    def _with_others(
        self, facts: StackFacts, previous: Answer[PreviousRelease | None], others: Sequence[str]
    ) -> TagFacts:
        """Add what tags of other years come to; most often none of them is as high as the release before."""
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
        """Say where the list of tags lacks what is there, or may lack it: then it may lack others, too."""
        if commit is None or isinstance(names, Unknown) or tag.text in names:
            return None
        if isinstance(commit, Unknown):
            # Publish judges a commit in place of the tag's own: nothing else would tell of that.
            return Unknown(f"the list of tags of {self._repository.name} lacks {tag}, and {commit.reason}")
        return Unknown(f"the list of tags of {self._repository.name} lacks {tag}, which is there")

    def _lacking(self, names: Sequence[str], everything: Sequence[str]) -> Unknown | None:
        """Say which tag the list of all lacks that the lists by year have: it may lack others, too."""
        lacking = sorted({*names} - {*everything})
        what = f"the list of tags of {self._repository.name} lacks"
        return Unknown(f"{what} {lacking[0]}, which another list has") if lacking else None

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
        reason = f"of {len(higher)} higher tags only the {_MOST_HIGHER} highest were looked at"
        remedy = f"Delete those that are no releases, such as {looked_at[-1]}, then run this again."
        raise Unseen(Unknown(f"{reason}, and none is on the branch", remedy))

    def _with_higher(self, facts: StackFacts, others: Sequence[str]) -> Answer[Sequence[str]]:
        """Add those of `others` that are higher and on a stack branch; what is found counts, whatever is unknown."""
        near, far = facts.higher, self._higher(facts.tag, others)
        found = [name for part in (near, far) if not isinstance(part, Unknown) for name in part]
        return [tag.text for tag in production_tags(found, form=facts.tag.form)] or _first_unknown(near, far) or []

    def _on_branch(self, commits: Answers[str | None]) -> list[str]:
        """Keep the tags whose commit is on a stack branch. One that is not known makes all so, unless one is."""
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
            raise Unseen(Unknown("none of the tags next below is on a stack branch"))
        return None

    def _highest_release(self, tags: Sequence[ProductionTag]) -> PreviousRelease | None:
        """Return the first of `tags` that is on a stack branch, with its pins; None where none is."""
        commits = self._repository.tags([tag.text for tag in tags])
        with ThreadPoolExecutor(1) as pool:
            # Both at once: whether the tag is on the branch, and what its file says if it is.
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
    """Return what the tags to compare with start with: the tag's year, and those since up to the last one.

    A tag that starts with no year can stand anywhere in the order, so for that one every tag is listed at once.
    """
    if tag.year < _FIRST_CALENDAR_YEAR or (last_year and tag.year > last_year):
        return [""]
    years = [f"{tag.form.prefix}{year}." for year in range(tag.year, max(tag.year, last_year) + 1)]
    written = f"{tag.text.partition('.')[0]}."
    return years if written in years else [*years, written]
