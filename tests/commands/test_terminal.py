"""The program in a terminal, as a process: help, mistakes, and what a script sees of them."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from conftest import NOTHING_MAY_BE_SKIPPED
from frag_release import __version__
from process.bundle import copy_action
from process.gates import ROOT
from world.example import Example
from world.git import run_git
from world.terminal import Shown, run_in_terminal

Run = Callable[..., subprocess.CompletedProcess[str]]
REPOSITORY = "xchem/fragalysis-stack"
CHECKS = ("--check-ci", "false", "--check-images", "false")


@pytest.fixture
def run(action_folder: Path) -> Run:
    """Runs the program of the published action with these arguments and variables."""

    def start(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(action_folder / "scripts"), *arguments]
        env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environ}
        folder = env.pop("WORKING_FOLDER", None)
        return subprocess.run(
            command, env=env, cwd=folder, capture_output=True, encoding="utf-8", check=False, timeout=60
        )

    return start


def test_nothing_asked_for_is_wrong_use(run: Run) -> None:
    """Without a command help is shown, but a script whose command came out empty does not pass for a gate."""
    done = run()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: python3 scripts COMMAND ")


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
        "There is no command gaet; did you mean gate? "
        "Use one of: gate, prepare, publish, announce, deploy, audit, doctor, adopt.",
    ),
])  # fmt: skip
@pytest.mark.parametrize("on_runner", ["false", "true"])
def test_a_mistake_is_one_line(run: Run, arguments: tuple[str, ...], line: str, on_runner: str) -> None:
    """A mistake is told as every other error is: on standard error in a terminal, and in the log of a step."""
    done = run(*arguments, GITHUB_ACTIONS=on_runner)
    start = "::error title=frag-release-action::" if on_runner == "true" else "error: frag-release-action: "
    told, silent = (done.stdout, done.stderr) if on_runner == "true" else (done.stderr, done.stdout)
    assert (done.returncode, told, silent) == (2, f"{start}{line}\n", "")


def test_secrets_of_other_commands_may_be_in_the_shell(run: Run) -> None:
    """A gate does not stop because the shell has a variable for deploy: it comes to what is wrong with its inputs."""
    given = ("--ref", "main", "--workflow-file", "/main", "--stack-repository", REPOSITORY)
    done = run("gate", *given, AWX_TOKEN="hunter2")
    assert done.returncode == 2
    assert done.stderr.startswith("error: frag-release-action: The input workflow-file cannot be '/main'.")


def test_a_terminal_that_cannot_show_a_sign_is_no_fault(run: Run) -> None:
    """Where the terminal's encoding lacks a sign, its number is printed, and the exit status is the true one."""
    done = run("gate", "--stack-repository", "née", PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    assert done.returncode == 2, done.stdout
    assert (
        done.stderr == "error: frag-release-action: The input stack-repository cannot be 'n\\xe9e'. Use OWNER/NAME.\n"
    )


@pytest.mark.parametrize("on_runner", ["false", "true"])
def test_the_version_is_told(run: Run, on_runner: str) -> None:
    """Name and version are all that is printed, wherever it is asked."""
    done = run("--version", GITHUB_ACTIONS=on_runner)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"frag-release-action {__version__}\n", "")


def gate_on(example: Example, tag: str = "2023.06.2", *more: str) -> tuple[str, ...]:
    """The arguments of a gate on the example's clones."""
    return (
        "gate",
        "--local",
        str(example.folder),
        "--stack-repository",
        REPOSITORY,
        "--ref",
        f"refs/tags/{tag}",
        *more,
    )


def test_results_are_on_standard_output(run: Run, example: Example) -> None:
    """What a script reads holds the verdict and its findings, the same as ever, and standard error is silent."""
    done = run(*gate_on(example, "2023.06.2", *CHECKS))
    assert (done.returncode, done.stderr) == (0, "")
    first, *_, last = done.stdout.splitlines()
    assert first == "May be deployed to production: 2023.06.2"
    # On a pipe no line is wrapped, so that it can be searched.
    assert last.startswith("SKIPPED")
    assert max(map(len, done.stdout.splitlines())) > 100
    assert "\x1b" not in done.stdout


