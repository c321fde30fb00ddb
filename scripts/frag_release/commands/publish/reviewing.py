"""What is about to be tagged: the change that was reviewed, the facts about its commit, and the image of its build.

The change is found among the newest commits of the stack branch. The image is the one that the build itself reports: a
rollback deploys its digest.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator, Sequence
from functools import partial

from ...adapters.ports.publishing import Builds, Publisher, PublishingForge
from ...adapters.registry import RegistryClient
from ...dataclass import dataclass, replace
from ...domain.builds import PUSHED_IMAGE, Build, pushed_digest
from ...domain.components import Pin
from ...domain.evidence import PUSH, Answer, Image, Run, Unknown
from ...domain.facts import NOT_ASKED, ReleaseFacts
from ...domain.plan import PLAN_TRAILER
from ...domain.refs import Ref
from ...domain.review import (
    Contradiction,
    EndedBuild,
    MergedRequest,
    NothingToPublish,
    PairChange,
    Review,
    Reviewed,
    named_request,
    review_of,
    same_pair,
    trailer_values,
)
from ...domain.rules.pin_ci import has_names
from ...domain.versions import is_above
from ...errors import EvidenceError, RefusedError
from ...inputs.settings.release import PublishSettings
from ..building import a_few_looks
from ..evidence.stack import TagFacts
from ..session import require
from ..stack import Stack
from ..waiting import Clock

_MOST_PUSHED = 250
"""The number of commits of one push, along first parents, that are searched for its newest change of the pair."""

_LOOKED_BACK = 30
"""The same if there is no push that limits the search. For a tag it goes on to the newest change of the pair."""

_NOWHERE = frozenset({"", "0" * 40})


@dataclass(frozen=True)
class PublicationEvidence:
    """Gathers what the gate will check once the tag exists, and the result of the stack's own CI."""

    settings: PublishSettings
    stack: Stack[PublishingForge]
    registry: RegistryClient
    branches: Sequence[str]
    today: datetime.date

    def gather(self, review: Reviewed, pins: Sequence[Pin]) -> ReleaseFacts:
        """Return the facts about the reviewed commit and its pins, as they are now."""
        look = partial(self.stack.overrides, review.commit)
        tomorrow = self.today + datetime.timedelta(days=1)  # in some time zone it is tomorrow already
        return self.stack.release_facts(
            lambda: self._tag_facts(review), lambda: self.stack.component_facts(self.registry, pins, tomorrow, look)
        )

    def _tag_facts(self, review: Reviewed) -> TagFacts:
        facts, previous = self.stack.tag_facts(review.tag, self.branches, self.today)
        # There may be no tag yet: the commit that it will point at is judged.
        placement = self.stack.repository.placements([review.commit], self.branches)[review.commit]
        given = self.settings.ci_workflows
        ci = self._ci(review.commit) if given else NOT_ASKED
        listed = self.stack.forge.runs.workflows(self.stack.name) if has_names(given) else NOT_ASKED
        facts = replace(facts, tag_commit=review.commit, placement=placement)
        return replace(facts, ci=ci, ci_workflows=given, workflows=listed), previous

    def _ci(self, commit: str) -> Answer[Sequence[Run]]:
        runs = self.stack.forge.builds(self.stack.name).of_commit(commit, self.branches)
        # The current run is not evidence for itself.
        return runs if isinstance(runs, Unknown) else [run for run in runs if run.id != self.stack.context.run_id]


