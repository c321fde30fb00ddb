"""Writes to a repository on GitHub, by its REST API: objects first, then the one step that shows them; pull requests.

A commit changes one file; everything else comes from the parent's tree.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any, Literal, TypedDict, TypeVar

from ...domain.evidence import TooLong, Unknown, Unseen, answered, seen
from ...domain.refs import BRANCHES
from ..ports import CommitFacts, LostRaceError, PullRequest, UnconfirmedError, WriteFailedError, WriteRefusedError
from .api import RepositoryApi
from .payloads import ChangedFile, Numbered, Ref, read_payload
from .refs import GithubRefs
from .writes import RaceError, Step, Write, missing_right, send

_READ = "pull-requests: read"
_MOST_PAGES = 50
_FILES = ("100644", "100755")
_NOTHING_MOVED = "No branch was moved. Run this again."
_T = TypeVar("_T")


class Login(TypedDict):
    """A user."""

    login: str


class Head(TypedDict):
    """The proposed branch; its repository may have been deleted."""

    ref: str
    repo: Numbered | None


class Base(TypedDict):
    """The target branch."""

    ref: str
    repo: Numbered


class Pull(TypedDict):
    """One item of `pulls/list`, and `pulls/create`."""

    number: int
    html_url: str
    title: str
    body: str | None
    user: Login | None
    head: Head
    base: Base


class GithubPulls:
    """The pull requests of one repository; never cached."""

    def __init__(self, api: RepositoryApi, own_token: bool) -> None:
        self._api = api
        self._own_token = own_token

    def open_into(self, base: str) -> Sequence[PullRequest]:
        """All open pull requests into `base` from branches of this repository. Raises Unseen."""
        what = f"the pull requests into {base}"
        query: dict[str, str | int] = {"state": "open", "base": base, "per_page": 100}
        first = self._api.get("/pulls", what, query, permission=_READ)
        pages = answered(self._api.pages)(first, what, _MOST_PAGES, _READ)
        if isinstance(pages, TooLong):
            raise Unseen(TooLong(pages.reason, f"Close pull requests into {base} that are no longer needed."))
        pulls = self._api.items(seen(pages), Pull, what)
        own = [_pull_request(each) for each in pulls if each["base"]["ref"] == base and is_from_here(each)]
        return list({each.number: each for each in own}.values())

    def open(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open one, or return the one that is already open for `branch`."""
        existing = self._existing(branch, base)
        if isinstance(existing, PullRequest):
            return existing
        if isinstance(existing, Unknown):
            raise WriteFailedError(f"No pull request was opened: {existing.reason}", existing.remedy)
        payload = {"title": title, "head": branch, "base": base, "body": body}
        try:
            return self._send("POST", "/pulls", f"a pull request from {branch}", payload)
        except (UnconfirmedError, _ExistsError) as error:
            existing = self._existing(branch, base)
            if isinstance(existing, PullRequest):
                return existing
            if isinstance(error, UnconfirmedError):
                raise
            raise WriteFailedError(
                error.args[0], "Check the repository's pull requests, then run this again."
            ) from error

    def update(self, number: int, title: str, body: str) -> PullRequest:
        """Replace title and body."""
        return self._send("PATCH", f"/pulls/{number}", f"pull request #{number}", {"title": title, "body": body})

    @answered
    def _existing(self, branch: str, base: str) -> PullRequest | None:
        return next((one for one in self.open_into(base) if one.branch == branch), None)

    def _send(self, method: Literal["POST", "PATCH"], path: str, what: str, body: dict[str, Any]) -> PullRequest:
        try:
            pull = send(self._api, Write(Step.PULL_REQUEST, method, path, what, body), Pull, self._own_token)
        except RaceError as error:  # no message about pull requests is among those, but messages change
            raise WriteFailedError(f"GitHub refused {what}: {error}", "Run this again.") from error
        except WriteFailedError as error:
            if "pull request already exists" in error.message:
                raise _ExistsError(error.message) from error
            raise
        return _pull_request(pull)


