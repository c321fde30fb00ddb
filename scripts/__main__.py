"""The program's entry point: `python3 scripts COMMAND --option value`, or without arguments on a runner.

The main thread only waits: for the program, which runs in a thread of its own, or for a signal. This file alone must
parse on any Python 3, to be able to report one that is too old.
"""

# `signal` would import other modules first, while Python's own handlers are still installed.
import _signal  # type: ignore[import-not-found]
import os

signals = []  # type: list[int]
ended = []  # type: list[int]
telling = []  # type: list[float]
news, newsroom = os.pipe()
os.set_blocking(newsroom, False)


def hear(number: int, _frame: object) -> None:
    """Record a signal. It ends the process if reporting a cut-off run has already taken too long."""
    signals.append(number)
    if telling and time.monotonic() > telling[0] + TELLING_SECONDS:
        os._exit(cancelled_status())


if __name__ == "__main__":
    # A signal may reach any thread; only this wakes up the main thread.
    _signal.set_wakeup_fd(newsroom)
    _signal.signal(_signal.SIGINT, hear)
    _signal.signal(_signal.SIGTERM, hear)

import contextlib  # noqa: E402 - the handlers come first
import gc  # noqa: E402
import html  # noqa: E402
import io  # noqa: E402
import select  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from frag_release.cli import Program


OLDEST_PYTHON = (3, 10)

# Module objects live to the end: repeated garbage collection of them would take 15 ms of the start.
gc.set_threshold(50000, 20, 20)

GRACE_SECONDS = 6.2
"""How long a cancelled run may take to end itself: a runner kills it 10 s after the first signal (actions/runner)."""

LOADING_SECONDS = 2.0
"""How long a run that is cancelled at its start may take to load its modules, in order to report the result itself."""

TELLING_SECONDS = 2.0
"""How long reporting a run that is cut off may take."""

STACK_BYTES = 16 * 2**20
"""Size of the program's stack: some systems give a thread only half a megabyte."""


class Started:
    """The program, once its modules are loaded."""

    program = None  # type: Program | None


def start() -> int:
    """Run the program in a thread, wait for its end or for a signal, and return the exit status."""
    threading.stack_size(STACK_BYTES)
    threading.Thread(target=run, name="program", daemon=True).start()
    threading.stack_size(0)
    while not (ended or signals):
        wait()
    return ended[0] if ended else cancel()


def cancel() -> int:
    """Let the program end itself, or cut it off after a time or at a second signal; return the exit status."""
    # Once its modules are loaded, the program itself can report more.
    start = time.monotonic()
    wait_until(lambda: Started.program is not None, start + LOADING_SECONDS)
    if Started.program is not None:
        from frag_release import cancellation

        cancellation.ask()
        wait_until(lambda: False, start + GRACE_SECONDS)
    if ended:
        return ended[0]
    telling.append(time.monotonic())
    return Started.program.cut_off() if Started.program else not_begun()


def wait_until(happened: "Callable[[], bool]", end: float) -> None:
    """Wait until `happened()`, the end of the program, a second signal, or the time `end`."""
    while not (happened() or ended or len(signals) > 1) and time.monotonic() < end:
        wait(min(0.05, end - time.monotonic()))


def not_begun() -> int:
    """Report that the run was cancelled before it did anything."""
    return stop("The run was cancelled before it began. Nothing was started.", cancelled_status())


def wait(seconds: "float | None" = None) -> None:
    """Wait for the end of the program or a signal, at most `seconds`."""
    if select.select([news], [], [], seconds)[0]:
        os.read(news, 1024)


def run() -> None:
    """Run the program and store its exit status."""
    status = 3
    try:
        status = load_and_run()
    finally:
        ended.append(status)
        os.write(newsroom, b"\0")


def load_and_run() -> int:
    """Make the dependencies importable, run the command and return the exit status."""
    if sys.version_info < OLDEST_PYTHON:
        found = "{}.{}".format(*sys.version_info)
        return stop(f"python3 is {found}, and 3.10 or newer is needed: put actions/setup-python before it.", 2)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A character that the terminal cannot show must not stop a run that is writing.
        sys.stdout.reconfigure(errors="backslashreplace")
    from frag_release.runner import bundle

    try:
        if not (bundle.mount() or is_page()):
            install()
    except OSError as error:
        # The signal may have ended the installation.
        return not_begun() if signals else stop(str(error), 1)
    try:
        from frag_release.cli import run as run_program
    except ImportError as error:
        return stop(f"The action or its packages are incomplete: {error}.", 3)
    return run_program(sys.argv[1:], os.environ, begin)


def install() -> None:
    """Install the packages of a bare checkout; raises OSError."""
    from frag_release.runner import dependencies  # late: a release includes them

    try:
        dependencies.provide(os.environ)
    except dependencies.DependencyError as error:
        raise OSError(str(error)) from None


def begin(program: "Program") -> None:
    """Store the program, which reports its own end from now on."""
    Started.program = program


def cancelled_status() -> int:
    """The exit status of a cancelled run: in a terminal, the one that shells expect after Ctrl-C."""
    return 1 if os.environ.get("GITHUB_ACTIONS") == "true" else 130


def is_page() -> bool:
    """Whether only the version or a help page is to be printed, which needs neither packages nor a network."""
    arguments = sys.argv[1:]
    if not arguments and os.environ.get("GITHUB_ACTIONS") == "true":
        return False
    from frag_release.inputs.command_line import ask_for_page  # late: a runner's step has no options

    return ask_for_page(arguments)


def stop(message: str, status: int) -> int:
    """Report why the action could not start, allow nothing, and return the exit status."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        data = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        print("::error title=frag-release-action::" + data)
        append("GITHUB_OUTPUT", "verdict=blocked\ndeploy-production=false\ndeploy-staging=false\nchanged=false\n")
        append(
            "GITHUB_STEP_SUMMARY",
            "## ⛔ Nothing was decided\n\nThe action could not start:\n\n<pre>" + escaped(message) + "</pre>\n\n"
            "Nothing is deployed by a run that ends like this.\n",
        )
    else:
        # The reader may have gone.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            print("error: " + message, file=sys.stderr)
    return status


def escaped(message: str) -> str:
    """Return `message`, which may quote a program's output, escaped for HTML and without invisible characters."""
    seen = (char if char.isprintable() or char == "\n" else ascii(char)[1:-1] for char in message[:10000])
    return html.escape("".join(seen))


def leave(status: int) -> None:
    """End the process without the teardown of four hundred modules, which would take 35 ms.

    Nor does it wait for threads, one of which may still wait for a server whose answer is not needed any more.
    """
    for stream in (sys.stdout, sys.stderr):
        # The reader may have gone, or the parent process may have closed it.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)


def append(variable: str, text: str) -> None:
    """Append to one of the runner's files, if it has one."""
    path = os.environ.get(variable)
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    leave(start())
