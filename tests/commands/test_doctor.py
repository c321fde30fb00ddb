"""`doctor` as a process, on tokens of every kind and on settings of every kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from commands.conftest import World
from world.events import push_branch
from world.github_settings import (
    CLASSIC,
    GitHubSettings,
    Settings,
    environment,
    policy,
    rule,
    ruleset,
)
from world.program import Outcome

STACK, BACKEND = "xchem/fragalysis-stack", "xchem/fragalysis-backend"
RELEASING = "gate,prepare,publish,announce"
ENVIRONMENT = "awx/fragalysis-production"
BINDING = ("creation", "update", "deletion")


@dataclass
class Practice:
    """The worked example on servers, its settings, and the doctor to ask."""

    world: World
    settings: GitHubSettings

    @property
    def stack(self) -> Settings:
        """The settings of the stack's repository."""
        return self.settings.of(STACK)

    def guard(self) -> None:
        """Set up all that guards the gate from outside."""
        self.stack.rulesets.append(
            ruleset(42, "releases", BINDING, ["refs/tags/*.*.*"], current_user_can_bypass="always")
        )
        self.stack.rules["master"] = [rule("pull_request"), rule("deletion")]
        self.stack.environments.append(environment(ENVIRONMENT))
        self.stack.policies[ENVIRONMENT] = [policy("*.*.*")]
        self.stack.environment_secrets[ENVIRONMENT] = ["AWX_HOST", "AWX_USER"]

    def ask(self, token: str, environment: dict[str, str] | None = None, **inputs: str) -> Outcome:
        """Run the doctor with a token, by default for all but deploy; nothing may be written."""
        world = self.world
        world.github.requests.clear()
        given = {"command": "doctor", "token": token, "registry-url": world.registry.url, "for": RELEASING}
        given |= {"environment": ENVIRONMENT, **{name.replace("_", "-"): value for name, value in inputs.items()}}
        event = push_branch("master", world.example.commits["fragalysis-stack"]["2023.06.2"])
        outcome = world.program.run(event, given, api_url=world.github.url, environment=environment)
        assert {one.method for one in (*world.github.requests, *world.registry.requests)} <= {"GET", "HEAD"}
        assert "A fault of this action" not in outcome.log, outcome.log
        return outcome


@pytest.fixture
def practice(world: World) -> Practice:
    """A stack whose settings guard nothing yet."""
    world.github.parts.append(settings := GitHubSettings(world.github))
    return Practice(world, settings)


def found(outcome: Outcome, rule_id: str = "need") -> dict[str, str]:
    """How each need stands by its id."""
    assert outcome.report is not None, outcome.log
    return {one["subject"]: one["presence"] for one in outcome.report["findings"] if one["rule"] == rule_id}


def of(outcome: Outcome, subject: str) -> dict[str, Any]:
    """The finding about one need."""
    assert outcome.report is not None
    return next(one for one in outcome.report["findings"] if one["subject"] == subject)


def test_a_token_that_can_do_everything(practice: Practice) -> None:
    """With a classic token of an administrator and all guards in place everything is there, and the exit is 0."""
    practice.guard()
    outcome = practice.ask(practice.settings.give("ghp_all", CLASSIC))
    print(outcome.log, outcome.summary, len(practice.world.github.requests))
    assert set(found(outcome).values()) == {"there", "not needed"}
    assert set(found(outcome, "outside").values()) == {"there"}
    assert outcome.status == 0
    assert outcome.summary.startswith("## ✅ All that could be seen is there")
