"""What is about to be tagged: the change that was reviewed, the facts about its commit, and the image of its build.

The change is found among the newest commits of the stack branch. The image is that of the build's own word: a
rollback goes by its digest.
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
from ..session import must
from ..stack import Stack
from ..waiting import Clock

_MOST_PUSHED = 250
"""How many commits of one push, along first parents, are looked at for its newest change of the pair."""

_LOOKED_BACK = 30
"""The same where there is no push that says where to end."""

_NOWHERE = frozenset({"", "0" * 40})


@dataclass(frozen=True)
class PublicationEvidence:
    """Asks what the gate will ask once there is the tag, and what the stack's own CI says of the commit."""

    settings: PublishSettings
    stack: Stack[PublishingForge]
    registry: RegistryClient
    branches: Sequence[str]
    today: datetime.date

    def gather(self, review: Reviewed, pins: Sequence[Pin]) -> ReleaseFacts:
        """Return the facts about the reviewed commit and its pins, as they are now."""
        look = partial(self.stack.overrides, review.commit)
        tomorrow = self.today + datetime.timedelta(days=1)  # somewhere it is that already
        return self.stack.release_facts(
            lambda: self._tag_facts(review), lambda: self.stack.component_facts(self.registry, pins, tomorrow, look)
        )

    def _tag_facts(self, review: Reviewed) -> TagFacts:
        facts, previous = self.stack.tag_facts(review.tag, self.branches, self.today)
        # There may be no tag yet: what is judged is the commit that it is going to stand for.
        placement = self.stack.repository.placements([review.commit], self.branches)[review.commit]
        given = self.settings.ci_workflows
        ci = self._ci(review.commit) if given else NOT_ASKED
        listed = self.stack.forge.runs.workflows(self.stack.name) if has_names(given) else NOT_ASKED
        facts = replace(facts, tag_commit=review.commit, placement=placement)
        return replace(facts, ci=ci, ci_workflows=given, workflows=listed), previous

    def _ci(self, commit: str) -> Answer[Sequence[Run]]:
        runs = self.stack.forge.builds(self.stack.name).of_commit(commit, self.branches)
        # The run that we are part of is no evidence for itself.
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
        """Return the digest that the build says it pushed, empty where it says nothing.

        Raises EvidenceError where that, or the image, cannot be seen, and RefusedError where the registry has
        another image: hours lie between the push and this look, and every workflow of the repository can push.
        """
        artifacts = self.builds.artifacts(build)
        said = artifacts if isinstance(artifacts, Unknown) else pushed_digest(build, artifacts)
        if isinstance(said, Unknown):
            raise EvidenceError(
                f"Which image the build of {self.tag} pushed cannot be told: {said.reason}. The release was not made: "
                "it may never be changed once it is public, and its release.json would be the evidence of a rollback.",
                said.remedy,
            )
        self.demand(said or "")
        return said or ""

    def demand(self, said: str) -> None:
        """Demand that the registry has the image `said` to have been pushed, or any where nothing was said."""
        now = self._seen()
        if said and now != said:
            raise RefusedError(
                f"The build of {self.tag} pushed {said}, and {self.name}:{self.tag} is {now} now: another image was "
                "pushed under its tag. The release was not made.",
                "Find out who pushed the other image, and release anew under the next free tag. If stack-image names "
                "another place than the build pushes to, correct that and run this again.",
            )

    def note_beside(self, recorded: str) -> str:
        """Say that one look shows another image than was `recorded`; empty where it does not, or shows nothing."""
        found = self._look()
        now = "" if isinstance(found, Unknown) else found.digest or ""
        if not now or now == recorded:
            return ""
        return (
            f"release.json of {self.tag} records {recorded}, and {self.name}:{self.tag} is {now} now: another image "
            "was pushed under its tag. Find out who pushed it."
        )

    def saying_contents(self) -> Answer[Image]:
        """Return the image as it is now, with what it says went into it."""
        wanted = (self.name, self.tag)
        return self.registry.images([wanted], contents=[wanted])[wanted]

    @property
    def unnamed(self) -> str:
        """Say what comes of a build that does not say which image it has pushed."""
        return (
            f"{self.tag} cannot be rolled back to by the form: its build uploaded no artifact named {PUSHED_IMAGE}, so "
            "nobody can tell which image it pushed, and release.json records no digest. Add the steps that say it "
            "behind the push, as examples/build-main.yaml has them; the release after that can be rolled back to."
        )

    def _seen(self) -> str:
        """Return the digest in the registry, looking a few times within the time left; raises EvidenceError."""
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
            f"The build of {self.tag} passed, but its image {self.name}:{self.tag} could not be seen: {why}. The "
            "release was not made: it may never be changed once it is public, and without the image's digest it "
            "could not be the evidence of a rollback.",
            f"{again}: it goes on from the tag and the build. Where the build pushes under another name, give that in "
            "stack-image; where it pushes nothing, none.",
        )


