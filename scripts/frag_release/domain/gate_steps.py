"""The steps of a workflow that use this action."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .workflow_tree import Node

NAME = "frag-release-action"
"""The name of this action's repository, whoever owns it."""

_JUDGING = ("gate", "deploy")


@dataclass(frozen=True)
class GateStep:
    """A step that uses this action. `given` is its `with:`; `environments` the `env:` of its job and its own.

    `job` is the name of its job, `step` the whole of it.
    """

    line: int
    given: Node | None
    environments: Sequence[Node]
    job: str
    step: Node

    @property
    def command(self) -> str:
        """What it is told to do, `gate` where it is told nothing; an expression stays one."""
        return self.value("command") or "gate"

    @property
    def judges(self) -> bool:
        """Whether it decides about a pair; what only a run can tell counts as if it did."""
        command = self.command.lower()
        # A gate judges whatever else it is given.
        is_ungated = command == "deploy" and self.value("ungated").lower() == "true"
        return (command in _JUDGING or "${{" in command) and not is_ungated

    def value(self, name: str) -> str:
        """The text of an input, empty where it is not given."""
        node = self.given.child(name) if self.given else None
        return (node.text or "").strip() if node else ""


def gate_steps(root: Node, own_action: str) -> list[GateStep]:
    """Return the steps that use `own_action` (`OWNER/NAME`, empty for unknown), or an action of our name."""
    return list(_steps(root, own_action.lower()))


def _steps(root: Node, own_action: str) -> Iterator[GateStep]:
    jobs = root.child("jobs")
    for name, job in jobs.entries if jobs else ():
        steps = job.child("steps")
        for step in steps.items if steps else ():
            uses = step.child("uses")
            if uses and _is_ours(uses.text or "", own_action):
                environments = [one for one in (job.child("env"), step.child("env")) if one]
                yield GateStep(uses.line, step.child("with"), environments, name.text or "", step)


def _is_ours(uses: str, own_action: str) -> bool:
    """Whether `uses` names us: `OWNER/NAME@REF`, `OWNER/NAME/FOLDER@REF`, or a folder of our name."""
    place = uses.strip().partition("@")[0].lower().rstrip("/")
    parts = place.split("/")
    is_folder = place.startswith(("./", "$/"))
    if not is_folder and len(parts) > 1 and "/".join(parts[:2]) == own_action:
        return True
    return (parts[-1] if is_folder else parts[1] if len(parts) > 1 else "") == NAME
