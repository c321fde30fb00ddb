"""Running git on an untrusted clone, without running any program that the clone names.

A clone's configuration can name programs for git to start (hooks, file-system monitors, pagers, signature checkers,
transports). Only plumbing commands are used, which start none of them except the hook on moved refs. The settings
here disable that hook, and the others as a second safeguard. A clone that git refuses to read because another user
owns it (`safe.directory`) stays refused.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from functools import cached_property
from pathlib import Path

from ... import cancellation
from ...domain.evidence import RETRY, Unknown, Unseen, answered
from ..http.retry import Deadline

# Git gets nothing else of the caller's environment, which may contain tokens, and GIT_* variables that redirect git.
_KEPT = ("HOME", "XDG_CONFIG_HOME", "SUDO_UID", "TMPDIR", "LD_LIBRARY_PATH")

_SETTINGS = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_GRAFT_FILE": os.devnull,
    # A partial clone would fetch what it lacks. An old git ignores the first of these two, but every version
    # starts only transports on the (empty) list of the second.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "LC_ALL": "C",
}

_OPTIONS = (
    "--no-pager",
    "--no-optional-locks",
    "--no-replace-objects",
    "--literal-pathspecs",
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "core.fsmonitor=false",
    # Read parents and places of objects from the objects themselves, not from files derived from them.
    "-c",
    "core.commitGraph=false",
    "-c",
    "core.multiPackIndex=false",
    # Our index is outside the clone, and no part of it may end up in the clone.
    "-c",
    "core.splitIndex=false",
    # Our input and output are UTF-8, regardless of the encoding that the clone's owner uses.
    "-c",
    "i18n.commitEncoding=UTF-8",
    # A bare clone is intended here: the caller named the folder that it is in.
    "-c",
    "safe.bareRepository=all",
)

_LEFT_OUT = re.compile(r"promisor remote|lazy fetching disabled|transport '[^']*' not allowed")
"""Git's messages about a partial clone's missing object that it may not fetch."""
_END_SECONDS = 5.0
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]+@")


class Git:
    """Git on one clone. `environment` provides PATH and HOME.

    With a `problem` git is never run: the problem is the answer to everything.
    """

    def __init__(
        self,
        clone: Path,
        deadline: Deadline,
        environment: Mapping[str, str],
        problem: Unknown | None = None,
    ) -> None:
        # Resolved, because GIT_CEILING_DIRECTORIES needs the real parent folder.
        self.clone = clone.resolve()
        self._deadline = deadline
        self._problem = problem or _unconfined(self.clone)
        # A relative entry could find a program named git in the clone.
        entries = environment.get("PATH", "").split(os.pathsep)
        self._path = os.pathsep.join(entry for entry in entries if os.path.isabs(entry))
        self._environment = {
            **{name: environment[name] for name in _KEPT if name in environment},
            **_SETTINGS,
            "PATH": self._path,
            "GIT_CEILING_DIRECTORIES": str(self.clone.parent),
        }

    def ask(
        self,
        *arguments: str,
        lines: Sequence[bytes] = (),
        text: bytes = b"",
        variables: Mapping[str, str] | None = None,
    ) -> bytes:
        """Return the standard output of `git ARGUMENTS`, with `lines` and `text` as its standard input.

        `variables` are added to git's environment. The arguments must be ours; names from elsewhere go into `lines`.
        Raises Unseen for a failure, a time-out or a missing git.
        """
        if self._problem:
            raise Unseen(self._problem)
        program = shutil.which("git", path=self._path)
        if not program:
            raise Unseen(Unknown("git was not found on the PATH", "Install git."))
        try:
            given = b"".join(line + b"\n" for line in lines) + text
            return self._run([program, *_OPTIONS, *arguments], given, variables or {})
        except OSError as error:
            raise Unseen(Unknown(f"git could not be started in {self.clone}: {error.strerror or error}")) from error

    attempt = answered(ask)
    """The same, but return the `Unknown` of a failure."""

    def remedy(self, command: str) -> str:
        """Return the shell command that runs `git COMMAND` on the clone, for people."""
        return f"git -C {shlex.quote(str(self.clone))} {command}"

    def _run(self, command: Sequence[str], text: bytes, variables: Mapping[str, str]) -> bytes:
        cancellation.check()
        if self._deadline.expired:
            raise Unseen(self._too_slow())
        # In its own session, so that processes started by git end with it.
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.clone,
            env={**self._environment, **variables},
            start_new_session=True,
        ) as process:
            # In a thread, because a `communicate` that is called again does not send the rest of its input.
            answer: Future[tuple[bytes, bytes]] = Future()
            threading.Thread(target=_communicate, args=(answer, process, text), daemon=True).start()
            try:
                in_time = cancellation.is_done(answer, self._deadline.remaining())
            except BaseException:
                _end(process, answer)
                raise
            if not in_time:
                _end(process, answer)
                raise Unseen(self._too_slow())
            output, complaint = answer.result()
        # Git only warns about a ref that it cannot read, and continues as if the tag or branch did not exist.
        if process.returncode or b"ignoring broken ref" in complaint:
            raise Unseen(self._failure(complaint.decode("utf-8", "replace"), process.returncode))
        return output

    @cached_property
    def is_partial(self) -> bool:
        """Whether the clone was made without some of its objects."""
        found = self.attempt("config", "--get-regexp", r"^remote\..*\.(promisor|partialclonefilter)$")
        return not isinstance(found, Unknown)

    def partial(self, what: str) -> Unknown:
        """Return the answer for an object that a partial clone lacks: nothing is fetched to read it."""
        return Unknown(
            f"{self.clone} is a partial clone (made with --filter), which lacks {what}",
            f"Run {self.remedy('fetch --refetch --no-filter --tags')}, or clone it again without --filter.",
        )

    def _too_slow(self) -> Unknown:
        return Unknown(f"git had no time left to read {self.clone}", "Raise timeout-seconds and run this again.")

    def _failure(self, complaint: str, status: int) -> Unknown:
        if _LEFT_OUT.search(complaint):
            return self.partial("a requested object")
        text = first_complaint(complaint) or f"git ended with status {status}"
        remedy = RETRY
        if "dubious ownership" in text:
            trust = f"git config --global --add safe.directory {shlex.quote(str(self.clone))}"
            remedy = f"Another user owns the clone. Clone it again as yourself or, to trust its owner: {trust}"
        elif status == 0:
            remedy = f"Repair the clone ({self.remedy('fsck')} shows what is wrong), or clone it again."
        return Unknown(f"{self.clone}: {text}", remedy)


def _communicate(answer: Future[tuple[bytes, bytes]], process: subprocess.Popen[bytes], text: bytes) -> None:
    try:
        answer.set_result(process.communicate(text))
    except BaseException as error:  # raised in the thread that waits for the answer
        answer.set_exception(error)


def _end(process: subprocess.Popen[bytes], answer: Future[tuple[bytes, bytes]]) -> None:
    """Kill git and the processes that it started, then wait until its output is no longer read."""
    with contextlib.suppress(ProcessLookupError):  # it may just have ended
        os.killpg(process.pid, signal.SIGKILL)
    wait([answer], _END_SECONDS)


def _unconfined(clone: Path) -> Unknown | None:
    """Return the problem of a path that GIT_CEILING_DIRECTORIES cannot quote: git would search the parent folders."""
    if os.pathsep not in str(clone):
        return None
    return Unknown(f"the folder {clone} has {os.pathsep!r} in its name", "Move the clones to another folder.")


def first_complaint(complaint: str) -> str:
    """Return git's first error line, with credentials in URLs removed."""
    found = [line.strip() for line in complaint.splitlines() if line.strip()]
    errors = [line for line in found if line.startswith(("fatal: ", "error: "))]
    return _CREDENTIALS.sub("", (errors or found or [""])[0])
