"""Where the program starts: `python3 scripts COMMAND --option value`, or without arguments on a runner.

This file alone must be readable by any Python 3, to be able to say that it is too old.
"""

import html
import io
import os
import sys

OLDEST_PYTHON = (3, 10)


def start() -> int:
    """Put the dependencies in place, run the command and return the exit status."""
    if sys.version_info < OLDEST_PYTHON:
        found = "{}.{}".format(*sys.version_info)
        return stop(f"python3 is {found}, and 3.10 or newer is needed: put actions/setup-python before it.", 2)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal may be unable to show a sign; that must not stop a run which is writing something.
        sys.stdout.reconfigure(errors="backslashreplace")
    from frag_release.runner import dependencies

    try:
        if not is_page():
            dependencies.provide(os.environ)
    except (dependencies.DependencyError, OSError) as error:
        return stop(str(error), 1)
    try:
        from frag_release.cli import run
    except ImportError as error:
        return stop(f"The action or its packages are incomplete: {error}.", 3)
    return run(sys.argv[1:], os.environ)


def is_page() -> bool:
    """Whether no more than the version or a page of help is to be printed, which needs no packages, nor a network."""
    arguments = sys.argv[1:]
    if not arguments and os.environ.get("GITHUB_ACTIONS") == "true":
        return False
    from frag_release.runner.options import ask_for_page  # late: a runner's step has no options

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
    # Should this fail, Python ends the process in its own way: with another status, after saying why.
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed by whoever started us
            stream.flush()
    os._exit(status)


def append(variable: str, text: str) -> None:
    """Append to one of the runner's files, where it has one."""
    path = os.environ.get(variable)
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    leave(start())
