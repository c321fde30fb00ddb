"""The build of a tag as CI runs it: its jobs, how long they take, how it ended, and which image it pushed.

Which image was pushed is told by the name of an artifact, which nobody but the run itself can upload.
"""

from __future__ import annotations

import datetime
import re
import statistics
from collections.abc import Mapping, Sequence

from ..dataclass import dataclass, field
from .environments import is_production
from .evidence import COMPLETED, SUCCESS, WAITING, Answer, Unknown, is_held

PENDING = "pending"
"""GitHub's word for what waits for a concurrency group."""

_HELD = (WAITING, PENDING)
_SKIPPED = "skipped"

PUSHED_IMAGE = "stack-image-sha256-…"
"""The name of the artifact that names the pushed image, for people: the digest with a dash for its colon."""

_PUSHED = re.compile(r"stack-image-(sha256)-([0-9a-f]{64})")
_ALL_AGAIN = "Re-run all jobs of the build, which then pushes and names one image; when it has passed, run this again."


@dataclass(frozen=True)
class Build:
    """One run of the build workflow, in its latest attempt; `status` and `conclusion` are GitHub's words.

    `branch` is what GitHub calls so: the name of the ref that was built, which may be a tag. It was `created` by its
    event, and its latest attempt `started` then or later; both in UTC, None if GitHub does not say.
    """

    id: int
    workflow: str
    event: str
    branch: str
    head_sha: str
    attempt: int
    status: str
    conclusion: str | None
    url: str
    started: datetime.datetime | None = None
    created: datetime.datetime | None = None

    @property
    def is_held(self) -> bool:
        """Whether it goes on once somebody has approved it."""
        return is_held(self.status, self.conclusion)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whatever way; one that is held has not, whatever GitHub calls it."""
        return self.status == COMPLETED and not self.is_held

    @property
    def state(self) -> str:
        """GitHub's word for how it ended, or for what it does; `waiting` for one that is held, in whatever way."""
        return (self.conclusion or "unknown") if self.is_over else WAITING if self.is_held else self.status

    @property
    def passed(self) -> bool:
        """Whether it has ended well."""
        return self.is_over and self.conclusion == SUCCESS


@dataclass(frozen=True)
class PendingDeployment:
    """An environment that a build waits for: for one of its `reviewers`, and `until` its timer has run (UTC)."""

    environment: str
    reviewers: Sequence[str] = ()
    until: datetime.datetime | None = None


@dataclass(frozen=True)
class Hold:
    """What a build waits for. `others` are runs of its workflow that may hold the concurrency group that it wants.

    `unseen` says why that could not be found.
    """

    environments: Sequence[PendingDeployment] = ()
    others: Sequence[Build] = ()
    unseen: str = ""

    @property
    def is_known(self) -> bool:
        """Whether anything is known of it."""
        return any(one.reviewers or one.until for one in self.environments) or bool(self.others)

    @property
    def needs_a_person(self) -> bool:
        """Whether it goes on only when somebody has approved something."""
        behind = bool(self.others) and all(one.is_held for one in self.others)
        return behind or any(one.reviewers for one in self.environments)

    @property
    def until(self) -> datetime.datetime | None:
        """When the last timer has run (UTC); None without one."""
        return max((one.until for one in self.environments if one.until), default=None)


@dataclass(frozen=True)
class Artifact:
    """What an attempt of the run with the id `run` has uploaded; `created` (UTC) is None where GitHub does not say."""

    name: str
    created: datetime.datetime | None
    run: int
    head_sha: str


@dataclass(frozen=True)
class Job:
    """One job of a build. Times are in UTC, None while they lie ahead."""

    name: str
    status: str
    conclusion: str | None
    started: datetime.datetime | None
    completed: datetime.datetime | None
    url: str

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.status == COMPLETED

    @property
    def failed(self) -> bool:
        """Whether it has ended otherwise than well; a skipped one was not wanted."""
        return self.is_over and self.conclusion not in (SUCCESS, _SKIPPED)

    @property
    def ran(self) -> bool:
        """Whether it has begun, and was not skipped."""
        return self.started is not None and self.conclusion != _SKIPPED

    def elapsed(self, now: datetime.datetime) -> datetime.timedelta:
        """How long it has run, or did run; nothing before it begins."""
        if not self.ran or self.started is None:
            return datetime.timedelta()
        return max(datetime.timedelta(), (self.completed or now) - self.started)


