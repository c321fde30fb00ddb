"""Deployment records: what `deploy` files of each deployment, and which of them are believed.

A record is a note, for anybody with that right can file one. It is believed only if the run that told of its success
checks out, else it is claimed. No record permits or refuses anything by itself.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..dataclass import dataclass, field
from .builds import Build, Job
from .evidence import PUSH, SUCCESS, Answer, Unknown
from .refs import TagFormat
from .rollback import ROLLBACK
from .versions import parse_production_tag

DEPLOY = "deploy"
"""The task of a record."""
IN_PROGRESS, FAILURE, ERROR, INACTIVE = "in_progress", "failure", "error", "inactive"
"""GitHub's words for the state of a status, beside `success`."""
_UNENDED = (IN_PROGRESS, "queued", "pending")
MOST_CHARACTERS = 140
"""Most characters that GitHub takes for a description."""

_MADE_BY = "frag-release-action"
_MOST_COMPONENTS = 20
_MOST_TEXT = 300
_EVENTS = (PUSH, "workflow_dispatch")
_JOB = re.compile(r"AWX job ([1-9][0-9]{0,17})\b")
_SLACK = datetime.timedelta(minutes=1)
"""How far the clocks of GitHub's services may be apart."""


@dataclass(frozen=True)
class Deployed:
    """What a record says of its deployment; what is empty is not known.

    `left` is the release that production had before a rollback. `run`, its `attempt` and `run_job` (the key of the job
    in the workflow file) are those that filed the record, 0 and empty from a terminal. `job` is AWX's, 0 if the record
    was filed before its launch: then the statuses name it; None if AWX does not deploy. `time` is ISO 8601, when it was
    filed.
    """

    tag: str
    digest: str = ""
    pair: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    verdict: str = ""
    left: str = ""
    job: int | None = 0
    run: int = 0
    attempt: int = 0
    run_job: str = ""
    time: str = ""

    def as_payload(self) -> dict[str, Any]:
        """Return it as a record keeps it: bounded, whatever was typed in."""
        pair = {name: {key: _cut(text) for key, text in one.items()} for name, one in self.pair.items()}
        run = {"id": self.run, "attempt": self.attempt, "job": _cut(self.run_job)}
        texts = {"tag": self.tag, "digest": self.digest, "verdict": self.verdict, "left": self.left, "time": self.time}
        return {
            "by": _MADE_BY,
            "schema": 1,
            **{name: _cut(text) for name, text in texts.items()},
            "components": dict(list(pair.items())[:_MOST_COMPONENTS]),
            **({} if self.job is None else {"awx-job": self.job}),
            "run": run,
        }


def read_deployed(payload: object) -> Deployed | None:
    """Read what `as_payload` made; None for what others have filed."""
    if not isinstance(payload, dict) or payload.get("by") != _MADE_BY or payload.get("schema") != 1:
        return None
    run, pair = payload.get("run"), payload.get("components")
    run, pair = (one if isinstance(one, dict) else {} for one in (run, pair))
    named = {name: payload.get(name) for name in ("tag", "digest", "verdict", "left", "time")}
    return Deployed(
        **{name: _text(value) for name, value in named.items()},
        pair={_text(name): _texts(one) for name, one in list(pair.items())[:_MOST_COMPONENTS] if isinstance(one, dict)},
        job=_number(payload["awx-job"]) if "awx-job" in payload else None,
        run=_number(run.get("id")),
        attempt=_number(run.get("attempt")),
        run_job=_text(run.get("job")),
    )


@dataclass(frozen=True)
class Status:
    """One status of a record; `run` is the run of this repository that its log_url leads to, 0 for anything else."""

    state: str
    description: str
    created: datetime.datetime
    run: int = 0

    @property
    def job(self) -> int:
        """The AWX job that it tells of, 0 if none."""
        found = _JOB.match(self.description)
        return int(found[1]) if found else 0


