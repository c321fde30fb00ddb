"""What is taken out of a workflow before act sees it."""

from __future__ import annotations

from typing import Any

import pytest

from contract.sources import ROOT, load_yaml
from world.act import without_what_is_too_new

ELSEWHERE = """\
jobs:
  one:
    environment: {name: release, deployment: false}
    concurrency:
      group: x
      queue: single
    steps:
    - run: |
        queue: max
        deployment: false
      with:
        queue: max
        deployment: false
        environment: production
  two:
    environment:
      name: release
      deployment: true
"""


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.name)
def test_only_what_act_does_not_know_is_taken_out(path: Any) -> None:
    """Of each example a queue that is max and a deployment that is false are gone; all else is as it was."""
    text = path.read_text("utf-8")
    expected = load_yaml(text)
    for one in (expected, *expected["jobs"].values()):
        if isinstance(group := one.get("concurrency"), dict):
            assert group.pop("queue", "max") == "max"
        if isinstance(place := one.get("environment"), dict):
            assert place.pop("deployment", False) is False
    assert load_yaml(without_what_is_too_new(text)) == expected


def test_the_same_words_elsewhere_stay() -> None:
    """In a script, an input or with another value they are the workflow's own."""
    assert without_what_is_too_new(ELSEWHERE) == ELSEWHERE
