"""Gathering the facts about a commit that is about to be tagged as a release."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from ...clients.registry import RegistryClient
from ...domain.components import Pin
from ...domain.evidence import Answer, Run, Unknown
from ...domain.facts import NOT_ASKED, PreviousRelease, ReleaseFacts, StackFacts
from ...domain.review import Reviewed
from ...domain.rules.ci_runs import has_names
from ...domain.versions import parse_production_tag
from ...forges.publishing import PublishingForge
from ...forges.repository import Repository
from ...runner.settings.publish import PublishSettings
from ..evidence.components import ComponentEvidence, beside_previous, overrides_in
from ..evidence.records import with_records
from ..evidence.stack import StackEvidence


@dataclass(frozen=True)
class PublicationEvidence:
    """Asks what the gate will ask once there is the tag, and what the stack's own CI says of the commit.

    `own_run` is the run that we are part of, which is no evidence for itself.
    """

    settings: PublishSettings
    forge: PublishingForge
    registry: RegistryClient
    branches: Sequence[str]
    own_run: int
    today: datetime.date

    def gather(self, review: Reviewed, pins: Sequence[Pin]) -> ReleaseFacts:
        """Return the facts about the reviewed commit and its pins, as they are now."""
        settings = self.settings
        evidence = ComponentEvidence(self.forge, self.registry, settings.check_ci, settings.check_images)
        with ThreadPoolExecutor(2) as pool:
            stack = pool.submit(self._stack, review)
            components = evidence.gather(pins, partial(overrides_in, self._repository, review.commit, settings))
        stack_facts, previous = stack.result()
        compared = [beside_previous(facts, previous) for facts in components]
        judged = with_records(self.forge, settings.stack_repository, previous, compared)
        return ReleaseFacts(stack_facts, judged, previous)

    @property
    def _repository(self) -> Repository:
        return self.forge.repository(self.settings.stack_repository)

    def _stack(self, review: Reviewed) -> tuple[StackFacts, Answer[PreviousRelease | None]]:
        tag = parse_production_tag(review.tag)
        if tag is None:
            raise AssertionError("only production tags are reviewed as releases")
        evidence = StackEvidence(self._repository, self.branches, self.settings.workflow_file)
        facts, previous = evidence.gather(tag, None, self.settings.components, self.today)
        # There may be no tag yet: what is judged is the commit that it is going to stand for.
        placement = self._repository.placements([review.commit], self.branches)[review.commit]
        given = self.settings.ci_workflows
        ci = self._ci(review.commit) if given else NOT_ASKED
        listed = self.forge.runs.workflows(self._repository.name) if has_names(given) else NOT_ASKED
        facts = replace(facts, tag_commit=review.commit, placement=placement)
        return replace(facts, ci=ci, ci_workflows=given, workflows=listed), previous

    def _ci(self, commit: str) -> Answer[Sequence[Run]]:
        runs = self.forge.builds(self.settings.stack_repository).of_commit(commit, self.branches)
        return runs if isinstance(runs, Unknown) else [run for run in runs if run.id != self.own_run]