def closed(*arguments: str, redirections: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command under a shell, with redirections such as `>&-`."""
    script = f'exec "$@" {redirections}'
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environ}
    return subprocess.run(["bash", "-c", script, "bash", *arguments], env=env, capture_output=True, check=False)


@pytest.mark.parametrize(("checks", "status"), [(CHECKS, 0), (("--check-ci", "true"), 1)])
@pytest.mark.parametrize("on_runner", ["false", "true"])
def test_a_reader_who_has_gone_is_no_fault(
    action_folder: Path, example: Example, checks: tuple[str, ...], status: int, on_runner: str
) -> None:
    """Behind `| head -1` the run ends without a word more, and its status is the command's own."""
    command = [sys.executable, str(action_folder / "scripts"), *gate_on(example, "2023.06.2", *checks)]
    reading, writing = os.pipe()
    os.close(reading)
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "GITHUB_ACTIONS": on_runner}
    done = subprocess.run(command, env=env, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writing)
    assert (done.returncode, done.stderr) == (status, b"")


@pytest.mark.sampled(3)
@pytest.mark.parametrize("redirections", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("on_runner", ["false", "true"])
def test_streams_may_be_closed_from_the_start(
    action_folder: Path, example: Example, redirections: str, on_runner: str
) -> None:
    """Who wants to read nothing gets the status alone, of a verdict, of a mistake and of a page of help."""
    program = (sys.executable, str(action_folder / "scripts"))
    for arguments, status in (
        (gate_on(example, "2023.06.2", *CHECKS), 0),
        (gate_on(example, "2023.06.2", "--check-ci", "true"), 1),
        (("gaet",), 2),
        (("--help",), 0),
        (("--version",), 0),
    ):
        done = closed(*program, *arguments, redirections=redirections, GITHUB_ACTIONS=on_runner)
        assert done.returncode == status, (arguments, done)
        assert b"Traceback" not in done.stderr and b"ignored" not in done.stderr


def test_results_that_are_lost_are_told(action_folder: Path, example: Example) -> None:
    """A disk that is full is no reader who has gone: the status is not that of a verdict that somebody can read."""
    program = (sys.executable, str(action_folder / "scripts"))
    done = closed(*program, *gate_on(example, "2023.06.2", *CHECKS), redirections=">/dev/full")
    assert done.returncode not in (0, 1)
    assert b"No space left on device" in done.stderr
    assert done.stderr.count(b"Traceback") <= 1


@pytest.mark.parametrize("words", [("--dry-run",), ("--dry-run", "true"), ("--dry-run=true",)])
def test_a_flag_alone_is_true(run: Run, example: Example, words: tuple[str, ...]) -> None:
    """`--dry-run` in any form shows the plan of a release, and writes nothing."""
    before = example.stack.git("for-each-ref")
    # The pair of the example's release is on master already: another backend is a change.
    done = run(
        "prepare", "--local", str(example.folder), "--stack-repository", REPOSITORY, *CHECKS,
        "--backend-tag", "2023.03.1", *words,
    )  # fmt: skip
    assert "2023.05.1 -> 2023.03.1" in done.stdout, done.stderr
    assert example.stack.git("for-each-ref") == before


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of some repository, with a secret in the address of its remote."""
    folder = tmp_path / "clone"
    run_git(["init", "--quiet", str(folder)])
    run_git(["remote", "add", "origin", f"https://user:hunter2@git.example/{REPOSITORY}.git"], folder)
    return folder


def test_a_clone_tells_its_stack(run: Run, example: Example, clone: Path) -> None:
    """In a clone the stack's repository needs no option; which it is, and from where, is told beside the results."""
    given = ("gate", "--local", str(example.folder), "--ref", "refs/tags/2023.06.2", *CHECKS)
    done = run(*given, WORKING_FOLDER=str(clone))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("May be deployed to production: 2023.06.2\n")
    assert done.stderr == f"The stack's repository is {REPOSITORY}, from the remote origin of {clone}.\n"


def test_progress_that_is_lost_stops_nothing(action_folder: Path, example: Example, clone: Path) -> None:
    """A full disk behind standard error takes what is told there, and neither the results nor the status."""
    script = 'cd "$1" && shift && exec "$@" 2>/dev/full'
    given = ("gate", "--local", str(example.folder), "--ref", "refs/tags/2023.06.2", *CHECKS)
    command = ["bash", "-c", script, "bash", str(clone), sys.executable, "-B", str(action_folder / "scripts"), *given]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=60)
    assert done.returncode == 0
    assert done.stdout.startswith("May be deployed to production: 2023.06.2\n")


