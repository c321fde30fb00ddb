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


REAL_NAMES = {
    "BE_IMAGE_TAG", "BE_NAMESPACE", "FE_IMAGE_TAG", "FE_NAMESPACE", "STACK_NAMESPACE", "DOCKERHUB_USERNAME",
    "DOCKERHUB_TOKEN", "TRIGGER_AWX", "TRIGGER_DEVELOPER_AWX", "SLACK_NOTIFY_STAGING_WEBHOOK",
    "SLACK_NOTIFY_PRODUCTION_WEBHOOK", "AWX_HOST", "AWX_USER", "AWX_USER_PASSWORD", "AWX_TEMPLATE_NAME", "STACK_USER",
    "STACK_USER_TOKEN", "STACK_BRANCH", "STACK_GITHUB_NAMESPACE", "TRIGGER_DOWNSTREAM", "awx/fragalysis-staging",
    "awx/fragalysis-production", "awx/fragalysis-developer", "stack_namespace", "stack_image_tag",
}  # fmt: skip
"""Secrets, environments and inputs of Fragalysis's stack and components in August 2026, before this action."""
REAL_HABITS = {
    "latest", "stable", "target: staging", "master", "continue-on-error", "GITHUB_REF_SLUG", "fragalysis-stack",
}  # fmt: skip


def test_whoever_has_a_stack_today_finds_each_of_its_names() -> None:
    """What becomes of each secret, environment, input and habit of the real stack stands in one section, in a cell."""
    _, _, section = (ROOT / "docs" / "adopting.md").read_text("utf-8").partition("\n## Today, and then\n")
    today = "".join(line.split(" | ")[0] for line in section.splitlines() if line.startswith("| "))
    assert {name for name in REAL_NAMES | REAL_HABITS if f"`{name}`" not in today} == set()
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    assert {len(cells) for cells in rows} == {3}
    assert all(cell.strip() for cells in rows for cell in cells)