@dataclass(frozen=True)
class PushedImage:
    """The image `name` of the stack under the tag that was built."""

    builds: Builds
    registry: RegistryClient
    clock: Clock
    name: str
    tag: str

    def digest(self, build: Build) -> str:
        """Return the digest that the build reports to have pushed, empty if it reports none.

        Raises EvidenceError if the report or the image cannot be read, and RefusedError if the registry has another
        image: hours may pass between the push and this look, and every workflow of the repository can push.
        """
        artifacts = self.builds.artifacts(build)
        reported = artifacts if isinstance(artifacts, Unknown) else pushed_digest(build, artifacts)
        if isinstance(reported, Unknown):
            raise EvidenceError(
                f"The image that the build of {self.tag} pushed could not be determined: {reported.reason}. The "
                "release was not made: it cannot be changed once it is public, and its release.json would be the "
                "evidence of a rollback.",
                reported.remedy,
            )
        self.demand(reported or "")
        return reported or ""

    def demand(self, digest: str) -> None:
        """Refuse if the registry has another image than `digest`, or none at all."""
        now = self._seen()
        if digest and now != digest:
            raise RefusedError(
                f"The build of {self.tag} pushed {digest}, but {self.name}:{self.tag} is now {now}, so another image "
                "was pushed under its tag. The release was not made.",
                "Find out who pushed the other image, and release again under the next free tag. If stack-image is "
                "not the image that the build pushes, correct it and run this again.",
            )

    def note_if_other(self, recorded: str) -> str:
        """Return a note if the registry has another image than the `recorded` one; empty otherwise, or if unseen."""
        found = self._look()
        now = "" if isinstance(found, Unknown) else found.digest or ""
        if not now or now == recorded:
            return ""
        return (
            f"release.json of {self.tag} records {recorded}, but {self.name}:{self.tag} is now {now}, so another image "
            "was pushed under its tag. Find out who pushed it."
        )

    def with_contents(self) -> Answer[Image]:
        """Return the current image with the contents that it states."""
        wanted = (self.name, self.tag)
        return self.registry.images([wanted], contents=[wanted])[wanted]

    @property
    def unnamed(self) -> str:
        """The note about a build that does not report which image it pushed."""
        return (
            f"The form cannot roll back to {self.tag}: its build uploaded no artifact named {PUSHED_IMAGE}, so the "
            "image that it pushed is unknown, and release.json records no digest. Add the steps that upload it after "
            "the push, as in examples/build-main.yaml; then the form can roll back to the next release."
        )

    def _seen(self) -> str:
        """Return the digest in the registry, with a few looks in the remaining time; raises EvidenceError."""
        found = a_few_looks(self._look, self.clock)
        if isinstance(found, Unknown):
            raise self._unseen(
                found.reason, f"{found.remedy} Then run this again" if found.remedy else "Run this again"
            )
        if not found.digest:
            raise self._unseen("the registry has no such image", "Run this again when it is there")
        return found.digest

    def _look(self) -> Answer[Image]:
        return self.registry.images({(self.name, self.tag)})[self.name, self.tag]

    def _unseen(self, why: str, again: str) -> EvidenceError:
        return EvidenceError(
            f"The build of {self.tag} passed, but its image {self.name}:{self.tag} could not be read: {why}. The "
            "release was not made: it cannot be changed once it is public, and without the image's digest it could "
            "not be the evidence of a rollback.",
            f"{again}: it resumes after the tag and the build. If the build pushes under another name, set stack-image "
            "to it; if it pushes no image, to none.",
        )


