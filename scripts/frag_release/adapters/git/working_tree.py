"""The working tree of a clone that may be a stranger's: a file of it is read and replaced through no symbolic link."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ...domain.evidence import Answer, Unknown
from ...domain.workflow_file import MAX_BYTES
from ...errors import RefusedError, UsageError
from .process import Git

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class WorkingTree:
    """The working tree below the folder `top`."""

    top: Path

    @staticmethod
    def around(folder: Path) -> WorkingTree:
        """Return the working tree that a folder is in; raises UsageError if it is in none."""
        for top in (folder, *folder.parents):
            if (top / ".git").exists():
                return WorkingTree(top)
        raise UsageError(f"The folder {folder} is not in a clone.", "Go to a clone of the stack, and run this there.")

    def read(self, path: str) -> bytes | None:
        """Return a file, of a large one the first part; None if there is none. Raises RefusedError for a link."""
        with self._folder(path) as folder:
            if folder is None:
                return None
            try:
                handle = os.open(PurePosixPath(path).name, _FILE, dir_fd=folder)
            except FileNotFoundError:
                return None
            except OSError as error:
                raise _unread(path, error) from error
            with os.fdopen(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise RefusedError(f"{path} is not a plain file.", "Make it one.")
                return file.read(MAX_BYTES + 1)

    def replace(self, path: str, before: bytes, after: bytes) -> None:
        """Put `after` in the place of `before`, all or nothing; raises RefusedError if something else is there."""
        name = PurePosixPath(path).name
        with self._folder(path) as folder:
            if folder is None or self.read(path) != before:
                raise RefusedError(f"{path} has just been changed by somebody else.", "Run this again.")
            mode = stat.S_IMODE(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
            draft = f".{name}.{os.getpid()}.tmp"
            try:
                with os.fdopen(os.open(draft, _NEW, mode, dir_fd=folder), "wb") as file:
                    file.write(after)
                    os.fchmod(file.fileno(), mode)
                os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
            except OSError as error:
                with contextlib.suppress(OSError):
                    os.unlink(draft, dir_fd=folder)
                raise _unwritten(path, error) from error

    def create(self, path: str, content: bytes) -> None:
        """Make a file that is not there, with the folders on the way; raises RefusedError if something is there."""
        *folders, name = PurePosixPath(path).parts
        for number in range(len(folders)):
            with self._folder("/".join(folders[: number + 1])) as above:
                if above is not None:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(folders[number], dir_fd=above)
        with self._folder(path) as folder:
            try:
                with os.fdopen(os.open(name, _NEW, 0o666, dir_fd=folder), "wb") as file:
                    file.write(content)
            except FileExistsError as error:
                raise RefusedError(f"{path} has just been made by somebody else.", "Run this again.") from error
            except OSError as error:
                raise _unwritten(path, error) from error

    def names(self, path: str) -> list[str]:
        """The names in a folder that is reached through no link; none if there is no such folder."""
        with self._folder(f"{path}/x") as folder:
            return sorted(os.listdir(folder)) if folder is not None else []

    @contextlib.contextmanager
    def _folder(self, path: str) -> Iterator[int | None]:
        """Open the folder that a file is in; None if it is not there."""
        handle = self._opened(path)
        try:
            yield handle
        finally:
            if handle is not None:
                os.close(handle)

    def _opened(self, path: str) -> int | None:
        # Step by step, for O_NOFOLLOW is about the last name only.
        handle = os.open(self.top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for name in PurePosixPath(path).parts[:-1]:
            try:
                below = os.open(name, _FOLDER, dir_fd=handle)
            except FileNotFoundError:
                return None
            except OSError as error:
                raise _unread(path, error) from error
            finally:
                os.close(handle)
            handle = below
        return handle


def _unwritten(path: str, error: OSError) -> RefusedError:
    return RefusedError(f"{path} cannot be written: {error.strerror}.", "Make its folder writable.")


def _unread(path: str, error: OSError) -> RefusedError:
    message = f"{path} is a symbolic link, is reached by one, or cannot be read ({error.strerror})."
    return RefusedError(message, "Put the file itself there: a link may lead out of the clone.")


def uncommitted(git: Git, path: str, content: bytes) -> Answer[str]:
    """Say why a file of the working tree is not as it was committed last; empty if it is.

    Asked of the index and of `HEAD` by object ids: git compares nothing itself, for that may run a filter of the clone.
    """
    staged = git.ask("ls-files", "--stage", "-z", "--", path)
    if isinstance(staged, Unknown):
        return staged
    entries = [entry.partition(b"\t")[0].split() for entry in staged.split(b"\0") if entry]
    if not entries:
        return "git does not know it yet"
    if len(entries) > 1 or entries[0][2] != b"0":
        return "it has a conflict that is not resolved"
    head = git.ask("ls-tree", "-z", "HEAD", "--", path)
    if isinstance(head, Unknown):
        return head
    committed = head.partition(b"\t")[0].split()
    if len(committed) != 3 or committed[2] != entries[0][1]:
        return "it has staged changes"
    blob = git.ask("cat-file", "blob", committed[2].decode("ascii"))
    if isinstance(blob, Unknown):
        return blob
    # A clone may have other line ends than the repository.
    same = content == blob or content.replace(b"\r\n", b"\n") == blob
    return "" if same else "it has changes"


def git_of(tree: WorkingTree, seconds: float, environment: Mapping[str, str] | None = None) -> Git:
    """Git on a working tree, for so many seconds."""
    from ..http.retry import Deadline

    return Git(tree.top, Deadline(seconds), os.environ if environment is None else environment)