@pytest.mark.parametrize(("more", "environ", "told"), [
    ((), {"GITHUB_ACTIONS": "true"}, "The input stack-repository is empty."),
    (("--stack-repository", "org/none"), {}, "org/none"),
    ((), {"GITHUB_REPOSITORY": "org/none"}, "org/none"),
])  # fmt: skip
def test_a_clone_decides_nothing_else(
    run: Run, example: Example, clone: Path, more: tuple[str, ...], environ: dict[str, str], told: str
) -> None:
    """On a runner, and where the repository is named, the working folder is not asked."""
    given = ("gate", "--local", str(example.folder), "--ref", "refs/tags/2023.06.2", *more)
    done = run(*given, WORKING_FOLDER=str(clone), **environ)
    assert done.returncode != 0
    assert told in done.stdout + done.stderr
    assert REPOSITORY not in done.stdout + done.stderr


def test_git_is_not_run_in_a_foreign_folder(run: Run, clone: Path, tmp_path: Path) -> None:
    """The configuration of a clone may name programs; none of them is started to learn the repository."""
    planted = tmp_path / "planted"
    for name in ("core.fsmonitor", "core.sshCommand", "core.pager", "alias.config", "credential.helper"):
        run_git(["config", name, f"!touch {planted}"], clone)
    run("gate", "--ref", "refs/tags/2023.06.2", "--github-api-url", "http://127.0.0.1:9", WORKING_FOLDER=str(clone))
    assert not planted.exists()


@pytest.fixture(scope="module")
def plain_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python that has no packages."""
    folder = tmp_path_factory.mktemp("plain")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return str(folder / "bin" / "python")


@pytest.fixture(scope="module")
def rich_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python that has `rich`."""
    found = importlib.util.find_spec("rich")
    if found is None or found.origin is None:
        assert not NOTHING_MAY_BE_SKIPPED
        pytest.skip("rich is not installed (make installs it)")
    folder = tmp_path_factory.mktemp("rich")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (packages,) = (folder / "lib").glob("python*/site-packages")
    shutil.copytree(Path(found.origin).parent, packages / "rich")
    return str(folder / "bin" / "python")


@pytest.fixture
def show(action_folder: Path) -> Callable[..., Shown]:
    """Runs the program of the published action in a terminal: by a Python, with these arguments."""

    def start(python: str, *arguments: str, width: int = 80, **environ: str) -> Shown:
        env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "TERM": "xterm-256color", **environ}
        command = [python, "-B", str(action_folder / "scripts"), *arguments]
        return run_in_terminal(command, env, width)

    return start


COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("width", [60, 80, 160])
def test_a_terminal_is_given_what_fits(
    show: Callable[..., Shown], run: Run, plain_python: str, example: Example, width: int
) -> None:
    """Lines end at the terminal's width, the rest hangs below the message, and no word of the pipe's text is lost."""
    asked = gate_on(example, "2023.06.2", "--check-ci", "true", "--check-images", "false")
    shown = show(plain_python, *asked, width=width)
    assert (shown.status, shown.errors) == (1, "")
    lines = shown.screen.splitlines()
    assert max(map(len, lines)) <= width
    assert shown.screen.split() == run(*asked).stdout.split()
    # `UNKNOWN  pin-ci               backend   ` are 40 signs: there is no room below them in 60 columns.
    below = lines[next(at for at, line in enumerate(lines) if line.startswith("UNKNOWN")) + 1]
    assert len(below) - len(below.lstrip()) == {60: 4, 80: 40, 160: 4}[width]
    assert below.lstrip().startswith("-> ") == (width == 160)


