"""The published action: it runs from what it carries, whatever the workspace and the caller's environment hold."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from process.bundle import bundle_action, copy_action
from process.gates import ROOT
from process.lone_gate import run_gate, without_index
from pythons import SUPPORTED, find_pythons
from world.events import push_tag
from world.example import STACK, Example
from world.program import Program

pytestmark = pytest.mark.process

PYTHONS = find_pythons()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The action as a release has it, with bytecode for every supported Python that is here."""
    return bundle_action(ROOT, tmp_path_factory.mktemp("published") / "action", list(PYTHONS.values()))


def state_of(folder: Path) -> dict[Path, int]:
    """Every file and folder, with the time of its last change."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def plant(folder: Path) -> tuple[Path, Path]:
    """Modules named like those that are imported, each of which leaves a mark when it is: (workspace, marks)."""
    workspace, marks = folder / "planted", folder / "marks"
    marks.mkdir()
    for name in ("json", "pip", "semver", "sitecustomize", "usercustomize"):
        _planted(workspace / f"{name}.py", marks, name)
    for name in ("requests", "ruamel", "actions_toolkit", "urllib3", "frag_release"):
        _planted(workspace / name / "__init__.py", marks, name)
    return workspace, marks


def _planted(path: Path, marks: Path, name: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"open({str(marks / name)!r}, 'w').close()\n", "utf-8")


def test_it_needs_no_index_of_packages(tmp_path: Path, example: Example, published: Path) -> None:
    """With the index out of reach the published action decides; a bare checkout stops, and says what to do."""
    python = without_index(tmp_path / "python", next(iter(PYTHONS.values())))
    (tmp_path / "runner").mkdir()
    environment = {"RUNNER_TEMP": str(tmp_path / "runner")}
    run = run_gate(tmp_path / "published", example, published, None, environment, python)
    assert run.jobs == {"gate": "success"}, run.log
    assert run.outputs["gate.gate"]["verdict"] == "deploy"
    bare = copy_action(ROOT, tmp_path / "bare")
    control = run_gate(tmp_path / "control", example, bare, None, environment, python)
    assert control.jobs == {"gate": "failure"}
    assert control.outputs["gate.gate"]["deploy-production"] == "false"
    (note,) = [note for note in control.annotations if note.level == "error"]
    assert "the index of Python packages could not be reached" in note.message
    assert "Name a published release of this action" in note.message


def test_nothing_of_the_caller_is_imported(tmp_path: Path, example: Example, published: Path) -> None:
    """Neither files in the workspace nor the caller's variables of Python and pip reach the published action."""
    planted, marks = plant(tmp_path)
    hostile = {
        "PYTHONPATH": str(planted),
        "PYTHONSTARTUP": str(planted / "json.py"),
        "PYTHONHOME": str(planted),
        "PYTHONUSERBASE": str(planted),
        "PYTHONPYCACHEPREFIX": str(planted),
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_USER": "1",
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_TARGET": str(planted),
    }
    before = sorted(planted.rglob("*"))
    python = next(iter(PYTHONS.values()))
    run = run_gate(tmp_path / "run", example, published, planted, hostile, python)
    assert run.jobs == {"gate": "success"}, run.log
    assert run.outputs["gate.gate"]["verdict"] == "deploy"
    assert list(marks.iterdir()) == []
    assert sorted(planted.rglob("*")) == before
    # The control: without isolation, each of these files is imported.
    names = ["json", "requests", "ruamel", "semver", "actions_toolkit", "urllib3", "frag_release"]
    command = [python, "-c", f"import {', '.join(names)}"]
    subprocess.run(command, env={"PYTHONPATH": str(planted)}, check=True)
    assert {one.name for one in marks.iterdir()} >= {*names, "sitecustomize"}


@pytest.mark.parametrize("version", SUPPORTED)
def test_every_python_runs_it_and_has_nothing_to_compile(
    version: str, tmp_path: Path, example: Example, published: Path
) -> None:
    """The good release is allowed and the folder of the action stays as it was: all bytecode was there."""
    if version not in PYTHONS:
        pytest.skip(f"there is no Python {version} on this machine")
    before = state_of(published)
    event = push_tag("2023.06.2", example.commits[STACK]["2023.06.2"])
    inputs = {"local": str(example.folder), "check-ci": "false", "check-images": "false"}
    outcome = Program(published, tmp_path / "runs").run(event, inputs, python=PYTHONS[version])
    assert (outcome.status, outcome.outputs["verdict"]) == (0, "deploy"), outcome.log
    assert state_of(published) == before


def test_a_changed_source_is_what_runs(tmp_path: Path, example: Example) -> None:
    """Bytecode never stands for a source that was edited: a fork that corrects a line gets its correction."""
    folder = bundle_action(ROOT, tmp_path / "action")
    source = folder / "scripts" / "frag_release" / "cli.py"
    source.write_text(source.read_text("utf-8") + "\nrun = lambda *_: 42\n", "utf-8")
    event = push_tag("2023.06.2", example.commits[STACK]["2023.06.2"])
    scratch = tmp_path / "runs"
    outcome = Program(folder, scratch).run(event, {"local": str(example.folder)})
    assert outcome.status == 42


def test_the_action_can_lie_in_a_folder_that_cannot_be_written(
    tmp_path: Path, example: Example, published: Path
) -> None:
    """A Python that has no bytecode here, and may not leave any, runs all the same."""
    folder = copy_action(published, tmp_path / "action")
    (folder / "vendor").symlink_to(published / "vendor")
    os.chmod(folder / "scripts" / "frag_release", 0o555)
    # For root, to whom modes are nothing: a file where the folder of the bytecode would be.
    (folder / "scripts" / "frag_release" / "__pycache__").touch()
    event = push_tag("2023.06.2", example.commits[STACK]["2023.06.2"])
    inputs = {"local": str(example.folder), "check-ci": "false", "check-images": "false"}
    outcome = Program(folder, tmp_path / "runs").run(event, inputs)
    assert (outcome.status, outcome.outputs["verdict"]) == (0, "deploy"), outcome.log
    os.chmod(folder / "scripts" / "frag_release", 0o755)
