"""Commits by GitHub's git database API: one file changes, all else is taken over from the parent's tree."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, TypedDict, TypeVar

from ...domain.evidence import Answer, Unknown
from ..ports.writer import CommitFacts, UnconfirmedError, WriteFailedError
from .api import RepositoryApi
from .orders import Order, RaceError, Step, carry_out
from .payloads import ChangedFile, read_payload

_FILES = ("100644", "100755")

_NOTHING_MOVED = "No branch was moved. Run this again."

_T = TypeVar("_T")


class Named(TypedDict):
    """Anything that has an id."""

    sha: str


class GitCommit(TypedDict):
    """`git/get-commit` and `git/create-commit`."""

    sha: str
    tree: Named
    parents: list[Named]


class Entry(TypedDict):
    """A file or folder of a tree. Modes are git's, six digits."""

    path: str
    mode: str
    type: str
    sha: str


class Tree(TypedDict):
    """`git/get-tree`. Cut short at 100,000 entries, `truncated` says."""

    sha: str
    tree: list[Entry]
    truncated: bool


class Person(TypedDict):
    """Who a commit says has made it."""

    name: str


class CommitText(TypedDict):
    """The git commit inside a commit."""

    message: str
    author: Person | None


class FullCommit(TypedDict):
    """`repos/get-commit`."""

    sha: str
    commit: CommitText
    parents: list[Named]


class Account(TypedDict):
    """A user of GitHub."""

    login: str


class Attributed(TypedDict):
    """`repos/get-commit`, where GitHub knows the author."""

    author: Account


class CommitFiles(TypedDict):
    """`repos/get-commit`, as far as it tells of files."""

    sha: str
    files: list[ChangedFile]


class GithubCommits:
    """Makes and reads commits of one repository."""

    def __init__(self, api: RepositoryApi, own_token: bool) -> None:
        self._api = api
        self._own_token = own_token

    def create(self, parent: str, path: str, content: bytes, message: str) -> str:
        """Make a commit, as `Writer.create_commit` says.

        It names no author: GitHub then takes the token's owner, and signs what an app has made.
        """
        tree, entry = self._file(parent, path)
        blob = self._blob(path, content)
        changed = {"path": path, "mode": entry["mode"], "type": "blob", "sha": blob}
        body = {"base_tree": tree, "tree": [changed]}
        new_tree = self._send("trees", f"a tree with the changed {path}", body, Named)["sha"]
        body = {"message": message, "tree": new_tree, "parents": [parent]}
        commit = self._send("commits", f"a commit of {path}", body, GitCommit)
        if commit["tree"]["sha"] != new_tree or [each["sha"] for each in commit["parents"]] != [parent]:
            raise _mismatch(self._api, "the new commit")
        return commit["sha"]

    def facts(self, commit: str) -> Answer[CommitFacts]:
        """Return what a commit says of itself; `commit` may be the start of its id."""
        what = f"the commit {commit[:12]}"
        # Of its files none is wanted.
        response = self._api.get(f"/commits/{commit}", what, {"per_page": 1})
        found = response if isinstance(response, Unknown) else self._api.read(response, FullCommit, what)
        if isinstance(found, Unknown) or isinstance(response, Unknown):
            return found if isinstance(found, Unknown) else self._api.mismatch(what)
        # A branch may have a name like the start of an id, and then it is meant.
        if not found["sha"].startswith(commit):
            return self._api.mismatch(what)
        account, inner = read_payload(response.body, Attributed), found["commit"]
        author = account["author"]["login"] if account else inner["author"]["name"] if inner["author"] else "somebody"
        parents = [each["sha"] for each in found["parents"]]
        return CommitFacts(found["sha"], inner["message"].rstrip("\n"), parents, author)

    def changed_files(self, commit: str) -> Answer[list[str]]:
        """Return the first files that a commit changes."""
        what = f"the files of the commit {commit[:12]}"
        response = self._api.get(f"/commits/{commit}", what, {"per_page": 10})
        found = response if isinstance(response, Unknown) else self._api.read(response, CommitFiles, what)
        if isinstance(found, Unknown):
            return found
        return [
            each["filename"] if each["status"] == "modified" else f"{each['filename']} ({each['status']})"
            for each in found["files"]
        ]

    def _file(self, commit: str, path: str) -> tuple[str, Entry]:
        """Return the commit's root tree and the entry of the file at `path`."""
        root = self._read(f"/git/commits/{commit}", f"the commit {commit[:12]}", GitCommit)["tree"]["sha"]
        *folders, name = path.split("/")
        tree = root
        for folder in folders:
            tree = self._entry(tree, folder, path, ("040000",))["sha"]
        return root, self._entry(tree, name, path, _FILES)

    def _entry(self, tree: str, name: str, path: str, modes: tuple[str, ...]) -> Entry:
        listed = self._read(f"/git/trees/{tree}", f"the folder of {path}", Tree)
        found = next((each for each in listed["tree"] if each["path"] == name), None)
        if found and found["mode"] in modes:
            return found
        if found is None and listed["truncated"]:
            raise WriteFailedError(
                f"{self._api.name} has so many files beside {path} that GitHub lists only a part of them.",
                "Edit the two values by hand, and give the commit the trailer that the plan shows.",
            )
        kind = "is no ordinary file" if found else "is not there"
        raise WriteFailedError(
            f"{path} of {self._api.name} {kind}, so it cannot be changed.", "Check the input workflow-file."
        )

    def _blob(self, path: str, content: bytes) -> str:
        body = {"content": base64.b64encode(content).decode("ascii"), "encoding": "base64"}
        blob = self._send("blobs", f"the new content of {path}", body, Named)["sha"]
        # The id stands for every byte.
        if blob != hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest():
            raise _mismatch(self._api, f"the new content of {path}")
        return blob

    def _send(self, kind: str, what: str, body: dict[str, Any], payload: type[_T]) -> _T:
        try:
            return carry_out(
                self._api, Order(Step.OBJECT, "POST", f"/git/{kind}", what, body), payload, self._own_token
            )
        except (RaceError, UnconfirmedError) as error:
            # What nothing points at does no harm, so there is nothing to look for.
            raise WriteFailedError(str(error), _NOTHING_MOVED) from error

    def _read(self, path: str, what: str, kind: type[_T]) -> _T:
        response = self._api.get(path, what)
        found = response if isinstance(response, Unknown) else self._api.read(response, kind, what)
        if isinstance(found, Unknown):
            raise WriteFailedError(f"Nothing was written: {found.reason}", found.remedy)
        return found


def _mismatch(api: RepositoryApi, what: str) -> WriteFailedError:
    return WriteFailedError(api.mismatch(what).reason, _NOTHING_MOVED)
