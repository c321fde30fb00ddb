"""The build of a tag in CI: its jobs, their durations, its conclusion, and the image that it pushed.

The name of an artifact identifies the pushed image; only the run itself can upload it.
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
"""GitHub's status of a run or job that waits for a concurrency group."""

_HELD = (WAITING, PENDING)
_SKIPPED = "skipped"

PUSHED_IMAGE = "stack-image-sha256-…"
"""The artifact name that identifies the pushed image, as shown to people: the digest with a dash for its colon."""

_PUSHED = re.compile(r"stack-image-(sha256)-([0-9a-f]{64})")
_ALL_AGAIN = "Re-run all jobs of the build, so that it pushes and names one image. When it has passed, run this again."


@dataclass(frozen=True)
class Build:
    """The latest attempt of a run of the build workflow; `status` and `conclusion` are GitHub's values.

    `branch` is GitHub's `head_branch`: the name of the ref that was built, which may be a tag. The run was `created` by
    its event; its latest attempt `started` then or later. Both are in UTC, None if GitHub does not return them.
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
        """Whether it waits for an approval."""
        return is_held(self.status, self.conclusion)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, with any conclusion; a held one has not, even if GitHub reports it as completed."""
        return self.status == COMPLETED and not self.is_held

    @property
    def state(self) -> str:
        """GitHub's conclusion, or its status while it runs; `waiting` for any kind of hold."""
        return (self.conclusion or "unknown") if self.is_over else WAITING if self.is_held else self.status

    @property
    def passed(self) -> bool:
        """Whether it has succeeded."""
        return self.is_over and self.conclusion == SUCCESS


@dataclass(frozen=True)
class PendingDeployment:
    """An environment that a build waits for: for one of its `reviewers`, and `until` its wait timer ends (UTC)."""

    environment: str
    reviewers: Sequence[str] = ()
    until: datetime.datetime | None = None


@dataclass(frozen=True)
class Hold:
    """What a build waits for. `others` are runs of its workflow that may occupy its concurrency group.

    `unseen` is why this could not be determined.
    """

    environments: Sequence[PendingDeployment] = ()
    others: Sequence[Build] = ()
    unseen: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the reason for the wait is known."""
        return any(one.reviewers or one.until for one in self.environments) or bool(self.others)

    @property
    def needs_a_person(self) -> bool:
        """Whether it continues only after an approval."""
        behind = bool(self.others) and all(one.is_held for one in self.others)
        return behind or any(one.reviewers for one in self.environments)

    @property
    def until(self) -> datetime.datetime | None:
        """When the last wait timer ends (UTC); None if there is none."""
        return max((one.until for one in self.environments if one.until), default=None)


@dataclass(frozen=True)
class Artifact:
    """An artifact that an attempt of the run `run` (its id) uploaded; `created` (UTC) is None if GitHub omits it."""

    name: str
    created: datetime.datetime | None
    run: int
    head_sha: str


@dataclass(frozen=True)
class Job:
    """One job of a build. Times are in UTC, None until they are reached."""

    name: str
    status: str
    conclusion: str | None
    started: datetime.datetime | None
    completed: datetime.datetime | None
    url: str

    @property
    def is_over(self) -> bool:
        """Whether it has ended, with any conclusion."""
        return self.status == COMPLETED

    @property
    def failed(self) -> bool:
        """Whether it ended without success; a skipped job has not failed."""
        return self.is_over and self.conclusion not in (SUCCESS, _SKIPPED)

    @property
    def ran(self) -> bool:
        """Whether it has started and was not skipped."""
        return self.started is not None and self.conclusion != _SKIPPED

    def elapsed(self, now: datetime.datetime) -> datetime.timedelta:
        """How long it has run so far, or ran in total; zero before it starts."""
        if not self.ran or self.started is None:
            return datetime.timedelta()
        return max(datetime.timedelta(), (self.completed or now) - self.started)


def production_deployments(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs whose names suggest a deployment to production, without skipped ones."""
    named = [job for job in jobs if "deploy" in job.name.casefold() and is_production(job.name)]
    return [job for job in named if job.conclusion != _SKIPPED]


@dataclass(frozen=True)
class UsualTimes:
    """Median durations of past runs that passed: of each job by name, and of the whole from first start to last end."""

    jobs: Mapping[str, datetime.timedelta] = field(default_factory=dict)
    whole: datetime.timedelta | None = None


def usual_times(runs: Sequence[Sequence[Job]]) -> UsualTimes:
    """Return the medians over past runs; a job counts only in runs in which it passed."""
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
    """A build as observed at `now` (UTC), with the usual durations. `build` is None until it is found.

    `hold` is what it waits for; with `is_left` it is no longer followed because of that.
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
        """Whether there is nothing more to follow: the build has ended, or is left waiting."""
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
        """Whether everything unfinished in the build waits, which can last for days."""
        moving = [job for job in self.jobs if not job.is_over and job.status not in _HELD]
        return bool(self.waits) and not moving

    @property
    def state(self) -> tuple[object, ...]:
        """What a new log line depends on: two observations with the same state log nothing new."""
        build = (self.build.id, self.build.attempt, self.build.status, self.build.conclusion) if self.build else ()
        return (*build, *((job.name, job.status, job.conclusion) for job in self.jobs), self.hold, self.note)

    @property
    def began(self) -> datetime.datetime | None:
        """When the first job started; None before that."""
        return min((job.started for job in self.jobs if job.ran and job.started), default=None)

    @property
    def elapsed(self) -> datetime.timedelta | None:
        """How long the build has run so far, or ran in total; None before it started."""
        if self.began is None:
            return None
        is_over = self.build is not None and self.build.is_over
        ends = [job.completed for job in self.jobs if job.ran and job.completed]
        return max(datetime.timedelta(), (max(ends) if is_over and ends else self.now) - self.began)

    def remaining(self, job: Job) -> datetime.timedelta | None:
        """How much longer a running job usually takes; None if that is unknown, or the usual time is over."""
        usual = self.usual.jobs.get(job.name)
        if usual is None or job.is_over:
            return None
        left = usual - job.elapsed(self.now)
        return left if left > datetime.timedelta() else None

    @property
    def expected_end(self) -> datetime.datetime | None:
        """When the build usually ends, including jobs that do not exist yet; None if that cannot be estimated."""
        if self.build is None or self.build.is_over:
            return None
        left = [self.remaining(job) for job in self.jobs if job.ran and not job.is_over]
        ends = [self.now + one for one in left if one is not None] if None not in left else []
        if self.began and self.usual.whole and self.began + self.usual.whole > self.now:
            ends.append(self.began + self.usual.whole)
        return max(ends, default=None)


def pushed_digest(build: Build, artifacts: Sequence[Artifact]) -> Answer[str | None]:
    """Return the digest that the newest attempt of `build` names, None if no attempt names one.

    An attempt that re-ran only later jobs pushed nothing: then earlier attempts count. Several digests are `Unknown`,
    because the order in which they were pushed is unknown.
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
    """Whether the artifact is not known to be older than the newest attempt; both times come from the same server."""
    return build.started is None or artifact.created is None or artifact.created >= build.started
