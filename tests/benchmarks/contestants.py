"""Who is measured: our action and the same checks written in the two usual ways, each as a runner starts it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ruamel.yaml import YAML

from benchmarks.course import Release
from process.bundle import bundle_action, copy_action
from pythons import COMPILED_FOR, find_pythons
from world.emulate import node
from world.events import push_tag
from world.example import BACKEND, FRONTEND, OWNER, STACK, WORKFLOW_FILE
from world.git import Repo, run_git
from world.github_server import TOKEN
from world.program import read_outputs

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
# As many as a release has bytecode for; if one of those is not here, another. The first is `python3`.
PYTHONS = list(dict.fromkeys([*find_pythons(COMPILED_FOR[::-1]).values(), *find_pythons().values()]))[:3]

_BASH = ("/bin/bash", "--noprofile", "--norc", "-e", "-o", "pipefail")
"""How the runner calls `shell: bash`."""


@dataclass(frozen=True)
class Entry:
    """One process to measure: its command, its environment, and the folder in which it finds files of its own."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    unpack_seconds: float = 0.0

    @property
    def outputs(self) -> Mapping[str, str]:
        """What the process gave as outputs."""
        return read_outputs((self.folder / "output").read_text("utf-8"))


@dataclass(frozen=True)
class Contestant:
    """Makes entries: `again` in the folders that an earlier entry has used, as a second step of a job does.

    `built` is what a runner downloads, a compressed archive; but for the script, which is a part of the workflow.
    """

    name: str
    built: Path
    again: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """The bytes to download, and how many files are in them."""
        if not tarfile.is_tarfile(self.built):
            return 0, 0
        with tarfile.open(self.built) as archive:
            return self.built.stat().st_size, sum(one.isfile() for one in archive)

    def unpack(self, folder: Path) -> float:
        """Unpack the download into `folder` as a runner does, and return the seconds that it took."""
        folder.mkdir()
        began = time.monotonic()
        subprocess.run(["tar", "-xzf", str(self.built), "-C", str(folder)], check=True)
        return time.monotonic() - began

    def enter(self, release: Release, folder: Path) -> Entry:
        """Put everything in place for one process, in the empty `folder`; this is not measured."""
        raise NotImplementedError


class OurAction(Contestant):
    """The action's own step, from a fresh copy of its folder: a fresh runner has no bytecode of it either."""

    def enter(self, release: Release, folder: Path) -> Entry:
        """As `uses:` does, but for downloading."""
        action = folder / "action"
        seconds = self.unpack(action)
        step = YAML(typ="safe").load(action / "action.yml")["runs"]["steps"][0]
        environment = runner_environment(release, folder)
        environment |= dict.fromkeys(step["env"], "") | {"RUN_TOKEN": TOKEN}
        given = self.inputs(release).items()
        environment |= {f"INPUT_{name.upper().replace('-', '_')}": value for name, value in given}
        environment |= {"GITHUB_ACTION_PATH": str(action)}
        if (action / "vendor").is_dir():
            environment["REQUESTS_CA_BUNDLE"] = str(release.trusted)
        script = folder / "step.sh"
        script.write_text(step["run"], "utf-8")
        entry = Entry((*_BASH, str(script)), environment, folder, 0.0 if self.again else seconds)
        if self.again:
            subprocess.run(entry.command, env=entry.environment, cwd=folder, capture_output=True, check=True)
            for name in ("output", "summary"):
                (folder / name).write_text("")
        return entry

    def inputs(self, release: Release) -> dict[str, str]:
        """What a user would give, and what leads to the course's servers; the others do not ask for the origin."""
        return {"token": TOKEN, "registry-url": release.registry_url, "check-origin": "off"}


@dataclass(frozen=True)
class BareAction(OurAction):
    """The action from a branch, which installs its packages."""

    def inputs(self, release: Release) -> dict[str, str]:
        """The certificates as an input: pip would take the environment's for its own."""
        return super().inputs(release) | {"ca-file": str(release.trusted)}


@dataclass(frozen=True)
class LocalAction(OurAction):
    """The action on clones in a folder, which hold no evidence of CI."""

    clones: Path = ROOT

    def inputs(self, release: Release) -> dict[str, str]:
        """The clones in place of GitHub."""
        return super().inputs(release) | {"local": str(self.clones), "check-ci": "false"}


