"""Writing to a clone on this disk, by git's plumbing: nobody's working tree and index are touched."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...domain.evidence import Answer, Unknown
from ..ports.repository import CommitFacts, LostRaceError, PullRequest, WriteFailedError, WriteRefusedError
from .objects import encoded, is_object_id, not_an_id, read_branches, read_facts
from .process import Git

_NOBODY = {"NAME": "frag-release-action", "EMAIL": "noreply@frag-release-action.invalid"}
_FILES = (b"100644", b"100755")
_NO_PULL_REQUESTS = "a clone on a disk has no pull requests"


class LocalWriter:
    """Writes to one clone: to a bare one, or one whose branches are its own and not checked out."""

    def __init__(self, name: str, git: Git) -> None:
        self._name = name
        self._git = git

    def create_commit(self, parent: str, path: str, content: bytes, message: str) -> str:
        """Make a commit that changes one file, in the name of git's user (of nobody where git knows none)."""
        if not is_object_id(parent):
            raise _failed(not_an_id(parent))
        blob = self._run("hash-object", "-w", "--stdin", text=content).strip()
        with tempfile.TemporaryDirectory(prefix="frag-release-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self._run("read-tree", parent, variables=index)
            row = self._mode(path, index) + b" " + blob + b"\t" + encoded(path) + b"\0"
            self._run("update-index", "-z", "--index-info", text=row, variables=index)
            tree = self._run("write-tree", variables=index).decode("ascii").strip()
        made = self._run("commit-tree", tree, "-p", parent, text=message.encode(), variables=self._identity())
        return made.decode("ascii").strip()

    def create_branch(self, branch: str, commit: str) -> None:
        """Make a branch; raises LostRaceError where there is one of that name."""
        self._set(branch, None, commit)

    def move_branch(self, branch: str, seen: str, commit: str) -> None:
        """Move a branch from `seen`, compared and swapped by git; raises LostRaceError where it is not there."""
        self._set(branch, seen, commit)

    def rebuild_branch(self, branch: str, seen: str, commit: str) -> None:
        """Point our own branch at `commit`; raises LostRaceError where it is not at `seen`."""
        self._set(branch, seen, commit)

    def message_of(self, commit: str) -> Answer[CommitFacts]:
        """Read a commit; its message comes without the last newlines."""
        return read_facts(self._git, commit) if is_object_id(commit) else not_an_id(commit)

    def changed_files(self, commit: str) -> Answer[Sequence[str]]:
        """Read which files a commit changes, renames told as a deletion and an addition."""
        if not is_object_id(commit):
            return not_an_id(commit)
        output = self._git.ask("diff-tree", "-r", "-z", "--no-renames", "--no-commit-id", "--name-status", commit)
        if isinstance(output, Unknown):
            return output
        words = output.decode("utf-8", "surrogateescape").split("\0")
        pairs = zip(words[::2], words[1::2], strict=False)
        return [path if status == "M" else f"{path} ({status})" for status, path in pairs]

    def pull_requests(self, base: str) -> Answer[Sequence[PullRequest]] | None:
        """None: a clone has no pull requests."""
        return None

    def open_pull_request(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Raise WriteRefusedError."""
        raise WriteRefusedError(
            f"{self._git.clone} takes no pull request: {_NO_PULL_REQUESTS}.",
            f"Use mode: commit, or merge the branch {branch} into {base} yourself.",
        )

    def update_pull_request(self, number: int, title: str, body: str) -> PullRequest:
        """Raise WriteRefusedError."""
        raise WriteRefusedError(f"Pull request #{number} cannot be changed: {_NO_PULL_REQUESTS}.", "Use mode: commit.")

    def missing_right(self, path: str) -> str:
        """Say that the clone shows another repository's branches, if so."""
        branches = read_branches(self._git)
        return self._shows_origin(path) if not isinstance(branches, Unknown) and branches.of_origin else ""

    def _set(self, branch: str, seen: str | None, commit: str) -> None:
        self._demand_free(branch)
        ref = b"refs/heads/" + encoded(branch)
        # An old value of zeros: there must be no such branch.
        old = seen or "0" * len(commit)
        order = b"update %s\0%s\0%s\0" % (ref, commit.encode(), old.encode())
        done = self._git.ask("update-ref", "-z", "--no-deref", "--stdin", text=order, variables=self._identity())
        if not isinstance(done, Unknown):
            return
        found = self._head(branch)
        if isinstance(found, Unknown) or found == seen:
            raise _failed(done)
        raise LostRaceError(branch, found)

    def _demand_free(self, branch: str) -> None:
        """Raise WriteRefusedError where moving the branch would not show, or would leave files behind."""
        branches = read_branches(self._git)
        if isinstance(branches, Unknown):
            raise _failed(branches)
        if branches.of_origin:
            raise WriteRefusedError(self._shows_origin(branch), "Make a bare clone: git clone --bare.")
        # Of each working tree a block of lines; a bare clone itself is `bare` and has no branch.
        lines = self._run("worktree", "list", "--porcelain").splitlines()
        if b"branch refs/heads/" + encoded(branch) in lines:
            raise WriteRefusedError(
                f"The branch {branch} is checked out from {self._git.clone}: moving it would leave the files there "
                "behind, looking as if they were changed.",
                f"Check out another branch there ({self._git.remedy('checkout --detach')}), or use a bare clone.",
            )

    def _shows_origin(self, what: str) -> str:
        return (
            f"{what} cannot be changed in {self._git.clone}: its branches are those of the repository that it was "
            "cloned from, and what is written here does not get there. Use a bare clone, or a repository without "
            "a remote named origin."
        )

    def _head(self, branch: str) -> Answer[str | None]:
        branches = read_branches(self._git)
        return branches if isinstance(branches, Unknown) else branches.heads.get(encoded(branch))

    def _mode(self, path: str, index: Mapping[str, str]) -> bytes:
        """Return the mode of the one file at `path`."""
        listed = self._run("ls-files", "--stage", "-z", "--full-name", "--", path, variables=index)
        mode, _, rest = listed.partition(b" ")
        if rest.partition(b"\t")[2] == encoded(path) + b"\0" and mode in _FILES:
            return mode
        kind = "is no ordinary file" if listed else "is not there"
        raise WriteFailedError(f"{path} of {self._name} {kind}, so it cannot be changed.", "Check workflow-file.")

    def _identity(self) -> Mapping[str, str]:
        """Return nobody's name where git's own configuration has none; git would else invent one."""
        known = self._git.ask("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")
        if not isinstance(known, Unknown):
            return {}
        return {f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER") for what, text in _NOBODY.items()}

    def _run(self, *arguments: str, text: bytes = b"", variables: Mapping[str, str] | None = None) -> bytes:
        output = self._git.ask(*arguments, text=text, variables=variables)
        if isinstance(output, Unknown):
            raise _failed(output)
        return output


def _failed(unknown: Unknown) -> WriteFailedError:
    return WriteFailedError(f"Nothing was moved: {unknown.reason}", unknown.remedy)