def production_deployments(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs that deploy to production, as far as names tell; skipped ones were not wanted."""
    named = [job for job in jobs if "deploy" in job.name.casefold() and is_production(job.name)]
    return [job for job in named if job.conclusion != _SKIPPED]


@dataclass(frozen=True)
class UsualTimes:
    """Medians of past runs that passed: of each job by its name, and of the whole from first start to last end."""

    jobs: Mapping[str, datetime.timedelta] = field(default_factory=dict)
    whole: datetime.timedelta | None = None


def usual_times(runs: Sequence[Sequence[Job]]) -> UsualTimes:
    """Return the medians over past runs; a job counts in those in which it passed."""
    times: dict[str, list[float]] = {}
    wholes: list[float] = []
    for jobs in runs:
        spans = [(job.name, job.started, job.completed) for job in jobs if job.conclusion == SUCCESS]
        timed = [(name, start, end) for name, start, end in spans if start and end]
        for name, start, end in timed:
            times.setdefault(name, []).append((end - start).total_seconds())
        if timed:
            wholes.append((max(end for *_, end in timed) - min(start for _, start, _ in timed)).total_seconds())
    return UsualTimes({name: _median(seen) for name, seen in times.items()}, _median(wholes) if wholes else None)


def _median(seconds: Sequence[float]) -> datetime.timedelta:
    return datetime.timedelta(seconds=statistics.median(seconds))


@dataclass(frozen=True)
class Progress:
    """A build as it was seen at `now` (UTC), with what is usual. `build` is None before it is found.

    `hold` is what it waits for; `is_left` says that it is not followed further because of that.
    """

    now: datetime.datetime
    build: Build | None = None
    jobs: Sequence[Job] = ()
    usual: UsualTimes = field(default_factory=UsualTimes)
    note: str = ""
    hold: Hold = Hold()
    is_left: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be seen of the build: it has ended, or is left waiting."""
        return self.is_left or (self.build is not None and self.build.is_over)

    @property
    def waits(self) -> frozenset[str]:
        """What the build or its jobs wait for: `WAITING` for an environment or an approval, `PENDING` for a group."""
        if self.build is None or self.build.is_over:
            return frozenset()
        states = {self.build.status, *(job.status for job in self.jobs if not job.is_over)}
        return frozenset({WAITING} if self.build.is_held else ()) | states.intersection(_HELD)

    @property
    def is_held(self) -> bool:
        """Whether all that is left of the build waits, so that it may stay as it is for days."""
        moving = [job for job in self.jobs if not job.is_over and job.status not in _HELD]
        return bool(self.waits) and not moving

    @property
    def state(self) -> tuple[object, ...]:
        """What makes a line of news: two looks with the same state have none."""
        build = (self.build.id, self.build.attempt, self.build.status, self.build.conclusion) if self.build else ()
        return (*build, *((job.name, job.status, job.conclusion) for job in self.jobs), self.hold, self.note)

    @property
    def began(self) -> datetime.datetime | None:
        """When the first job began; None before that."""
        return min((job.started for job in self.jobs if job.ran and job.started), default=None)

    @property
    def elapsed(self) -> datetime.timedelta | None:
        """How long all of it has taken, or did take; None before it began."""
        if self.began is None:
            return None
        is_over = self.build is not None and self.build.is_over
        ends = [job.completed for job in self.jobs if job.ran and job.completed]
        return max(datetime.timedelta(), (max(ends) if is_over and ends else self.now) - self.began)

    def remaining(self, job: Job) -> datetime.timedelta | None:
        """How much longer a running job usually takes; None where nothing is known, or it is late already."""
        usual = self.usual.jobs.get(job.name)
        if usual is None or job.is_over:
            return None
        left = usual - job.elapsed(self.now)
        return left if left > datetime.timedelta() else None

    @property
    def expected_end(self) -> datetime.datetime | None:
        """When all of it usually ends, jobs that have not appeared yet included; None where that cannot be told."""
        if self.build is None or self.build.is_over:
            return None
        left = [self.remaining(job) for job in self.jobs if job.ran and not job.is_over]
        ends = [self.now + one for one in left if one is not None] if None not in left else []
        if self.began and self.usual.whole and self.began + self.usual.whole > self.now:
            ends.append(self.began + self.usual.whole)
        return max(ends, default=None)


def pushed_digest(build: Build, artifacts: Sequence[Artifact]) -> Answer[str | None]:
    """Return the digest that the newest attempt of `build` names, None where no attempt names any.

    An attempt that re-ran only later jobs has pushed nothing: then the earlier ones count. Several digests are
    an `Unknown`: nobody can say which of them was pushed last.
    """
    own = [one for one in artifacts if (one.run, one.head_sha) == (build.id, build.head_sha)]
    named = [(one, match) for one in own if (match := _PUSHED.fullmatch(one.name))]
    newest = [(one, match) for one, match in named if _may_be_of_newest(build, one)]
    digests = sorted({":".join(match.groups()) for _, match in newest or named})
    if len(digests) > 1:
        attempts = "its newest attempt" if newest else "its attempts"
        return Unknown(f"{attempts} named {' and '.join(digests[:3])}", _ALL_AGAIN)
    return digests[0] if digests else None


def _may_be_of_newest(build: Build, artifact: Artifact) -> bool:
    """Whether it is not known to be older than the newest attempt; both times are of the same server."""
    return build.started is None or artifact.created is None or artifact.created >= build.started
