"""What was seen: the values that rules judge, and `Unknown` for what could not be seen."""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, Union

from ..dataclass import dataclass

if TYPE_CHECKING:
    from .origin import Origins


RERUN_DAYS = 30
KEPT_DAYS = 90
"""Days that GitHub keeps runs by default, and at most in public repositories."""

WAITING, ACTION_REQUIRED = "waiting", "action_required"
"""GitHub's states of a run that waits: for the rules of an environment, and for an approval of the run itself."""
COMPLETED = "completed"
SUCCESS = "success"
PUSH = "push"
DISPATCH = "workflow_dispatch"
OBJECT_ID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
"""The full id of a git object, SHA-1 or SHA-256."""
RETRY = "Nothing is known to be wrong: run this again."
_T = TypeVar("_T")
_P = ParamSpec("_P")
CREATION, DELETION = "branch_creation", "branch_deletion"
LATEST_RUN = datetime.timedelta(minutes=5)
"""GitHub creates a run up to a minute or two after the push, when the branch may be deleted already."""
_CLOCKS = datetime.timedelta(minutes=1)
"""How much earlier than its push a run may be dated."""


def is_held(status: str, conclusion: str | None) -> bool:
    """Whether a run needs an approval to go on. GitHub may report such a run as `completed`."""
    return conclusion == ACTION_REQUIRED or status in (ACTION_REQUIRED, WAITING)


def who_approves(status: str, url: str) -> str:
    """Return who must approve a held run, and where, as a sentence."""
    if status == WAITING:
        return (
            f"Approve it at {url}: a reviewer of its environment by Review deployments, or if GitHub holds the run "
            "itself, a person with write access by Approve and run."
        )
    return f"A person with write access to the repository must approve it at {url} (Approve and run)."


def days_between(start: datetime.datetime | None, now: datetime.datetime | None) -> int | None:
    """Return the whole days from one to the other; None if either is unknown."""
    return (now - start).days if start and now else None


def how_to_rerun(url: str, days: int | None, jobs: str = "it") -> str:
    """Return where to re-run `jobs` of a run `days` old (None: unknown); empty if GitHub no longer allows it."""
    if days is None:
        return f"re-run {jobs} at {url} (GitHub allows it for {RERUN_DAYS} days)"
    left = RERUN_DAYS - days
    return f"re-run {jobs} at {url} (GitHub allows it for {left} more day{'s' * (left != 1)})" if left > 0 else ""


@dataclass(frozen=True)
class Unknown:
    """Evidence that was unavailable. It is never treated as a yes or as a no."""

    reason: str
    remedy: str = RETRY


class Unseen(Exception):
    """Raised inside an adapter if something could not be seen; `answered` turns it into its Unknown."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.reason)
        self.unknown = unknown


def seen(answer: _T | Unknown) -> _T:
    """Return the answer; raises Unseen if it is an Unknown."""
    if isinstance(answer, Unknown):
        raise Unseen(answer)
    return answer


def answered(ask: Callable[_P, _T]) -> Callable[_P, _T | Unknown]:
    """Decorate a method of an adapter's door: if it raises Unseen, return the Unknown instead."""

    @functools.wraps(ask)
    def door(*args: _P.args, **kwargs: _P.kwargs) -> _T | Unknown:
        try:
            return ask(*args, **kwargs)
        except Unseen as error:
            return error.unknown

    return door


@dataclass(frozen=True)
class Denied(Unknown):
    """Evidence that is refused to these credentials: a retry is unlikely to help."""


@dataclass(frozen=True)
class Hidden(Denied):
    """Evidence that these credentials may not see, but others may."""


@dataclass(frozen=True)
class NotOffered(Denied):
    """Evidence that does not exist there for any credentials, such as rulesets on a plan without them."""


@dataclass(frozen=True)
class WrongKind(Unknown):
    """What was looked up exists, but is of another kind, such as a folder in place of a file. A retry does not help."""


@dataclass(frozen=True)
class LeftOut(Unknown):
    """What was left out on purpose: nothing went wrong, and a retry does not help."""


@dataclass(frozen=True)
class TooLong(Unknown):
    """A list that has more entries than are read: a retry does not help."""

    remedy: str = "Running this again does not help: the list stays too long."


Answer = Union[_T, Unknown]  # noqa: UP007 - Python 3.10 cannot subscript `_T | Unknown` as an alias
"""A value that was seen, or the reason why it was not."""


