"""The weekly audit on a runner: the example workflow as users copy it, against the GitHub emulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from process.gates import ACTION, ROOT
from process.releases import give_inputs
from world.act import Runner
from world.events import Event, dispatch
from world.example import STACK, Example, add_off_production_release
from world.github_server import TOKEN, GitHubServer
from world.registry import Registry
from world.scene import push_images, seed_example
from world.stand_ins import stand_ins

pytestmark = pytest.mark.process

LAST_INPUT = "        timeout-seconds: '1800'\n"


def test_the_schedule_fails_where_a_release_since_the_first_judged_breaks_a_rule(
    tmp_path: Path, example: Example, github: GitHubServer, registry: Registry, bundled_action: Path
) -> None:
    """A release of a backend off production fails the scheduled run; judging from 2023.07. on by hand ends well."""
    add_off_production_release(example)
    seed_example(github, example)
    push_images(registry, example)
    text = (ROOT / "examples" / "audit.yaml").read_text("utf-8")
    text = give_inputs(text, {"registry-url": registry.url}, LAST_INPUT)
    master = example.stack.head()
    used = stand_ins(text, tmp_path / "stand-ins", calls=tmp_path / "calls", instead={ACTION: bundled_action})
    weekly = Runner(tmp_path / "weekly", used, server_url=github.url, token=TOKEN)
    run = weekly.run(text, Event("schedule", "refs/heads/master", master), variables={"AUDIT_SINCE": "2023.06.2"})
    assert run.jobs == {"audit": "failure"}, run.log
    assert run.outputs["audit.audit"]["failed-rules"] == "pin-on-branch:backend"
    by_hand = Runner(tmp_path / "by-hand", used, server_url=github.url, token=TOKEN)
    again = by_hand.run(
        text, dispatch("refs/heads/master", master, since="2023.07."), variables={"AUDIT_SINCE": "2023.06.2"}
    )
    assert again.jobs == {"audit": "success"}, again.log
    assert STACK in again.log