@dataclass(frozen=True)
class Reviewing:
    """Reads the stack branch. With the input stack-tag it looks for the review of that very tag."""

    settings: PublishSettings
    stack: Stack[PublishingForge]
    branches: Sequence[str]

    def find(self) -> Review:
        """Return what was reviewed; raises EvidenceError where that cannot be found out."""
        asked, context = self.settings.stack_tag, self.stack.context
        if asked:
            return self._of_tag(asked, f"the input stack-tag, asked for {context.by_hand}")
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
                f"{change.commit[:12]} carries out a plan that was approved, and the run that made it publishes it.",
                "If that run has failed, re-run its failed jobs; or publish by hand, with the tag in stack-tag.",
            )
        review = review_of(change, branch, self.settings.tag_format)
        return self._replaced(review, change, branch) or review

    def _of_build(self, build: EndedBuild) -> Review:
        """Return what the build that has ended was of, if that is a tag which is still there: none is made for it."""
        settings, tag = self.settings, build.branch
        # Nothing is started by a tag that a workflow's own token makes: its build is dispatched.
        events = [PUSH, *(["workflow_dispatch"] if settings.connections.own_token else [])]
        wrong = build.wrong_for(settings.stack_repository, settings.workflow_file, events, settings.tag_format)
        if not wrong and must(self._publisher.tag(tag), f"The tag {tag}") != build.commit:
            wrong = f"the tag {tag} does not stand for {build.commit[:12]}, which was built"
        if wrong:
            return NothingToPublish(f"The run that has ended makes no release: {wrong}.")
        review = self._of_tag(tag, "")
        if isinstance(review, Reviewed) and not review.how:
            return NothingToPublish(
                f"No review of {tag} was found, and what nobody has reviewed is not released by the end of its build.",
                f"To release it all the same, publish it by hand, with {tag} in stack-tag.",
            )
        return review

    def _of_tag(self, asked: str, otherwise: str) -> Review:
        """Return the review of a tag's release; without one the tag's commit, or the head, and `otherwise` says why."""
        branch = self.branches[0]
        head = self.stack.head(branch)
        tagged = must(self._publisher.tag(asked), f"The tag {asked}")
        newest: Review | None = None
        for change in itertools.islice(self._changes(tagged or head, ""), _LOOKED_BACK):
            review = review_of(change, branch, self.settings.tag_format) if change.changed else None
            if isinstance(review, Reviewed) and review.tag == asked:
                replaced = self._replaced(review, change, branch)
                return Contradiction(replaced.reason, replaced.remedy) if replaced else review
            newest = newest or review
        waiting = newest.tag if isinstance(newest, Reviewed) and not tagged else ""
        if waiting and must(self._publisher.tag(waiting), f"The tag {waiting}"):
            waiting = ""
        # What was reviewed may have to be released under another tag: a burned name, or one that a higher one overtook.
        if waiting and not is_above(asked, waiting, self.settings.tag_format):
            return Contradiction(
                f"The newest change of the pair was reviewed as the release {waiting}, not as {asked}.",
                f"Publish {waiting}, or name a tag above it in stack-tag to release the same pair under that.",
            )
        if waiting and isinstance(newest, Reviewed):
            return replace(newest, tag=asked, how=f"{otherwise}, in place of {waiting}: {newest.how}")
        return Reviewed(asked, tagged or head, otherwise)

    def _replaced(self, review: Review, change: PairChange, branch: str) -> NothingToPublish | None:
        """Say whether what was reviewed was reverted or replaced on the branch before it had its tag."""
        if not isinstance(review, Reviewed) or must(self._publisher.tag(review.tag), f"The tag {review.tag}"):
            return None
        if self._same_pair(self.stack.head(branch), change.commit):
            return None
        return NothingToPublish(
            f"{change.commit[:12]} was reviewed as the release {review.tag}, but {branch} has another pair by now: it "
            "was reverted or replaced.",
            f"If {review.tag} is wanted all the same, prepare it anew.",
        )

    def _newest_change(self, start: str, stop: str) -> PairChange | NothingToPublish:
        pushed = stop not in _NOWHERE
        if pushed and self._same_pair(start, stop):
            return NothingToPublish("None of the commits that came with this push changes the pair for good.")
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
        """Yield the commits from `start` back along first parents, newest first, to before `stop`, as changes.

        Whether a commit came with pull requests is looked up only where it changes the pair.
        """
        commit = start
        while commit not in _NOWHERE and commit != stop:
            facts = must(self.stack.writer.message_of(commit), f"The commit {commit[:12]}")
            parent = facts.parents[0] if facts.parents else ""
            pins = self.stack.required_pins([commit, *filter(None, [parent])])
            change = PairChange(commit, facts.message, pins.get(parent, ()), pins[commit])
            yield replace(change, requests=self._requests(change)) if change.changed else change
            commit = parent

    def _requests(self, change: PairChange) -> Sequence[MergedRequest]:
        named = named_request(change.message)
        found = self._publisher.merged_requests(change.commit, named)
        return must(found, f"The pull requests of {change.commit[:12]}")

    def _same_pair(self, one: str, other: str) -> bool:
        pins = self.stack.required_pins([one, other])
        return same_pair(pins[one], pins[other])

    @property
    def _publisher(self) -> Publisher:
        return self.stack.forge.publisher(self.stack.name)


def taken(repository: str, review: Reviewed, found: str) -> RefusedError:
    """Refuse what was reviewed: its tag stands for the commit `found`."""
    return RefusedError(
        f"The tag {review.tag} of {repository} stands for {found[:12]} already, and what was reviewed is "
        f"{review.commit[:12]}. Nothing was published.",
        "Publish it by hand, with the next free tag in stack-tag. A tag that was pushed by mistake can be deleted by "
        "anyone with that right, before anything was built from it.",
    )
