"""AWX's templates and jobs: what may be launched, how a job ended, and which job equals our own launch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import Enum

from ..dataclass import dataclass, field
from .findings import listed

Variables = Mapping[str, object]
"""Extra variables, as JSON values."""

HIDDEN = "$encrypted$"
"""What AWX returns in place of the answer to a password question of a survey."""

SUCCESSFUL = "successful"
NOT_OVER = ("new", "pending", "waiting", "running")
_OVER = (SUCCESSFUL, "failed", "error", "canceled")
_BY_A_PERSON = ("manual", "relaunch")
_MOST_NAMES = 10
MAY_LAUNCH = (
    "In AWX, give the account the role Execute on the job template (Access, in the template). A token needs the scope "
    "Write: with the scope Read it cannot launch jobs."
)


class OnTimeout(Enum):
    """What happens to a job that is no longer followed."""

    LEAVE = "leave"
    CANCEL = "cancel"


@dataclass(frozen=True)
class AwxForm:
    """What a person enters in AWX at `url`: the template, and the variables for the image's tag and digest."""

    url: str
    template: str
    of_tag: Sequence[str] = ()
    of_digest: Sequence[str] = ()


@dataclass(frozen=True)
class Template:
    """A job template. A `sliced` one may start a workflow of several jobs. `url` is its page for people.

    `may_launch` is for the account in use, None if AWX does not report it; without a project a launch is impossible.
    With `only_checks` its jobs run in check mode. `inventory` is the inventory's name, and `limit` the template's own;
    empty if there is none.
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
    only_checks: bool = field(default=False, compare=False)

    def problem(self) -> tuple[str, str] | None:
        """What prevents any deployment by this account, and the remedy; None if no obstacle is known."""
        if not self.has_project:
            return "has no project: it was deleted, or never set", "In AWX, give the template its project again."
        if self.only_checks:
            return "runs in check mode, so its jobs change nothing", "In AWX, set the template's job type to Run."
        return ("may not be launched by this account", MAY_LAUNCH) if self.may_launch is False else None


@dataclass(frozen=True)
class LaunchData:
    """What a template prompts for at launch. `questions` are the variables of its survey, if that is enabled."""

    asks_variables: bool
    questions: frozenset[str] = frozenset()
    needed_variables: Sequence[str] = ()
    needed_passwords: Sequence[str] = ()
    needs_inventory: bool = False

    def unpromptable(self, variables: Variables) -> list[str]:
        """The variables that AWX would ignore without an error: neither prompted for nor in the survey."""
        return [] if self.asks_variables else sorted(set(variables) - self.questions)

    def missing(self, variables: Variables) -> list[str]:
        """The required questions without an answer."""
        return sorted(set(self.needed_variables) - set(variables))

    def problem(self, variables: Variables) -> tuple[str, str] | None:
        """What prevents a launch with these variables, and the remedy; None if no obstacle is known."""
        if ignored := self.unpromptable(variables):
            return (
                f"accepts no variable {listed(ignored, _MOST_NAMES)} at launch: AWX would ignore it, and run with the "
                "value that the template has",
                "In AWX, enable Prompt on launch next to the template's variables, or add a question for it to the "
                "survey and enable the survey.",
            )
        if missing := self.missing(variables):
            return f"requires an answer for {listed(missing, _MOST_NAMES)}", "Set it in extra-vars."
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
    """A job, or the workflow of a sliced one, as it was last seen; `status` is AWX's.

    `variables` are all that it runs with, None if they cannot be read. `url` is its page for people. `explanation` is
    AWX's text on why it waits or how it ended. `elapsed` is in seconds. `has_begun`: AWX has started it; a job that
    ended without a start has done nothing. `output_complete`: all its output can be read.
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
        """Whether it has ended, with any status."""
        return self.status in _OVER

    @property
    def succeeded(self) -> bool:
        """Whether it was successful."""
        return self.status == SUCCESSFUL

    def missing_variables(self, variables: Variables) -> list[str]:
        """Those of `variables` that the job does not run with; none if its variables cannot be read."""
        own, secret = self.variables, self.secret(variables)
        if own is None:
            return []
        return sorted(name for name, value in variables.items() if name not in secret and not _same(own, name, value))

    def secret(self, variables: Variables) -> list[str]:
        """Those of `variables` that answer a password question, whose value AWX does not reveal."""
        return sorted(name for name in variables if (self.variables or {}).get(name) == HIDDEN)


def may_be_same_launch(job: Job, template: Template, variables: Variables) -> bool:
    """Whether a job may be a launch of the whole `template` by a person or a token, with these variables.

    A sliced template starts a workflow, or a plain job if its inventory has a single host.
    """
    whole = not job.is_slice and job.launch_type in _BY_A_PERSON
    comparable = not job.missing_variables(variables) and not job.secret(variables)
    return whole and comparable and job.template == template.id


def is_same_launch(prompts: Mapping[str, object], variables: Variables) -> bool:
    """Whether the prompts of a launch are exactly `variables`: no limit, mode or inventory, and no other value.

    A secret answer cannot be compared, so it counts as different.
    """
    given = prompts.get("extra_vars", {})
    if set(prompts) - {"extra_vars"} or not isinstance(given, dict) or set(given) != set(variables):
        return False
    return all(_same(given, name, value) for name, value in variables.items())


def _same(own: Variables, name: str, value: object) -> bool:
    # Compared as JSON, because true equals 1 in Python, but not in a playbook.
    return name in own and own[name] != HIDDEN and _written(own[name]) == _written(value)


def _written(value: object) -> str:
    return json.dumps(value, sort_keys=True)


@dataclass(frozen=True)
class Output:
    """A part of a job's output: whole lines without colours, and the number of the next line, counted from 0.

    `is_all`: nothing more can be read for now. `left_out` is how many lines before it are missing.
    """

    text: str
    next_line: int
    is_all: bool = True
    left_out: int = 0


@dataclass(frozen=True)
class JobProgress:
    """One observation of a job, with a note if it could not be read."""

    job: Job
    note: str = ""

    @property
    def is_over(self) -> bool:
        """Whether the job has ended, with any status."""
        return self.job.is_over

    @property
    def state(self) -> tuple[object, ...]:
        """What a new log line depends on: two observations with the same state log nothing new."""
        return (self.job.id, self.job.status, self.job.explanation, self.note)


@dataclass(frozen=True)
class Launched:
    """The response to a launch: the job, and the variables that AWX reports as ignored."""

    job: Job
    ignored: Sequence[str] = ()
