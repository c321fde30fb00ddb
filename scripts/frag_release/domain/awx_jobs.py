"""AWX's templates and jobs: what may be launched, how a job ended, and which job was launched as we would."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import Enum

from ..dataclass import dataclass, field
from .findings import listed

Variables = Mapping[str, object]
"""Extra variables as JSON has them."""

HIDDEN = "$encrypted$"
"""What AWX shows in place of the answer to a question that asks for a password."""

SUCCESSFUL = "successful"
NOT_OVER = ("new", "pending", "waiting", "running")
_OVER = (SUCCESSFUL, "failed", "error", "canceled")
_BY_A_PERSON = ("manual", "relaunch")
_MOST_NAMES = 10
MAY_LAUNCH = (
    "Give the account in AWX the role Execute on the job template (Access, in the template). A token needs the scope "
    "Write: one of the scope Read launches nothing."
)


class OnTimeout(Enum):
    """What becomes of a job that is no longer followed."""

    LEAVE = "leave"
    CANCEL = "cancel"


@dataclass(frozen=True)
class AwxForm:
    """What a person types into AWX at `url`: the template, and the variables that are the image's tag and digest."""

    url: str
    template: str
    of_tag: Sequence[str] = ()
    of_digest: Sequence[str] = ()


@dataclass(frozen=True)
class Template:
    """A job template. A `sliced` one may start a workflow of several jobs. `url` is for people.

    `may_launch` is about the account that asked, None if AWX did not tell; without a project nobody may. `inventory` is
    its name, and `limit` the template's own; empty if there is none.
    """

    id: int
    name: str
    organization: str
    sliced: bool
    url: str
    may_launch: bool | None = field(default=None, compare=False)
    inventory: str = field(default="", compare=False)
    limit: str = field(default="", compare=False)
    has_project: bool = field(default=True, compare=False)

    def problem(self) -> tuple[str, str] | None:
        """What stands against any launch of it by this account, and what helps; None if nothing is known to."""
        if not self.has_project:
            return "has no project: it was deleted, or never set", "In AWX, give the template its project again."
        return ("may not be launched by this account", MAY_LAUNCH) if self.may_launch is False else None


@dataclass(frozen=True)
class LaunchData:
    """What a template asks for at its launch. `questions` are the variables of its survey, where that is on."""

    asks_variables: bool
    questions: frozenset[str] = frozenset()
    needed_variables: Sequence[str] = ()
    needed_passwords: Sequence[str] = ()
    needs_inventory: bool = False

    def unpromptable(self, variables: Variables) -> list[str]:
        """The variables that AWX would drop without failing: neither prompted for nor in the survey."""
        return [] if self.asks_variables else sorted(set(variables) - self.questions)

    def missing(self, variables: Variables) -> list[str]:
        """The questions that must be answered and are not."""
        return sorted(set(self.needed_variables) - set(variables))

    def problem(self, variables: Variables) -> tuple[str, str] | None:
        """What stands against a launch with these variables, and what helps; None where nothing is known to."""
        if lost := self.unpromptable(variables):
            return (
                f"takes no variable {listed(lost, _MOST_NAMES)} at its launch: AWX would drop it, and run with what it "
                "has",
                "In AWX, switch on Prompt on launch beside the template's variables, or put a question for it into "
                "its survey and switch the survey on.",
            )
        if missing := self.missing(variables):
            return f"needs an answer for {listed(missing, _MOST_NAMES)}", "Give it in extra-vars."
        if self.needed_passwords:
            return (
                f"prompts for passwords at launch ({listed(self.needed_passwords, _MOST_NAMES)}), "
                "which an unattended run cannot answer",
                "In AWX, store them in the template's credentials.",
            )
        if self.needs_inventory:
            return "has no inventory", "In AWX, give the template an inventory."
        return None


@dataclass(frozen=True)
class Job:
    """A job, or the workflow of a sliced one, as it was seen; `status` is AWX's word.

    `variables` are all that it runs with, None where that cannot be read. `url` is for people. `explanation` is why it
    waits, or how it ended, as AWX says it. `elapsed` is in seconds. `has_begun` says that AWX has started it: one
    that ended without it has done nothing. `output_complete` says that all its output can be read.
    """

    id: int
    template: int | None
    is_workflow: bool
    name: str
    status: str
    url: str
    created: str = ""
    explanation: str = ""
    elapsed: float = 0.0
    has_begun: bool = True
    launch_type: str = ""
    launched_by: str = ""
    variables: Variables | None = None
    is_slice: bool = False
    output_complete: bool = False

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.status in _OVER

    @property
    def succeeded(self) -> bool:
        """Whether it has ended well."""
        return self.status == SUCCESSFUL

    def lost(self, variables: Variables) -> list[str]:
        """Those of `variables` that the job does not run with; none where that cannot be read."""
        own, secret = self.variables, self.secret(variables)
        if own is None:
            return []
        return sorted(name for name, value in variables.items() if name not in secret and not _same(own, name, value))

    def secret(self, variables: Variables) -> list[str]:
        """Those of `variables` that answer a secret question, so that AWX shows to nobody what the job runs with."""
        return sorted(name for name in variables if (self.variables or {}).get(name) == HIDDEN)


def may_be_same_launch(job: Job, template: Template, variables: Variables) -> bool:
    """Whether a job may be a whole launch of `template` by somebody, with these variables among its own.

    A sliced template starts a workflow, but a plain job where its inventory has a single host.
    """
    whole = not job.is_slice and job.launch_type in _BY_A_PERSON
    comparable = not job.lost(variables) and not job.secret(variables)
    return whole and comparable and job.template == template.id


def is_same_launch(prompts: Mapping[str, object], variables: Variables) -> bool:
    """Whether what was given at a launch is exactly `variables`: no other limit, mode or inventory, no other value.

    A secret answer cannot be compared: it is not the same.
    """
    given = prompts.get("extra_vars", {})
    if set(prompts) - {"extra_vars"} or not isinstance(given, dict) or set(given) != set(variables):
        return False
    return all(_same(given, name, value) for name, value in variables.items())


def _same(own: Variables, name: str, value: object) -> bool:
    # As JSON: true is 1 to Python, not to a playbook.
    return name in own and own[name] != HIDDEN and _written(own[name]) == _written(value)


def _written(value: object) -> str:
    return json.dumps(value, sort_keys=True)


@dataclass(frozen=True)
class Output:
    """Some output of a job: whole lines without colours, and the number of the line after it, from 0.

    `is_all` says that nothing more can be read for now. `left_out` is how many lines before it are not in it.
    """

    text: str
    next_line: int
    is_all: bool = True
    left_out: int = 0


@dataclass(frozen=True)
class JobProgress:
    """A look at a job, with a note where it could not be seen."""

    job: Job
    note: str = ""

    @property
    def is_over(self) -> bool:
        """Whether the job has ended, in whatever way."""
        return self.job.is_over

    @property
    def state(self) -> tuple[object, ...]:
        """What makes a line of news: two looks with the same state have none."""
        return (self.job.id, self.job.status, self.job.explanation, self.note)


@dataclass(frozen=True)
class Launched:
    """How a launch was answered: the job, and which of the variables AWX says it has ignored."""

    job: Job
    ignored: Sequence[str] = ()
