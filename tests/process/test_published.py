"""The published action: it runs from what it carries, whatever the workspace and the caller's environment hold."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from process.bundle import bundle_action, copy_action
from process.gates import ROOT
from process.lone_gate import run_gate, without_index
from pythons import COMPILED_FOR, SUPPORTED, find_pythons
from world.events import push_tag
from world.example import STACK, Example
from world.github_server import TOKEN, GitHubServer
from world.program import Program
from world.registry import Registry
from world.scene import push_images, seed_example
from world.workflow_runs import NAMED

pytestmark = pytest.mark.process

PYTHONS = find_pythons()
OLDEST, NEWEST = (list(PYTHONS.values())[at] for at in (0, -1))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The action as a release has it, with bytecode for every Python of a release's that is here."""
    pythons = find_pythons(COMPILED_FOR).values()
    return bundle_action(ROOT, tmp_path_factory.mktemp("published") / "action", list(pythons))


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


@pytest.mark.parametrize("base", [OLDEST, NEWEST])
def test_neither_the_index_nor_the_caller_reaches_it(
    base: str, tmp_path: Path, example: Example, published: Path
) -> None:
    """With PyPI out of reach, and among files and variables that would lead Python and pip astray, it decides."""
    planted, marks = plant(tmp_path)
    (tmp_path / "runner").mkdir()
    hostile = {
        "RUNNER_TEMP": str(tmp_path / "runner"),
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
    python = without_index(tmp_path / "python", base)
    run = run_gate(tmp_path / "run", example, published, planted, hostile, python)
    assert run.jobs == {"gate": "success"}, run.log
    assert run.outputs["gate.gate"]["verdict"] == "deploy"
    assert list(marks.iterdir()) == []
    assert sorted(planted.rglob("*")) == before
    # The control: without isolation, each of these files is imported.
    names = ["json", "requests", "ruamel", "semver", "actions_toolkit", "urllib3", "frag_release"]
    command = [base, "-c", f"import {', '.join(names)}"]
    subprocess.run(command, env={"PYTHONPATH": str(planted)}, check=True)
    assert {one.name for one in marks.iterdir()} >= {*names, "sitecustomize"}


def test_a_bare_checkout_needs_the_index(tmp_path: Path, example: Example) -> None:
    """The same action without what a release adds stops where PyPI is out of reach, and says what to do."""
    python = without_index(tmp_path / "python", OLDEST)
    bare = copy_action(ROOT, tmp_path / "bare")
    run = run_gate(tmp_path / "run", example, bare, None, {"RUNNER_TEMP": str(tmp_path)}, python)
    assert run.jobs == {"gate": "failure"}
    assert run.outputs["gate.gate"]["deploy-production"] == "false"
    (note,) = [note for note in run.annotations if note.level == "error"]
    assert "the index of Python packages could not be reached" in note.message
    assert "Name a published release of this action" in note.message


@pytest.mark.parametrize("version", SUPPORTED)
def test_every_python_runs_it(
    version: str, tmp_path: Path, example: Example, published: Path, github: GitHubServer, registry: Registry
) -> None:
    """On full evidence the good release is allowed. Where there is bytecode, no source is compiled, of nothing."""
    if version not in PYTHONS:
        pytest.skip(f"there is no Python {version} on this machine")
    seed_example(github, example)
    push_images(registry, example)
    folder = tmp_path / "action"
    shutil.copytree(published, folder)
    if version in COMPILED_FOR:
        poison_packages(folder, PYTHONS[version])
    before = state_of(folder)
    event = push_tag("2023.06.2", example.commits[STACK]["2023.06.2"])
    inputs = {"token": TOKEN, "registry-url": registry.url, **NAMED}
    outcome = Program(folder, tmp_path / "runs").run(event, inputs, api_url=github.url, python=PYTHONS[version])
    assert (outcome.status, outcome.outputs["verdict"]) == (0, "deploy"), outcome.log
    assert (state_of(folder) == before) == (version in COMPILED_FOR)


def poison_packages(folder: Path, python: str) -> None:
    """Let every source of a package end the run that imports it, though the bytecode is said to be of these sources."""
    packages = folder / "vendor" / "packages.zip"
    with zipfile.ZipFile(packages) as archive:
        names = archive.namelist()
    with zipfile.ZipFile(packages, "w") as archive:
        for name in names:
            archive.writestr(name, "" if name.endswith("/") else "raise SystemExit(42)\n")
    script = (
        "import importlib.util, marshal, pathlib, sys\n"
        "archive = pathlib.Path(sys.argv[1], sys.implementation.cache_tag + '.bytecode')\n"
        "content = marshal.loads(archive.read_bytes())\n"
        "content['packages'] = importlib.util.source_hash(pathlib.Path(sys.argv[1], 'packages.zip').read_bytes())\n"
        "archive.write_bytes(marshal.dumps(content, 2))\n"
    )
    subprocess.run([python, "-c", script, str(folder / "vendor")], check=True)


def test_every_module_can_be_imported_from_what_is_shipped(published: Path) -> None:
    """All that any command imports is there: each module of ours, and each package's that one names anywhere."""
    names, asked = set(), set()
    for path in (ROOT / "scripts" / "frag_release").rglob("*.py"):
        names.add(".".join(path.relative_to(ROOT / "scripts").with_suffix("").parts).removesuffix(".__init__"))
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                asked |= {one.name for one in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                asked.add(node.module)
    assert {"requests", "ruamel.yaml", "semver"} <= asked
    script = (
        "import importlib, json, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from frag_release.runner import bundle\n"
        "assert bundle.mount()\n"
        "[importlib.import_module(name) for name in json.load(sys.stdin)]\n"
        "import requests\n"
        "requests.get('https://b\u00fccher.invalid', proxies={'https': 'http://127.0.0.1:9'})\n"
    )
    optional = {"rich"}
    wanted = json.dumps(sorted((names | asked) - {one for one in asked if one.split(".")[0] in optional}))
    command = [PYTHONS[min(PYTHONS)], "-I", "-X", "utf8", "-c", script, str(published / "scripts")]
    done = subprocess.run(command, input=wanted, capture_output=True, text=True, check=False)
    # What is imported late by a package for a name that is not ASCII, too: the refused connection is the last word.
    assert "ProxyError" in done.stderr.splitlines()[-1], done.stderr


def test_a_changed_source_is_what_runs(tmp_path: Path, example: Example) -> None:
    """Bytecode never stands for a source that was edited: a fork that corrects a line gets its correction."""
    folder = bundle_action(ROOT, tmp_path / "action")
    source = folder / "scripts" / "frag_release" / "cli.py"
    source.write_text(source.read_text("utf-8") + "\nrun = lambda *_: 42\n", "utf-8")
    event = push_tag("2023.06.2", example.commits[STACK]["2023.06.2"])
    scratch = tmp_path / "runs"
    outcome = Program(folder, scratch).run(event, {"local": str(example.folder)})
    assert outcome.status == 42


def test_changed_packages_are_what_runs(tmp_path: Path) -> None:
    """Nor does it stand for packages that were put in the place of those that it was made of."""
    folder = bundle_action(ROOT, tmp_path / "action")
    with zipfile.ZipFile(folder / "vendor" / "packages.zip", "w") as packages:
        packages.writestr("semver/__init__.py", "raise SystemExit(42)\n")
    script = f"import sys; sys.path.insert(0, {str(folder / 'scripts')!r}); from frag_release.runner import bundle; "
    done = subprocess.run([sys.executable, "-I", "-c", f"{script}bundle.mount(); import semver"], check=False)
    assert done.returncode == 42


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
