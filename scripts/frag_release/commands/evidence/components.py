"""Gathering the facts about pins: all questions at once, then what a remedy needs."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from ...adapters.ports import Forge, Repository
from ...adapters.registry import RegistryClient
from ...dataclass import dataclass, replace
from ...domain.components import Component, Pin
from ...domain.evidence import Answer, Answers, Placement, Unknown
from ...domain.facts import NOT_ASKED, ComponentFacts, Hints, Images, PreviousRelease
from ...domain.rules.pin_ci import has_names
from ...domain.versions import parse_production_tag
from ..session import utc_now

if TYPE_CHECKING:
    from ...domain.overrides import Override
    from ...inputs.settings import Settings

Overrides = Mapping[str, Answer[tuple["Override", ...]]]
Question = Callable[[Sequence[str]], Mapping[str, Mapping[str, Any]]]
"""Takes tags; returns the facts about each tag, by the names of the facts."""
_HINTED_TAGS = 3
_AT_ONCE = 20


@dataclass(frozen=True)
class ComponentEvidence:
    """Asks the forge and the registry about pins. `today` is the latest date for the tags that it suggests.

    A gate has few pins and little time, so everything is asked at once. Without `today` the pins are the many of an
    audit: then names are listed instead, what few tags need is asked for those only, and no tag is suggested.
    `log` receives a progress line about each component.
    """

    forge: Forge
    registry: RegistryClient
    settings: Settings
    today: datetime.date | None = None
    log: Callable[[str], None] = lambda _: None

    def gather(self, pins: Sequence[Pin], look: Callable[[], Overrides] | None = None) -> list[ComponentFacts]:
        """Return the facts of each pin, in the order of `pins`; `look` returns overrides by the component's name."""
        with ThreadPoolExecutor(2) as pool:
            images = pool.submit(self._images, pins)
            asked = pool.submit(self.of_tags, pins)
            # Sends no request, so it runs while the requests wait for their responses.
            overrides = look() if look else {}
        found = self.with_images(asked.result(), images.result())
        return [replace(facts, overrides=overrides.get(facts.pin.component.name)) for facts in found]

    def of_tags(self, pins: Sequence[Pin]) -> list[ComponentFacts]:
        """Return the facts of each pin from its component's repository; each distinct tag is looked up once."""
        pinned: dict[Component, dict[str, Pin]] = {}
        for pin in pins:
            pinned.setdefault(pin.component, {}).setdefault(pin.tag, pin)
        with ThreadPoolExecutor(max(1, min(len(pinned), _AT_ONCE))) as pool:
            found = dict(zip(pinned, pool.map(self._of_component, pinned.values()), strict=True))
        return [replace(found[pin.component][pin.tag], pin=pin) for pin in pins]

    def with_images(self, components: Sequence[ComponentFacts], images: Images | None) -> list[ComponentFacts]:
        """Add what registries hold, by name and tag; None if images are not checked."""
        return [self._with_image(facts, images) for facts in components]

    def _of_component(self, pins: Mapping[str, Pin]) -> dict[str, ComponentFacts]:
        nothing = NOT_ASKED if self.settings.check_ci else None
        found = {tag: ComponentFacts(pin, runs=nothing) for tag, pin in pins.items()}
        tags = [tag for tag in pins if tag]
        if not tags:
            return found
        component = found[tags[0]].pin.component
        repository = self.forge.repository(component.repository)
        of_tags, of_runs = self._questions(repository, component)
        if self.today:
            found = _answered(found, tags, [*of_tags, *of_runs])
            return {tag: _with_hints(repository, facts, self.today) for tag, facts in found.items()}
        self.log(f"Looking up {len(tags):,} tags of {component.repository}.")
        # One list of all tags instead of a request for each: what it contains is not requested again.
        repository.tags_starting([""])
        found = _answered(found, tags, of_tags)
        return _answered(found, [tag for tag in tags if found[tag].tag_runs], of_runs)

    def _questions(self, repository: Repository, component: Component) -> tuple[list[Question], list[Question]]:
        """Return the questions about all tags, and those about tags with CI runs only."""
        history, name = self.forge.runs, component.repository
        shadows = partial(_heads, repository, component.branches) if self.today else partial(_listed_heads, repository)
        # First what should exist: the absence of a branch of the tag's name is believed of a repository that was
        # seen, which would otherwise cost a request. Placing the commit needs the other heads anyway.
        of_tags: list[Question] = [partial(_place, repository, component.branches), _fact("shadow", shadows)]
        if not self.settings.check_ci:
            return of_tags, []
        of_tags.append(_fact("runs", partial(history.tag_runs, name)))
        of_runs = [_fact("lifetimes", partial(history.branch_lifetimes, name))]
        if has_names(component.ci_workflows):
            of_runs.append(_fact("workflows", lambda tags: dict.fromkeys(tags, history.workflows(name))))
        return of_tags, of_runs

    def _images(self, pins: Sequence[Pin]) -> Images | None:
        if not self.settings.check_images:
            return None
        # One call for all images, so that they share a login.
        wanted = {pin.place for pin in pins if pin.place and pin.tag}
        return self.registry.images(wanted, origins=wanted if self.settings.reads_origin else ())

    def _with_image(self, facts: ComponentFacts, images: Images | None) -> ComponentFacts:
        """Add the image. If it names another commit, add the tag's own object, whose id the build may have recorded.

        GitHub returned the tag object with the tag, so it costs no request.
        """
        from ...domain.origin import names_other_commit

        pin = facts.pin
        image = images.get(pin.place, NOT_ASKED) if images is not None and pin.place else None
        facts = replace(facts, image=image, origin_required=self.settings.origin_required)
        if not names_other_commit(facts):
            return facts
        repository = self.forge.repository(pin.component.repository)
        return replace(facts, tag_object=repository.tag_objects([pin.tag])[pin.tag])


