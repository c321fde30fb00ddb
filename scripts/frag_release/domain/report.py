"""The report of a gate: all that outputs, summary and JSON are made from."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .allow import Allowance
from .components import Pin, default_stack_image
from .decision import TAGS, Decision, Verdict
from .evidence import Answer, Image
from .facts import NOT_ASKED, ComponentFacts, PreviousRelease, Recorded, Released, ReleaseFacts
from .findings import Finding, blocking
from .versions import parse_production_tag

SCHEMA = 1


@dataclass(frozen=True)
class GateReport:
    """What was asked, what was seen and what was decided. `time` is in UTC.

    `image_name` is the name of the stack's image without its tag, empty where the command is not told it.
    `released` is what has been seen of the releases, for the way back.
    """

    version: str
    time: datetime.datetime
    ref: str
    repository: str
    commit: str
    decision: Decision
    facts: ReleaseFacts
    unused_allowances: Sequence[Allowance] = ()
    command: str = "gate"
    image_name: str = ""
    released: Answer[Released] = NOT_ASKED

    @property
    def tag(self) -> str:
        """The stack's tag, empty where the ref is none."""
        return self.ref[len(TAGS) :] if self.ref.startswith(TAGS) else ""

    @property
    def stack_image(self) -> str:
        """The stack's image as it will be built, by its default name where nobody has told it; empty for none."""
        tag = self.decision.image_tag
        return f"{self.image_name or default_stack_image(self.repository)}:{tag}" if tag else ""

    @property
    def previous(self) -> PreviousRelease | None:
        """The previous release, None where there is none or it could not be read."""
        return self.facts.previous if isinstance(self.facts.previous, PreviousRelease) else None

    @property
    def last_good(self) -> str | None:
        """The newest tag below the judged one that was released, empty where none was; None where nobody knows.

        Released means: with a public `release.json`, which `publish` leaves when the build has passed.
        """
        tag, previous = parse_production_tag(self.tag), self.previous
        if tag and isinstance(self.released, Released):
            found = self.released.below(tag)
            if found or self.released.is_all:
                return found
        told = [facts.recorded.tag for facts in self.facts.components if isinstance(facts.recorded, Recorded)]
        return previous.tag.text if previous and previous.tag.text in told else None

    @property
    def failed_rules(self) -> list[str]:
        """`rule:subject` of each finding that blocks."""
        return [finding.key for finding in blocking(self.decision.findings)]

    def as_json(self) -> dict[str, Any]:
        """The report by the schema that `release.json` and other tools read."""
        return {
            "schema": SCHEMA,
            "command": self.command,
            "action-version": self.version,
            "time": self.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "verdict": self.decision.verdict.value,
            "ref": self.ref,
            "stack": {
                "repository": self.repository,
                "tag": self.tag or None,
                "commit": self.commit or None,
                "image": self.stack_image or None,
                "digest": None,
            },
            "previous": previous_as_json(self.facts.previous),
            "components": [component_as_json(facts) for facts in self.facts.components],
            "findings": [finding_as_json(finding) for finding in self.decision.findings],
            "actions": [],
        }


@dataclass(frozen=True)
class Refusal:
    """The report of a run that was refused before there was anything to judge. `time` is in UTC."""

    version: str
    time: datetime.datetime
    command: str
    message: str
    remedy: str
    file: str = ""
    line: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The report by the schema of every command, with `error` for what stopped it."""
        error = {"message": self.message, "remedy": self.remedy or None, "file": self.file or None, "line": self.line}
        return {
            "schema": SCHEMA,
            "command": self.command,
            "action-version": self.version,
            "time": self.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "verdict": Verdict.BLOCKED.value,
            "error": error,
            "components": [],
            "findings": [],
            "actions": [],
        }


def known_commit(facts: ComponentFacts) -> str:
    """The commit of the pinned tag, empty where it is not known."""
    return facts.commit if isinstance(facts.commit, str) else ""


def known_image(facts: ComponentFacts) -> Image | None:
    """The image as the registry holds it; else by name and tag alone; None where the stack uses none."""
    if isinstance(facts.image, Image):
        return facts.image
    name = facts.pin.component.image_name(facts.pin.namespace)
    return Image(name, facts.pin.tag, None) if name and facts.pin.tag else None


def previous_as_json(previous: Answer[PreviousRelease | None]) -> dict[str, Any] | None:
    """The previous release as reports have it, None where it is not known."""
    if not isinstance(previous, PreviousRelease):
        return None
    return {
        "tag": previous.tag.text,
        "commit": previous.commit,
        "components": [_pin(pin) for pin in previous.pins],
    }


def _pin(pin: Pin) -> dict[str, Any]:
    return {
        "name": pin.component.name,
        "repository": pin.component.repository,
        "tag": pin.tag or None,
        "namespace": pin.namespace or None,
    }


def component_as_json(facts: ComponentFacts) -> dict[str, Any]:
    """A component as reports have it."""
    image = known_image(facts)
    return {
        **_pin(facts.pin),
        "commit": known_commit(facts) or None,
        "image": f"{image.name}:{image.tag}" if image else None,
        "digest": image.digest if image else None,
    }


def finding_as_json(finding: Finding) -> dict[str, Any]:
    """A finding as reports have it."""
    return {
        "rule": finding.rule,
        "subject": finding.subject,
        "status": finding.status.value,
        "demoted-from": finding.demoted_from.value if finding.demoted_from else None,
        "message": finding.message,
        "remedy": finding.remedy or None,
        "url": finding.url or None,
        "file": finding.file or None,
        "line": finding.line,
    }
