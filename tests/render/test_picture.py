from __future__ import annotations

import re

import pytest

from frag_release.domain.evidence import Placement, Unknown
from frag_release.render.picture import diagram_in_words, label, picture
from render.hostile import HOSTILE
from render.reports import good_facts, pin, report, unjudged, with_backend


@pytest.mark.parametrize("foreign", HOSTILE)
def test_a_label_holds_nothing_that_mermaid_reads(foreign: str) -> None:
    """Only letters, digits, spaces, dots between digits and Mermaid's own character codes are left."""
    assert re.fullmatch(r"(?:[A-Za-z0-9 ]|(?<=[0-9])\.(?=[0-9])|#[0-9]+;)*", label(foreign))


def test_a_version_in_a_label_can_be_read_in_the_source() -> None:
    """Ordinary versions need no codes, what follows them does."""
    assert label("2023.06.1-rc.1") == "2023.06.1#45;rc#46;1"


@pytest.mark.parametrize("foreign", HOSTILE)
def test_foreign_names_change_nothing_in_the_picture(foreign: str) -> None:
    """The picture has the same lines and arrows whatever a pin or a branch is called."""
    plain = picture(report(with_backend(good_facts(), pin=pin("backend", "2023.05.1")))).splitlines()
    drawn = picture(report(with_backend(good_facts(), pin=pin("backend", foreign)))).splitlines()
    assert len(drawn) == len(plain)
    assert len(picture(unjudged(f"refs/heads/{foreign}")).splitlines()) == len(plain)
    assert drawn[0] == "```mermaid"
    assert [line.count('"') for line in drawn] == [line.count('"') for line in plain]


def test_a_release_goes_all_the_way() -> None:
    """Verified parts lead to the stack, and it to staging and production, by whole arrows."""
    drawn = picture(report())
    assert '  component0 -->|"✅ tag passed<br/>✅ branch passed<br/>✅ CI passed<br/>✅ image passed"| stack' in drawn
    assert '  stack -->|"may be deployed"| staging' in drawn
    assert '  stack -->|"may be deployed"| production' in drawn


def test_a_blocked_part_ends_in_a_cross() -> None:
    """The part that fails is crossed with its check named, and nothing leads to production."""
    facts = with_backend(good_facts(), placement=Placement(frozenset()), image=Unknown("503"))
    drawn = picture(report(facts))
    assert (
        '  component0 --x|"✅ tag passed<br/>❌ branch failed<br/>✅ CI passed<br/>❔ image not verified"| stack'
        in drawn
    )
    assert '  component1 -->|"' in drawn
    assert '  stack -.->|"not from this run"| production' in drawn


def test_a_branch_stops_before_production() -> None:
    """What is not judged is dotted: the stack branch goes to staging and no further."""
    drawn = picture(unjudged())
    checks = "<br/>".join(f"➖ {check} not checked" for check in ("tag", "branch", "CI", "image"))
    assert f'  component0 -.->|"{checks}"| stack' in drawn
    assert '  stack -->|"may be deployed"| staging' in drawn
    assert '  stack -.->|"not from this run"| production' in drawn


def test_the_words_say_what_the_picture_shows() -> None:
    """Whoever cannot see the picture reads the same in a list."""
    facts = with_backend(good_facts(), placement=Placement(frozenset()))
    assert diagram_in_words(report(facts)).splitlines() == [
        "- **backend** `2023.05.1` → stack: ✅ tag passed, ❌ branch failed, ✅ CI passed, ✅ image passed.",
        "- **frontend** `2023.05.4` → stack: ✅ tag passed, ✅ branch passed, ✅ CI passed, ✅ image passed.",
        "- **stack** `2023.06.2`: ✅ tag passed, ✅ branch passed.",
        "- stack → **staging**: ➖ not from this run.",
        "- stack → **production**: ➖ not from this run.",
    ]
