"""The steps of a release, with a bare repository and the GitHub of the tests in place of GitHub."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from contract.sources import ROOT
from tools.small import build_small, plant, small_remote
from world.git import Repo
from world.github_releases import GitHubReleases
from world.github_server import TOKEN, GitHubServer

NAME = "xchem/frag-release-action"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of the small action."""
    return build_small(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tool installs the program's packages, once."""
    return tmp_path_factory.mktemp("packages")


@dataclass
class Desk:
    """A clone in which steps are taken; `remote` is what it was cloned from, with only a branch and tags."""

    folder: Path
    remote: Repo
    packages: Path
    github: GitHubServer
    built: Path

    def take(self, *step: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Take a step as the workflow does."""
        env = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")},
            "GITHUB_REPOSITORY": NAME,
            "GITHUB_API_URL": self.github.url,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_OUTPUT": str(self.folder.parent / "output"),
            "RUNNER_TEMP": str(self.packages),
            **environment,
        }
        command = [sys.executable, str(ROOT / "tools" / "release.py"), *step]
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=False)

    def done(self, *step: str) -> str:
        """What a step prints, which must succeed."""
        done = self.take(*step)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, *step: str) -> str:
        """Why a step ends, which must fail, with words for people and no traceback."""
        done = self.take(*step)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        return done.stderr

    def release(self) -> str:
        """Take the steps up to the public release; returns the commit of the tag."""
        self.done("commit", str(self.built))
        self.done("push")
        self._tell_github()
        self.done("publish")
        return self.remote.git("rev-parse", "v1.2.3^{commit}")

    def _tell_github(self) -> None:
        """Let the GitHub see the tag of the remote: of what it names it needs nothing."""
        if (self.folder.parent / "seen").exists():
            return
        seen = Repo.create(self.folder.parent / "seen", default_branch="main")
        seen.commit({"README.md": "x"}, "x")
        seen.tag(self.remote.git("tag", "--list"))
        self.github.seed_from_git(seen, NAME)

    def outputs(self) -> dict[str, str]:
        """The outputs so far."""
        return dict(line.split("=", 1) for line in (self.folder.parent / "output").read_text().splitlines())


@pytest.fixture
def desk(
    tmp_path: Path, built: Path, packages: Path, github: GitHubServer, releases_of: GitHubReleases
) -> Iterator[Desk]:
    """A clone of a repository whose main has the files, on a GitHub where releases are immutable."""
    releases_of.immutable = True
    remote = small_remote(tmp_path / "remote")
    subprocess.run(["git", "clone", "--quiet", str(remote.path), str(tmp_path / "clone")], check=True)
    yield Desk(tmp_path / "clone", remote, packages, github, built)


def test_a_release_from_its_plan_to_the_moving_tag(desk: Desk, releases_of: GitHubReleases) -> None:
    """The tag is the reviewed commit with the bundle, the release has its record, and v1 moves last."""
    source = desk.remote.head("main")
    assert desk.done("plan") == "Releasing v1.2.3: the changelog has a section for it.\n"
    assert desk.outputs() == {"release": "true", "tag": "v1.2.3"}
    made = desk.release()
    assert desk.remote.git("rev-parse", "v1.2.3^") == source
    assert desk.remote.head("main") == source
    assert desk.remote.git("show", "v1.2.3:README.md") == "Read me."
    assert desk.remote.git("show", "v1.2.3:vendor/MANIFEST.json") == (
        (desk.built / "vendor" / "MANIFEST.json").read_text("utf-8").rstrip("\n")
    )
    assert desk.remote.resolve("refs/tags/v1") is None
    (release,) = releases_of.releases
    assert (release.tag, release.draft, release.immutable) == ("v1.2.3", False, True)
    assert "- It is faster." in release.body
    assert "gh release verify v1.2.3 --repo xchem/frag-release-action" in release.body
    record = json.loads(release.files[0].content)
    assert (record["tag"], record["commit"], record["source"]) == ("v1.2.3", made, source)
    assert record["files"]["README.md"] == hashlib.sha256(b"Read me.\n").hexdigest()
    assert len(record["files"]) == len(desk.remote.git("ls-tree", "-r", "v1.2.3").splitlines())
    # Of these a runner downloads what a run reads: clone and download can both be verified.
    assert set(record["files"]) - set(record["exported"]) == {".gitattributes", "CHANGELOG.md", "README.md"}
    assert set(record["exported"]) < set(record["files"])
    desk.done("verify")
    assert desk.remote.resolve("refs/tags/v1") is None
    said = desk.done("move")
    assert said.endswith("v1 is v1.2.3.\n")
    assert desk.remote.git("rev-parse", "v1^{commit}") == made
    # The token was used, and is nowhere.
    assert TOKEN not in said
    assert not [path for path in desk.folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


def test_every_step_can_be_taken_again(desk: Desk, releases_of: GitHubReleases) -> None:
    """A second run of all steps, from a new clone, changes nothing."""
    made = desk.release()
    desk.done("move")
    before = desk.remote.git("for-each-ref"), [release.files for release in releases_of.releases]
    shutil.rmtree(desk.folder)
    subprocess.run(["git", "clone", "--quiet", str(desk.remote.path), str(desk.folder)], check=True)
    assert desk.done("plan").startswith("Releasing v1.2.3")
    assert desk.release() == made
    desk.done("verify")
    desk.done("move")
    assert (desk.remote.git("for-each-ref"), [release.files for release in releases_of.releases]) == before


def test_a_later_commit_releases_nothing_anew(desk: Desk) -> None:
    """On main after a release there is nothing to do, and the step says so."""
    desk.release()
    desk.remote.commit({"README.md": "Read me now.\n"}, "later")
    desk.remote.git("worktree", "prune")
    subprocess.run(["git", "pull", "--quiet"], cwd=desk.folder, check=True)
    assert desk.done("plan") == "Nothing to release: v1.2.3 was released from another commit.\n"
    assert desk.outputs()["release"] == "false"


def test_a_version_without_a_section_is_not_released(desk: Desk) -> None:
    """While a version is in preparation every push ends here, without a fault."""
    desk.remote.commit({"CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n- Soon.\n"}, "not yet")
    subprocess.run(["git", "pull", "--quiet"], cwd=desk.folder, check=True)
    assert desk.done("plan").startswith("Nothing to release: CHANGELOG.md has no section")
    assert desk.outputs() == {"release": "false", "tag": ""}


def test_the_moving_tag_never_goes_back(desk: Desk) -> None:
    """Below a version that is out, nothing of the same major version is released; another major one may be."""
    desk.remote.git("tag", "v2.0.0", "main")
    assert desk.done("plan").startswith("Releasing v1.2.3")
    desk.remote.git("tag", "v1.3.0", "main")
    assert "v1.3.0 is released already: v1.2.3 would move the users of v1 back" in desk.refused("plan")


def test_a_tag_at_another_commit_is_left(desk: Desk) -> None:
    """A tag that somebody has pushed before is not moved, and the step says where it is."""
    desk.done("commit", str(desk.built))
    other = desk.remote.head("main")
    desk.remote.git("tag", "v1.2.3", "main")
    assert f"v1.2.3 is at {other} on GitHub" in desk.refused("push")
    assert desk.remote.git("rev-parse", "v1.2.3^{commit}") == other


def test_a_tag_with_anything_else_moves_nothing(desk: Desk) -> None:
    """A tag that changes a file beside the bundle is told, and v1 stays where it was."""
    desk.release()
    planted = plant(desk.remote, "v1.2.3", {"README.md": "Read this.\n"})
    desk.remote.git("update-ref", "refs/tags/v1.2.3", planted)
    assert "README.md: M with mode 100644" in desk.refused("verify")
    assert "README.md: M with mode 100644" in desk.refused("move")
    assert desk.remote.resolve("refs/tags/v1") is None


def test_a_release_that_can_be_changed_moves_nothing(desk: Desk, releases_of: GitHubReleases) -> None:
    """Where the repository's releases are not immutable, the step names the setting."""
    releases_of.immutable = False
    desk.release()
    assert "turn on immutable releases in the settings of xchem/frag-release-action" in desk.refused("move")
    assert desk.remote.resolve("refs/tags/v1") is None


def test_a_release_with_another_record_moves_nothing(desk: Desk, releases_of: GitHubReleases) -> None:
    """The record of the release must be what the files of the tag give; a draft is no release at all."""
    desk.release()
    (release,) = releases_of.releases
    release.files[0].content += b" "
    assert "does not match the tag's files" in desk.refused("move")
    release.draft = True
    assert "GitHub has no public release v1.2.3" in desk.refused("move")
    assert desk.remote.resolve("refs/tags/v1") is None
