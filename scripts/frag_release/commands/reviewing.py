"""Finding the change that was reviewed as a release, among the newest commits of the stack branch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..domain.components import Pin, read_pins
from ..domain.review import Contradiction, NothingToPublish, PairChange, Review, Reviewed, review_of
from ..errors import UsageError
from ..forges.publishing import Publisher, PublishingForge
from ..forges.repository import Repository
from ..forges.writer import Writer
from ..runner.context import Context
from ..runner.settings.publish import PublishSettings
from .answers import must
from .component_evidence import without_overrides

_LOOKED_AT = 20
"""How many commits of the branch, along first parents, are looked at for the newest change of the pair."""

_HEADS = "refs/heads/"
_NOWHERE = frozenset({"", "0" * 40})


@dataclass(frozen=True)
class Reviewing:
    """Reads the stack branch. With the input stack-tag it looks for the review of that very tag."""

    settings: PublishSettings
    context: Context
    forge: PublishingForge
    branches: Sequence[str]

    def find(self) -> Review:
        """Return what was reviewed; raises EvidenceError where that cannot be found out."""
        asked = self.settings.stack_tag
        if asked:
            return self._by_hand(asked)
        ref = self.context.ref
        branch = ref[len(_HEADS) :] if ref.startswith(_HEADS) else self.branches[0] if not ref else ""
        if branch not in self.branches:
            return NothingToPublish(
                f"This run belongs to {ref}, and only {' or '.join(self.branches)} is released.",
                "Run it for the stack branch, or name the tag in stack-tag.",
            )
        change = self._newest_change(self.context.sha or self._head(branch), self.context.pushed_from)
        if change is None:
            return NothingToPublish("None of the commits that came with this push changes the pair.")
        return self._still_wanted(review_of(change, branch), change, branch)

    def pins(self, commits: Sequence[str]) -> dict[str, tuple[Pin, ...]]:
        """Return the pins in the workflow file at each commit; raises EvidenceError where one is not readable."""
        file, components = self.settings.workflow_file, without_overrides(self.settings.components)
        blobs = self._stack.files(file, commits)
        return {
            commit: read_pins(components, file, must(blobs[commit], f"{file} at {commit[:12]}")) for commit in blobs
        }

    def _by_hand(self, asked: str) -> Review:
        branch = self.branches[0]
        head = self._head(branch)
        tagged = must(self._publisher.tag(asked), f"The tag {asked}")
        newest: Review | None = None
        for change in self._changes(tagged or head, ""):
            review = review_of(change, branch)
            if isinstance(review, Reviewed) and review.tag == asked:
                return review
            newest = newest or review
        waiting = newest.tag if isinstance(newest, Reviewed) and not tagged else ""
        if waiting and must(self._publisher.tag(waiting), f"The tag {waiting}") is None:
            return Contradiction(
                f"The newest change of the pair was reviewed as the release {waiting}, not as {asked}.",
                f"Publish {waiting}, or prepare the release {asked} anew.",
            )
        who = f" by {self.context.actor}" if self.context.actor else ""
        return Reviewed(asked, tagged or head, f"the input stack-tag, asked for by hand{who}")

    def _still_wanted(self, review: Review, change: PairChange, branch: str) -> Review:
        """Refuse what was reverted or replaced on the branch before it had its tag."""
        if not isinstance(review, Reviewed) or must(self._publisher.tag(review.tag), f"The tag {review.tag}"):
            return review
        head = self._head(branch)
        now = change.after if head == change.commit else self.pins([head])[head]
        if [pin.same_choice for pin in now] == [pin.same_choice for pin in change.after]:
            return review
        return NothingToPublish(
            f"{change.commit[:12]} was reviewed as the release {review.tag}, but {branch} has another pair by now: it "
            "was reverted or replaced.",
            f"If {review.tag} is wanted all the same, prepare it anew.",
        )

    def _newest_change(self, start: str, stop: str) -> PairChange | None:
        return next(self._changes(start, stop), None)

    def _changes(self, start: str, stop: str) -> Iterator[PairChange]:
        """Yield the changes of the pair from `start` back along first parents, newest first, to before `stop`."""
        commit = start
        for _ in range(_LOOKED_AT):
            if commit in _NOWHERE or commit == stop:
                return
            facts = must(self._writer.message_of(commit), f"The commit {commit[:12]}")
            parent = facts.parents[0] if facts.parents else ""
            pins = self.pins([commit, *filter(None, [parent])])
            change = PairChange(commit, facts.message, pins.get(parent, ()), pins[commit])
            if change.changed:
                requests = must(self._publisher.merged_requests(commit), f"The pull requests of {commit[:12]}")
                yield replace(change, requests=requests)
            commit = parent

    def _head(self, branch: str) -> str:
        head = must(self._stack.branches([branch])[branch], f"The branch {branch}")
        if head is None:
            raise UsageError(f"{self._stack.name} has no branch {branch}.", "Name it in stack-branch.")
        return head

    @property
    def _stack(self) -> Repository:
        return self.forge.repository(self.settings.stack_repository)

    @property
    def _writer(self) -> Writer:
        return self.forge.writer(self.settings.stack_repository)

    @property
    def _publisher(self) -> Publisher:
        return self.forge.publisher(self.settings.stack_repository)