@dataclass(frozen=True)
class Reviewing:
    """Reads the stack branch. With the input stack-tag it searches for the review of that tag."""

    settings: PublishSettings
    stack: Stack[PublishingForge]
    branches: Sequence[str]

    def find(self) -> Review:
        """Return what was reviewed; raises EvidenceError if that could not be determined."""
        asked, context = self.settings.stack_tag, self.stack.context
        if asked:
            return self._of_tag(asked, f"the input stack-tag, requested {context.by_hand}")
        if context.event_name == "workflow_run":
            return self._of_build(EndedBuild.of_event(context.event, context.repository))
        ref = Ref(context.ref)
        branch = ref.branch if ref.text else self.branches[0]
        if branch not in self.branches:
            return NothingToPublish(
                f"This run belongs to {ref}, and only {' or '.join(self.branches)} is released.",
                "Run it for the stack branch, or name the tag in stack-tag.",
            )
        change = self._newest_change(context.sha or self.stack.head(branch), context.pushed_from)
        if isinstance(change, NothingToPublish):
            return change
        if context.event_name == PUSH and trailer_values(change.message, PLAN_TRAILER):
            return NothingToPublish(
                f"{change.commit[:12]} applies an approved plan, and the run that made it publishes it.",
                "If that run failed, re-run its failed jobs; or publish by hand, with the tag in stack-tag.",
            )
        review = review_of(change, branch, self.settings.tag_format)
        return self._replaced(review, change, branch) or review

    def _of_build(self, build: EndedBuild) -> Review:
        """Return the review of the tag that the ended build was of, if that tag exists: it is never made here."""
        settings, tag = self.settings, build.branch
        # A tag made with a workflow's own token starts nothing: its build is dispatched.
        events = [PUSH, *(["workflow_dispatch"] if settings.connections.own_token else [])]
        wrong = build.wrong_for(settings.stack_repository, settings.workflow_file, events, settings.tag_format)
        if not wrong and require(self._publisher.tag(tag), f"The tag {tag}") != build.commit:
            wrong = f"the tag {tag} does not point at {build.commit[:12]}, which was built"
        if wrong:
            return NothingToPublish(f"The run that ended makes no release: {wrong}.")
        review = self._of_tag(tag, "")
        if isinstance(review, Reviewed) and not review.how:
            return NothingToPublish(
                f"No review of {tag} was found, and the end of a build releases only what was reviewed.",
                f"To release it anyway, publish it by hand, with {tag} in stack-tag.",
            )
        return review

    def _of_tag(self, asked: str, otherwise: str) -> Review:
        """Return the review of a tag's release; without one, the tag's commit or the head, with `otherwise` as why."""
        branch = self.branches[0]
        head = self.stack.head(branch)
        tagged = require(self._publisher.tag(asked), f"The tag {asked}")
        newest: Review | None = None
        for number, change in enumerate(itertools.islice(self._changes(tagged or head, ""), _MOST_PUSHED)):
            if newest and number >= _LOOKED_BACK:
                break
            review = review_of(change, branch, self.settings.tag_format) if change.changed else None
            if isinstance(review, Reviewed) and review.tag == asked:
                replaced = self._replaced(review, change, branch)
                return Contradiction(replaced.reason, replaced.remedy) if replaced else review
            newest = newest or review
        waiting = newest.tag if isinstance(newest, Reviewed) and not tagged else ""
        if waiting and require(self._publisher.tag(waiting), f"The tag {waiting}"):
            waiting = ""
        # A reviewed change may need another tag: its own is a burned name, or below a newer tag.
        if waiting and not is_above(asked, waiting, self.settings.tag_format):
            return Contradiction(
                f"The newest change of the pair was reviewed as the release {waiting}, not as {asked}.",
                f"Publish {waiting}, or name a higher tag in stack-tag to release the same pair under that tag.",
            )
        if waiting and isinstance(newest, Reviewed):
            return replace(newest, tag=asked, how=f"{otherwise}, in place of {waiting}: {newest.how}")
        return Reviewed(asked, tagged or head, otherwise)

    def _replaced(self, review: Review, change: PairChange, branch: str) -> NothingToPublish | None:
        """Return NothingToPublish if the change was reverted or replaced on the branch before it was tagged."""
        if not isinstance(review, Reviewed) or require(self._publisher.tag(review.tag), f"The tag {review.tag}"):
            return None
        if self._same_pair(self.stack.head(branch), change.commit):
            return None
        return NothingToPublish(
            f"{change.commit[:12]} was reviewed as the release {review.tag}, but {branch} has another pair now: the "
            "change was reverted or replaced.",
            f"If {review.tag} is still wanted, prepare it again.",
        )

    def _newest_change(self, start: str, stop: str) -> PairChange | NothingToPublish:
        pushed = stop not in _NOWHERE
        if pushed and self._same_pair(start, stop):
            return NothingToPublish("The commits of this push leave the pair unchanged.")
        most, changes = _MOST_PUSHED if pushed else _LOOKED_BACK, self._changes(start, stop)
        for change in itertools.islice(changes, most):
            if change.changed:
                return change
        if pushed and next(changes, None):
            raise EvidenceError(
                f"This push changes the pair, but in none of its newest {most} commits.",
                "Publish by hand, with the tag in stack-tag.",
            )
        return NothingToPublish(f"None of the newest {most} commits changes the pair.", "Name the tag in stack-tag.")

    def _changes(self, start: str, stop: str) -> Iterator[PairChange]:
        """Yield the commits from `start` back along first parents, newest first, down to before `stop`, as changes.

        The pull requests of a commit are looked up only if it changes the pair.
        """
        commit = start
        while commit not in _NOWHERE and commit != stop:
            facts = require(self.stack.writer.message_of(commit), f"The commit {commit[:12]}")
            parent = facts.parents[0] if facts.parents else ""
            pins = self.stack.required_pins([commit, *filter(None, [parent])])
            change = PairChange(commit, facts.message, pins.get(parent, ()), pins[commit])
            yield replace(change, requests=self._requests(change)) if change.changed else change
            commit = parent

    def _requests(self, change: PairChange) -> Sequence[MergedRequest]:
        named = named_request(change.message)
        found = self._publisher.merged_requests(change.commit, named)
        return require(found, f"The pull requests of {change.commit[:12]}")

    def _same_pair(self, one: str, other: str) -> bool:
        pins = self.stack.required_pins([one, other])
        return same_pair(pins[one], pins[other])

    @property
    def _publisher(self) -> Publisher:
        return self.stack.forge.publisher(self.stack.name)


def taken(repository: str, review: Reviewed, found: str) -> RefusedError:
    """Return the error for a reviewed change whose tag points at another commit, `found`."""
    return RefusedError(
        f"The tag {review.tag} of {repository} already points at {found[:12]}, but the reviewed commit is "
        f"{review.commit[:12]}. Nothing was published.",
        "Publish it by hand, with the next free tag in stack-tag. A tag that was pushed by mistake can be deleted by "
        "anyone with the right to delete it, as long as nothing was built from it.",
    )
