"""What was approved: the target of a plan as one line, to which the run that carries it out is held."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from .evidence import OBJECT_ID
from .plan import Plan

PLAN_ANEW = "Plan anew, and have that approved."
_LINE = re.compile(r"(sha256:[0-9a-f]{64})\.([A-Za-z0-9_-]{1,32768})")
COMMIT = " commit"
"""How the names of the parts end that hold a component's commit."""


@dataclass(frozen=True)
class Approval:
    """A target that was approved: each part by its name, as people read it. `digest` is that of all."""

    digest: str
    target: Mapping[str, str]

    @property
    def head(self) -> str:
        """The head of the stack branch that was planned on."""
        return self.target.get("head", "")

    @property
    def stack_tag(self) -> str:
        """The tag of the release."""
        return self.target.get("stack tag", "")

    def tag_of(self, component: str) -> str:
        """The tag of a component, made or to be made."""
        return self.target.get(f"{component} tag", "")

    def commit_of(self, component: str) -> str:
        """The commit of that tag."""
        return self.target.get(f"{component}{COMMIT}", "")


def target_of(plan: Plan, commits: Mapping[str, str], inputs: Mapping[str, str]) -> dict[str, str]:
    """Return all that an approval is for, each part by its name.

    `commits` are those of the components' tags by component, `inputs` the texts of the inputs that decide.
    """
    target = {
        "stack": plan.repository,
        "branch": plan.branch,
        "head": plan.head,
        "file": plan.file,
        "stack tag": plan.stack_tag,
        "ticket": str(plan.ticket or ""),
    }
    for change in plan.changes:
        name, pin = change.name, change.after
        target |= {
            f"{name} repository": pin.component.repository,
            f"{name}{COMMIT}": commits.get(name, ""),
            f"{name} tag": pin.tag,
            f"{name} namespace": pin.namespace,
            f"{name} kept": str(not change.changed).lower(),
        }
    return target | {f"input {name}": text for name, text in inputs.items()}


def written(target: Mapping[str, str]) -> str:
    """Return a target as one line: the SHA-256 of its canonical JSON, a dot, and that JSON in base64url (RFC 4648)."""
    canonical = json.dumps(target, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    digest, encoded = hashlib.sha256(canonical).hexdigest(), base64.urlsafe_b64encode(canonical).decode("ascii")
    return f"sha256:{digest}.{encoded.rstrip('=')}"


def read_approval(text: str) -> Approval | None:
    """Read what `written` wrote; None for anything else, a line that was changed or cut included."""
    found = _LINE.fullmatch(text)
    if found is None:
        return None
    try:
        target = json.loads(base64.urlsafe_b64decode(found[2] + "=" * (-len(found[2]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    is_target = isinstance(target, dict) and all(isinstance(part, str) for part in target.values())
    return Approval(found[1], target) if is_target and written(target) == text else None


def differences(approved: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Say in words each part of a target that is not as it was approved."""
    names = [*now, *(name for name in approved if name not in now)]
    return [
        f"{name[:60]} is {_shown(now.get(name))}, approved was {_shown(approved.get(name))}"
        for name in names
        if now.get(name) != approved.get(name)
    ]


def title_of(plan: Plan, commits: Mapping[str, str]) -> str:
    """Return the release in one line: tag, and each component with its tag and seven digits of its commit."""
    pair = (f"{one.name} {one.after.tag} ({commits.get(one.name, '')[:7]})" for one in plan.changes)
    return f"{plan.stack_tag}: {', '.join(pair)}"


def _shown(value: str | None) -> str:
    if not value:
        return "empty" if value == "" else "not there"
    return value[:12] if OBJECT_ID.fullmatch(value) else repr(value if len(value) <= 80 else f"{value[:80]}…")
