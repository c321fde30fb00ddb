"""The build of a tag as CI runs it: its jobs, how long they take, and how it ended."""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

COMPLETED = "completed"
SUCCESS = "success"
_SKIPPED = "skipped"


@dataclass(frozen=True)
class Build:
    """One run of the build workflow, in its latest attempt; `status` and `conclusion` are GitHub's words.

    `branch` is what GitHub calls so: the name of the ref that was built, which may be a tag.
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

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.status == COMPLETED

    @property
    def passed(self) -> bool:
        """Whether it has ended well."""
        return self.is_over and self.conclusion == SUCCESS


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


UsualTimes = Mapping[str, datetime.timedelta]
"""How long each job takes, by its name: the median of the last runs in which it passed."""


def usual_times(runs: Sequence[Sequence[Job]]) -> dict[str, datetime.timedelta]:
    """Return the median time of each job over past runs, of those in which it passed."""
    times: dict[str, list[float]] = {}
    for jobs in runs:
        for job in jobs:
            if job.conclusion == SUCCESS and job.started and job.completed:
                times.setdefault(job.name, []).append((job.completed - job.started).total_seconds())
    return {name: datetime.timedelta(seconds=statistics.median(seen)) for name, seen in times.items()}


@dataclass(frozen=True)
class Progress:
    """A build as it was seen at `now` (UTC), with what is usual. `build` is None before it is found."""

    now: datetime.datetime
    build: Build | None = None
    jobs: Sequence[Job] = ()
    usual: UsualTimes = field(default_factory=dict)
    note: str = ""

    @property
    def is_over(self) -> bool:
        """Whether the build has ended, in whatever way."""
        return self.build is not None and self.build.is_over

    @property
    def failed_jobs(self) -> list[Job]:
        """The jobs that ended otherwise than well."""
        return [job for job in self.jobs if job.failed]

    @property
    def state(self) -> tuple[object, ...]:
        """What makes a line of news: two looks with the same state have none."""
        build = (self.build.id, self.build.attempt, self.build.status, self.build.conclusion) if self.build else ()
        return (*build, *((job.name, job.status, job.conclusion) for job in self.jobs), self.note)

    def remaining(self, job: Job) -> datetime.timedelta | None:
        """How much longer a running job usually takes; None where nothing is known, or it is late already."""
        usual = self.usual.get(job.name)
        if usual is None or job.is_over:
            return None
        left = usual - job.elapsed(self.now)
        return left if left > datetime.timedelta() else None

    @property
    def expected_end(self) -> datetime.datetime | None:
        """When what runs now usually ends; None where that cannot be told."""
        left = [self.remaining(job) for job in self.jobs if job.ran and not job.is_over]
        known = [one for one in left if one is not None]
        return self.now + max(known) if known and len(known) == len(left) else None
