"""No expression is ever spliced into code: not in the action, nor in workflows, examples or documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.sources import ROOT, committed_files, fences, load_yaml, name_of, values_of

EXPRESSION = "${{"
YAML_FILES = [
    path
    for path in committed_files()
    if path.suffix in (".yml", ".yaml") and (path.parent == ROOT or name_of(path).startswith((".github/", "examples/")))
]
MARKDOWN = [path for path in committed_files() if path.suffix == ".md"]
JOBS = [path for path in YAML_FILES if "jobs:" in path.read_text("utf-8")]


def code_in(node: object) -> list[str]:
    """Every piece of code in YAML data: scripts of shells and of actions that run scripts."""
    return [*values_of("run", node), *values_of("script", node)]


def test_the_search_finds_what_it_is_for() -> None:
    """The action, the workflows of this repository, the examples and the README are among what is looked at."""
    assert {"action.yml", "examples/build-main.yaml"} <= {name_of(path) for path in YAML_FILES}
    assert any(name_of(path).startswith(".github/workflows/") for path in YAML_FILES)
    assert "README.md" in {name_of(path) for path in MARKDOWN}
    assert code_in(load_yaml((ROOT / "action.yml").read_text("utf-8")))
    assert code_in({"jobs": {"a": {"steps": [{"run": "echo ${{ x }}"}]}}}) == ["echo ${{ x }}"]


@pytest.mark.parametrize("path", YAML_FILES, ids=name_of)
def test_no_expression_in_code(path: Path) -> None:
    """Values reach scripts by `env:`, never by being written into them."""
    assert [code for code in code_in(load_yaml(path.read_text("utf-8"))) if EXPRESSION in code] == []


@pytest.mark.parametrize("path", MARKDOWN, ids=name_of)
def test_no_expression_in_documented_code(path: Path) -> None:
    """What a reader copies from the documentation keeps the same rule, and is YAML that can be read."""
    text = path.read_text("utf-8")
    for block in fences(text, "yaml", "yml"):
        assert [code for code in code_in(load_yaml(block)) if EXPRESSION in code] == []
    for block in fences(text, "bash", "sh", "shell", "console"):
        assert EXPRESSION not in block


@pytest.mark.parametrize("path", JOBS, ids=name_of)
def test_every_job_has_a_time_limit(path: Path) -> None:
    """No job can hang for the six hours that are GitHub's default."""
    jobs = load_yaml(path.read_text("utf-8"))["jobs"]
    assert [name for name, job in jobs.items() if "uses" not in job and "timeout-minutes" not in job] == []


def test_the_last_job_needs_all_others() -> None:
    """The one check that is required waits for every job: a forgotten one would fail unseen."""
    jobs = load_yaml((ROOT / ".github" / "workflows" / "ci.yaml").read_text("utf-8"))["jobs"]
    last = jobs.pop("all-passed")
    assert sorted(last["needs"]) == sorted(jobs)
    assert last["if"] == "always()"
