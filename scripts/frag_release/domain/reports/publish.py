"""The report of `publish`: what was reviewed, on which evidence, and how far the publication got."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from enum import Enum
from typing import Any, ClassVar

from ...dataclass import dataclass
from ..builds import Job, PendingDeployment, Progress
from ..decision import Verdict
from ..evidence import WAITING, Approval
from ..findings import Finding
from ..review import NothingToPublish, Reviewed
from . import Remark, Report, as_word, component_outputs, joined, pair, path_name, rules, tag_name
from .gate import GateReport, JudgedReport


class Stage(Enum):
    """How far a publication got, as the headline words it."""

    REFUSED = "Refused"
    PLANNED = "Planned, nothing written"
    READY = "About to be published"
    STOPPED = "Not published yet"
    STARTED = "Tagged, the build goes on"
    WAITING = "Tagged, the build waits"
    PUBLISHED = "Published"


@dataclass(frozen=True)
class PublishReport(JudgedReport):
    """`judged` is the gate's report on the commit.

    `tagged`: the tag existed before. `image` and `digest` are the stack's; `digest` is empty if unknown, with
    `is_unnamed` because the build did not name the image that it pushed. `is_baseline`: the digest was read from the
    registry later. `ticket` is the one that the commit names for the announcement.
    """

    command: ClassVar[str] = "publish"

    judged: GateReport
    review: Reviewed
    dry_run: bool = False
    tagged: bool = False
    progress: Progress | None = None
    started_by: str = ""
    approvals: Sequence[Approval] = ()
    image: str = ""
    digest: str = ""
    is_unnamed: bool = False
    is_baseline: bool = False
    release_url: str = ""
    ticket: str = ""

    @property
    def stage(self) -> Stage:
        """How far the publication got."""
        if self.judged.failed_rules and not self.progress:
            return Stage.REFUSED
        if self.problem:
            return Stage.STOPPED
        if self.dry_run:
            return Stage.PLANNED
        if self.release_url:
            return Stage.PUBLISHED
        if self.progress and self.progress.is_left:
            return Stage.WAITING
        return Stage.STARTED if self.progress else Stage.READY

    @property
    def headline(self) -> str:
        """How far the publication got, and the tag."""
        return f"{self.stage.value}: {self.judged.tag}"

    @property
    def line(self) -> str:
        """The headline, with the pair once it is public, what the build waits for, or the rules that block it."""
        what = f"{self.stage.value}: {tag_name(self.judged.tag)}"
        if self.stage is Stage.PUBLISHED:
            return joined(f"{tag_name(self.judged.tag)} published", pair(self.judged.facts.components))
        if self.stage is Stage.REFUSED:
            return f"{what} ({rules(self.judged.failed_rules)})"
        waits = self.progress.hold.environments if self.progress and self.stage is Stage.WAITING else ()
        names = ", ".join(path_name(one.environment, "an environment") for one in waits)
        return f"{what} (for {names})" if names else what

    @property
    def url(self) -> str:
        """The release, once it is public."""
        return self.release_url

    @property
    def own_status(self) -> int:
        """The exit status if there is no problem."""
        return 1 if self.stage is Stage.REFUSED else 0

    @property
    def run_url(self) -> str:
        """The address of the build's run, empty before it is found."""
        return self.progress.build.url if self.progress and self.progress.build else ""

    @property
    def run_conclusion(self) -> str:
        """GitHub's conclusion of the build; `waiting` if it waits for an approval, empty while it runs."""
        if self.progress and self.progress.is_left:
            return WAITING
        build = self.progress.build if self.progress else None
        return (build.conclusion or "") if build and build.is_over else ""

    def outputs(self) -> dict[str, str]:
        """The release, its pair and its build, as far as they are known."""
        return {
            "verdict": self.verdict.value,
            "stack-tag": self.judged.tag,
            "stack-commit": self.judged.commit,
            **component_outputs(self.judged.facts.components),
            "release-url": self.release_url,
            "run-url": self.run_url,
            "run-conclusion": self.run_conclusion,
            "changed": as_word(self.changed),
            "failed-rules": ",".join(self.judged.failed_rules),
        }

    def as_json(self) -> dict[str, Any]:
        """The report in the schema that all commands share; `release.json` is based on it."""
        document = {**self.judged.as_json(), **self.came()}
        document["stack"] |= {"image": self.image or None, "digest": self.digest or None}
        if self.is_baseline:
            document["stack"]["digest-source"] = "baseline"
        document["review"] = {"how": self.review.how, "url": self.review.url or None}
        document["build"] = self._build()
        document["ticket"] = self.ticket or None
        document["approved-by"] = [one.as_json() for one in self.approvals]
        return document

    def as_record(self) -> dict[str, Any]:
        """The report as written to `release.json`, with the headline that is true once the release is public."""
        return {**self.as_json(), "headline": f"{Stage.PUBLISHED.value}: {self.judged.tag}"}

    def _build(self) -> dict[str, Any] | None:
        if self.progress is None or self.progress.build is None:
            return None
        return {
            "url": self.run_url,
            "conclusion": self.run_conclusion or None,
            "waits-for": [_as_json(one) for one in self.progress.hold.environments] if self.progress.is_left else [],
            "jobs": [self._job(job) for job in self.progress.jobs],
        }

    def _job(self, job: Job) -> dict[str, Any]:
        elapsed = job.elapsed(self.progress.now).total_seconds() if self.progress and job.ran else None
        return {"name": job.name, "status": job.status, "conclusion": job.conclusion, "seconds": elapsed}


def _as_json(one: PendingDeployment) -> dict[str, Any]:
    until = one.until.strftime("%Y-%m-%dT%H:%M:%SZ") if one.until else None
    return {"environment": one.environment, "reviewers": list(one.reviewers), "until": until}


@dataclass(frozen=True)
class NothingReport(Report):
    """The report of a run that found nothing to publish. `time` is in UTC."""

    command: ClassVar[str] = "publish"

    version: str
    time: datetime.datetime
    nothing: NothingToPublish
    findings: Sequence[Finding] = ()
    verdict: Verdict = Verdict.BUILD_ONLY
    headline: str = "Nothing to publish"

    def remarks(self) -> list[Remark]:
        """Why there is nothing to publish, and what to do if there should be."""
        return [Remark("notice", self.headline, f"{self.nothing.reason} {self.nothing.remedy}".rstrip())]

    def as_json(self) -> dict[str, Any]:
        """The report in the schema that all commands share, with the `reason`."""
        return {**self.head(), "reason": self.nothing.reason}