class JavaScriptAction(Contestant):
    """The same checks with GitHub's own libraries, all in parallel, in one file as such actions are published."""

    def enter(self, release: Release, folder: Path) -> Entry:
        """As a runner starts an action with `using: node24`."""
        inputs = {
            "token": TOKEN,
            "stack-branch": "master",
            "workflow-file": WORKFLOW_FILE,
            "registry-url": release.registry_url,
            "backend-repository": f"{OWNER}/{BACKEND}",
            "backend-branch": "production",
            "frontend-repository": f"{OWNER}/{FRONTEND}",
            "frontend-branch": "production",
        }
        environment = runner_environment(release, folder)
        # Unlike a composite action's, these names keep their dashes.
        environment |= {f"INPUT_{name.upper()}": value for name, value in inputs.items()}
        environment["NODE_EXTRA_CA_CERTS"] = str(release.trusted)
        seconds = self.unpack(folder / "action")
        return Entry((node(), str(folder / "action" / "index.cjs")), environment, folder, seconds)


class ShellScript(Contestant):
    """The same checks as calls of `gh api`, one after the other, as they are written today."""

    def enter(self, release: Release, folder: Path) -> Entry:
        """As a `run:` step."""
        environment = runner_environment(release, folder) | {
            "GH_HOST": urlsplit(release.api_url).netloc,
            "GH_ENTERPRISE_TOKEN": TOKEN,
            "GH_CONFIG_DIR": str(folder),
            "SSL_CERT_FILE": str(release.trusted),
            "CURL_CA_BUNDLE": str(release.trusted),
            "WORKFLOW_FILE": WORKFLOW_FILE,
            "STACK_BRANCH": "master",
            "REGISTRY_URL": release.registry_url,
            "BACKEND_REPOSITORY": f"{OWNER}/{BACKEND}",
            "BACKEND_BRANCH": "production",
            "FRONTEND_REPOSITORY": f"{OWNER}/{FRONTEND}",
            "FRONTEND_BRANCH": "production",
        }
        return Entry((*_BASH, str(self.built)), environment, folder)


def runner_environment(release: Release, folder: Path) -> dict[str, str]:
    """What GitHub's runner sets for a push of the release's tag, with files in `folder`."""
    event = push_tag(release.tag, release.commit)
    payload = {**event.payload, "repository": {"default_branch": "master"}}
    (folder / "event.json").write_text(json.dumps(payload), "utf-8")
    for name in ("output", "summary"):
        (folder / name).touch()
    (folder / "temp").mkdir()
    (folder / "bin").mkdir()
    (folder / "bin" / "python3").symlink_to(PYTHONS[0])
    return {
        "PATH": os.pathsep.join([str(folder / "bin"), os.defpath]),
        "HOME": os.environ["HOME"],
        "LANG": "C.UTF-8",
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": f"{OWNER}/{STACK}",
        "GITHUB_REF": event.ref,
        "GITHUB_SHA": event.sha,
        "GITHUB_EVENT_NAME": event.name,
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_API_URL": release.api_url,
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "RUNNER_TEMP": str(folder / "temp"),
    }


def build_javascript(folder: Path) -> Path:
    """Install the locked packages, bundle the action into one file, and return what a runner downloads of it."""
    for name in ("package.json", "package-lock.json", "gate.mjs"):
        shutil.copy2(HERE / "javascript" / name, folder)
    path = os.pathsep.join([str(Path(node()).parent), os.environ["PATH"]])
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]
    for command in (npm, ["npm", "run", "--silent", "build"]):
        subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path}, check=True)
    return _packed(folder / "dist", folder / "javascript.tar.gz")


def _packed(folder: Path, archive: Path) -> Path:
    """Pack a folder as GitHub does: what `.gitattributes` exports, compressed by gzip at its usual level."""
    repo = Repo.create(archive.parent / f"{archive.stem}.git", default_branch="main")
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    commit = repo.commit(files, "all")
    run_git(["-C", str(repo.path), "archive", "--format=tar.gz", f"--output={archive}", commit])
    return archive


BUNDLE, BUNDLE_AGAIN = "bundle", "bundle, second use"
BARE, BARE_AGAIN = "bare checkout", "bare checkout, second use"
JAVASCRIPT, SHELL = "JavaScript action", "shell script with gh"


def build_contestants(folder: Path) -> list[Contestant]:
    """Build them all in the empty `folder`, in the order in which they are shown."""
    bundle = _packed(bundle_action(ROOT, folder / "bundle", PYTHONS), folder / "bundle.tar.gz")
    bare = _packed(copy_action(ROOT, folder / "bare"), folder / "bare.tar.gz")
    (folder / "javascript").mkdir()
    return [
        OurAction(BUNDLE, bundle),
        OurAction(BUNDLE_AGAIN, bundle, again=True),
        BareAction(BARE, bare),
        BareAction(BARE_AGAIN, bare, again=True),
        JavaScriptAction(JAVASCRIPT, build_javascript(folder / "javascript")),
        ShellScript(SHELL, HERE / "shell" / "gate.sh"),
    ]
