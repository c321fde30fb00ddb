"""Clones that are older than what they are asked about: what these lack may well be there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...adapters.ports.repository import Forge, Repository
from ...domain.audit.facts import StackHistory
from ...domain.components import Component
from ...domain.evidence import Placement, Unknown
from ...domain.facts import ComponentFacts
from ...domain.newest import unformed
from ...domain.versions import ProductionTag, parse_production_tag, production_tags


def stale_clones(forge: Forge, history: StackHistory) -> list[str]:
    """Return a sentence about each component whose clone ends before the newest tags that are pinned."""
    found = []
    for component in history.components:
        pinned = [facts for (one, *_), facts in history.pinned.items() if one == component]
        why = next(_reasons(forge.repository(component.repository), component, pinned), "")
        found += [f"The clone of {component.repository} is older than the pins: {why}."] if why else []
    return found


def _reasons(repository: Repository, component: Component, pinned: Sequence[ComponentFacts]) -> Iterator[str]:
    missing = _newest([facts for facts in pinned if facts.commit is None])
    # Asked only if there is something to explain: each question is a process of git.
    names = repository.tags_starting([""]) if missing else ()
    if missing and not isinstance(names, Unknown):
        form = component.tag_format
        newest = next(reversed(production_tags(names, form=form)), None)
        if newest is None and not unformed(names, form=form):
            yield f"{missing} is pinned, and it has no production tag"
        elif newest and newest.version < missing.version and not unformed(names, newest, form):
            yield f"{missing} is pinned, and its newest production tag is {newest}"
    off = [facts for facts in pinned if isinstance(facts.placement, Placement) and not facts.placement.branches]
    ahead = _newest(off)
    if ahead and _is_nowhere(repository, component, next(one for one in off if one.pin.tag == ahead.text)):
        yield f"{ahead} was committed after the end of its {' and '.join(component.branches)}, and no branch has it"


def _newest(pinned: Sequence[ComponentFacts]) -> ProductionTag | None:
    tags = [tag for facts in pinned if (tag := parse_production_tag(facts.pin.tag, facts.pin.component.tag_format))]
    return max(tags, key=lambda tag: tag.version, default=None)


def _is_nowhere(repository: Repository, component: Component, facts: ComponentFacts) -> bool:
    """Whether a tag is younger than its production branches, and on no other branch: it was fetched without one."""
    names = repository.branches_starting("")
    if isinstance(names, Unknown) or not isinstance(facts.commit, str):
        return False
    own = repository.placements([facts.commit], names)[facts.commit]
    if not isinstance(own, Placement) or own.branches or own.committed is None:
        return False
    heads = [head for head in repository.branches(component.branches).values() if isinstance(head, str)]
    places = repository.placements(heads, component.branches).values() if heads else ()
    return all(own.committed >= each.committed for each in places if isinstance(each, Placement) and each.committed)
