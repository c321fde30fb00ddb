"""The worked example with the action in its workflow, on either forge."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from process.gates import ACTION, SWITCHES
from world.act import NOBODY, Run, Runner
from world.events import Event
from world.example import BACKEND, FRONTEND, STACK, Example
from world.github_server import TOKEN, GitHubServer
from world.registry import Registry
from world.scene import push_images, seed_example
from world.stand_ins import stand_ins

BOTH_FORGES = pytest.mark.parametrize("releases", ["local", "github"], indirect=True)
"""Run a test against clones on this disk and against the GitHub emulator."""

LAST_INPUT = (
    "        frontend-namespace: ${{ inputs.fe_namespace || vars.FE_NAMESPACE }}\n"
    "        production: ${{ vars.PRODUCTION }}\n"
)
"""The last lines that the example gives to the gate: inputs of the test's own go below them."""

_DEPLOYED = re.compile(r"(    - name: Deploy\n(?:      id: deploy\n)?      uses: )org/frag-release-action@")
DEPLOYMENT = "org/deployment"
"""What the deployments of an example use where they are not of interest."""


@dataclass
class Releases:
    """Runs the example workflow with the real action for events of the worked example's stack.

    With `github` None the forge is local: it holds no CI evidence, so CI is not checked there. The
    repositories reach the GitHub with the first run, as they are then.
    """

    folder: Path
    workflow: str
    action: Path
    example: Example
    registry: Registry
    github: GitHubServer | None
    token: str = TOKEN
    digests: dict[str, str] = field(init=False)
    _seeded: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        pushed = push_images(self.registry, self.example)
        self.digests = {
            f"{self.example.owner}/{name}:{tag}": pushed[name][tag]
            for name, tag in ((BACKEND, "2023.05.1"), (FRONTEND, "2023.05.4"))
        }

    def commit(self, tag: str) -> str:
        """The commit of a tag of the stack."""
        return self.example.commits[STACK][tag]

    def run(self, event: Event, variables: Mapping[str, str] | None = None) -> Run:
        """Run the example for an event; `variables` come on top of those that switch everything on."""
        if self.github and not self._seeded:
            seed_example(self.github, self.example)
            self._seeded = True
        workflow = give_inputs(record_deployments(self.workflow), self._inputs())
        calls = self.folder / "calls"
        used = stand_ins(workflow, self.folder / "stand-ins", calls=calls, instead={ACTION: self.action})
        server_url = self.github.url if self.github else NOBODY
        runner = Runner(self.folder, used, server_url=server_url, token=self.token)
        return runner.run(workflow, event, variables={**SWITCHES, **(variables or {})})

    def _inputs(self) -> dict[str, str]:
        inputs = {"registry-url": self.registry.url}
        if not self.github:
            inputs |= {"local": str(self.example.folder), "check-ci": "false"}
        return inputs


def record_deployments(workflow: str) -> str:
    """Have the deployments recorded only: they use another action, for which there is a stand-in."""
    changed, count = _DEPLOYED.subn(rf"\1{DEPLOYMENT}@", workflow)
    assert count == 3
    return changed


def give_inputs(workflow: str, inputs: Mapping[str, str], last: str = LAST_INPUT) -> str:
    """Give the action more inputs, as a user with a mirror registry would, below its `last` one, wherever that is."""
    assert last in workflow
    lines = "".join(f"        {name}: '{value}'\n" for name, value in inputs.items())
    return workflow.replace(last, last + lines)
