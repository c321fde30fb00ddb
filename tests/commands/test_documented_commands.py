"""What README and docs tell people to paste into a terminal, pasted into one: clones, options and folders hold."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from contract.sources import ROOT, fences
from world.example import WORKFLOW_FILE, Example, copy_example
from world.git import run_git
from world.level_one import BEFORE

LOCAL = " --local .. --check-ci false --check-images false"
"""What the README says to add where there is no token."""
CLONE = "git clone https://github.com/org/frag-release-action\n"


def blocks(page: str) -> list[str]:
    """The commands of a page, block by block."""
    return fences((ROOT / page).read_text("utf-8"), "bash")


def paste(text: str, folder: Path, example: Example) -> subprocess.CompletedProcess[str]:
    """Run it in a shell for which the stack's GitHub is the example's folder, and `gh` has a token."""
    (folder / "bin").mkdir()
    (folder / "bin" / "gh").write_text("#!/bin/sh\necho hunter2\n", "utf-8")
    (folder / "bin" / "gh").chmod(0o755)
    settings = {"GIT_CONFIG_COUNT": str(len(example.repositories))}
    for number, (name, repo) in enumerate(example.repositories.items()):
        settings[f"GIT_CONFIG_KEY_{number}"] = f"url.{repo.path}.insteadOf"
        settings[f"GIT_CONFIG_VALUE_{number}"] = f"https://github.com/{name}.git"
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        env={**os.environ, **settings, "PATH": path, "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


def test_the_readme_is_tried_and_adopted_as_it_stands(example: Example, action_folder: Path, tmp_path: Path) -> None:
    """Three lines judge a release in a clone, and one more puts the gate in front, shown as a difference."""
    assert f"add `{LOCAL.strip()}`" in (ROOT / "README.md").read_text("utf-8")
    own = copy_example(example, tmp_path / "own")
    run_git(["remote", "add", "origin", "https://github.com/xchem/fragalysis-stack"], own.stack.path)
    own.stack.commit({WORKFLOW_FILE: BEFORE}, "build: as today", branch="master")
    own.stack.checkout()
    (own.folder / "frag-release-action").symlink_to(action_folder)
    attempt, adoption = blocks("README.md")
    clone, *rest = attempt.splitlines(keepends=True)
    assert (clone, len(rest)) == (CLONE, 2)
    done = paste("".join(rest).rstrip() + f"{LOCAL}\n{adoption}", own.folder, example)
    assert "\nMay be deployed to production: 2023.06.2\n" in f"\n{done.stdout}", done.stderr
    assert "\n+    - id: gate\n" in done.stdout
    assert done.returncode == 0


def test_the_audits_clones_are_whole(example: Example, action_folder: Path, tmp_path: Path) -> None:
    """The audit's page makes clones in which every release is found and judged."""
    (tmp_path / "frag-release-action").symlink_to(action_folder)
    done = paste(blocks("docs/audit.md")[0], tmp_path, example)
    assert "2023.06.2" in done.stdout, done.stderr
    assert "could not be" not in done.stdout


@pytest.fixture
def home(example: Example, action_folder: Path, tmp_path: Path) -> Path:
    """A home with `clones`, and the action where the page puts it."""
    shutil.copytree(example.folder, tmp_path / "clones", symlinks=True)
    (tmp_path / "frag-release-action").symlink_to(action_folder)
    return tmp_path


def test_a_home_of_clones_is_judged(example: Example, home: Path) -> None:
    """What the page on terminals gives judges a release in the folder that it names."""
    text = blocks("docs/running.md")[0]
    done = paste(text.replace(f"{CLONE.rstrip()} && ", "", 1), home, example)
    assert done.stdout.startswith("May be deployed to production: 2023.06.2\n"), done.stderr
