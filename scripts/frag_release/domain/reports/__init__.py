"""What the reports of all commands share, and the outcome of a run in one line."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ...dataclass import dataclass, field
from ..components import COMPONENT_NAMES, Pin
from ..decision import Verdict
from ..evidence import Answer, Image
from ..facts import ComponentFacts, PreviousRelease, ReleaseFacts
from ..findings import Finding, blocking, in_one_line
from ..origin import origins_of
from ..refs import Ref

if TYPE_CHECKING:
    from ..contents import Contents


SCHEMA = 1
LONGEST = 250
"""In characters; a longer line is cut and ends with three dots."""

_TAG = re.compile(r"[A-Za-z0-9._-]{1,128}")
_PATH = re.compile(r"[A-Za-z0-9._-][A-Za-z0-9._/-]{0,127}")
_OTHER = re.compile(r"[^A-Za-z0-9 .,:;()/%'#+_-]+")
_RULES = 3


@dataclass(frozen=True)
class Action:
    """Something that this run created, or, if it is not new, found and continued with.

    `outputs` are the action's outputs that name it; they are set even if the run stops right afterwards.
    """

    what: str
    url: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    is_new: bool = True


@dataclass(frozen=True)
class Problem:
    """What ended a run early, with its exit status; `file` and `line` are where to look.

    With `is_cancelled` nothing failed: the run was cancelled.
    """

    message: str
    remedy: str
    exit_status: int
    file: str = ""
    line: int | None = None
    is_cancelled: bool = False

    @property
    def text(self) -> str:
        """What happened and what to do, in one line."""
        return in_one_line(self.message, self.remedy)

    def as_json(self) -> dict[str, Any]:
        """The problem as JSON for reports."""
        return {"message": self.message, "remedy": self.remedy or None, "file": self.file or None, "line": self.line}


@dataclass(frozen=True)
class Remark:
    """An annotation in addition to findings, notes and the problem; `level` is error, warning or notice."""

    level: str
    title: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """The base of each command's report.

    `actions` is what this run created, in order; `planned` what a dry run would create; `notes` what people should
    know. `problem` is what ended the run early, or failed while its results were written. `configuration` is what the
    configuration file changes.
    """

    command: ClassVar[str]
    is_laid_out: ClassVar[bool] = True
    """Whether a terminal may wrap its text, which must not happen to lines that are to be copied."""

    actions: Sequence[Action] = ()
    planned: Sequence[str] = ()
    notes: Sequence[str] = ()
    problem: Problem | None = None
    configuration: Mapping[str, Any] = field(default_factory=dict)

    if TYPE_CHECKING:
        # Each subclass has these as fields or properties: a dataclass would treat inherited properties as defaults.
        @property
        def version(self) -> str:
            """The version of the action."""

        @property
        def time(self) -> datetime.datetime:
            """The time of the observation, in UTC."""

        @property
        def findings(self) -> Sequence[Finding]:
            """Every finding."""

        @property
        def verdict(self) -> Verdict:
            """The verdict for the jobs that follow."""

        @property
        def headline(self) -> str:
            """The outcome in one line of plain text, which may contain foreign names."""

    @property
    def line(self) -> str:
        """The headline on its own: the outcome and the release, with plain names only."""
        return self.headline

    @property
    def url(self) -> str:
        """The page that people would open first; empty if that is the run's own page."""
        return ""

    @property
    def exit_status(self) -> int:
        """The exit status of the run."""
        return self.problem.exit_status if self.problem else self.own_status

    @property
    def own_status(self) -> int:
        """The exit status if there is no problem: 1 if the verdict is `blocked`, otherwise 0."""
        return 1 if self.verdict is Verdict.BLOCKED else 0

    @property
    def changed(self) -> bool:
        """Whether this run created anything."""
        return any(action.is_new for action in self.actions)

    @property
    def failed_rules(self) -> list[str]:
        """`rule:subject` of each finding that blocks."""
        return [finding.key for finding in blocking(self.findings)]

    def annotated_findings(self) -> Sequence[Finding]:
        """The findings as they are annotated."""
        return self.findings

    def remarks(self) -> Sequence[Remark]:
        """The annotations in addition to findings."""
        return ()

    def outputs(self) -> dict[str, str]:
        """The outputs of the action, by name; those that are left out are empty or `false`."""
        return {"verdict": self.verdict.value, "changed": as_word(self.changed)}

    def as_json(self) -> dict[str, Any]:
        """The report in the schema that all commands share."""
        return self.head()

    def head(self) -> dict[str, Any]:
        """The fields that every report has."""
        return {
            "schema": SCHEMA,
            "command": self.command,
            "action-version": self.version,
            "time": self.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "verdict": self.verdict.value,
            "headline": self.headline,
            "stack": None,
            "previous": None,
            "components": [],
            "findings": [finding_as_json(finding) for finding in self.findings],
            **self.came(),
        }

    def of_release(
        self,
        ref: Ref,
        found: ReleaseFacts | Contents,
        repository: str,
        tag: str,
        commit: str,
        image: str = "",
        digest: str = "",
    ) -> dict[str, Any]:
        """The head of a report on a release; empty values become null."""
        return {
            **self.head(),
            "ref": ref.text,
            "stack": {
                "repository": repository,
                "tag": tag or None,
                "commit": commit or None,
                "image": image or None,
                "digest": digest or None,
            },
            "previous": previous_as_json(found.previous),
            "components": [component_as_json(facts) for facts in found.components],
        }

    def came(self) -> dict[str, Any]:
        """The fields of the head on the outcome, which replace those of the gate's report in a report based on it."""
        return {
            "command": self.command,
            "headline": self.headline,
            "actions": [{"what": action.what, "url": action.url or None} for action in self.actions],
            "planned": list(self.planned),
            "notes": list(self.notes),
            **problem_as_json(self.problem),
            **({"configuration": dict(self.configuration)} if self.configuration else {}),
        }


