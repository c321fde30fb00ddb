"""Gathering the facts about a commit that is about to be tagged as a release."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from ...adapters.ports.publishing import PublishingForge
from ...adapters.registry.client import RegistryClient
from ...domain.components import Pin
from ...domain.evidence import Answer, Run, Unknown
from ...domain.facts import NOT_ASKED, ReleaseFacts
from ...domain.review import Reviewed
from ...domain.rules.ci_runs import has_names
from ...inputs.settings.publish import PublishSettings
from ..evidence.stack import TagFacts
from ..stack import Stack


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
