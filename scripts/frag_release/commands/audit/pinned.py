"""What the components' repositories say of many pins: each distinct tag is looked up once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from ...adapters.ports.repository import Forge, Repository
from ...domain.components import Component, Pin
from ...domain.evidence import Answer, Answers, Run, Unknown
from ...domain.facts import NOT_ASKED, ComponentFacts
from ...domain.rules.ci_runs import has_names
from ..session import utc_now

Pinned = Mapping[tuple[Component, str], ComponentFacts]
_AT_ONCE = 20


@dataclass(frozen=True)
class PinnedEvidence:
    """Asks the forge about the tags that many releases pin. `tell` is given a line about each component."""

    forge: Forge
    check_ci: bool
    tell: Callable[[str], None]

    def gather(self, components: Sequence[Component], pins: Sequence[Pin]) -> Pinned:
        """Return what is known of each pinned tag, by the component and the tag."""
        pinned: dict[Component, dict[str, Pin]] = {component: {} for component in components}
        for pin in pins:
            pinned[pin.component].setdefault(pin.tag, pin)
        with ThreadPoolExecutor(max(1, min(len(components), _AT_ONCE))) as pool:
            gathered = pool.map(self._component, components, pinned.values())
        return {(one, tag): facts for one, found in zip(pinned, gathered, strict=True) for tag, facts in found.items()}

    def _component(self, component: Component, pins: Mapping[str, Pin]) -> dict[str, ComponentFacts]:
        tags = [tag for tag in pins if tag]
        nothing: Answer[Sequence[Run]] | None = NOT_ASKED if self.check_ci else None
        found = {tag: ComponentFacts(pin, runs=nothing) for tag, pin in pins.items()}
        if not tags:
            return found
        self.tell(f"Looking up {len(tags):,} tags of {component.repository}.")
        repository = self.forge.repository(component.repository)
        # One list of all tags rather than a question for each: what came with it is not asked for again.
        repository.tags_starting([""])
        commits = repository.tags(tags)
        known = {commit for commit in commits.values() if isinstance(commit, str)}
        with ThreadPoolExecutor(3) as pool:
            placing = pool.submit(repository.placements, sorted(known), component.branches) if known else None
            shadows = pool.submit(_shadows, repository, tags)
            runs = pool.submit(partial(self._runs, component, tags))
        placements = placing.result() if placing else {}
        for tag in tags:
            commit = commits[tag]
            place = placements[commit] if isinstance(commit, str) else NOT_ASKED
            seen = ComponentFacts(pins[tag], commit, shadows.result()[tag], place, runs.result().get(tag))
            found[tag] = replace(seen, asked=utc_now())
        return self._with_what_tells_runs(component, found)

    def _with_what_tells_runs(
        self, component: Component, found: Mapping[str, ComponentFacts]
    ) -> dict[str, ComponentFacts]:
        """Add what tells whose the runs are that are left, of most tags of an old release none."""
        seen = [tag for tag, facts in found.items() if facts.tag_runs]
        if not seen:
            return dict(found)
        history, names = self.forge.runs, has_names(component.ci_workflows)
        with ThreadPoolExecutor(2) as pool:
            lifetimes = pool.submit(history.branch_lifetimes, component.repository, seen)
            workflows = pool.submit(history.workflows, component.repository) if names else None
        listed = workflows.result() if workflows else NOT_ASKED
        told = {tag: replace(found[tag], lifetimes=lifetimes.result()[tag], workflows=listed) for tag in seen}
        return {**found, **told}

    def _runs(self, component: Component, tags: Collection[str]) -> Answers[Sequence[Run]]:
        return self.forge.runs.tag_runs(component.repository, tags) if self.check_ci else {}


def _shadows(repository: Repository, tags: Sequence[str]) -> Answers[str | None]:
    """Return the head of the branch that has each tag's name, None where no branch has it."""
    names = repository.branches_starting("")
    if isinstance(names, Unknown):
        return dict.fromkeys(tags, names)
    taken = set(tags).intersection(names)
    return {**dict.fromkeys(tags), **(repository.branches(sorted(taken)) if taken else {})}