def with_previous(facts: ComponentFacts, previous: Answer[PreviousRelease | None]) -> ComponentFacts:
    """Add the same component's pin of the previous release, or why it is unknown."""
    if not isinstance(previous, PreviousRelease):
        return replace(facts, previous=previous)
    name = facts.pin.component.name
    return replace(facts, previous=next((pin for pin in previous.pins if pin.component.name == name), None))


def _answered(
    found: Mapping[str, ComponentFacts], tags: Sequence[str], questions: Sequence[Question]
) -> dict[str, ComponentFacts]:
    """Ask all the questions about the tags at once, and add their answers."""
    if not tags or not questions:
        return dict(found)
    with ThreadPoolExecutor(len(questions)) as pool:
        answers = [asked.result() for asked in [pool.submit(ask, tags) for ask in questions]]
    facts = {tag: {name: fact for each in answers for name, fact in each[tag].items()} for tag in tags}
    return {**found, **{tag: replace(found[tag], asked=utc_now(), **facts[tag]) for tag in tags}}


def _fact(name: str, ask: Callable[[Sequence[str]], Answers[Any]]) -> Question:
    return lambda tags: {tag: {name: answer} for tag, answer in ask(tags).items()}


def _place(repository: Repository, branches: Sequence[str], tags: Sequence[str]) -> dict[str, dict[str, Any]]:
    commits = repository.tags(tags)
    known = sorted({commit for commit in commits.values() if isinstance(commit, str)})
    placements = repository.placements(known, branches) if known else {}
    return {
        tag: {"commit": commit, "placement": placements[commit] if isinstance(commit, str) else NOT_ASKED}
        for tag, commit in commits.items()
    }


def _heads(repository: Repository, branches: Sequence[str], tags: Sequence[str]) -> Answers[str | None]:
    """Return the head of the branch of each tag's name, None if there is no such branch."""
    heads = repository.branches([*branches, *tags])
    return {tag: heads[tag] for tag in tags}


def _listed_heads(repository: Repository, tags: Sequence[str]) -> Answers[str | None]:
    """The same for many tags: the list of branches shows which few are the name of one."""
    names = repository.branches_starting("")
    if isinstance(names, Unknown):
        return dict.fromkeys(tags, names)
    taken = set(tags).intersection(names)
    return {**dict.fromkeys(tags), **(repository.branches(sorted(taken)) if taken else {})}


def _with_hints(repository: Repository, facts: ComponentFacts, today: datetime.date) -> ComponentFacts:
    needed = facts.pin.tag and _needs_hints(facts)
    return replace(facts, hints=_hints(repository, facts.pin, today)) if needed else facts


def _needs_hints(facts: ComponentFacts) -> bool:
    off_branch = isinstance(facts.placement, Placement) and not facts.placement.branches
    return (
        facts.commit is None
        or off_branch
        or parse_production_tag(facts.pin.tag, facts.pin.component.tag_format) is None
    )


def _hints(repository: Repository, pin: Pin, today: datetime.date) -> Hints:
    """Look for tags to suggest instead; finding none is not an error."""
    from .histories import find_newest  # late: a gate that passes needs none

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