class _ExistsError(Exception):
    """GitHub reports that there is one already."""


def is_from_here(pull: Pull) -> bool:
    """Whether a pull request is from a branch of the repository itself, not from a fork."""
    return pull["head"]["repo"] is not None and pull["head"]["repo"]["id"] == pull["base"]["repo"]["id"]


def _pull_request(pull: Pull) -> PullRequest:
    return PullRequest(
        number=pull["number"],
        url=pull["html_url"],
        owner=pull["user"]["login"] if pull["user"] else "ghost",  # as GitHub shows a deleted account
        branch=pull["head"]["ref"],
        base=pull["base"]["ref"],
        title=pull["title"],
        body=pull["body"] or "",
    )


class Named(TypedDict):
    """A git object by its id."""

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
    """`git/get-tree`; `truncated` if it has more than 100,000 entries."""

    sha: str
    tree: list[Entry]
    truncated: bool


class Person(TypedDict):
    """The author named in a commit."""

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


class Attributed(TypedDict):
    """`repos/get-commit`, if GitHub knows the author."""

    author: Login


class CommitFiles(TypedDict):
    """`repos/get-commit`: its files."""

    sha: str
    files: list[ChangedFile]


class GithubCommits:
    """Makes and reads commits of one repository."""

    def __init__(self, api: RepositoryApi, own_token: bool) -> None:
        self._api = api
        self._own_token = own_token

    def create(self, parent: str, path: str, content: bytes, message: str) -> str:
        """Make a commit; see `Writer.create_commit`.

        It names no author: GitHub then uses the token's owner, and signs the commits of an app.
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

    def facts(self, commit: str) -> CommitFacts:
        """Return the facts of a commit; `commit` may be an abbreviated id. Raises Unseen."""
        what = f"the commit {commit[:12]}"
        # Its files are not needed.
        response = self._api.get(f"/commits/{commit}", what, {"per_page": 1})
        found = self._api.read(response, FullCommit, what)
        # A branch that is named like an abbreviated id takes precedence.
        self._api.expect(found["sha"].startswith(commit), what)
        account, inner = read_payload(response.body, Attributed), found["commit"]
        author = account["author"]["login"] if account else inner["author"]["name"] if inner["author"] else "somebody"
        parents = [each["sha"] for each in found["parents"]]
        return CommitFacts(found["sha"], inner["message"].rstrip("\n"), parents, author)

    def changed_files(self, commit: str) -> list[str]:
        """Return the first files that a commit changes. Raises Unseen."""
        what = f"the files of the commit {commit[:12]}"
        found = self._api.read(self._api.get(f"/commits/{commit}", what, {"per_page": 10}), CommitFiles, what)
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
                f"{self._api.name} has so many files next to {path} that GitHub lists only part of them.",
                "Edit the two values by hand, and add the trailer that the plan shows to the commit.",
            )
        kind = "is not a regular file" if found else "is not there"
        raise WriteFailedError(
            f"{path} of {self._api.name} {kind}, so it cannot be changed.", "Check the input workflow-file."
        )

    def _blob(self, path: str, content: bytes) -> str:
        body = {"content": base64.b64encode(content).decode("ascii"), "encoding": "base64"}
        blob = self._send("blobs", f"the new content of {path}", body, Named)["sha"]
        # The id covers every byte.
        if blob != hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest():
            raise _mismatch(self._api, f"the new content of {path}")
        return blob

    def _send(self, kind: str, what: str, body: dict[str, Any], payload: type[_T]) -> _T:
        try:
            return send(self._api, Write(Step.OBJECT, "POST", f"/git/{kind}", what, body), payload, self._own_token)
        except (RaceError, UnconfirmedError) as error:
            # An object that nothing points at does no harm, so its outcome does not matter.
            raise WriteFailedError(str(error), _NOTHING_MOVED) from error

    def _read(self, path: str, what: str, kind: type[_T]) -> _T:
        try:
            return self._api.read(self._api.get(path, what), kind, what)
        except Unseen as error:
            raise WriteFailedError(f"Nothing was written: {error.unknown.reason}", error.unknown.remedy) from error


def _mismatch(api: RepositoryApi, what: str) -> WriteFailedError:
    return WriteFailedError(api.mismatch(what).unknown.reason, _NOTHING_MOVED)


class GithubWriter:
    """Writes to one repository; `own_token` if the token is the workflow's own."""

    def __init__(self, api: RepositoryApi, own_token: bool) -> None:
        self._api = api
        self._own_token = own_token
        self._commits = GithubCommits(api, own_token)
        self._pulls = GithubPulls(api, own_token)

    def create_commit(self, parent: str, path: str, content: bytes, message: str) -> str:
        """Make a commit that changes one file; its author is the token's owner."""
        return self._commits.create(parent, path, content, message)

    def create_branch(self, branch: str, commit: str) -> None:
        """Make a branch; raises LostRaceError if it exists already."""
        body = {"ref": BRANCHES + branch, "sha": commit}
        self._set(Step.OWN_BRANCH, "POST", "/git/refs", branch, None, body)

    def move_branch(self, branch: str, seen: str, commit: str) -> None:
        """Move a branch forward from `seen`, without force; raises LostRaceError if it is not there."""
        self._update(Step.STACK_BRANCH, branch, seen, commit, force=False)

    def rebuild_branch(self, branch: str, seen: str, commit: str) -> None:
        """Point our own branch at `commit`; raises LostRaceError if it is not at `seen`.

        GitHub's REST API cannot compare in a forced update: a moment remains between our check and the update.
        """
        self._update(Step.OWN_BRANCH, branch, seen, commit, force=True)

    @answered
    def message_of(self, commit: str) -> CommitFacts:
        """Read a commit; its message comes without trailing newlines."""
        return self._commits.facts(commit)

    @answered
    def changed_files(self, commit: str) -> Sequence[str]:
        """Read which files a commit changes."""
        return self._commits.changed_files(commit)

    @answered
    def pull_requests(self, base: str) -> Sequence[PullRequest]:
        """All open pull requests into `base` from branches of this repository."""
        return self._pulls.open_into(base)

    def open_pull_request(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request, or return the one that is already open for `branch`."""
        return self._pulls.open(branch, base, title, body)

    def update_pull_request(self, number: int, title: str, body: str) -> PullRequest:
        """Replace title and body of a pull request."""
        return self._pulls.update(number, title, body)

    def missing_right(self, path: str) -> str:
        """Return what the token is known to lack for changing `path`; empty if nothing is known."""
        return missing_right(self._api, path, self._own_token)

    def _update(self, step: Step, branch: str, seen: str, commit: str, *, force: bool) -> None:
        found = self._head(branch)
        if isinstance(found, Unknown):
            raise WriteFailedError(f"{branch} was not moved: {found.reason}", found.remedy)
        if found != seen:
            raise LostRaceError(branch, found)
        body = {"sha": commit, "force": force}
        self._set(step, "PATCH", f"/git/{BRANCHES}{branch}", branch, seen, body)

    def _set(
        self,
        step: Step,
        method: Literal["POST", "PATCH"],
        path: str,
        branch: str,
        seen: str | None,
        body: dict[str, Any],
    ) -> None:
        """Point a branch at another commit; if that fails, find out why."""
        write = Write(step, method, path, f"the branch {branch}", body)
        try:
            ref = send(self._api, write, Ref, self._own_token)
        except (RaceError, WriteFailedError, WriteRefusedError) as error:
            found = self._head(branch)
            if found == body["sha"] and isinstance(error, UnconfirmedError):
                return
            if isinstance(error, RaceError) or (found != seen and not isinstance(found, Unknown)):
                raise LostRaceError(branch, None if isinstance(found, Unknown) else found) from error
            raise
        if ref["object"]["sha"] != body["sha"]:
            raise LostRaceError(branch, ref["object"]["sha"])

    @answered
    def _head(self, branch: str) -> str | None:
        """Return where the branch is now, never cached."""
        return GithubRefs(self._api).branch(branch)
