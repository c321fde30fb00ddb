"""The action from a bare checkout: it brings its packages itself, once, and from nowhere but the lock."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from process.bundle import copy_action
from process.gates import ROOT
from world.events import push_branch
from world.example import STACK, Example
from world.program import Outcome, Program

pytestmark = pytest.mark.process


def gate(
    folder: Path, example: Example, scratch: Path, environment: dict[str, str], python: str = sys.executable
) -> Outcome:
    """Ask about the stack branch, on clones."""
    event = push_branch("master", example.commits[STACK]["2023.06.2"])
    inputs = {"local": str(example.folder)}
    return Program(folder, scratch).run(event, inputs, environment=environment, python=python)


def test_packages_are_installed_once_and_by_the_lock_alone(tmp_path: Path, example: Example) -> None:
    """The first run installs into the temp folder, the second uses that, and the caller's PIP_* change nothing."""
    folder = copy_action(ROOT, tmp_path / "action")
    temporary = tmp_path / "runner-temp"
    temporary.mkdir()
    poison = {"RUNNER_TEMP": str(temporary), "PIP_TARGET": "/nowhere", "PIP_NO_INDEX": "1", "PIP_PREFIX": "/nowhere"}
    first = gate(folder, example, tmp_path / "first", poison)
    assert (first.status, first.outputs["verdict"]) == (0, "build-only"), first.log
    (installed,) = (temporary / "frag-release-action").iterdir()
    assert {"actions_toolkit", "requests", "ruamel", "semver"} <= {one.name for one in installed.iterdir()}
    assert not (installed / "tests").exists()
    made = installed.stat().st_mtime_ns
    second = gate(folder, example, tmp_path / "second", poison)
    assert (second.status, installed.stat().st_mtime_ns) == (0, made)
    assert not (folder / "vendor").exists()


def test_a_lock_that_does_not_match_stops_the_run(tmp_path: Path, example: Example) -> None:
    """A package whose hash is not the lock's is refused: status 1, closed outputs, nothing left behind."""
    folder = copy_action(ROOT, tmp_path / "action")
    lock = folder / "requirements.txt"
    lock.write_text("semver==3.1.1 --hash=sha256:" + "0" * 64 + "\n", "utf-8")
    temporary = tmp_path / "runner-temp"
    temporary.mkdir()
    outcome = gate(folder, example, tmp_path / "run", {"RUNNER_TEMP": str(temporary)})
    assert (outcome.status, outcome.outputs["deploy-production"]) == (1, "false")
    assert "could not be installed" in outcome.log
    assert list((temporary / "frag-release-action").iterdir()) == []


def test_a_file_in_the_workspace_is_never_imported(tmp_path: Path, example: Example) -> None:
    """A module of the workspace, named like one that is imported, is not run, even with PYTHONPATH set to it."""
    folder = copy_action(ROOT, tmp_path / "action")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    for name in ("json", "requests", "semver", "sitecustomize"):
        (workspace / f"{name}.py").write_text("open('/proc/self/cwd/planted', 'w').close(); raise SystemExit(0)\n")
    temporary = tmp_path / "runner-temp"
    temporary.mkdir()
    environment = {"RUNNER_TEMP": str(temporary), "PYTHONPATH": str(workspace), "PYTHONSTARTUP": str(workspace)}
    outcome = gate(folder, example, tmp_path / "run", environment)
    assert (outcome.status, outcome.outputs["verdict"]) == (0, "build-only"), outcome.log
    assert not list(tmp_path.rglob("planted"))


def test_steps_at_the_same_time_do_not_disturb_each_other(tmp_path: Path, example: Example) -> None:
    """Two runs that install at the same moment all decide, and leave one folder behind."""
    folder = copy_action(ROOT, tmp_path / "action")
    temporary = tmp_path / "runner-temp"
    temporary.mkdir()

    def run(number: int) -> Outcome:
        return gate(folder, example, tmp_path / f"run-{number}", {"RUNNER_TEMP": str(temporary)})

    with ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(run, range(2)))
    assert [(one.status, one.outputs["verdict"]) for one in outcomes] == [(0, "build-only")] * 2
    assert len(list((temporary / "frag-release-action").iterdir())) == 1


