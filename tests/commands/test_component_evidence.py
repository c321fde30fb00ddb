"""One gatherer asks about pins, for the few of a gate as for the many of an audit."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from domain.worked_example import BACKEND
from frag_release.commands.evidence.components import ComponentEvidence
from frag_release.domain.components import Pin
from frag_release.domain.evidence import PUSH, Image, Placement, Run
from frag_release.domain.facts import ComponentFacts

OLD, NEW, SHADOW = "a" * 40, "b" * 40, "c" * 40
TAGS = {"2023.04.1": OLD, "2023.05.1": NEW}
COMPONENT = replace(BACKEND, repository="org/fragalysis-backend", branches=("production",), ci_workflows=())
PINS = [Pin(COMPONENT, "2023.05.1", "org"), Pin(COMPONENT, "2023.04.1", "org"), Pin(COMPONENT, "2023.05.1", "lab")]
RUN = Run(".github/workflows/ci.yaml", NEW, "completed", "success", "https://runs/1", 1, event=PUSH)


class Forge:
    """A forge of one repository, which counts the names that each question is asked about."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.runs = self
        self.name = COMPONENT.repository

    def repository(self, _: str) -> Forge:
        """The one that it has."""
        return self

    def _answer(self, question: str, names: Collection[str], answer: Callable[[str], Any]) -> dict[str, Any]:
        self.asked.update({f"{question} {name}": 1 for name in names})
        return {name: answer(name) for name in names}

    def tags(self, names: Collection[str]) -> Mapping[str, Any]:
        """The commits of tags."""
        return self._answer("tag", names, TAGS.get)

    def branches(self, names: Collection[str]) -> Mapping[str, Any]:
        """The heads of branches."""
        return self._answer("branch", names, {"production": NEW, "2023.04.1": SHADOW}.get)

    def tags_starting(self, _: Collection[str]) -> Sequence[str]:
        """All tags."""
        return list(TAGS)

    def branches_starting(self, _: str) -> Sequence[str]:
        """All branches."""
        return ["production", "2023.04.1"]

    def placements(self, commits: Collection[str], branches: Sequence[str]) -> Mapping[str, Any]:
        """Everything is on the branch."""
        return self._answer("place", commits, lambda _: Placement(frozenset(branches)))

    def tag_runs(self, _: str, tags: Collection[str]) -> Mapping[str, Any]:
        """The newer tag has a run."""
        return self._answer("runs", tags, lambda tag: [RUN] if tag == "2023.05.1" else [])

    def branch_lifetimes(self, _: str, tags: Collection[str]) -> Mapping[str, Any]:
        """No branch ever had such a name."""
        return self._answer("lifetimes", tags, lambda _: [])


def gathered(today: datetime.date | None) -> tuple[Forge, list[ComponentFacts]]:
    """What is gathered of the pins, and the forge that was asked."""
    settings: Any = SimpleNamespace(check_ci=True, check_images=True, reads_origin=False, origin_required=False)
    registry: Any = SimpleNamespace(
        images=lambda wanted, **_: {place: Image(place[0], place[1], "sha256:1") for place in wanted}
    )
    forge: Any = Forge()
    return forge, ComponentEvidence(forge, registry, settings, today).gather(PINS)


def test_few_and_many_pins_are_given_the_same_facts() -> None:
    """Whichever way it asks, of each pin commit, branch of that name, place, runs and image are the same."""
    for _, found in (gathered(datetime.date(2023, 6, 8)), gathered(None)):
        assert [one.pin for one in found] == PINS
        assert [one.commit for one in found] == [NEW, OLD, NEW]
        assert [one.shadow for one in found] == [None, SHADOW, None]
        assert [one.placement for one in found] == [Placement(frozenset({"production"}))] * 3
        assert [one.tag_runs for one in found] == [[RUN], [], [RUN]]
        assert [isinstance(one.image, Image) and one.image.name for one in found] == [
            "docker.io/org/fragalysis-backend",
            "docker.io/org/fragalysis-backend",
            "docker.io/lab/fragalysis-backend",
        ]


def test_many_pins_ask_about_each_tag_once_and_only_what_matters() -> None:
    """Two pins of one tag are one question; no branch is asked for that is not listed, no lifetime without a run."""
    forge, _ = gathered(None)
    assert forge.asked == Counter(
        [
            "tag 2023.05.1", "tag 2023.04.1", f"place {NEW}", f"place {OLD}", "branch 2023.04.1", "runs 2023.05.1",
            "runs 2023.04.1", "lifetimes 2023.05.1",
        ]
    )  # fmt: skip