def test_help_fits_the_terminal(show: Callable[..., Shown], plain_python: str) -> None:
    """The page has the terminal's width; the example, which is to be copied, stays one line."""
    for width in (60, 120):
        shown = show(plain_python, "gate", "--help", width=width)
        body, _, example_line = shown.screen.partition("\nexample:\n")
        assert shown.status == 0
        assert width - 20 < max(map(len, body.splitlines())) <= width
        assert len(example_line.splitlines()) == 1


def test_what_counts_is_coloured(
    show: Callable[..., Shown], rich_python: str, plain_python: str, example: Example
) -> None:
    """Where `rich` is installed a terminal shows the verdict bold and what blocks red; the words stay the same."""
    asked = gate_on(example, "2023.06.2", "--check-ci", "true", "--check-images", "false")
    shown, plain = show(rich_python, *asked), show(plain_python, *asked)
    lines = shown.screen.splitlines()
    assert lines[0] == "\x1b[1mBlocked: 2023.06.2\x1b[0m"
    statuses = [line.split()[0] for line in lines if re.match(r"\x1b\[[0-9;]+m(UNKNOWN|SKIPPED|PASS)\x1b", line)]
    assert statuses[0] == "\x1b[1;31mUNKNOWN\x1b[0m"
    assert statuses == sorted(statuses, key=lambda one: ("UNKNOWN" not in one, "PASS" not in one))
    assert COLOUR.sub("", shown.screen) == plain.screen


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"NO_COLOR": "0"}, {"TERM": "dumb"}])
def test_colour_can_be_declined(
    show: Callable[..., Shown], rich_python: str, example: Example, environ: Mapping[str, str]
) -> None:
    """`NO_COLOR` with any value, and a terminal that has none, get plain text."""
    asked = gate_on(example, "2023.06.2", *CHECKS)
    assert COLOUR.search(show(rich_python, *asked).screen)
    assert COLOUR.search(show(rich_python, *asked, NO_COLOR="").screen)
    assert "\x1b" not in show(rich_python, *asked, **environ).screen


def test_a_pipe_has_no_colour(run: Run, rich_python: str, action_folder: Path, example: Example) -> None:
    """With `rich` or without, what a script reads is the same to the byte."""
    asked = gate_on(example, "2023.06.2", *CHECKS)
    done = subprocess.run([rich_python, "-B", str(action_folder / "scripts"), *asked], capture_output=True, check=True)
    assert done.stdout.decode() == run(*asked).stdout


def test_foreign_text_is_no_markup(show: Callable[..., Shown], rich_python: str) -> None:
    """What others wrote is shown as they wrote it: no markup, no emoji by name, no link, no control character."""
    foreign = "[red]x[/red][link=https://evil.example]:smile:\x1b[31m"
    shown = run_in_terminal(
        [rich_python, "-c", "import sys; sys.path.insert(0, sys.argv[1]); from frag_release.runner.log import Log;"
         "Log(False, {}).lines(f'head\\n{sys.argv[2]}')", str(ROOT / "scripts"), foreign],
        {"TERM": "xterm"},
    )  # fmt: skip
    assert COLOUR.sub("", shown.screen) == "head\n[red]x[/red][link=https://evil.example]:smile:\\x1b[31m\n"


def test_packages_of_the_working_folder_colour_nothing(
    show: Callable[..., Shown], plain_python: str, example: Example, tmp_path: Path
) -> None:
    """A `rich` that a path of the environment names, which may be a stranger's folder, is not imported."""
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich" / "__init__.py").write_text(f"open({str(tmp_path / 'planted')!r}, 'w')\n", "utf-8")
    shown = show(plain_python, *gate_on(example, "2023.06.2", *CHECKS), PYTHONPATH=str(tmp_path))
    assert shown.status == 0
    assert not (tmp_path / "planted").exists()


