"""The report of `deploy`: what was deployed where, on which evidence, and how far it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .awx_jobs import Job
from .decision import Decision, Verdict
from .evidence import Image
from .prepare_report import Action
from .publish_report import Problem
from .report import GateReport
from .site import SiteLook


class Stage(Enum):
    """How far a deployment came."""

    REFUSED = "refused"
    PLANNED = "planned"
    READY = "ready"
    NOT_LAUNCHED = "not launched"
    LEFT = "left running"
    JOB_FAILED = "job failed"
    NOT_SHOWN = "site not verified"
    DEPLOYED = "deployed"


@dataclass(frozen=True)
class Target:
    """Where to, and by which rules. `rollback` means that an older release's record was the evidence."""

    environment: str
    is_production: bool
    gated: bool = True
    rollback: bool = False


@dataclass(frozen=True)
class DeployReport:
    """`judged` is the gate's report as it was repeated; `image` what is deployed, by tag, and its digest if known.

    `refusal` says why an environment does not take what the gate has judged. `site` is the last look at it,
    `site_before` the one before the launch.
    """

    judged: GateReport
    target: Target
    image: Image
    refusal: str = ""
    dry_run: bool = False
    job: Job | None = None
    site: SiteLook | None = None
    site_before: SiteLook | None = None
    actions: Sequence[Action] = ()
    notes: Sequence[str] = ()
    problem: Problem | None = None

    @property
    def stage(self) -> Stage:
        """How far it came."""
        if self.judged.failed_rules or self.refusal:
            return Stage.REFUSED
        if self.job is None:
            return Stage.NOT_LAUNCHED if self.problem else Stage.PLANNED if self.dry_run else Stage.READY
        if not self.job.is_over:
            return Stage.LEFT
        if not self.job.succeeded:
            return Stage.JOB_FAILED
        return Stage.NOT_SHOWN if self.problem else Stage.DEPLOYED

    @property
    def shown_before(self) -> bool:
        """Whether the site showed what is deployed before the launch, so that showing it later proves nothing."""
        return self.site_before is not None and self.site_before.passed

    @property
    def exit_status(self) -> int:
        """The status that the run ends with."""
        if self.problem:
            return self.problem.exit_status
        return 0 if self.stage in (Stage.DEPLOYED, Stage.PLANNED) else 1

    def as_json(self) -> dict[str, Any]:
        """The report by the schema of every command, with the job and the site."""
        document = self.judged.as_json()
        document["command"] = "deploy"
        document["stack"] |= {"image": f"{self.image.name}:{self.image.tag}", "digest": self.image.digest}
        document["actions"] = [{"what": action.what, "url": action.url or None} for action in self.actions]
        document["notes"] = list(self.notes)
        document["environment"] = self.target.environment
        document["gated"] = self.target.gated
        document["rollback"] = self.target.rollback
        document["job"] = self._job()
        document["site"] = self.site.as_json() if self.site else None
        document["site-before"] = self.site_before.as_json() if self.site_before else None
        if self.refusal or self.problem:
            error = self.problem or Problem(self.refusal, "", 1)
            document["error"] = {"message": error.message, "remedy": error.remedy or None}
        return document

    def _job(self) -> dict[str, Any] | None:
        job = self.job
        if job is None:
            return None
        return {"id": job.id, "name": job.name, "status": job.status, "url": job.url, "seconds": job.elapsed}


def refusal(target: Target, decision: Decision, image_tag: str) -> str:
    """Say why an environment does not take what was judged; empty where it does, or where findings say why."""
    if decision.verdict is Verdict.BLOCKED:
        return ""
    if not image_tag:
        return f"No image is built for this ref, so there is nothing to deploy. {decision.reason}"
    if not target.gated:
        return ""
    if target.is_production:
        if decision.verdict is Verdict.DEPLOY and decision.deploy_production:
            return ""
        return f"{target.environment} takes a production tag in the run of that tag, or a rollback. {decision.reason}"
    return "" if decision.deploy_staging else f"This is not for {target.environment}. {decision.reason}"