def test_settings_of_pip_that_forbid_a_folder_are_overruled(tmp_path: Path, example: Example) -> None:
    """A user whose pip wants a virtual environment, or the user's folder, gets the packages into ours all the same."""
    settings = tmp_path / "home" / ".config" / "pip" / "pip.conf"
    settings.parent.mkdir(parents=True)
    settings.write_text("[global]\nuser = true\nrequire-virtualenv = true\n", "utf-8")
    environment = {"HOME": str(tmp_path / "home"), "RUNNER_TEMP": str(tmp_path)}
    outcome = gate(copy_action(ROOT, tmp_path / "action"), example, tmp_path / "run", environment)
    assert (outcome.status, outcome.outputs["verdict"]) == (0, "build-only"), outcome.log


def test_a_python_without_pip_is_told_apart(tmp_path: Path, example: Example) -> None:
    """Where pip is missing, as on a bare Debian, the run stops and names the two ways out."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "python")], check=True)
    folder = copy_action(ROOT, tmp_path / "action")
    python = str(tmp_path / "python" / "bin" / "python")
    outcome = gate(folder, example, tmp_path / "run", {"RUNNER_TEMP": str(tmp_path)}, python)
    assert (outcome.status, outcome.outputs["deploy-production"]) == (1, "false")
    assert f"{python} has no pip" in outcome.log
    assert "Name a published release of this action" in outcome.log
    assert "actions/setup-python" in outcome.log


SECRETS = {
    "INPUT_TOKEN": "s3cret-token", "INPUT_AWX_PASSWORD": "s3cret-awx", "GITHUB_TOKEN": "s3cret-run",
    "ACTIONS_RUNTIME_TOKEN": "s3cret-runtime", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "s3cret-identity",
    "PIP_INDEX_URL": "https://user:s3cret-pip@index.example", "AWS_SECRET_ACCESS_KEY": "s3cret-cloud",
    "MY_OWN": "s3cret-own",
}  # fmt: skip
NEEDED = {
    "HTTPS_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9",
    "NO_PROXY": "example.org", "no_proxy": "example.org",
    "SSL_CERT_FILE": "/certificates.pem", "SSL_CERT_DIR": "/certificates", "REQUESTS_CA_BUNDLE": "/certificates.pem",
    "TMPDIR": "/tmp",
}  # fmt: skip


def test_pip_is_given_no_token(tmp_path: Path, example: Example) -> None:
    """The pip that is started sees path, home, proxies, certificates and the temp folder, and no secret of the job."""
    seen = tmp_path / "seen.json"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "python")], check=True)
    (packages,) = (tmp_path / "python" / "lib").glob("python*/site-packages")
    (packages / "pip.py").write_text(
        f"import json, os; json.dump(dict(os.environ), open({str(seen)!r}, 'w')); exit(1)\n"
    )
    folder = copy_action(ROOT, tmp_path / "action")
    python = str(tmp_path / "python" / "bin" / "python")
    gate(folder, example, tmp_path / "run", {"RUNNER_TEMP": str(tmp_path), **SECRETS, **NEEDED}, python)
    environment = json.loads(seen.read_text("utf-8"))
    assert "s3cret" not in str(environment)
    assert {name: environment[name] for name in NEEDED} == NEEDED
    assert {"PATH", "HOME"} <= set(environment)
    # The two by which settings of pip are overruled, and what Python itself adds where no locale is set.
    assert set(environment) - set(NEEDED) - {"LC_CTYPE"} == {"PATH", "HOME", "PIP_USER", "PIP_REQUIRE_VIRTUALENV"}
