"""The worked example of the design: stack 2023.06.2 from backend 2023.05.1 and frontend 2023.05.4.

Three real repositories in one folder. Standard library only: the demo uses this too.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from world.git import Repo

OWNER = "xchem"
STACK, BACKEND, FRONTEND = "fragalysis-stack", "fragalysis-backend", "fragalysis-frontend"
WORKFLOW_FILE = ".github/workflows/build-main.yaml"
BACKEND_LINE = 21
"""The line of `BE_IMAGE_TAG` in the workflow file, from 1."""
FRONTEND_LINE = 24
"""The line of `FE_IMAGE_TAG` in the workflow file, from 1."""

_WORKFLOW = """\
---
name: build main

# Builds the stack's container image from a backend image and a frontend image.

on:
  push:
    tags:
      - '**'
  workflow_dispatch:

permissions: {}

env:
  # Whose image registries hold the parts, and who receives the result
  BE_NAMESPACE: %(namespace)s
  FE_NAMESPACE: %(namespace)s
  STACK_NAMESPACE: %(namespace)s
  # The backend to build on: for production, a production tag
  # of the repository's production branch
  BE_IMAGE_TAG: %(backend)s  # the backend's release
  # The frontend to put into the image: for production, a production tag
  # (a branch will do for tests)
  FE_IMAGE_TAG: %(frontend)s  # the frontend's release

jobs:
  build:
    runs-on: ubuntu-latest
    timeout-minutes: 30
    steps:
      - run: echo "the stack is built here"
      - uses: actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a  # v7.0.1
        with:
          name: stack-image-sha256-%(digits)s
          path: README.md