@dataclass(frozen=True)
class Filed:
    """A record as GitHub has it; `deployed` is None if this action did not file it. `statuses` stand newest first."""

    id: int
    commit: str
    environment: str
    task: str
    is_production: bool
    created: datetime.datetime
    deployed: Deployed | None
    statuses: Sequence[Status] = ()

    @property
    def state(self) -> str:
        """The newest state, empty if there is none yet."""
        return self.statuses[0].state if self.statuses else ""

    @property
    def is_unended(self) -> bool:
        """Whether it does not say yet how the deployment ended."""
        return self.state in ("", *_UNENDED)

    @property
    def success(self) -> Status | None:
        """The newest status that tells of success, also if GitHub has made the record inactive since."""
        told = next((one for one in self.statuses if one.state != INACTIVE), None)
        return told if told and told.state == SUCCESS else None

    @property
    def run(self) -> int:
        """The run that told of its success, or that says it goes on with it; 0 if none of this repository does."""
        if self.success or (self.statuses and self.is_unended):
            return (self.success or self.statuses[0]).run
        return self.deployed.run if self.deployed and not self.statuses else 0

    @property
    def jobs(self) -> set[int]:
        """The AWX jobs that it is about: one, unless somebody has meddled."""
        told = {one.job for one in self.statuses} | {(self.deployed.job if self.deployed else 0) or 0}
        return told - {0}


