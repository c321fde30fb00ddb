"""What enforces the gate from outside, looked up in the settings of the stack's repository."""

from __future__ import annotations

from ...domain.evidence import Unknown
from ...domain.needs.catalogue import outside
from ...domain.needs.need import Judgement, unseen
from ...domain.needs.outside import (
    judge_deployers,
    judge_review,
    judge_reviewers,
    judge_secrets,
    judge_tag_rules,
)
from ...forges.github_settings import GithubSettings
from .questions import Question
from .reading import StackFile


class Outside:
    """Asks about the settings without which anybody who may push could go around the gate."""

    def __init__(self, environment: str, stack: GithubSettings, file: StackFile) -> None:
        self._environment = environment
        self._stack = stack
        self._file = file

    def questions(self) -> list[Question]:
        """Everything that is asked."""
        name = self._environment
        return [
            Question(
                outside("tag-ruleset", "Release managers alone make production tags, and nobody moves them"), self._tags
            ),
            Question(outside("environment-reviewers", f"Somebody approves deployments to {name}"), self._reviewers),
            Question(
                outside("environment-tags", f"Only tags of the form of production ones deploy to {name}"),
                self._deployers,
            ),
            Question(outside("environment-secrets", f"Credentials of AWX are secrets of {name} alone"), self._secrets),
            Question(
                outside("stack-branch-review", "The stack branch changes by reviewed pull requests"), self._review
            ),
        ]

    def _tags(self) -> Judgement:
        return judge_tag_rules(self._stack.tag_rulesets())

    def _reviewers(self) -> Judgement:
        return judge_reviewers(self._environment, self._stack.environment(self._environment))

    def _deployers(self) -> Judgement:
        return judge_deployers(
            self._environment, self._stack.environment(self._environment), self._stack.tag_rulesets()
        )

    def _secrets(self) -> Judgement:
        return judge_secrets(self._environment, self._stack.secrets(self._environment))

    def _review(self) -> Judgement:
        branches = self._file.stack.branches()
        if isinstance(branches, Unknown):
            return unseen(branches)
        return judge_review(branches[0], self._stack.guard(branches[0]))