"""


def workflow_text(backend: str, frontend: str, namespace: str = OWNER) -> str:
    """The stack's workflow file with this pair, written as it stands (quotes are the caller's)."""
    return _WORKFLOW % {"backend": backend, "frontend": frontend, "namespace": namespace, "digits": "5" * 64}


def with_variables(text: str, names: Sequence[str]) -> str:
    """The workflow file with a variable more for each name, which pins 2023.05.1."""
    return text.replace("\njobs:", "".join(f"  {name}: 2023.05.1\n" for name in names) + "\njobs:", 1)


@dataclass(frozen=True)
class Example:
    """The three repositories, and the commit of every tag as `commits["fragalysis-stack"]["2023.06.2"]`."""

    folder: Path
    owner: str
    stack: Repo
    backend: Repo
    frontend: Repo
    commits: dict[str, dict[str, str]]

    @property
    def repositories(self) -> dict[str, Repo]:
        """Full name (`xchem/fragalysis-stack`) to repository."""
        named = {STACK: self.stack, BACKEND: self.backend, FRONTEND: self.frontend}
        return {f"{self.owner}/{name}": repo for name, repo in named.items()}


def build_example(folder: Path, owner: str = OWNER) -> Example:
    """Makes `folder/fragalysis-stack`, `-backend` and `-frontend`; each checked out at its default branch."""
    backend, backend_tags = _build_backend(folder / BACKEND)
    frontend, frontend_tags = _build_frontend(folder / FRONTEND)
    stack, stack_tags = _build_stack(folder / STACK, owner)
    commits = {STACK: stack_tags, BACKEND: backend_tags, FRONTEND: frontend_tags}
    example = Example(folder, owner, stack, backend, frontend, commits)
    for repo in example.repositories.values():
        repo.checkout()
        # Nearly each test takes a copy: of packed objects it has a third of the files.
        repo.git("repack", "-a", "-d", "--quiet")
    return example


def copy_example(example: Example, folder: Path) -> Example:
    """The same in another folder, to be changed: faster than building it again."""
    shutil.copytree(example.folder, folder)
    copies = [replace(repo, path=folder / repo.path.name) for repo in example.repositories.values()]
    stack, backend, frontend = copies
    commits = {name: dict(tags) for name, tags in example.commits.items()}
    return Example(folder, example.owner, stack, backend, frontend, commits)


def release_stack(
    example: Example,
    tag: str,
    backend: str,
    frontend: str,
    *,
    annotated: bool = False,
    branch: str = "master",
    others: Sequence[str] = (),
) -> str:
    """Commits the pair to a stack branch, tags that commit, and returns its id; `others` are variables more."""
    files = {WORKFLOW_FILE: with_variables(workflow_text(backend, frontend, example.owner), others)}
    commit = example.stack.commit(files, f"build: Use of b/e {backend} f/e {frontend}", branch=branch)
    example.stack.tag(tag, commit, annotated=annotated)
    example.commits[STACK][tag] = commit
    return commit


def add_off_production_release(example: Example, tag: str = "2023.06.3") -> str:
    """A stack release on master whose backend pin, 2023.05.2, is a tag off the production branch.

    Being the highest tag on master it makes `tag-order` refuse 2023.06.2: hence not in every example.
    """
    return release_stack(example, tag, "2023.05.2", "2023.05.4")


def add_branch_like_tag(example: Example, name: str = "2023.06.2", commit: str | None = None) -> str:
    """A stack *branch* called like a production tag, at `commit` [the tag's own]; returns its commit."""
    return example.stack.branch(name, commit or example.commits[STACK][name])


def _build_backend(path: Path) -> tuple[Repo, dict[str, str]]:
    repo = Repo.create(path, default_branch="production")
    tags = {}
    repo.now = datetime(2023, 3, 6, 9, tzinfo=timezone.utc)
    repo.commit({"README.md": "The backend\n", "viewer/models.py": "TARGETS = ()\n"}, "Start the backend")
    tags["2023.03.1"] = repo.commit({"viewer/models.py": "TARGETS = ('Mpro',)\n"}, "Add a target (#401)")
    repo.tag("2023.03.1", tags["2023.03.1"])
    repo.now = datetime(2023, 5, 2, 9, tzinfo=timezone.utc)
    tags["2023.05.1-rc.1"] = repo.commit({"viewer/views.py": "def page(): ...\n"}, "Add a page (#447)")
    repo.tag("2023.05.1-rc.1", tags["2023.05.1-rc.1"])
    tags["2023.05.1"] = repo.commit({"viewer/views.py": "def page(): return 1\n"}, "Fix #1322: answer (#448)")
    repo.tag("2023.05.1", tags["2023.05.1"])
    repo.branch("staging", tags["2023.05.1"])
    tags["2023.05.2"] = repo.commit({"viewer/urls.py": "PAGES = 2\n"}, "Try a second page", branch="staging")
    repo.tag("2023.05.2", tags["2023.05.2"])
    return repo, tags


def _build_frontend(path: Path) -> tuple[Repo, dict[str, str]]:
    repo = Repo.create(path, default_branch="production")
    tags = {}
    repo.now = datetime(2023, 5, 3, 9, tzinfo=timezone.utc)
    repo.commit({"README.md": "The frontend\n", "js/app.js": "export const zoom = 1;\n"}, "Start")
    tags["2023.05.3"] = repo.commit({"js/app.js": "export const zoom = 2;\n"}, "Zoom further (#91)")
    repo.tag("2023.05.3", tags["2023.05.3"])
    tags["2023.05.4"] = repo.commit({"js/app.js": "export const zoom = 3;\n"}, "Zoom even further (#93)")
    repo.tag("2023.05.4", tags["2023.05.4"], annotated=True, message="Frontend 2023.05.4")
    return repo, tags


def _build_stack(path: Path, owner: str) -> tuple[Repo, dict[str, str]]:
    repo = Repo.create(path, default_branch="master")
    tags = {}
    repo.now = datetime(2023, 6, 1, 9, tzinfo=timezone.utc)
    start = {"README.md": "The stack\n", "Dockerfile": "ARG FROM\nFROM ${FROM}\n"}
    repo.commit(start, "Start the stack")
    pins = {WORKFLOW_FILE: workflow_text("2023.03.1", "2023.05.3", owner)}
    tags["2023.06.1"] = repo.commit(pins, "build: Use of b/e 2023.03.1 f/e 2023.05.3")
    pins = {WORKFLOW_FILE: workflow_text("2023.05.1", "2023.05.4", owner)}
    tags["2023.06.2-rc.1"] = repo.commit(pins, "build: Use of b/e 2023.05.1 f/e 2023.05.4")
    tags["2023.06.2"] = repo.commit({"README.md": "The stack of two parts\n"}, "docs: say more")
    for name, commit in tags.items():
        repo.tag(name, commit)
    repo.commit({"README.md": "The stack of two parts.\n"}, "docs: end the sentence")
    return repo, tags