@dataclass(frozen=True)
class RunFacts:
    """What GitHub says of the run of a record. `build` is None if this repository has no such run.

    `jobs` are those of all its attempts, `names` what the workflow file calls the job that filed the record: patterns,
    for a name may hold expressions. `tags` are commits of tags by their names, as far as they were asked for.
    """

    build: Answer[Build | None] = None
    jobs: Answer[Sequence[Job]] = ()
    names: Answer[Sequence[re.Pattern[str]]] = ()
    tags: Mapping[str, Answer[str | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """A record of a deployment; `doubt` says why it is only claimed, and is empty if it is believed.

    `unseen` says that another look may end the doubt: something could not be asked. `goes_on` says that it has not
    ended, and that its run, which checks out, goes on with it now.
    """

    filed: Filed
    doubt: str
    unseen: bool = False
    goes_on: bool = False

    @property
    def is_believed(self) -> bool:
        """Whether a run that checks out has told of its success."""
        return not self.doubt

    @property
    def tag(self) -> str:
        """The tag that was deployed, empty if the record does not say."""
        return self.filed.deployed.tag if self.filed.deployed else ""

    @property
    def since(self) -> datetime.datetime:
        """When it told of success, in UTC; when it was filed if it has not."""
        return self.filed.success.created if self.filed.success else self.filed.created


@dataclass(frozen=True)
class Staging:
    """What was on staging. `same` are records of the digest that is to be deployed, `others` later ones of another.

    Both stand newest first. A digest has to stay so many `minutes`; `now` is in UTC. `tagged` are other digests that
    staging had under the same tag.
    """

    minutes: int
    now: datetime.datetime
    same: Sequence[Record] = ()
    others: Sequence[Record] = ()
    tagged: Sequence[str] = ()

    def until(self, record: Record) -> datetime.datetime:
        """When the deployment of a record has stayed long enough; what comes later changes nothing."""
        return record.since + datetime.timedelta(minutes=self.minutes)

    def after(self, record: Record) -> list[Record]:
        """What was filed there before the deployment of a record had stayed long enough, the oldest first."""
        return [one for one in reversed(self.others) if follows(one.filed, record.filed, self.until(record))]


def follows(filed: Filed, before: Filed, until: datetime.datetime) -> bool:
    """Whether a record of the same environment was filed after `before`, and earlier than `until`."""
    is_there = filed.environment.lower() == before.environment.lower()
    return is_there and filed.id > before.id and filed.created < until


def judge(
    filed: Filed,
    facts: RunFacts,
    files: Collection[str],
    branches: Collection[str],
    form: TagFormat,
) -> Record:
    """Return the record with what is to be thought of it.

    `files` are the workflow files that deploy, `branches` those that the stack is released from, `form` is that of its
    tags.
    """
    if filed.deployed is None:
        return Record(filed, "this action did not file it")
    if isinstance(facts.build, Unknown):
        return Record(filed, f"its run could not be seen: {facts.build.reason}", unseen=True)
    doubt: Answer[str] = "no run of this repository has told of its success"
    if facts.build:
        doubt = _doubt_of_run(facts.build, files) or _doubt_of_ref(filed, facts.build, facts.tags, branches, form)
        doubt = doubt or _doubt_of_job(filed, filed.deployed, facts)
    if isinstance(doubt, Unknown):
        return Record(filed, doubt.reason, unseen=True)
    if filed.success is None:
        told = f"it does not tell of success but of {filed.state or 'nothing yet'}"
        return Record(filed, told, goes_on=filed.is_unended and not doubt)
    return Record(filed, doubt)


def taken_back(records: Sequence[Record], form: TagFormat) -> dict[str, str | None]:
    """Return what believed records (newest first) say of releases: the tag that each was taken back to.

    None for a release that stands: it was deployed again later. Records of several environments do not mix.
    """
    found: dict[str, str | None] = {}
    for record in reversed([one for one in records if one.is_believed]):
        found[record.tag] = None
        left = record.filed.deployed.left if record.filed.deployed and record.filed.task == ROLLBACK else ""
        old, new = parse_production_tag(left, form), parse_production_tag(record.tag, form)
        if old and new and old.version > new.version:
            found[left] = record.tag
    return found


def _doubt_of_run(run: Build, files: Collection[str]) -> str:
    if run.workflow not in files:
        return f"its run is one of {run.workflow}, which does not deploy"
    return "" if run.event in _EVENTS else f"its run was started by {run.event}"


def _doubt_of_ref(
    filed: Filed,
    run: Build,
    tags: Mapping[str, Answer[str | None]],
    branches: Collection[str],
    form: TagFormat,
) -> Answer[str]:
    """Say why the run's ref, or the recorded commit, is not what is deployed from; empty if it is.

    Whoever may push a branch may push another workflow file with it.
    """
    if run.branch not in branches:
        if parse_production_tag(run.branch, form) is None:
            return f"its run was at {run.branch}, which is neither a production tag nor a branch of releases"
        if doubt := _doubt_of_tag(run.branch, run.head_sha, tags):
            return doubt
    if filed.task == ROLLBACK and filed.deployed:
        return _doubt_of_tag(filed.deployed.tag, filed.commit, tags)
    if filed.commit != run.head_sha:
        return f"its run was at {run.head_sha[:12]}, and it records {filed.commit[:12]}"
    return ""


def _doubt_of_tag(tag: str, commit: str, tags: Mapping[str, Answer[str | None]]) -> Answer[str]:
    found = tags.get(tag)
    if isinstance(found, Unknown):
        return Unknown(f"the tag {tag} could not be seen: {found.reason}")
    return "" if found == commit else f"the tag {tag} is not at {commit[:12]}"


def _doubt_of_job(filed: Filed, deployed: Deployed, facts: RunFacts) -> Answer[str]:
    """Say why no job of the run deployed that: one of its name that went on when it told of success, and ended well.

    For a record that has not ended: one that goes on now.
    """
    if isinstance(facts.jobs, Unknown):
        return Unknown(f"the jobs of its run could not be seen: {facts.jobs.reason}")
    if isinstance(facts.names, Unknown):
        return Unknown(f"the workflow file of its run could not be seen: {facts.names.reason}")
    named = [job for job in facts.jobs if any(one.fullmatch(job.name) for one in facts.names)]
    if filed.success is None:
        going_on = any(job.started and not job.is_over for job in named)
        return "" if going_on else f"no job {deployed.run_job or 'that deploys'} of its run goes on"
    during = [job for job in named if _went_on(job, filed.success.created)]
    if not during:
        return f"no job {deployed.run_job or 'that deploys'} of its run went on when it told of success"
    failed = next((job for job in during if job.conclusion != SUCCESS), None)
    return f"its job {failed.name} is {failed.conclusion or failed.status}" if failed else ""


def _went_on(job: Job, at: datetime.datetime) -> bool:
    if job.started is None:
        return False
    return job.started - _SLACK <= at and (job.completed is None or at <= job.completed + _SLACK)


def _cut(text: str) -> str:
    return text[:_MOST_TEXT]


def _text(value: object) -> str:
    return _cut(value) if isinstance(value, str) else ""


def _texts(values: Mapping[object, object]) -> dict[str, str]:
    return {_text(name): _text(text) for name, text in list(values.items())[:_MOST_COMPONENTS]}


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**18 else 0
