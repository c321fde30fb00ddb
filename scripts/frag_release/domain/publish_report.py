"""The report of `publish`: what was reviewed, on which evidence, and how far it came."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .builds import Job, Progress
from .decision import Verdict
from .prepare_report import Action
from .report import SCHEMA, GateReport
from .review import NothingToPublish, Reviewed


class Stage(Enum):
    """How far a publication came."""

    REFUSED = "refused"
    PLANNED = "planned"
    READY = "ready"
    STOPPED = "stopped"
    STARTED = "started"
    PUBLISHED = "published"


@dataclass(frozen=True)
class Problem:
    """What ended it before its end, with the exit status that this has."""

    message: str
    remedy: str
    exit_status: int


@dataclass(frozen=True)
class PublishReport:
    """`judged` is the gate's report on the commit; `actions` has only what this run made.

    `tagged` says that the tag was there before. `image` and `digest` are the stack's own, `digest` empty where
    it is not known, and `is_unnamed` where that is because the build did not say what it pushed. `notes` are for
    people.
    """

    judged: GateReport
    review: Reviewed
    dry_run: bool = False
    tagged: bool = False
    progress: Progress | None = None
    started_by: str = ""
    image: str = ""
    digest: str = ""
    is_unnamed: bool = False
    release_url: str = ""
    actions: Sequence[Action] = ()
    notes: Sequence[str] = ()
    problem: Problem | None = None
    command: str = "publish"

    @property
    def stage(self) -> Stage:
        """How far it came."""
        if self.judged.failed_rules:
            return Stage.REFUSED
        if self.problem:
            return Stage.STOPPED
        if self.dry_run:
            return Stage.PLANNED
        if self.release_url:
            return Stage.PUBLISHED
        return Stage.STARTED if self.progress else Stage.READY

    @property
    def exit_status(self) -> int:
        """The status that the run ends with."""
        if self.problem:
            return self.problem.exit_status
        return 1 if self.stage is Stage.REFUSED else 0

    @property
    def run_url(self) -> str:
        """The address of the build's run, empty before it is found."""
        return self.progress.build.url if self.progress and self.progress.build else ""

    @property
    def run_conclusion(self) -> str:
        """How the build ended, in GitHub's word; empty while it runs."""
        build = self.progress.build if self.progress else None
        return (build.conclusion or "") if build and build.is_over else ""

    def as_json(self) -> dict[str, Any]:
        """The report by the schema of every command; this is what `release.json` holds."""
        document = self.judged.as_json()
        document["command"] = self.command
        document["stack"] |= {"image": self.image or None, "digest": self.digest or None}
        document["actions"] = [{"what": action.what, "url": action.url or None} for action in self.actions]
        document["review"] = {"how": self.review.how, "url": self.review.url or None}
        document["build"] = self._build()
        if self.problem:
            document["error"] = {"message": self.problem.message, "remedy": self.problem.remedy or None}
        return document

    def _build(self) -> dict[str, Any] | None:
        if self.progress is None or self.progress.build is None:
            return None
        return {
            "url": self.run_url,
            "conclusion": self.run_conclusion or None,
            "jobs": [self._job(job) for job in self.progress.jobs],
        }

    def _job(self, job: Job) -> dict[str, Any]:
        elapsed = job.elapsed(self.progress.now).total_seconds() if self.progress and job.ran else None
        return {"name": job.name, "status": job.status, "conclusion": job.conclusion, "seconds": elapsed}


@dataclass(frozen=True)
class NothingReport:
    """The report of a run that found nothing to publish. `time` is in UTC."""

    version: str
    time: datetime.datetime
    nothing: NothingToPublish

    def as_json(self) -> dict[str, Any]:
        """The report by the schema of every command, with the `reason`."""
        return {
            "schema": SCHEMA,
            "command": "publish",
            "action-version": self.version,
            "time": self.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "verdict": Verdict.BUILD_ONLY.value,
            "reason": self.nothing.reason,
            "components": [],
            "findings": [],
            "actions": [],
        }
