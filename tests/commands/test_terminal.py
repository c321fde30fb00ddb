"""The program in a terminal, as a process: help, mistakes, and what a script sees of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(action_folder: Path) -> Run:
    """Runs the program of the published action with these arguments and variables."""

    def start(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(action_folder / "scripts"), *arguments]
        env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environ}
        return subprocess.run(command, env=env, capture_output=True, encoding="utf-8", check=False, timeout=60)

    return start


def test_nothing_asked_for_is_wrong_use(run: Run) -> None:
    """Without a command help is shown, but a script whose command came out empty does not pass for a gate."""
    done = run()
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.startswith("usage: python3 scripts COMMAND ")


@pytest.mark.parametrize(("arguments", "first"), [
    (("--help",), "usage: python3 scripts COMMAND --option value ..."),
    (("deploy", "--token=x", "-h"), "usage: python3 scripts deploy --option value ..."),
])  # fmt: skip
def test_help_is_shown(run: Run, arguments: tuple[str, ...], first: str) -> None:
    """The page that was asked for is all that is printed."""
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == first


@pytest.mark.parametrize(("arguments", "line"), [
    (
        ("gate", "--token", "hunter2"),
        "The input token is a secret, and other processes can see arguments. "
        "Give it in the environment, as GITHUB_TOKEN.",
    ),
    (
        ("gate", "--awx-url", "hunter2"),
        "The input awx-url belongs to deploy and doctor, not to gate. Leave it out, or run a command that has it.",
    ),
    (
        ("gaet", "--help"),
        "There is no command gaet. Use one of: gate, prepare, publish, announce, deploy, audit, doctor.",
    ),
])  # fmt: skip
@pytest.mark.parametrize("on_runner", ["false", "true"])
def test_a_mistake_is_one_line(run: Run, arguments: tuple[str, ...], line: str, on_runner: str) -> None:
    """A mistake is told as every other error is, in a terminal and in a step that runs the program itself."""
    done = run(*arguments, GITHUB_ACTIONS=on_runner)
    start = "::error title=frag-release-action::" if on_runner == "true" else "error: frag-release-action: "
    assert (done.returncode, done.stdout, done.stderr) == (2, f"{start}{line}\n", "")


def test_secrets_of_other_commands_may_be_in_the_shell(run: Run) -> None:
    """A gate does not stop because the shell has a variable for deploy: it comes to what is wrong with its inputs."""
    done = run("gate", "--ref", "main", "--stack-repository", "xchem/fragalysis-stack", AWX_TOKEN="hunter2")
    assert done.returncode == 2
    assert done.stdout.startswith("error: frag-release-action: The input ref cannot be 'main'.")


def test_a_terminal_that_cannot_show_a_sign_is_no_fault(run: Run) -> None:
    """Where the terminal's encoding lacks a sign, its number is printed, and the exit status is the true one."""
    done = run("gate", "--stack-repository", "née", PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    assert done.returncode == 2, done.stderr
    assert (
        done.stdout == "error: frag-release-action: The input stack-repository cannot be 'n\\xe9e'. Use OWNER/NAME.\n"
    )
