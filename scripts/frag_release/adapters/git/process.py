"""Running git on a clone that somebody else has made, without running what is in it.

A clone's configuration can name programs for git to start (hooks, file-system monitors, pagers,
signature checkers, transports). Only plumbing commands are used, which start none of them, but for the
hook on moved refs; the settings here turn that off, and are a second lock on the same door. What git
refuses to read because another user owns it (`safe.directory`) stays refused.
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

# The rest of the caller's environment is of no use to git: it holds tokens, and GIT_* that redirect it.
_KEPT = ("HOME", "XDG_CONFIG_HOME", "SUDO_UID", "TMPDIR", "LD_LIBRARY_PATH")

_SETTINGS = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_GRAFT_FILE": os.devnull,
    # A partial clone would fetch what it lacks. An old git does not know the first of these two, but
    # none starts a transport that is not on the (empty) list of the second.
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
    # Parents and places of objects are read from the objects themselves, and not from what is kept beside them.
    "-c",
    "core.commitGraph=false",
    "-c",
    "core.multiPackIndex=false",
    # An index of ours lies elsewhere: no part of it may end up in the clone.
    "-c",
    "core.splitIndex=false",
    # What we hand over and get back is UTF-8, whatever the clone's owner writes in.
    "-c",
    "i18n.commitEncoding=UTF-8",
    # A bare clone is one on purpose here: whoever runs us has named the folder that it lies in.
    "-c",
    "safe.bareRepository=all",
)

_LEFT_OUT = re.compile(r"promisor remote|lazy fetching disabled|transport '[^']*' not allowed")
"""What git says of a partial clone's missing object, when it may not fetch it."""
_END_SECONDS = 5.0
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]+@")


class Git:
    """Git on one clone. `environment` is where PATH and HOME are taken from.

    Where a `problem` is given, git is never run: the problem is the answer to everything.
    """

    def __init__(
        self,
        clone: Path,
        deadline: Deadline,
        environment: Mapping[str, str],
        problem: Unknown | None = None,
    ) -> None:
        # Resolved, because the ceiling for git's search of a repository must be the real parent folder.
        self.clone = clone.resolve()
        self._deadline = deadline
        self._problem = problem or _unconfined(self.clone)
        # A relative entry could lead into the clone, and to a program named git in it.
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
        """Return what `git ARGUMENTS`, given `lines` and `text` to read, writes to its standard output.

        `variables` are added to git's environment.

        Raises Unseen for a failure, a time-out and a git that is not there. The arguments are ours; whatever
        others have named goes into `lines`.
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
    """The same; returns the `Unknown` of a failure."""

    def remedy(self, command: str) -> str:
        """Return what a person types to run `git COMMAND` on the clone."""
        return f"git -C {shlex.quote(str(self.clone))} {command}"

    def _run(self, command: Sequence[str], text: bytes, variables: Mapping[str, str]) -> bytes:
        cancellation.check()
        if self._deadline.expired:
            raise Unseen(self._too_slow())
        # In a session of its own, so that what git itself has started ends with it.
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.clone,
            env={**self._environment, **variables},
            start_new_session=True,
        ) as process:
            # In a thread, because a `communicate` that is taken up again no longer hands over what is left.
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
        # Git goes on with a warning where it cannot read a ref, as if that tag or branch did not exist.
        if process.returncode or b"ignoring broken ref" in complaint:
            raise Unseen(self._failure(complaint.decode("utf-8", "replace"), process.returncode))
        return output

    @cached_property
    def is_partial(self) -> bool:
        """Whether the clone was made without some of its objects; asked for once."""
        found = self.attempt("config", "--get-regexp", r"^remote\..*\.(promisor|partialclonefilter)$")
        return not isinstance(found, Unknown)

    def partial(self, what: str) -> Unknown:
        """Say that the clone was made without some of its objects: nothing is fetched to read it."""
        return Unknown(
            f"{self.clone} is a partial clone (made with --filter), which lacks {what}",
            f"Run {self.remedy('fetch --refetch --no-filter --tags')}, or clone it again without --filter.",
        )

    def _too_slow(self) -> Unknown:
        return Unknown(f"git had no time left to read {self.clone}", "Raise timeout-seconds and run this again.")

    def _failure(self, complaint: str, status: int) -> Unknown:
        if _LEFT_OUT.search(complaint):
            return self.partial("what is asked for")
        text = first_complaint(complaint) or f"git ended with status {status}"
        remedy = RETRY
        if "dubious ownership" in text:
            trust = f"git config --global --add safe.directory {shlex.quote(str(self.clone))}"
            remedy = f"Another user owns it. Clone it again as yourself or, to trust its owner: {trust}"
        elif status == 0:
            remedy = f"Repair the clone: {self.remedy('fsck')} says what is wrong, or clone it again."
        return Unknown(f"{self.clone}: {text}", remedy)


def _communicate(answer: Future[tuple[bytes, bytes]], process: subprocess.Popen[bytes], text: bytes) -> None:
    try:
        answer.set_result(process.communicate(text))
    except BaseException as error:  # it belongs to the thread that asks
        answer.set_exception(error)


def _end(process: subprocess.Popen[bytes], answer: Future[tuple[bytes, bytes]]) -> None:
    """Kill git and what it has started, and wait until nobody reads from it any more."""
    with contextlib.suppress(ProcessLookupError):  # it may have just ended
        os.killpg(process.pid, signal.SIGKILL)
    wait([answer], _END_SECONDS)


def _unconfined(clone: Path) -> Unknown | None:
    """Say that git would search the folders around the clone too: its list of ceilings has no quoting."""
    if os.pathsep not in str(clone):
        return None
    return Unknown(f"the folder {clone} has {os.pathsep!r} in its name", "Move the clones to another folder.")


def first_complaint(complaint: str) -> str:
    """Return the first line in which git says what went wrong, without credentials that it may show."""
    found = [line.strip() for line in complaint.splitlines() if line.strip()]
    errors = [line for line in found if line.startswith(("fatal: ", "error: "))]
    return _CREDENTIALS.sub("", (errors or found or [""])[0])
