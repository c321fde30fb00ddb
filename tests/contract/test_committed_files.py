"""What may not be in a committed file, and what must be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contract.sources import ROOT, committed_files, fences, name_of
from frag_release import __version__

TEXTS = [path for path in committed_files() if b"\0" not in path.read_bytes()[:8000]]

# Put together here, so that this file does not name them.
MACHINE_PATHS = ["/" + "work/", "/" + "tmp/x", "/" + "root/", "/" + "home/runner/", ".py" + "env/"]
REGISTRY_HOSTS = [
    "pypi" + ".org", "python" + "hosted.org", "registry." + "npmjs", "registry." + "yarnpkg", "proxy." + "golang",
    "deb." + "debian.org", "archive." + "ubuntu.com",
]  # fmt: skip
TOKENS = re.compile(r"gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|-----BEGIN [A-Z ]*PRIVATE " + "KEY-----")


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_no_file_names_a_machine_or_a_registry_of_packages(path: Path) -> None:
    """Files hold for every machine: they name no path of one, and no host from which packages come."""
    text = path.read_text("utf-8")
    assert [word for word in [*MACHINE_PATHS, *REGISTRY_HOSTS] if word in text] == []


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_no_file_holds_a_credential(path: Path) -> None:
    """Not even an example looks like a real token or key."""
    assert not TOKENS.search(path.read_text("utf-8"))


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_no_file_hides_text(path: Path) -> None:
    """No file has characters that reorder or hide what a reviewer sees."""
    assert not re.search("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]", path.read_text("utf-8"))


def test_what_a_published_action_needs_is_there() -> None:
    """The files that the contract and the marketplace ask for exist."""
    names = {name_of(path) for path in committed_files()}
    assert {
        "action.yml", "README.md", "LICENSE", "SECURITY.md", "CHANGELOG.md", "Makefile", "pyproject.toml",
        "requirements.in", "requirements.txt", ".ci/run", "examples/build-main.yaml", ".github/dependabot.yml",
    } <= names  # fmt: skip


def test_nothing_strays_in_the_folder_that_people_open() -> None:
    """The top level has what is named here, and nothing that a command wrote there."""
    assert {name_of(path).partition("/")[0] for path in committed_files()} == {
        ".ci", ".gitattributes", ".github", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile",
        "README.md", "SECURITY.md", "action.yml", "docs", "examples", "pyproject.toml", "requirements.in",
        "requirements.txt", "scripts", "tests", "tools",
    }  # fmt: skip


def test_the_version_is_in_the_changelog() -> None:
    """Whoever sees the version in a report finds what is in it."""
    assert __version__ in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_lock_is_by_hash() -> None:
    """Every run-time dependency has one exact version and at least one hash."""
    lock = (ROOT / "requirements.txt").read_text("utf-8")
    entries = [
        entry for entry in re.split(r"(?m)^(?=[A-Za-z0-9])", lock) if entry.strip() and not entry.startswith("#")
    ]
    assert len(entries) >= 4
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+==[0-9][^ ;]*( ;[^\\]*)? \\\n", entry), entry[:80]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry[:80]


def test_the_quick_start_is_fifteen_lines() -> None:
    """A stack maintainer sees how to add the gate in 15 lines of YAML, the first of the README."""
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(fences(text, "yaml")[0].strip().split("\n")) <= 15
    assert len(text.splitlines()) <= 200
