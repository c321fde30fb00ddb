"""Knowing our own release branch again, also after somebody let GitHub update it from the stack branch."""

from __future__ import annotations

from dataclasses import dataclass

from ...adapters.ports.repository import Repository
from ...adapters.ports.writer import CommitFacts, Writer
from ...domain.evidence import Blob
from ...domain.plan import Plan
from ...domain.splice import replace_values
from ...domain.workflow_file import WorkflowFileError
from ...errors import RefusedError
from ..answers import must
from ..evidence.reviewed_commit import through_updates


@dataclass(frozen=True)
class OwnBranch:
    """The branch `release/TAG` of a plan, as it was found."""

    plan: Plan
    repository: Repository
    writer: Writer

    def commits(self, head: str) -> list[CommitFacts]:
        """Return our commit, last, and the updates on top of it; raises RefusedError where one is neither."""
        *updates, first = must(through_updates(self.writer, head), f"The commit of {self.plan.release_branch}")
        if not self.is_ours(first):
            raise self._refusal(first)
        for update in updates:
            if not self._is_update(update):
                raise self._refusal(update)
        return [*updates, first]

    def is_ours(self, facts: CommitFacts) -> bool:
        """Whether the commit is exactly what we would make on top of its parent.

        A message can be written by anybody; so the parent must be of the stack branch, and the commit must
        change the one file, to the very bytes that we would make of the parent's. Who committed it says nothing:
        GitHub's update by rebase makes the same commit anew.
        """
        if len(facts.parents) != 1 or facts.message.strip() != self.plan.message.strip():
            return False
        files = must(self.writer.changed_files(facts.sha), f"What {facts.sha[:12]} changes")
        return list(files) == [self.plan.file] and self._is_on_top_of(facts.parents[0], facts.sha)

    def _is_update(self, facts: CommitFacts) -> bool:
        """Whether a merge only brings the stack branch in, as GitHub's button "Update branch" does.

        Of what it merges, the workflow file is compared: it must be the stack branch's, with our values.
        """
        return self._is_on_top_of(facts.parents[1], facts.sha)

    def _is_on_top_of(self, parent: str, commit: str) -> bool:
        """Whether the parent is on the stack branch, and the commit's file is what we would make of the parent's."""
        plan = self.plan
        place = must(self.repository.placements([parent], [plan.branch])[parent], f"Where {parent[:12]} is")
        if not place.branches:
            return False
        blobs = self.repository.files(plan.file, [parent, commit])
        before, after = (must(blobs[each], f"The file at {each[:12]}") for each in (parent, commit))
        return before is not None and after is not None and _spliced(before, plan) == after.content

    def _refusal(self, facts: CommitFacts) -> RefusedError:
        branch = self.plan.release_branch
        less = f", nor a plain merge of {self.plan.branch} into it" if len(facts.parents) > 1 else ""
        return RefusedError(
            f"The branch {branch} exists already, and {facts.author} made it, not this action: "
            f"{facts.sha[:12]} is not the change of this plan{less}.",
            f"Look at what is on it, then delete {branch} or choose another stack-tag.",
        )


def _spliced(blob: Blob, plan: Plan) -> bytes | None:
    try:
        return replace_values(blob.content, plan.values)
    except (WorkflowFileError, ValueError):
        return None
