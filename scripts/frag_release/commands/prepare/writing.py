"""Carrying out a plan, such that it can be broken off anywhere and run again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...adapters.ports.repository import Forge
from ...adapters.ports.writer import PullRequest
from ...domain.kept_text import KeptText, same_text
from ...domain.plan import RELEASE_BRANCH, Mode, Plan, marked_release
from ...domain.reports.report import Action
from ...errors import RefusedError
from ...render.links import Links
from ..answers import must
from ..journal import Journal
from ..stack import Stack
from .own_branch import OwnBranch


@dataclass(frozen=True)
class Written:
    """What came of a plan, whether this run made it or found it there."""

    commit: str = ""
    pull_request: PullRequest | None = None


@dataclass(frozen=True)
class Execution:
    """A plan with what carries it out. `body` makes our part of the pull request's text, in at most so many bytes."""

    plan: Plan
    stack: Stack[Forge]
    body: Callable[[int], str]
    links: Links
    journal: Journal

    def commit(self) -> Written:
        """Commit to the stack branch; raises LostRaceError where that was moved since the plan was made."""
        plan = self.plan

        def write() -> str:
            commit = self.stack.writer.create_commit(plan.head, plan.file, plan.after, plan.message)
            self.stack.writer.move_branch(plan.branch, plan.head, commit)
            return commit

        return Written(self.journal.write(_committing(plan), write, self._committed))

    def _committed(self, commit: str) -> Action:
        return self._of_commit(f"Committed {commit[:12]} to {self.plan.branch}", commit)

    def _of_commit(self, what: str, commit: str) -> Action:
        return Action(what, self.links.commit(self.plan.repository, commit), {"commit": commit})

    def propose(self) -> Written:
        """Push `release/TAG` and open the pull request, or bring both up to date; raises LostRaceError."""
        plan = self.plan
        existing = self._own_pull_request()
        commit = self._release_branch(existing)
        if existing:
            return Written(commit, self._refreshed(existing))
        body = self._kept.written("", self.body)
        if body is None:
            raise AssertionError("an empty body has room for the text")
        opened = self.journal.write(
            _opening(plan),
            lambda: self.stack.writer.open_pull_request(plan.release_branch, plan.branch, plan.title, body),
            lambda made: _of_request("Opened", made),
        )
        return Written(commit, opened)

    @property
    def _kept(self) -> KeptText:
        return KeptText(self.plan.marker)

    def _refreshed(self, existing: PullRequest) -> PullRequest:
        """Bring our part of the text up to date; the title, and what stands around our part, are the people's."""
        body = self._kept.written(existing.body, self.body)
        if body is None:
            self.journal.note(
                f"The text of pull request #{existing.number} was not brought up to date: our part of it cannot be "
                "told from what people wrote (the line that ends it is gone), or has no room. Put the line back that "
                "an earlier version of the text has, or shorten what stands around."
            )
            return existing
        if same_text(body, existing.body):
            return existing
        return self.journal.write(
            f"Update pull request #{existing.number}",
            lambda: self.stack.writer.update_pull_request(existing.number, existing.title, body),
            lambda changed: _of_request("Updated", changed),
        )

    def _own_pull_request(self) -> PullRequest | None:
        """Return our open pull request for this tag and pair; raises RefusedError where another one is open."""
        for request in must(self.stack.writer.pull_requests(self.plan.branch) or (), "The open pull requests"):
            marker = marked_release(request.body) if request.branch.startswith(RELEASE_BRANCH) else None
            if marker == self.plan.marker and request.branch == self.plan.release_branch:
                return request
            if marker or request.branch == self.plan.release_branch:
                raise self._in_the_way(request, marker)
        return None

    def _in_the_way(self, request: PullRequest, marker: str | None) -> RefusedError:
        what = "for another release" if marker else "that is not one of ours"
        which = f"Pull request #{request.number} of {request.owner} ({request.branch})"
        remedy = "Merge or close it first, or ask its owner to."
        if not marker:
            line = f"a line of its own, outside of quotes and code, and the only one of its kind: {self.plan.marker}"
            remedy += f" If prepare made it, its text has lost what tells so; put that back as {line}"
        return RefusedError(f"{which} is open {what}: {request.url}", remedy)

    def _release_branch(self, request: PullRequest | None) -> str:
        """Make `release/TAG` hold the change on top of the checked head; returns its commit.

        Where somebody updated the branch of an open pull request, it stays: its reviews would be lost with it.
        """
        plan, branch = self.plan, self.plan.release_branch
        found = must(self.stack.repository.branches([branch])[branch], f"The branch {branch}")
        if found is not None:
            commits = OwnBranch(plan, self.stack.repository, self.stack.writer).commits(found)
            if list(commits[0].parents) == [plan.head] or (request and len(commits) > 1):
                return found
        did = "Pushed" if found is None else "Rebuilt"

        def write() -> str:
            commit = self.stack.writer.create_commit(plan.head, plan.file, plan.after, plan.message)
            if found is None:
                self.stack.writer.create_branch(branch, commit)
            else:
                self.stack.writer.rebuild_branch(branch, found, commit)
            return commit

        return self.journal.write(
            _pushing(plan) if found is None else f"Rebuild {branch}",
            write,
            lambda commit: self._of_commit(f"{did} {branch} at {commit[:12]}", commit),
        )


def planned(plan: Plan) -> list[str]:
    """Return what carrying out a plan would make, as far as nothing of it is there."""
    return [_committing(plan)] if plan.mode is Mode.COMMIT else [_pushing(plan), _opening(plan)]


def _committing(plan: Plan) -> str:
    return f"Commit to {plan.branch}"


def _pushing(plan: Plan) -> str:
    return f"Push {plan.release_branch}"


def _opening(plan: Plan) -> str:
    return f"Open a pull request of {plan.release_branch}"


def _of_request(did: str, request: PullRequest) -> Action:
    outputs = {"pull-request-number": str(request.number), "pull-request-url": request.url}
    return Action(f"{did} pull request #{request.number}", request.url, outputs)
