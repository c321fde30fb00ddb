"""Carrying out a plan, such that it can be broken off anywhere and run again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...domain.evidence import Blob
from ...domain.plan import RELEASE_BRANCH, Plan, marked_release
from ...domain.prepare_report import Action
from ...domain.splice import replace_values
from ...domain.workflow_file import WorkflowFileError
from ...errors import RefusedError
from ...forges.repository import Repository
from ...forges.writer import CommitFacts, PullRequest, Writer
from ..answers import must


@dataclass(frozen=True)
class Written:
    """What came of a plan. `actions` has only what this run made; nothing in it: all was there already."""

    commit: str = ""
    pull_request: PullRequest | None = None
    actions: Sequence[Action] = ()


@dataclass(frozen=True)
class Execution:
    """A plan with what carries it out. `body` makes the pull request's text when it is needed."""

    plan: Plan
    repository: Repository
    writer: Writer
    body: Callable[[], str]
    commit_url: Callable[[str], str]

    def commit(self) -> Written:
        """Commit to the stack branch; raises LostRaceError where that was moved since the plan was made."""
        plan = self.plan
        commit = self.writer.create_commit(plan.head, plan.file, plan.after, plan.message)
        self.writer.move_branch(plan.branch, plan.head, commit)
        return Written(commit, None, (Action(f"Committed {commit[:12]} to {plan.branch}", self.commit_url(commit)),))

    def propose(self) -> Written:
        """Push `release/TAG` and open the pull request, or bring both up to date; raises LostRaceError."""
        plan = self.plan
        existing = self._own_pull_request()
        commit, actions = self._release_branch()
        body = self.body()
        if existing and (existing.title, existing.body.strip()) == (plan.title, body.strip()):
            return Written(commit, existing, actions)
        if existing:
            changed = self.writer.update_pull_request(existing.number, plan.title, body)
            return Written(commit, changed, (*actions, Action(f"Updated pull request #{changed.number}", changed.url)))
        opened = self.writer.open_pull_request(plan.release_branch, plan.branch, plan.title, body)
        return Written(commit, opened, (*actions, Action(f"Opened pull request #{opened.number}", opened.url)))

    def _own_pull_request(self) -> PullRequest | None:
        """Return our open pull request for this tag and pair; raises RefusedError where another one is open."""
        for request in must(self.writer.pull_requests(self.plan.branch) or (), "The open pull requests"):
            marker = marked_release(request.body) if request.branch.startswith(RELEASE_BRANCH) else None
            if marker == self.plan.marker and request.branch == self.plan.release_branch:
                return request
            if marker or request.branch == self.plan.release_branch:
                what = "for another release" if marker else "that is not one of ours"
                which = f"Pull request #{request.number} of {request.owner} ({request.branch})"
                raise RefusedError(
                    f"{which} is open {what} ({request.url}).", "Merge or close it first, or ask its owner to."
                )
        return None

    def _release_branch(self) -> tuple[str, tuple[Action, ...]]:
        """Make `release/TAG` hold the change on top of the checked head; returns its commit and what was done."""
        plan, branch = self.plan, self.plan.release_branch
        found = must(self.repository.branches([branch])[branch], f"The branch {branch}")
        if found is not None:
            facts = must(self.writer.message_of(found), f"The commit of {branch}")
            self._demand_ours(facts)
            if list(facts.parents) == [plan.head]:
                return found, ()
        commit = self.writer.create_commit(plan.head, plan.file, plan.after, plan.message)
        if found is None:
            self.writer.create_branch(branch, commit)
        else:
            self.writer.rebuild_branch(branch, found, commit)
        did = "Pushed" if found is None else "Rebuilt"
        return commit, (Action(f"{did} {branch} at {commit[:12]}", self.commit_url(commit)),)

    def _demand_ours(self, facts: CommitFacts) -> None:
        """Raise RefusedError unless the commit is exactly what we would make on top of its parent.

        A message can be written by anybody; so the parent must be of the stack branch, and the commit must
        change the one file, to the very bytes that we would make of the parent's.
        """
        plan = self.plan
        if len(facts.parents) == 1 and facts.message.strip() == plan.message.strip():
            parent = facts.parents[0]
            place = must(self.repository.placements([parent], [plan.branch])[parent], f"Where {parent[:12]} is")
            files = must(self.writer.changed_files(facts.sha), f"What {facts.sha[:12]} changes")
            if place.branches and list(files) == [plan.file] and self._is_our_content(parent, facts.sha):
                return
        raise RefusedError(
            f"The branch {plan.release_branch} exists already, and {facts.author} made it, not this action: "
            f"{facts.sha[:12]} is not the change of this plan.",
            f"Look at what is on it, then delete {plan.release_branch} or choose another stack-tag.",
        )

    def _is_our_content(self, parent: str, commit: str) -> bool:
        blobs = self.repository.files(self.plan.file, [parent, commit])
        before, after = (must(blobs[each], f"The file at {each[:12]}") for each in (parent, commit))
        return before is not None and after is not None and _spliced(before, self.plan) == after.content


def _spliced(blob: Blob, plan: Plan) -> bytes | None:
    try:
        return replace_values(blob.content, plan.values)
    except (WorkflowFileError, ValueError):
        return None
