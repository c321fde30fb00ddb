"""What the reports of all commands have in common, and how a run ended in one line."""

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
"""Characters; a longer line is cut, and says so by three dots."""

_TAG = re.compile(r"[A-Za-z0-9._-]{1,128}")
_PATH = re.compile(r"[A-Za-z0-9._-][A-Za-z0-9._/-]{0,127}")
_OTHER = re.compile(r"[^A-Za-z0-9 .,:;()/%'#+_-]+")
_RULES = 3


@dataclass(frozen=True)
class Action:
    """Something that this run made, or, if it is not new, found and went on with.

    `outputs` are the action's outputs that name it: also a run that breaks off right after it tells these.
    """

    what: str
    url: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    is_new: bool = True


@dataclass(frozen=True)
class Problem:
    """What ended a run before its end, with the exit status that this has; `file` and `line` are where to look.

    `is_cancelled` says that nothing went wrong, but that somebody ended the run.
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
        """The problem as reports have it."""
        return {"message": self.message, "remedy": self.remedy or None, "file": self.file or None, "line": self.line}


@dataclass(frozen=True)
class Remark:
    """What the log says beside findings, notes and the problem; `level` is error, warning or notice."""

    level: str
    title: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """The report of a command; each has its own kind of it.

    `actions` is what this run made, in order; `planned` what a dry run would make; `notes` what people should know.
    `problem` is what ended the run early, or went wrong while its results were written. `configuration` is what the
    configuration file changes.
    """

    command: ClassVar[str]
    is_laid_out: ClassVar[bool] = True
    """Whether a terminal may wrap its text: not where lines are to be copied."""

    actions: Sequence[Action] = ()
    planned: Sequence[str] = ()
    notes: Sequence[str] = ()
    problem: Problem | None = None
    configuration: Mapping[str, Any] = field(default_factory=dict)

    if TYPE_CHECKING:
        # Each kind has these, as fields or as properties of its own: a dataclass takes inherited ones for defaults.
        @property
        def version(self) -> str:
            """The version of the action."""

        @property
        def time(self) -> datetime.datetime:
            """When it was found so, in UTC."""

        @property
        def findings(self) -> Sequence[Finding]:
            """Every finding."""

        @property
        def verdict(self) -> Verdict:
            """What it comes to for whatever runs next."""

        @property
        def headline(self) -> str:
            """How it ended, in one line of plain text, which may hold foreign names."""

    @property
    def line(self) -> str:
        """The headline for those who read nothing else: what came of which release, with plain names alone."""
        return self.headline

    @property
    def url(self) -> str:
        """The address of what people would open first; empty where that is the run's own page."""
        return ""

    @property
    def exit_status(self) -> int:
        """The status that the run ends with."""
        return self.problem.exit_status if self.problem else self.own_status

    @property
    def own_status(self) -> int:
        """The status without regard to a problem: 1 if something stands in the way, else 0."""
        return 1 if self.verdict is Verdict.BLOCKED else 0

    @property
    def changed(self) -> bool:
        """Whether this run made anything."""
        return any(action.is_new for action in self.actions)

    @property
    def failed_rules(self) -> list[str]:
        """`rule:subject` of each finding that blocks."""
        return [finding.key for finding in blocking(self.findings)]

    def told_findings(self) -> Sequence[Finding]:
        """The findings as annotations tell them."""
        return self.findings

    def remarks(self) -> Sequence[Remark]:
        """What else the annotations tell."""
        return ()

    def outputs(self) -> dict[str, str]:
        """The outputs of the action, by name; those that are left out say nothing, or no."""
        return {"verdict": self.verdict.value, "changed": as_word(self.changed)}

    def as_json(self) -> dict[str, Any]:
        """The report by the schema of every command."""
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
        """The head of a report on a release; what is empty is null in it."""
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
        """The fields of the head that tell what came of it, also where it was judged by another report."""
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
    """The report of a run that ended before it had another one. `title` says how, in a few words."""

    command: str  # type: ignore[misc]  # whichever it was
    version: str
    time: datetime.datetime
    title: str
    findings: Sequence[Finding] = ()
    verdict: Verdict = Verdict.BLOCKED

    @property
    def headline(self) -> str:
        """How it ended."""
        return self.title

    @property
    def line(self) -> str:
        """Which command ended so."""
        return joined(self.command, self.title)

    def outputs(self) -> dict[str, str]:
        """What was made all the same."""
        made = {name: value for action in self.actions for name, value in action.outputs.items()}
        return {**super().outputs(), **made}


def problem_as_json(problem: Problem | None) -> dict[str, Any]:
    """The problem by both names that it has: `error` is there only if there is one."""
    if problem is None:
        return {"problem": None}
    return {"problem": problem.as_json(), "error": problem.as_json()}


def known_commit(facts: ComponentFacts) -> str:
    """The commit of the pinned tag, empty where it is not known."""
    return facts.commit if isinstance(facts.commit, str) else ""


def known_image(facts: ComponentFacts) -> Image | None:
    """The image as the registry holds it; else by name and tag alone; None where the stack uses none."""
    if isinstance(facts.image, Image):
        return facts.image
    return Image(*facts.pin.place, None) if facts.pin.place and facts.pin.tag else None


def component_outputs(components: Sequence[ComponentFacts]) -> dict[str, str]:
    """Return what is known of the pins as outputs: all in `components`, and some have outputs of their own."""
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
        "built-from": (origins.commit or None) if (origins := origins_of(image)) else None,
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


def tag_name(tag: str) -> str:
    """Return the tag, or "a tag" if there are other signs in it than those of ordinary names."""
    return tag if _TAG.fullmatch(tag) else "a tag"


def path_name(name: str, otherwise: str) -> str:
    """Return the name of a branch or an environment, which may have slashes, or what stands in its place."""
    return name if _PATH.fullmatch(name) else otherwise


def pair(components: Sequence[ComponentFacts]) -> str:
    """Return `backend 2023.05.1, frontend 2023.05.4`: each component that is known, with its tag."""
    pins = (facts.pin for facts in components)
    return ", ".join(f"{pin.component.name} {tag_name(pin.tag)}" for pin in pins if pin.tag)


def rules(failed: Sequence[str]) -> str:
    """Return the rules that block, in so many words that a line stays short."""
    others = len(failed) - _RULES
    return ", ".join([*failed[:_RULES], *([f"{others} more"] if others > 0 else [])])


def joined(what: str, detail: str) -> str:
    """Return `what: detail`, or `what` alone where there is no detail."""
    return f"{what}: {detail}" if detail else what


def plain(line: str) -> str:
    """Return the line without anything but letters, digits and the signs of ordinary sentences, and not too long."""
    text = " ".join(_OTHER.sub(" ", line).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3].rstrip()}..."


def as_word(flag: bool) -> str:
    """`true` or `false`, as outputs have it."""
    return str(flag).lower()


def count(number: int, what: str) -> str:
    """Return `1 day`, `2 days`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def verb(number: int, what: str) -> str:
    """Return the verb that goes with so many: `1 tag breaks`, `2 tags break`."""
    return f"{what}s" if number == 1 else what
