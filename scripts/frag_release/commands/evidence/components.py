"""Gathering the facts about pins: every question at once for each, then whatever a remedy needs."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...adapters.ports.repository import Forge, Repository
from ...adapters.registry.client import RegistryClient
from ...domain.components import Component, Pin
from ...domain.evidence import Answer, Image, Placement, Unknown
from ...domain.facts import NOT_ASKED, ComponentFacts, Hints, PreviousRelease
from ...domain.rules.ci_runs import has_names
from ...domain.versions import parse_production_tag
from ..session import utc_now

if TYPE_CHECKING:
    from ...domain.overrides import Override
    from ...inputs.settings.base import Settings

Overrides = Mapping[str, Answer[tuple["Override", ...]]]
_HINTED_TAGS = 3


class ComponentEvidence:
    """Asks the forge and the registry about the pins of the components; `today` is the date that tags are held to."""

    def __init__(self, forge: Forge, registry: RegistryClient, settings: Settings, today: datetime.date) -> None:
        self._forge = forge
        self._today = today
        self._registry = registry
        self._settings = settings

    def gather(self, pins: Sequence[Pin], look: Callable[[], Overrides] | None = None) -> list[ComponentFacts]:
        """Return the facts of each pin, in the order of `pins`; `look` looks for overrides by the component's name."""
        with ThreadPoolExecutor(len(pins) + 1) as pool:
            # One call for all images, so that one login serves them all.
            images = pool.submit(self._images, pins)
            asked = [pool.submit(self._component, pin) for pin in pins]
            # Asks nobody: it has its time while the questions are on their way.
            overrides = look() if look else {}
        return [
            self._with_image(replace(facts, image=images.result()[name], overrides=overrides.get(name)))
            for facts in (each.result() for each in asked)
            for name in [facts.pin.component.name]
        ]

    def _with_image(self, facts: ComponentFacts) -> ComponentFacts:
        return with_tag_object(self._forge, replace(facts, origin_required=self._settings.origin_required))

    def _component(self, pin: Pin) -> ComponentFacts:
        if not pin.tag:
            return ComponentFacts(pin, runs=NOT_ASKED if self._settings.check_ci else None)
        repository = self._forge.repository(pin.component.repository)
        with ThreadPoolExecutor(5) as pool:
            # First what should be there: that the branch of the tag's name is not is believed of a repository
            # that was seen, which else costs a request more. Placing the commit needs the other heads anyway.
            place = pool.submit(_place, repository, pin)
            heads = pool.submit(repository.branches, [*pin.component.branches, pin.tag])
            asked = self._ask_for_runs(pool, pin) if self._settings.check_ci else {}
        commit, placement = place.result()
        facts = ComponentFacts(pin, commit, heads.result()[pin.tag], placement, runs=None, asked=utc_now())
        facts = replace(facts, **{name: answer.result() for name, answer in asked.items()})
        return replace(facts, hints=_hints(repository, pin, self._today)) if _needs_hints(facts) else facts

    def _ask_for_runs(self, pool: ThreadPoolExecutor, pin: Pin) -> dict[str, Future[Any]]:
        """Ask what CI did, all at once; returns each answer by the name of the fact that it is."""
        history, repository = self._forge.runs, pin.component.repository
        asked: dict[str, Future[Any]] = {
            "runs": pool.submit(lambda: history.tag_runs(repository, [pin.tag])[pin.tag]),
            "lifetimes": pool.submit(lambda: history.branch_lifetimes(repository, [pin.tag])[pin.tag]),
        }
        if has_names(pin.component.ci_workflows):
            asked["workflows"] = pool.submit(history.workflows, repository)
        return asked

    def _images(self, pins: Sequence[Pin]) -> Mapping[str, Answer[Image] | None]:
        if not self._settings.check_images:
            return {pin.component.name: None for pin in pins}
        names = {pin: pin.component.image_name(pin.namespace) for pin in pins}
        wanted = {(name, pin.image_tag) for pin, name in names.items() if name and pin.tag}
        answers = self._registry.images(wanted, origins=wanted if self._settings.reads_origin else ())
        return {
            pin.component.name: answers.get((name, pin.image_tag), NOT_ASKED) if name else None
            for pin, name in names.items()
        }


def with_tag_object(forge: Forge, facts: ComponentFacts) -> ComponentFacts:
    """Add the tag's own object where the image names another commit than the tag's: a build may have seen it for one.

    GitHub has told it with the tag, so it costs no request.
    """
    from ...domain.origin import names_other_commit

    if not names_other_commit(facts):
        return facts
    repository, tag = forge.repository(facts.pin.component.repository), facts.pin.tag
    return replace(facts, tag_object=repository.tag_objects([tag])[tag])


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
    return (
        facts.commit is None
        or off_branch
        or parse_production_tag(facts.pin.tag, facts.pin.component.tag_format) is None
    )


def _hints(repository: Repository, pin: Pin, today: datetime.date) -> Hints:
    """Look for tags to propose instead; finding none is no error."""
    from .newest import find_newest  # late: a gate that passes needs none

    component = pin.component
    form, year = component.tag_format, pin.tag.partition(".")[0]
    digits = year.removeprefix(form.prefix)
    any_year = f"{form.prefix}20" if form.by_month else form.prefix
    prefix = f"{year}." if digits.isascii() and digits.isdigit() else any_year
    found = find_newest(repository, component.branches, today, form, component.format_input, at_first=_HINTED_TAGS)
    names = repository.tags_starting([""])
    if isinstance(found, Unknown) or isinstance(names, Unknown):
        return Hints()
    alike = [name for name in names if name.startswith(prefix)]
    near = tuple(difflib.get_close_matches(pin.tag, alike or names, n=_HINTED_TAGS))
    newest = found.tag()
    return Hints(near, "" if isinstance(newest, Unknown) else newest, found.remark)