@dataclass(frozen=True)
class Stopped(Report):
    """The report of a run that ended before it had its own. `title` is the reason in a few words."""

    command: str  # type: ignore[misc]  # any command
    version: str
    time: datetime.datetime
    title: str
    findings: Sequence[Finding] = ()
    verdict: Verdict = Verdict.BLOCKED

    @property
    def headline(self) -> str:
        """The reason."""
        return self.title

    @property
    def line(self) -> str:
        """The command and the reason."""
        return joined(self.command, self.title)

    def outputs(self) -> dict[str, str]:
        """What was created before the run ended."""
        made = {name: value for action in self.actions for name, value in action.outputs.items()}
        return {**super().outputs(), **made}


def problem_as_json(problem: Problem | None) -> dict[str, Any]:
    """The problem under both of its names; `error` is present only if there is one."""
    if problem is None:
        return {"problem": None}
    return {"problem": problem.as_json(), "error": problem.as_json()}


def known_commit(facts: ComponentFacts) -> str:
    """The commit of the pinned tag, empty if unknown."""
    return facts.commit if isinstance(facts.commit, str) else ""


def known_image(facts: ComponentFacts) -> Image | None:
    """The image as found in the registry, otherwise by name and tag only; None if the stack uses no image."""
    if isinstance(facts.image, Image):
        return facts.image
    return Image(*facts.pin.place, None) if facts.pin.place and facts.pin.tag else None


def component_outputs(components: Sequence[ComponentFacts]) -> dict[str, str]:
    """Return what is known of the pins as outputs: `components`, and the named ones of backend and frontend."""
    known = {facts.pin.component.name: _known(facts) for facts in components}
    own = {f"{name}-{what}": known[name][what] for name in known if name in COMPONENT_NAMES for what in known[name]}
    return {**own, "components": json.dumps(known) if known else ""}


def _known(facts: ComponentFacts) -> dict[str, str]:
    image = known_image(facts)
    return {
        "tag": facts.pin.tag,
        "namespace": facts.pin.namespace,
        "commit": known_commit(facts),
        "digest": (image.digest or "") if image else "",
        "image": image.reference if image else "",
    }


def previous_as_json(previous: Answer[PreviousRelease | None]) -> dict[str, Any] | None:
    """The previous release as JSON for reports, None if unknown."""
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
    """A component as JSON for reports."""
    image = known_image(facts)
    return {
        **_pin(facts.pin),
        "commit": known_commit(facts) or None,
        "image": f"{image.name}:{image.tag}" if image else None,
        "digest": image.digest if image else None,
        "built-from": (origins.commit or None) if (origins := origins_of(image)) else None,
    }


def finding_as_json(finding: Finding) -> dict[str, Any]:
    """A finding as JSON for reports."""
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


def tag_name(tag: str) -> str:
    """Return the tag, or "a tag" if it contains unusual characters."""
    return tag if _TAG.fullmatch(tag) else "a tag"


def path_name(name: str, otherwise: str) -> str:
    """Return the name of a branch or an environment, or `otherwise` if it contains unusual characters."""
    return name if _PATH.fullmatch(name) else otherwise


def pair(components: Sequence[ComponentFacts]) -> str:
    """Return the components whose tags are known, such as `backend 2023.05.1, frontend 2023.05.4`."""
    pins = (facts.pin for facts in components)
    return ", ".join(f"{pin.component.name} {tag_name(pin.tag)}" for pin in pins if pin.tag)


def rules(failed: Sequence[str]) -> str:
    """Return the first few rules that block, and the number of the others."""
    others = len(failed) - _RULES
    return ", ".join([*failed[:_RULES], *([f"{others} more"] if others > 0 else [])])


def joined(what: str, detail: str) -> str:
    """Return `what: detail`, or `what` alone if `detail` is empty."""
    return f"{what}: {detail}" if detail else what


def plain(line: str) -> str:
    """Return the line with only letters, digits and ordinary punctuation, cut to `LONGEST`."""
    text = " ".join(_OTHER.sub(" ", line).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3].rstrip()}..."


def as_word(flag: bool) -> str:
    """Return `true` or `false`, as in outputs."""
    return str(flag).lower()


def count(number: int, what: str) -> str:
    """Return a number with its noun: `1 day`, `2 days`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def verb(number: int, what: str) -> str:
    """Return the verb in the form for a number: `1 tag breaks`, `2 tags break`."""
    return f"{what}s" if number == 1 else what
