"""The documentation leads where it says, and knows of everything that the examples ask for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contract.sources import ROOT, committed_files, name_of

DOCUMENTS = [path for path in committed_files() if path.suffix == ".md"]
_LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.M)


def anchors(document: Path) -> set[str]:
    """What GitHub calls the headings of a document."""
    headings = _HEADING.findall(document.read_text("utf-8"))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(path: Path) -> None:
    """Each file that is linked to is there, and has the heading that is named."""
    for name, anchor in _LINK.findall(path.read_text("utf-8")):
        linked = path.parent / name if name else path
        assert linked.exists(), name
        assert not anchor or anchor in anchors(linked), f"{name}#{anchor}"


def test_whoever_adopts_all_is_told_every_name() -> None:
    """The page of steps has each variable, secret, environment and file of the examples."""
    examples = sorted((ROOT / "examples").glob("*.yaml"))
    texts = [path.read_text("utf-8") for path in examples]
    names = {name for text in texts for name in re.findall(r"\b(?:vars|secrets)\.([A-Z_]+)", text)}
    places = {f"awx/fragalysis-{each}" for each in ("staging", "production", "developer")}
    places |= {"release", "release-approved", "stack-staging"}
    steps = (ROOT / "docs" / "adopting.md").read_text("utf-8")
    assert {name for name in names | places if f"`{name}`" not in steps} == set()
    assert [path.name for path in examples if f"../examples/{path.name}" not in steps] == []