def bare(python: str, scratch: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the program from a bare checkout."""
    folder = scratch / "action"
    if not folder.exists():
        copy_action(ROOT, folder)
    env = {**os.environ, "XDG_CACHE_HOME": str(scratch / "cache"), **environ}
    command = [python, "-B", str(folder / "scripts"), *arguments]
    return subprocess.run(
        command, env=env, cwd=scratch, capture_output=True, encoding="utf-8", check=False, timeout=120
    )


def test_the_first_run_tells_that_it_fetches(tmp_path: Path) -> None:
    """From a bare checkout it says so once, and where to: on standard error, or in the log of a step."""
    first, second = (bare(sys.executable, tmp_path, "gate") for _ in range(2))
    assert (first.returncode, first.stdout) == (2, "")
    cache = tmp_path / "cache" / "frag-release-action"
    (installed,) = cache.iterdir()
    assert first.stderr == f"Fetching the Python packages of this action, once, into {installed}\n{second.stderr}"
    assert (second.returncode, second.stderr.count("\n")) == (2, 1)
    assert "Fetching" not in second.stderr
    step = bare(sys.executable, tmp_path, "gate", GITHUB_ACTIONS="true", RUNNER_TEMP=str(tmp_path / "temp"))
    assert step.stdout.startswith(f"Fetching the Python packages of this action, once, into {tmp_path / 'temp'}/")
    assert step.stderr == ""


def test_without_a_network_a_terminal_is_told_what_to_do(tmp_path: Path) -> None:
    """Nobody in a terminal has a `uses`: the way out is a network, a mirror, or the tag of a release."""
    done = bare(sys.executable, tmp_path, "gate", HTTPS_PROXY="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (1, "")
    fetching, error = done.stderr.splitlines()
    assert fetching.startswith("Fetching ")
    assert error == (
        "error: The Python packages could not be installed: the index of Python packages could not be reached. "
        "With a network, run this again; a mirror can be set in /etc/pip.conf (PIP_* variables are not used). "
        "Or check out the tag of a published release, which carries them and needs no installation."
    )


def test_without_pip_a_terminal_is_told_what_to_do(plain_python: str, tmp_path: Path) -> None:
    """A Python without pip, as a bare Debian has it, is told as that, without words that are for workflows."""
    done = bare(plain_python, tmp_path, "gate")
    assert done.returncode == 1
    assert "has no pip. Run this with a Python that has pip" in done.stderr
    assert "uses" not in done.stderr and "setup-python" not in done.stderr


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """Where the packages cannot be put the folder is named, and how to name another."""
    (tmp_path / "cache").write_text("a file", "utf-8")
    done = bare(sys.executable, tmp_path, "gate")
    assert done.returncode == 1
    assert f"{tmp_path / 'cache' / 'frag-release-action'} is not writable (" in done.stderr
    assert "XDG_CACHE_HOME" in done.stderr


def test_packages_are_never_taken_from_the_working_folder(tmp_path: Path) -> None:
    """A cache that is named from the working folder, which may be a stranger's, is not used."""
    home = tmp_path / "home"
    home.mkdir()
    done = bare(sys.executable, tmp_path, "gate", XDG_CACHE_HOME="planted", HOME=str(home))
    assert done.returncode == 2, done.stderr
    assert not (tmp_path / "planted").exists()
    assert (home / ".cache" / "frag-release-action").is_dir()


def test_help_needs_no_packages(plain_python: str, tmp_path: Path) -> None:
    """Version and help are shown by a Python without pip or network, from a checkout without packages."""
    version, page = bare(plain_python, tmp_path, "--version"), bare(plain_python, tmp_path, "gate", "--help")
    assert (version.returncode, version.stdout, version.stderr) == (0, f"frag-release-action {__version__}\n", "")
    assert (page.returncode, page.stderr) == (0, "")
    assert page.stdout.startswith("usage: python3 scripts gate ")
    assert bare(plain_python, tmp_path).stderr.startswith("usage: python3 scripts COMMAND ")
