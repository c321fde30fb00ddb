"""The release workflow of this repository on a runner, with a bare repository and the tests' GitHub as its GitHub."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contract.sources import committed_files, load_yaml, name_of
from frag_release import __version__
from process.gates import ROOT
from process.lone_gate import run_gate, without_index
from pythons import find_pythons
from world.act import Run, Runner
from world.events import push_branch
from world.example import Example
from world.git import Repo, run_git
from world.github_releases import GitHubReleases
from world.github_server import TOKEN, GitHubServer
from world.stand_ins import composite, stand_ins

pytestmark = pytest.mark.process

NAME = "xchem/frag-release-action"
TAG = f"v{__version__}"
WORKFLOW: dict[str, Any] = load_yaml((ROOT / ".github" / "workflows" / "release.yaml").read_text("utf-8"))
CHANGES = f"# Changelog\n\n## [{__version__}] - 2026-11-01\n\n- It can be released.\n"
# act leaves out what is called actions/checkout, as it works in a copy of the folder.
CHECKOUT = "stand-in/checkout@v1"
VERIFIED = [
    ("attestation verify release.json", f" --signer-workflow {NAME}/.github/workflows/release.yaml"),
    (f"release verify {TAG}", ""),
    (f"release verify-asset {TAG} release.json", ""),
]
"""What `gh` is asked about a release."""

PYTHONS = list(find_pythons().values())

CLONE = """\
git clone --quiet "$REMOTE" "$INTO"
git -C "$INTO" checkout --quiet --detach "$WANTED"
echo "$PROGRAMS" >> "$GITHUB_PATH"
"""


@dataclass
class House:
    """A machine with the remote, the artifacts of a run, and the programs that a hosted runner has."""

    folder: Path
    remote: Repo
    github: GitHubServer

    @property
    def programs(self) -> Path:
        """Where the programs are."""
        return self.folder / "programs"

    @property
    def asked(self) -> list[str]:
        """What `gh` was asked, each with the tags that were there at that moment."""
        calls = self.folder / "asked"
        return calls.read_text("utf-8").splitlines() if calls.exists() else []

    def set_up(self, gh_status: int) -> None:
        """Put `gh`, which answers with a status, and the Pythons of the builders in place."""
        self.programs.mkdir(exist_ok=True)
        tags = f'$(git -C "{self.remote.path}" tag --list | tr "\\n" ,)'
        self._program("gh", f'echo "$* with {tags}" >> "{self.folder / "asked"}"\nexit {gh_status}\n')
        self._program("python3.10", f'exec "{PYTHONS[0]}" "$@"\n')
        self._program("python3.14", f'exec "{PYTHONS[-1]}" "$@"\n')

    def run(self, name: str, jobs: Mapping[str, Any]) -> Run:
        """Run jobs for a push to main."""
        text = json.dumps({**WORKFLOW, "jobs": jobs})
        folder = self.folder / name
        calls = folder / "calls"
        used = stand_ins(text, folder / "stand-ins", calls=calls, instead=self._stand_ins(folder))
        del used["./published"]
        environment = {"REMOTE": str(self.remote.path), "PROGRAMS": str(self.programs), "PAUSE": "0.01"}
        runner = Runner(
            folder, used, repository=NAME, default_branch="main", server_url=self.github.url, token=TOKEN,
            env={**environment, "STORE": str(self.folder / "store")},
        )  # fmt: skip
        return runner.run(text, push_branch("main", self.remote.head()), timeout=170)

    def published(self) -> Path:
        """The files of the tag, as a runner downloads them."""
        folder = self.folder / "published"
        folder.mkdir()
        run_git(["-C", str(self.remote.path), "archive", "--output", str(self.folder / "tag.tar"), TAG])
        with tarfile.open(self.folder / "tag.tar") as archive:
            archive.extractall(folder)
        return folder

    def _program(self, name: str, lines: str) -> None:
        path = self.programs / name
        path.write_text(f"#!/bin/bash\n{lines}", "utf-8")
        path.chmod(0o755)

    def _stand_ins(self, folder: Path) -> dict[str, Path]:
        def action(name: str, run: str, **inputs: str) -> Path:
            step = {"id": "record", "shell": "bash", "run": run}
            env = {key.upper(): f"${{{{ inputs.{one} }}}}" for key, one in inputs.items()}
            if "WANTED" in env:
                env = {"INTO": "${{ inputs.path || '.' }}", "WANTED": "${{ inputs.ref || github.sha }}"}
            return composite(folder / "own" / name, {**step, "env": env}, inputs=list(inputs.values()), outputs=[])

        return {
            "stand-in/checkout": action("checkout", CLONE, wanted="ref", into="path"),
            "actions/upload-artifact": action(
                "upload", 'mkdir -p "$STORE" && cp -r "$FROM" "$STORE/$CALLED"', called="name", **{"from": "path"}
            ),
            "actions/download-artifact": action("download", 'mkdir -p "$TO" && cp -r "$STORE/." "$TO"', to="path"),
        }


def jobs_for_act() -> dict[str, Any]:
    """The jobs with what act cannot do replaced: the call of the tests' workflow, and the name of the checkout."""
    jobs: dict[str, Any] = json.loads(json.dumps(WORKFLOW["jobs"]))
    del jobs["tests"]["uses"]
    jobs["tests"] |= {"runs-on": "ubuntu-latest", "steps": [{"run": "echo tested"}]}
    for job in jobs.values():
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                step["uses"] = CHECKOUT
    return jobs


