"""Where the program starts: `python3 scripts COMMAND --option value`, or without arguments on a runner.

The main thread only waits: for the program, which runs in a thread of its own, or for a signal. This file alone must
be readable by any Python 3, to be able to say that it is too old.
"""

# What `signal` is made of: that one imports others first, and meanwhile the handlers of Python itself stand.
import _signal  # type: ignore[import-not-found]
import os

signals = []  # type: list[int]
ended = []  # type: list[int]
telling = []  # type: list[float]
news, newsroom = os.pipe()
os.set_blocking(newsroom, False)


def hear(number: int, _frame: object) -> None:
    """Note a signal. One that comes while even telling what became of the run takes seconds ends the process."""
    signals.append(number)
    if telling and time.monotonic() > telling[0] + TELLING_SECONDS:
        os._exit(cancelled_status())


if __name__ == "__main__":
    # A signal may reach any thread, and only by this does the main thread wake up.
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

# What modules are made of stays to the end: to look through it for waste all the while takes 15 ms of the start.
gc.set_threshold(50000, 20, 20)

GRACE_SECONDS = 6.2
"""How long a cancelled run may take to end itself: a runner kills it 10 s after the first signal (actions/runner)."""

LOADING_SECONDS = 2.0
"""How long a run that is cancelled at its start may take to load its modules, to tell by itself what became of it."""

TELLING_SECONDS = 2.0
"""How long a run that is cut off may take to tell what is known of it."""

STACK_BYTES = 16 * 2**20
"""Size of the program's stack: some systems give a thread only half a megabyte."""


class Started:
    """The program, once its modules are there."""

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
    """Have the program end itself; return the exit status. If it does not, or a second signal comes, it is cut off."""
    # It tells more itself than can be told for it, once its modules are there.
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
    """Wait until something has happened, the program has ended, a second signal has come, or it is that late."""
    while not (happened() or ended or len(signals) > 1) and time.monotonic() < end:
        wait(min(0.05, end - time.monotonic()))


def not_begun() -> int:
    """Tell that the run was cancelled before it did anything."""
    return stop("The run was cancelled before it began. Nothing was started.", cancelled_status())


def wait(seconds: "float | None" = None) -> None:
    """Wait until the program has ended or a signal has come, or so many seconds."""
    if select.select([news], [], [], seconds)[0]:
        os.read(news, 1024)


def run() -> None:
    """Run the program, and keep its exit status."""
    status = 3
    try:
        status = load_and_run()
    finally:
        ended.append(status)
        os.write(newsroom, b"\0")


def load_and_run() -> int:
    """Put the dependencies in place, run the command and return the exit status."""
    if sys.version_info < OLDEST_PYTHON:
        found = "{}.{}".format(*sys.version_info)
        return stop(f"python3 is {found}, and 3.10 or newer is needed: put actions/setup-python before it.", 2)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal may be unable to show a sign; that must not stop a run which is writing something.
        sys.stdout.reconfigure(errors="backslashreplace")
    from frag_release.runner import bundle

    try:
        if not (bundle.mount() or is_page()):
            install()
    except OSError as error:
        # The signal may have ended what installs them.
        return not_begun() if signals else stop(str(error), 1)
    try:
        from frag_release.cli import run as run_program
    except ImportError as error:
        return stop(f"The action or its packages are incomplete: {error}.", 3)
    return run_program(sys.argv[1:], os.environ, begin)


def install() -> None:
    """Put the packages of a bare checkout in place; raises OSError."""
    from frag_release.runner import dependencies  # late: a release carries them

    try:
        dependencies.provide(os.environ)
    except dependencies.DependencyError as error:
        raise OSError(str(error)) from None


def begin(program: "Program") -> None:
    """Keep the program, which from now on tells by itself what became of it."""
    Started.program = program


def cancelled_status() -> int:
    """The exit status of a run that was cancelled: in a terminal what shells expect of Ctrl-C."""
    return 1 if os.environ.get("GITHUB_ACTIONS") == "true" else 130


def is_page() -> bool:
    """Whether no more than the version or a page of help is to be printed, which needs no packages, nor a network."""
    arguments = sys.argv[1:]
    if not arguments and os.environ.get("GITHUB_ACTIONS") == "true":
        return False
    from frag_release.inputs.command_line import ask_for_page  # late: a runner's step has no options

    return ask_for_page(arguments)


def stop(message: str, status: int) -> int:
    """Say why nothing can run, close every door, and return the exit status."""
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
        # Perhaps nobody reads it any more.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            print("error: " + message, file=sys.stderr)
    return status


def escaped(message: str) -> str:
    """Return `message`, which may quote a program's words, as text for HTML, with nothing in it that is not seen."""
    seen = (char if char.isprintable() or char == "\n" else ascii(char)[1:-1] for char in message[:10000])
    return html.escape("".join(seen))


def leave(status: int) -> None:
    """End the process without taking four hundred modules apart first, which would take 35 ms.

    Nor are threads waited for, of which one may still listen to a server that nobody wants to hear any more.
    """
    for stream in (sys.stdout, sys.stderr):
        # Perhaps nobody reads it any more, or it was closed by whoever started us.
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
