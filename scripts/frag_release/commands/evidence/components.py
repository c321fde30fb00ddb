"""Gathering the facts about pins: every question at once for each, then whatever a remedy needs."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ...clients.registry import RegistryClient
from ...domain.components import Component, Pin
from ...domain.evidence import Answer, Image, Placement, Run, Unknown
from ...domain.facts import NOT_ASKED, ComponentFacts, Hints, PreviousRelease
from ...domain.versions import parse_production_tag, production_tags
from ...forges.repository import Forge, Repository

_HINTED_TAGS = 3
_HINTED_COMMITS = 100


class ComponentEvidence:
    """Asks the forge and the registry about the pins of the components."""

    def __init__(self, forge: Forge, registry: RegistryClient, check_ci: bool, check_images: bool) -> None:
        self._forge = forge
        self._registry = registry
        self._check_ci = check_ci
        self._check_images = check_images

    def gather(self, pins: Sequence[Pin]) -> list[ComponentFacts]:
        """Return the facts of each pin, in the order of `pins`."""
        with ThreadPoolExecutor(len(pins) + 1) as pool:
            # One call for all images, so that one login serves them all.
            images = pool.submit(self._images, pins)
            gathered = list(pool.map(self._component, pins))
        return [replace(facts, image=images.result()[facts.pin.component.name]) for facts in gathered]

    def _component(self, pin: Pin) -> ComponentFacts:
        if not pin.tag:
            return ComponentFacts(pin, runs=NOT_ASKED if self._check_ci else None)
        repository = self._forge.repository(pin.component.repository)
        with ThreadPoolExecutor(3) as pool:
            # First what should be there: that the branch of the tag's name is not is believed of a repository
            # that was seen, which else costs a request more. Placing the commit needs the other heads anyway.
            place = pool.submit(_place, repository, pin)
            heads = pool.submit(repository.branches, [*pin.component.branches, pin.tag])
            runs = pool.submit(self._runs, pin)
        commit, placement = place.result()
        facts = ComponentFacts(pin, commit, heads.result()[pin.tag], placement, runs.result())
        return replace(facts, hints=_hints(repository, pin)) if _needs_hints(facts) else facts

    def _runs(self, pin: Pin) -> Answer[Sequence[Run]] | None:
        if not self._check_ci:
            return None
        return self._forge.runs.tag_runs(pin.component.repository, [pin.tag])[pin.tag]

    def _images(self, pins: Sequence[Pin]) -> Mapping[str, Answer[Image] | None]:
        if not self._check_images:
            return {pin.component.name: None for pin in pins}
        names = {pin: pin.component.image_name(pin.namespace) for pin in pins}
        answers = self._registry.images({(name, pin.tag) for pin, name in names.items() if name and pin.tag})
        return {
            pin.component.name: answers.get((name, pin.tag), NOT_ASKED) if name else None for pin, name in names.items()
        }


def without_overrides(components: Sequence[Component]) -> tuple[Component, ...]:
    """The components as the workflow file alone chooses them."""
    return tuple(replace(component, tag="", namespace="") for component in components)


def beside_previous(facts: ComponentFacts, previous: Answer[PreviousRelease | None]) -> ComponentFacts:
    """Add the same component's pin of the previous release, or why that is not known."""
    if not isinstance(previous, PreviousRelease):
        return replace(facts, previous=previous)
    name = facts.pin.component.name
    return replace(facts, previous=next((pin for pin in previous.pins if pin.component.name == name), None))


def _place(repository: Repository, pin: Pin) -> tuple[Answer[str | None], Answer[Placement]]:
    commit = repository.tags([pin.tag])[pin.tag]
    if not isinstance(commit, str):
        return commit, NOT_ASKED
    return commit, repository.placements([commit], pin.component.branches)[commit]


def _needs_hints(facts: ComponentFacts) -> bool:
    off_branch = isinstance(facts.placement, Placement) and not facts.placement.branches
    return facts.commit is None or off_branch or parse_production_tag(facts.pin.tag) is None


def _hints(repository: Repository, pin: Pin) -> Hints:
    """Look for tags to propose instead, in two round trips; finding none is no error."""
    year = pin.tag.partition(".")[0]
    prefix = f"{year}." if year.isascii() and year.isdigit() else "20"
    with ThreadPoolExecutor(2) as pool:
        listing = pool.submit(repository.tags_starting, [prefix])
        newest_commits = pool.submit(repository.log, pin.component.branches[0], _HINTED_COMMITS)
    names, log = listing.result(), newest_commits.result()
    if isinstance(names, Unknown):
        return Hints()
    near = tuple(difflib.get_close_matches(pin.tag, names, n=_HINTED_TAGS))
    if isinstance(log, Unknown):
        return Hints(near)
    newest = [tag.text for tag in reversed(production_tags(names))][:_HINTED_TAGS]
    commits = repository.tags(newest)
    return Hints(near, next((name for name in newest if commits[name] in log), ""))
