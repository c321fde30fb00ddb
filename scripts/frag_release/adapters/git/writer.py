"""Writing to a local clone: commits by git's plumbing, and files of its working tree.

The plumbing touches no working tree and no index of the clone. The working tree is untrusted: its files are read and
replaced without following symbolic links.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from ...dataclass import dataclass
from ...domain.evidence import Answer, Unknown, Unseen, answered
from ...domain.workflow_file import MAX_BYTES
from ...errors import RefusedError, UsageError
from ..ports import CommitFacts, LostRaceError, PullRequest, WriteFailedError, WriteRefusedError
from .objects import encoded, is_object_id, not_an_id, read_branches, read_facts
from .process import Git

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DEFAULT_IDENTITY = {"NAME": "frag-release-action", "EMAIL": "noreply@frag-release-action.invalid"}
_FILES = (b"100644", b"100755")
_NO_PULL_REQUESTS = "a local clone has no pull requests"


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
        raise UsageError(f"The folder {folder} is not in a clone.", "Run this in a clone of the stack.")

    def read(self, path: str) -> bytes | None:
        """Return a file's content, its start if it is too large; None without one. Raises RefusedError for a link."""
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
                    raise RefusedError(f"{path} is not a regular file.", "Replace it with a regular file.")
                return file.read(MAX_BYTES + 1)

    def replace(self, path: str, before: bytes, after: bytes) -> None:
        """Replace `before` with `after`, all or nothing; raises RefusedError if the file has other content."""
        name = PurePosixPath(path).name
        with self._folder(path) as folder:
            if folder is None or self.read(path) != before:
                raise RefusedError(f"{path} was changed during this run.", "Run this again.")
            mode = stat.S_IMODE(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
            draft = f".{name}.{os.getpid()}.tmp"
            with contextlib.suppress(OSError):
                os.unlink(draft, dir_fd=folder)  # of a run that was killed
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
        """Create a file and its parent folders; raises RefusedError if the path exists."""
        *folders, name = PurePosixPath(path).parts
        try:
            for number in range(len(folders)):
                with self._folder("/".join(folders[: number + 1])) as above, contextlib.suppress(FileExistsError):
                    os.mkdir(folders[number], dir_fd=_existing(above))
            with self._folder(path) as folder:
                handle = os.open(name, _NEW, 0o666, dir_fd=_existing(folder))
            with os.fdopen(handle, "wb") as file:
                file.write(content)
        except FileExistsError as error:
            raise RefusedError(f"{path} was created during this run.", "Run this again.") from error
        except OSError as error:
            raise _unwritten(path, error) from error

    def names(self, path: str) -> list[str]:
        """The names in a folder, reached without following links; empty if there is no such folder."""
        with self._folder(f"{path}/x") as folder:
            return sorted(os.listdir(folder)) if folder is not None else []

    @contextlib.contextmanager
    def _folder(self, path: str) -> Iterator[int | None]:
        """Open the folder of a file; None if it does not exist."""
        handle = self._opened(path)
        try:
            yield handle
        finally:
            if handle is not None:
                os.close(handle)

    def _opened(self, path: str) -> int | None:
        # Step by step, because O_NOFOLLOW applies to the last name only.
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


def _existing(folder: int | None) -> int:
    if folder is None:  # which os.open and os.mkdir would treat as the current folder
        raise FileNotFoundError(errno.ENOENT, "its folder was deleted")
    return folder


def _unwritten(path: str, error: OSError) -> RefusedError:
    return RefusedError(f"{path} cannot be written: {error.strerror}.", "Make its folder writable.")


def _unread(path: str, error: OSError) -> RefusedError:
    message = f"{path} is a symbolic link, is reached by one, or cannot be read ({error.strerror})."
    return RefusedError(message, "Replace the link with the file itself: a link may point outside the clone.")


@answered
def uncommitted(git: Git, path: str, content: bytes) -> str:
    """Return how a file of the working tree differs from its last commit; empty if it does not.

    The index and `HEAD` are compared by object ids: git's own comparison may run a filter of the clone.
    """
    staged = git.ask("ls-files", "--stage", "-z", "--", path)
    entries = [entry.partition(b"\t")[0].split() for entry in staged.split(b"\0") if entry]
    if not entries:
        return "it is not tracked by git yet"
    if len(entries) > 1 or entries[0][2] != b"0":
        return "it has an unresolved conflict"
    head = git.ask("ls-tree", "-z", "HEAD", "--", path)
    committed = head.partition(b"\t")[0].split()
    if len(committed) != 3 or committed[2] != entries[0][1]:
        return "it has staged changes"
    blob = git.ask("cat-file", "blob", committed[2].decode("ascii"))
    # The working tree may have other line ends than the repository.
    same = content == blob or content.replace(b"\r\n", b"\n") == blob
    return "" if same else "it has changes"


def git_of(tree: WorkingTree, seconds: float, environment: Mapping[str, str] | None = None) -> Git:
    """Git on a working tree, with a deadline in `seconds`."""
    from ..http.retry import Deadline

    return Git(tree.top, Deadline(seconds), os.environ if environment is None else environment)


@contextlib.contextmanager
def _not_moved() -> Iterator[None]:
    try:
        yield
    except Unseen as error:
        raise _failed(error.unknown) from error


class LocalWriter:
    """Writes to one clone, which is bare, or whose branches are its own and not checked out."""

    def __init__(self, name: str, git: Git) -> None:
        self._name = name
        self._git = git

    @_not_moved()
    def create_commit(self, parent: str, path: str, content: bytes, message: str) -> str:
        """Make a commit that changes one file, by git's configured user, or by a default one if there is none."""
        if not is_object_id(parent):
            raise Unseen(not_an_id(parent))
        blob = self._git.ask("hash-object", "-w", "--stdin", text=content).strip()
        with tempfile.TemporaryDirectory(prefix="frag-release-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self._git.ask("read-tree", parent, variables=index)
            row = self._mode(path, index) + b" " + blob + b"\t" + encoded(path) + b"\0"
            self._git.ask("update-index", "-z", "--index-info", text=row, variables=index)
            tree = self._git.ask("write-tree", variables=index).decode("ascii").strip()
        made = self._git.ask("commit-tree", tree, "-p", parent, text=message.encode(), variables=self._identity())
        return made.decode("ascii").strip()

    def create_branch(self, branch: str, commit: str) -> None:
        """Create a branch; raises LostRaceError if it exists."""
        self._set(branch, None, commit)

    def move_branch(self, branch: str, seen: str, commit: str) -> None:
        """Move a branch from `seen` by git's compare-and-swap; raises LostRaceError if it is not at `seen`."""
        self._set(branch, seen, commit)

    def rebuild_branch(self, branch: str, seen: str, commit: str) -> None:
        """Point our own branch at `commit`; raises LostRaceError if it is not at `seen`."""
        self._set(branch, seen, commit)

    @answered
    def message_of(self, commit: str) -> CommitFacts:
        """Read a commit; its message has no trailing newlines."""
        if not is_object_id(commit):
            raise Unseen(not_an_id(commit))
        return read_facts(self._git, commit)

    @answered
    def changed_files(self, commit: str) -> Sequence[str]:
        """Return the files that a commit changes; a rename is a deletion and an addition."""
        if not is_object_id(commit):
            raise Unseen(not_an_id(commit))
        output = self._git.ask("diff-tree", "-r", "-z", "--no-renames", "--no-commit-id", "--name-status", commit)
        words = output.decode("utf-8", "surrogateescape").split("\0")
        pairs = zip(words[::2], words[1::2], strict=False)
        return [path if status == "M" else f"{path} ({status})" for status, path in pairs]

    def pull_requests(self, base: str) -> Answer[Sequence[PullRequest]] | None:
        """None: a clone has no pull requests."""
        return None

    def open_pull_request(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Raise WriteRefusedError."""
        raise WriteRefusedError(
            f"No pull request can be opened in {self._git.clone}: {_NO_PULL_REQUESTS}.",
            f"Use mode: commit, or merge the branch {branch} into {base} yourself.",
        )

    def update_pull_request(self, number: int, title: str, body: str) -> PullRequest:
        """Raise WriteRefusedError."""
        raise WriteRefusedError(f"Pull request #{number} cannot be changed: {_NO_PULL_REQUESTS}.", "Use mode: commit.")

    def missing_right(self, path: str) -> str:
        """Return why the clone cannot be written to if its branches are another repository's; empty otherwise."""
        branches = answered(read_branches)(self._git)
        return self._shows_origin(path) if not isinstance(branches, Unknown) and branches.of_origin else ""

    @_not_moved()
    def _set(self, branch: str, seen: str | None, commit: str) -> None:
        self._demand_free(branch)
        ref = b"refs/heads/" + encoded(branch)
        # An old value of zeros means that the branch must not exist.
        old = seen or "0" * len(commit)
        update = b"update %s\0%s\0%s\0" % (ref, commit.encode(), old.encode())
        done = self._git.attempt("update-ref", "-z", "--no-deref", "--stdin", text=update, variables=self._identity())
        if not isinstance(done, Unknown):
            return
        found = self._head(branch)
        if isinstance(found, Unknown) or found == seen:
            raise _failed(done)
        raise LostRaceError(branch, found)

    def _demand_free(self, branch: str) -> None:
        """Raise WriteRefusedError if the branch belongs to the origin, or is checked out."""
        if read_branches(self._git).of_origin:
            raise WriteRefusedError(self._shows_origin(branch), "Make a bare clone: git clone --bare.")
        # A block of lines for each working tree; a bare clone itself is `bare` and has no branch.
        lines = self._git.ask("worktree", "list", "--porcelain").splitlines()
        if b"branch refs/heads/" + encoded(branch) in lines:
            raise WriteRefusedError(
                f"The branch {branch} is checked out from {self._git.clone}: if it moved, the files there would stay "
                "as they are and look modified.",
                f"Check out another branch there ({self._git.remedy('checkout --detach')}), or use a bare clone.",
            )

    def _shows_origin(self, what: str) -> str:
        return (
            f"{what} cannot be changed in {self._git.clone}: its branches are those of the repository that it was "
            "cloned from, which a write here does not reach. Use a bare clone, or a repository without a remote named "
            "origin."
        )

    @answered
    def _head(self, branch: str) -> str | None:
        return read_branches(self._git).heads.get(encoded(branch))

    def _mode(self, path: str, index: Mapping[str, str]) -> bytes:
        """Return the mode of the one file at `path`."""
        listed = self._git.ask("ls-files", "--stage", "-z", "--full-name", "--", path, variables=index)
        mode, _, rest = listed.partition(b" ")
        if rest.partition(b"\t")[2] == encoded(path) + b"\0" and mode in _FILES:
            return mode
        kind = "is not a regular file" if listed else "does not exist"
        raise WriteFailedError(f"{path} of {self._name} {kind}, so it cannot be changed.", "Check workflow-file.")

    def _identity(self) -> Mapping[str, str]:
        """Return the default identity if git's configuration has none: git would invent one."""
        known = self._git.attempt("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")
        if not isinstance(known, Unknown):
            return {}
        names = _DEFAULT_IDENTITY.items()
        return {f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER") for what, text in names}


def _failed(unknown: Unknown) -> WriteFailedError:
    return WriteFailedError(f"Nothing was moved: {unknown.reason}", unknown.remedy)
