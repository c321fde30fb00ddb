"""Writing to a repository on GitHub, by its REST API: objects first, then the one step that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from ...domain.evidence import Answer, Unknown
from ...domain.refs import BRANCHES
from ..ports.writer import (
    CommitFacts,
    LostRaceError,
    PullRequest,
    UnconfirmedError,
    WriteFailedError,
    WriteRefusedError,
)
from .api import RepositoryApi
from .commits import GithubCommits
from .orders import Order, RaceError, Step, carry_out
from .payloads import Ref
from .pulls import GithubPulls
from .refs import GithubRefs
from .rights import missing_right


class GithubWriter:
    """Writes to one repository; `own_token` says that the token is the workflow's own."""

    def __init__(self, api: RepositoryApi, own_token: bool) -> None:
        self._api = api
        self._own_token = own_token
        self._commits = GithubCommits(api, own_token)
        self._pulls = GithubPulls(api, own_token)

    def create_commit(self, parent: str, path: str, content: bytes, message: str) -> str:
        """Make a commit that changes one file; its author is whoever the token belongs to."""
        return self._commits.create(parent, path, content, message)

    def create_branch(self, branch: str, commit: str) -> None:
        """Make a branch; raises LostRaceError where there is one of that name."""
        body = {"ref": BRANCHES + branch, "sha": commit}
        self._set(Step.OWN_BRANCH, "POST", "/git/refs", branch, None, body)

    def move_branch(self, branch: str, seen: str, commit: str) -> None:
        """Move a branch forward from `seen`, without force; raises LostRaceError where it is not there."""
        self._update(Step.STACK_BRANCH, branch, seen, commit, force=False)

    def rebuild_branch(self, branch: str, seen: str, commit: str) -> None:
        """Point our own branch at `commit`; raises LostRaceError where it is not at `seen`.

        GitHub's REST API compares nothing when it is forced: between our look and the order a moment remains.
        """
        self._update(Step.OWN_BRANCH, branch, seen, commit, force=True)

    def message_of(self, commit: str) -> Answer[CommitFacts]:
        """Read a commit; its message comes without the last newlines."""
        return self._commits.facts(commit)

    def changed_files(self, commit: str) -> Answer[Sequence[str]]:
        """Read which files a commit changes."""
        return self._commits.changed_files(commit)

    def pull_requests(self, base: str) -> Answer[Sequence[PullRequest]] | None:
        """All open pull requests into `base` from branches of this repository."""
        return self._pulls.open_into(base)

    def open_pull_request(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request, or return the one that is open for `branch`."""
        return self._pulls.open(branch, base, title, body)

    def update_pull_request(self, number: int, title: str, body: str) -> PullRequest:
        """Replace title and body of a pull request."""
        return self._pulls.update(number, title, body)

    def missing_right(self, path: str) -> str:
        """Say what the token is known to lack for changing `path`; empty if nothing is known."""
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
        """Make a branch point at a commit that it was not at; where that fails, look why."""
        order = Order(step, method, path, f"the branch {branch}", body)
        try:
            ref = carry_out(self._api, order, Ref, self._own_token)
        except (RaceError, WriteFailedError, WriteRefusedError) as error:
            found = self._head(branch)
            if found == body["sha"] and isinstance(error, UnconfirmedError):
                return
            if isinstance(error, RaceError) or (found != seen and not isinstance(found, Unknown)):
                raise LostRaceError(branch, None if isinstance(found, Unknown) else found) from error
            raise
        if ref["object"]["sha"] != body["sha"]:
            raise LostRaceError(branch, ref["object"]["sha"])

    def _head(self, branch: str) -> Answer[str | None]:
        """Return where the branch is now, which no memory can tell."""
        return GithubRefs(self._api).branch(branch)
