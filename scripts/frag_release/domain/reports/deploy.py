"""The report of `deploy`: what was deployed where, on which evidence, and how far the deployment got."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from enum import Enum
from typing import Any, ClassVar

from ...dataclass import dataclass
from ..awx_jobs import Job
from ..decision import Decision, Verdict
from ..deployment_records import ERROR, FAILURE, IN_PROGRESS
from ..evidence import SUCCESS, Approval, Image
from ..site import SiteLook
from . import Problem, Remark, as_word, joined, pair, path_name, problem_as_json, rules, tag_name
from .gate import GateReport, JudgedReport


class Stage(Enum):
    """How far a deployment got, as the headline words it."""

    REFUSED = "Refused"
    PLANNED = "Planned, nothing launched"
    READY = "About to be launched"
    NOT_LAUNCHED = "Not launched"
    NOT_KNOWN = "Not known whether it was launched"
    LEFT = "Not known to be deployed"
    NOT_BEGUN = "Nothing deployed: the job never began"
    JOB_FAILED = "The deployment failed"
    NOT_SHOWN = "Not seen on the site"
    HANDED_OVER = "Verified, and handed over"
    UNVERIFIED = "Deployed, but not verified"
    DEPLOYED = "Deployed"


_OF_OWN_STEP = {
    Stage.PLANNED: "Planned, nothing handed over",
    Stage.NOT_LAUNCHED: "Not handed over",
    Stage.NOT_BEGUN: "Nothing deployed: the step was skipped",
}
_BY_OUTCOME = {FAILURE: Stage.JOB_FAILED, "skipped": Stage.NOT_BEGUN}


@dataclass(frozen=True)
class Target:
    """Where to deploy, and by which rules. With `rollback` an older release's record is the evidence."""

    environment: str
    is_production: bool
    gated: bool = True
    rollback: bool = False


@dataclass(frozen=True)
class OwnRecord:
    """The deployment record that this run filed or continues; `state` is empty until a status is set."""

    id: int
    url: str
    state: str
    filed: datetime.datetime