@dataclass(frozen=True)
class Blob:
    """A file at a commit. `content` may be truncated if `size` (bytes) is over what we read."""

    size: int
    content: bytes

    @classmethod
    def of(cls, content: bytes) -> Blob:
        """A file whose whole content is known."""
        return cls(len(content), content)


@dataclass(frozen=True)
class Placement:
    """Which of the given branches contain a commit, and when it was committed (None: unknown)."""

    branches: frozenset[str]
    committed: datetime.datetime | None = None


@dataclass(frozen=True)
class Run:
    """One CI run under the name of a tag or branch, in its latest attempt.

    `workflow` is the path of its file. `status`, `conclusion` and `event` are GitHub's words; `conclusion` is None
    until the run has ended. It was `created` by its event, this attempt `started` then or later, and `changed` is
    when it ended, once it has; each is None if unknown. The title is left out: anyone with push access can choose it.
    """

    workflow: str
    head_sha: str
    status: str
    conclusion: str | None
    url: str
    id: int = 0
    workflow_id: int = 0
    event: str = PUSH
    created: datetime.datetime | None = None
    started: datetime.datetime | None = None
    changed: datetime.datetime | None = None

    @property
    def file(self) -> str:
        """The name of the workflow's file, without its folder."""
        return self.workflow.rpartition("/")[2]

    @property
    def is_held(self) -> bool:
        """Whether it needs an approval to go on."""
        return is_held(self.status, self.conclusion)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, with any conclusion; a held run has not, even if GitHub reports `completed`."""
        return self.status == COMPLETED and not self.is_held

    @property
    def failed(self) -> bool:
        """Whether it has ended and did not succeed."""
        return self.is_over and self.conclusion != SUCCESS

    def ended_before(self, other: Run) -> bool:
        """Whether it was over when the other started; False if that is unknown."""
        if not (self.is_over and self.changed and other.started):
            return False
        # It cannot have ended before it began, even if its times claim that.
        return max(filter(None, (self.created, self.started, self.changed))) <= other.started


@dataclass(frozen=True)
class Workflow:
    """A workflow of a repository: its id, the path of its file and its name; `deleted` if the file is gone."""

    id: int
    file: str
    name: str
    deleted: bool = False


@dataclass(frozen=True)
class Lifetime:
    """When a branch of some name existed, from its creation to its deletion."""

    start: datetime.datetime
    end: datetime.datetime


@dataclass(frozen=True)
class Image:
    """What the registry has under a name and tag; `digest` is None if it has no image there.

    `origins` is what the image states about its build, None if that was not read.
    """

    name: str
    tag: str
    digest: str | None
    origins: Answer[Origins] | None = None

    @property
    def reference(self) -> str:
        """`name@digest`, or `name:tag` if the digest is unknown."""
        return f"{self.name}@{self.digest}" if self.digest else f"{self.name}:{self.tag}"


Answers = Mapping[str, Answer[_T]]
"""A batch of answers, by what was looked up."""


@dataclass(frozen=True)
class Approval:
    """An approval of jobs of a run: the login of the person, and the environments."""

    by: str
    environments: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """The approval as reports and records have it."""
        return {"by": self.by, "environments": list(self.environments)}


_ALWAYS = Lifetime(
    datetime.datetime.min.replace(tzinfo=datetime.timezone.utc),
    datetime.datetime.max.replace(tzinfo=datetime.timezone.utc),
)


def lifetimes(activity: Sequence[tuple[str, datetime.datetime]]) -> list[Lifetime]:
    """Return when a branch existed, from the kind and time of each activity, oldest first.

    A lifetime without one of its ends is open on that side: if a push is listed but no creation, the branch existed
    before.
    """
    found: list[Lifetime] = []
    start, gone_since = None, _ALWAYS.start
    for kind, time in activity:
        if kind == DELETION:
            found.append(Lifetime(start or gone_since, time))
            start, gone_since = None, time
        elif start is None:
            start = time if kind == CREATION else gone_since
    return [*found, Lifetime(start, _ALWAYS.end)] if start else found


def may_be_of_branch(created: datetime.datetime | None, existed: Sequence[Lifetime]) -> bool:
    """Whether a run `created` at that time may be of a branch that `existed`; an unknown time always may."""
    if created is None:
        return bool(existed)
    return any(one.start - created <= _CLOCKS and created - one.end <= LATEST_RUN for one in existed)