@pytest.fixture
def house(tmp_path: Path, github: GitHubServer, releases_of: GitHubReleases) -> House:
    """The files of this repository that a release is made of, on main, with a changelog that is ready."""
    releases_of.immutable = True
    remote = Repo.create(tmp_path / "frag-release-action.git", bare=True, default_branch="main")
    kept = (".gitattributes", "action.yml", "scripts/", "tools/", "requirements", "Makefile", "examples/", "LICENSE")
    files = {name_of(path): path.read_bytes() for path in committed_files() if name_of(path).startswith(kept)}
    remote.commit({**files, "CHANGELOG.md": CHANGES}, f"Prepare {__version__}")
    seen = Repo.create(tmp_path / "seen", default_branch="main")
    seen.commit({"README.md": "x"}, "x")
    seen.tag(TAG)
    # Releases are the GitHub's here, tags the bare repository's: of tags the GitHub knows that there is this one.
    github.seed_from_git(seen, NAME)
    return House(tmp_path, remote, github)


@pytest.mark.timeout(400)
def test_v1_moves_last_and_only_after_what_is_public_was_verified(
    house: House, tmp_path: Path, example: Example, releases_of: GitHubReleases
) -> None:
    """Two equal builds become tag and release; while they cannot be verified v1 is not there, afterwards it is.

    The tag's tree then runs the gate where no index of packages can be reached.
    """
    jobs = jobs_for_act()
    jobs["verify"]["steps"][-2]["with"]["local"] = str(tmp_path)
    house.set_up(gh_status=1)
    first = house.run("first", jobs)
    assert first.outputs["plan.plan"] == {"release": "true", "tag": TAG}
    done = dict.fromkeys(("plan", "tests", "bundle", "publish"), "success")
    assert first.jobs == {**done, "verify": "failure"}, first.log
    (attested,) = [call for call in first.calls if call.action == "actions/attest-build-provenance"]
    assert attested.inputs["subject-path"] == "release.json"
    assert house.remote.git("tag", "--list") == TAG
    (release,) = releases_of.releases
    assert (release.tag, release.draft, release.immutable) == (TAG, False, True)
    house.set_up(gh_status=0)
    again = {"plan": jobs["plan"], "verify": {**jobs["verify"], "needs": ["plan"]}, "move": jobs["move"]}
    second = house.run("second", again)
    assert second.jobs == dict.fromkeys(again, "success"), second.log
    assert second.outputs["verify.gate"]["verdict"] == "build-only"
    assert house.asked[-3:] == [f"{one} --repo {NAME}{more} with {TAG}," for one, more in VERIFIED]
    assert house.remote.git("rev-parse", "v1^{commit}") == house.remote.git("rev-parse", f"{TAG}^{{commit}}")
    assert house.remote.git("rev-parse", f"{TAG}^{{commit}}^") == house.remote.head()
    run = run_gate(tmp_path / "gate", example, house.published(), None, {}, without_index(tmp_path / "py", PYTHONS[0]))
    assert (run.jobs, run.outputs["gate.gate"]["verdict"]) == ({"gate": "success"}, "deploy"), run.log


def test_builds_that_differ_are_not_published(house: House, releases_of: GitHubReleases) -> None:
    """One byte of difference between the two builds, and there is neither a tag nor a release."""
    for name in ("bundle-first", "bundle-second"):
        folder = house.folder / "store" / name / "vendor"
        folder.mkdir(parents=True)
        (folder / "MANIFEST.json").write_text(name)
    house.set_up(gh_status=0)
    jobs = jobs_for_act()
    del jobs["tests"], jobs["bundle"], jobs["verify"], jobs["move"]
    jobs["publish"]["needs"] = ["plan"]
    del jobs["publish"]["environment"]
    run = house.run("differing", {**jobs, "verify": {"runs-on": "ubuntu-latest", "needs": "publish", "steps": [
        {"uses": "./published"}]}})  # fmt: skip
    assert run.jobs == {"plan": "success", "publish": "failure"}
    assert "differ" in run.log
    assert house.remote.git("tag", "--list") == ""
    assert releases_of.releases == []


def test_jobs_hold_no_more_rights_than_they_need() -> None:
    """Only the job behind the environment may publish, only the last may move a tag; no checkout keeps a token."""
    rights = {name: dict(job["permissions"]) for name, job in WORKFLOW["jobs"].items()}
    read = {"contents": "read"}
    assert rights == {
        "plan": read,
        "tests": read,
        "bundle": read,
        "publish": {"contents": "write", "id-token": "write", "attestations": "write"},
        "verify": {"contents": "read", "attestations": "read"},
        "move": {"contents": "write"},
    }
    assert WORKFLOW["permissions"] == {}
    assert WORKFLOW["jobs"]["publish"]["environment"] == "release"
    assert WORKFLOW["jobs"]["move"]["needs"] == ["plan", "verify"]
    assert WORKFLOW["jobs"]["publish"]["needs"] == ["plan", "tests", "bundle"]
    for job in WORKFLOW["jobs"].values():
        # `always()` would let a job run after one that it needs has failed.
        assert "always" not in job.get("if", "")
        for step in job.get("steps", ()):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
            assert len(step.get("run", "").splitlines()) <= 3