@dataclass(frozen=True)
class DeployReport(JudgedReport):
    """`judged` is the gate's report from this run; `image` what is deployed, by tag, with its digest if known.

    `refusal` is why the environment does not accept what the gate judged. `launch_sent`: a launch was sent, and is not
    known to have had no effect. `site` is the last look at the site, `site_before` the one before the launch; `seen_at`
    (UTC) is when the site showed the release. `record` is the deployment record, None if there is none. `outcome` is
    GitHub's outcome of the workflow's own step that deploys: empty before it, None if AWX deploys.
    """

    command: ClassVar[str] = "deploy"

    judged: GateReport
    target: Target
    image: Image
    refusal: str = ""
    dry_run: bool = False
    launch_sent: bool = False
    job: Job | None = None
    site: SiteLook | None = None
    site_before: SiteLook | None = None
    seen_at: datetime.datetime | None = None
    record: OwnRecord | None = None
    approvals: Sequence[Approval] = ()
    outcome: str | None = None

    @property
    def by_own_step(self) -> bool:
        """Whether a step of the workflow deploys, and not AWX."""
        return self.outcome is not None

    @property
    def stage(self) -> Stage:
        """How far the deployment got."""
        if self.outcome:
            return self._after_own_step(self.outcome)
        if self.judged.failed_rules or self.refusal:
            return Stage.REFUSED
        if self.job is None and self.launch_sent:
            return Stage.NOT_KNOWN
        if self.job is None:
            ready = Stage.HANDED_OVER if self.by_own_step else Stage.READY
            return Stage.NOT_LAUNCHED if self.problem else Stage.PLANNED if self.dry_run else ready
        if not self.job.is_over:
            return Stage.LEFT
        if not self.job.succeeded:
            return Stage.JOB_FAILED if self.job.has_begun else Stage.NOT_BEGUN
        return Stage.NOT_SHOWN if self.problem else Stage.DEPLOYED

    def _after_own_step(self, outcome: str) -> Stage:
        if self.dry_run:
            return Stage.NOT_LAUNCHED if self.problem else Stage.PLANNED
        if outcome != SUCCESS:
            return _BY_OUTCOME.get(outcome, Stage.LEFT)
        if self.judged.failed_rules:
            return Stage.UNVERIFIED
        return Stage.NOT_SHOWN if self.problem else Stage.DEPLOYED

    @property
    def is_touched(self) -> bool:
        """Whether the environment may have been changed by this deployment."""
        if self.by_own_step:
            return not self.dry_run and self.outcome not in ("", "skipped")
        return self.job is not None and self.stage is not Stage.NOT_BEGUN

    @property
    def stage_in_words(self) -> str:
        """How far the deployment got, for people."""
        own = _OF_OWN_STEP if self.by_own_step else {}
        return own.get(self.stage, self.stage.value)

    def record_state(self, is_conclusive: bool) -> str:
        """GitHub's state for the outcome. `is_conclusive` is false if the run was cancelled or failed unexpectedly."""
        if self.stage in (Stage.DEPLOYED, Stage.HANDED_OVER):
            return SUCCESS if self.stage is Stage.DEPLOYED else IN_PROGRESS
        failed = self.stage is Stage.JOB_FAILED or (is_conclusive and self.stage is Stage.NOT_SHOWN)
        return FAILURE if failed else ERROR

    @property
    def shown_before(self) -> bool:
        """Whether the site already showed the release before the launch, so that it proves nothing afterwards."""
        return self.site_before is not None and self.site_before.passed

    @property
    def headline(self) -> str:
        """How far the deployment got, of what, and where."""
        return f"{self.stage_in_words}: {self.subject}"

    @property
    def line(self) -> str:
        """What is deployed where; otherwise how far the deployment got, and the rules that blocked it."""
        target, tag = self.target, tag_name(self.name)
        where = "production" if target.is_production else path_name(target.environment, "an environment")
        if self.stage is Stage.DEPLOYED:
            what = f"{where} rolled back to {tag}" if target.rollback else f"{tag} deployed to {where}"
            return joined(what, pair(self.judged.facts.components))
        what = f"{self.stage_in_words}: {'rollback to ' if target.rollback else ''}{tag} on {where}"
        failed = rules(self.judged.failed_rules)
        return f"{what} ({failed})" if failed else what

    @property
    def name(self) -> str:
        """The name for people: the release if the image is that of one, otherwise the image's tag."""
        tag = self.judged.production_tag
        return tag.text if tag and tag.image_tag == self.image.tag else self.image.tag

    @property
    def subject(self) -> str:
        """What is deployed where."""
        what = "rollback to " if self.target.rollback else ""
        return f"{what}{self.name} on {self.target.environment}"

    @property
    def own_status(self) -> int:
        """The exit status if there is no problem: 0 if deployed, handed over or planned, otherwise 1."""
        return 0 if self.stage in (Stage.DEPLOYED, Stage.HANDED_OVER, Stage.PLANNED) else 1

    def remarks(self) -> list[Remark]:
        """Why the environment does not accept it."""
        return [Remark("error", self.command, self.refusal)] if self.refusal else []

    def outputs(self) -> dict[str, str]:
        """The gate's outputs, the image and the job."""
        job = self.job
        return self.judged.outputs() | {
            "image-tag": self.image.tag,
            "stack-image": self.to_deploy,
            "deployment-id": str(self.record.id) if self.record else "",
            "job-id": str(job.id) if job else "",
            "job-url": job.url if job else "",
            "job-status": job.status if job else "",
            "changed": as_word(self.changed),
        }

    @property
    def to_deploy(self) -> str:
        """The image that the workflow's own step has to deploy, by its digest if known; otherwise empty."""
        return self.image.reference if self.stage is Stage.HANDED_OVER else ""

    def as_json(self) -> dict[str, Any]:
        """The report in the schema that all commands share, with the job and the site."""
        refused = problem_as_json(Problem(self.refusal, "", 1)) if self.refusal and not self.problem else {}
        document = {**self.judged.as_json(), **self.came(), **refused}
        document["stack"] |= {"image": f"{self.image.name}:{self.image.tag}", "digest": self.image.digest}
        return document | {
            "environment": self.target.environment,
            "gated": self.target.gated,
            "rollback": self.target.rollback,
            "deployment-outcome": self.outcome or None,
            "job": self._job(),
            "site": self.site.as_json() if self.site else None,
            "site-seen-at": self.seen_at.isoformat(timespec="seconds") if self.seen_at else None,
            "deployment-record": self._record(),
            "approved-by": [one.as_json() for one in self.approvals],
            "site-before": self.site_before.as_json() if self.site_before else None,
        }

    def _record(self) -> dict[str, Any] | None:
        record = self.record
        if record is None:
            return None
        filed = record.filed.isoformat(timespec="seconds")
        return {"id": record.id, "url": record.url, "state": record.state or None, "filed-at": filed}

    def _job(self) -> dict[str, Any] | None:
        job = self.job
        if job is None:
            return None
        what = {"id": job.id, "name": job.name, "status": job.status, "url": job.url}
        return {**what, "began": job.has_begun, "seconds": job.elapsed}


def refusal(target: Target, decision: Decision, image_tag: str) -> str:
    """Return why an environment does not accept what was judged; empty if it does, or if findings explain it."""
    if decision.verdict is Verdict.BLOCKED:
        return ""
    if not image_tag:
        return f"No image is built for this ref, so there is nothing to deploy. {decision.reason}"
    if not target.gated:
        return ""
    if target.is_production:
        if decision.verdict is Verdict.DEPLOY and decision.deploy_production:
            return ""
        return f"{target.environment} accepts a production tag only in its own run, or as a rollback. {decision.reason}"
    return "" if decision.deploy_staging else f"This is not for {target.environment}. {decision.reason}"
