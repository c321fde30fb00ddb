"""Deployment records: what `deploy` files for each deployment, and which records are believed.

Anyone with the permission can file a record, so it is only a note. It is believed if the run that reported its success
checks out; otherwise it is claimed. No record permits or refuses anything by itself.
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
from .versions import is_above, parse_production_tag

DEPLOY = "deploy"
"""The task of a record."""
IN_PROGRESS, FAILURE, ERROR, INACTIVE = "in_progress", "failure", "error", "inactive"
"""GitHub's states of a deployment status, in addition to `success`."""
_UNENDED = (IN_PROGRESS, "queued", "pending")
MOST_CHARACTERS = 140
"""The longest description that GitHub accepts, in characters."""

_MADE_BY = "frag-release-action"
_MOST_COMPONENTS = 20
_MOST_TEXT = 300
_EVENTS = (PUSH, "workflow_dispatch")
_JOB = re.compile(r"AWX job ([1-9][0-9]{0,17})\b")
_SLACK = datetime.timedelta(minutes=1)
"""How far the clocks of GitHub's services may differ."""


@dataclass(frozen=True)
class Deployed:
    """The payload of a record; empty fields are unknown.

    `left` is the release that production had before a rollback. `run`, its `attempt` and `run_job` (the job's key in
    the workflow file) filed the record; they are 0 and empty from a terminal. `job` is the AWX job: 0 if the record was
    filed before the launch (then the statuses name it), None if AWX does not deploy. `time` is when it was filed
    (ISO 8601).
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
        """Return the JSON payload, with every text and list limited in length."""
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
    """Parse what `as_payload` returns; None for records that this action did not file."""
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
    """One status of a record; `run` is the number of the run that its `log_url` links to, 0 if it links to none."""

    state: str
    description: str
    created: datetime.datetime
    run: int = 0

    @property
    def job(self) -> int:
        """The AWX job that its description names, 0 if none."""
        found = _JOB.match(self.description)
        return int(found[1]) if found else 0


@dataclass(frozen=True)
class Filed:
    """A record as GitHub returns it; `deployed` is None if this action did not file it. `statuses` are newest first."""

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
        """Whether it has no final status yet."""
        return self.state in ("", *_UNENDED)

    @property
    def success(self) -> Status | None:
        """The newest status if it is `success`, ignoring `inactive`, which GitHub may have added since."""
        newest = next((one for one in self.statuses if one.state != INACTIVE), None)
        return newest if newest and newest.state == SUCCESS else None

    @property
    def run(self) -> int:
        """The run that reported its success, or that claims to be deploying; 0 if none is named."""
        if self.success or (self.statuses and self.is_unended):
            return (self.success or self.statuses[0]).run
        return self.deployed.run if self.deployed and not self.statuses else 0

    @property
    def jobs(self) -> set[int]:
        """The AWX jobs that it names: at most one unless it was tampered with."""
        named = {one.job for one in self.statuses} | {(self.deployed.job if self.deployed else 0) or 0}
        return named - {0}


@dataclass(frozen=True)
class Listed:
    """Records, newest first; `is_all` if there are no older ones."""

    found: Sequence[Filed]
    is_all: bool


@dataclass(frozen=True)
class RunFacts:
    """What GitHub returns about a record's run. `build` is None if this repository has no such run.

    `jobs` are those of all its attempts. `names` are the names that the workflow file gives the job that filed the
    record: patterns, because a name may contain expressions. `tags` has the commits of the tags that were looked up.
    """

    build: Answer[Build | None] = None
    jobs: Answer[Sequence[Job]] = ()
    names: Answer[Sequence[re.Pattern[str]]] = ()
    tags: Mapping[str, Answer[str | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """A record with its verdict: `doubt` is why it is only claimed, empty if it is believed.

    With `unseen` something could not be read, so a later check may remove the doubt. With `goes_on` its run checks out
    and is still deploying.
    """

    filed: Filed
    doubt: str
    unseen: bool = False
    goes_on: bool = False

    @property
    def is_believed(self) -> bool:
        """Whether a run that checks out reported its success."""
        return not self.doubt

    @property
    def tag(self) -> str:
        """The deployed tag, empty if the record does not name it."""
        return self.filed.deployed.tag if self.filed.deployed else ""

    @property
    def since(self) -> datetime.datetime:
        """When its success was reported (UTC); without success, when it was filed."""
        return self.filed.success.created if self.filed.success else self.filed.created


@dataclass(frozen=True)
class Staging:
    """What was on staging. `same` are records of the digest to deploy, `others` later ones of other digests.

    Both are newest first. A digest has to stay for `minutes`; `now` is in UTC. `tagged` are other digests that staging
    had under the same tag.
    """

    minutes: int
    now: datetime.datetime
    same: Sequence[Record] = ()
    others: Sequence[Record] = ()
    tagged: Sequence[str] = ()

    def until(self, record: Record) -> datetime.datetime:
        """When the deployment of a record has stayed long enough; later deployments no longer matter."""
        return record.since + datetime.timedelta(minutes=self.minutes)

    def after(self, record: Record) -> list[Record]:
        """The records filed there before a record's deployment had stayed long enough, oldest first."""
        return [one for one in reversed(self.others) if follows(one.filed, record.filed, self.until(record))]


def follows(filed: Filed, before: Filed, until: datetime.datetime) -> bool:
    """Whether a record of the same environment was filed after `before` and earlier than `until`."""
    is_there = filed.environment.lower() == before.environment.lower()
    return is_there and filed.id > before.id and filed.created < until


def judge(
    filed: Filed,
    facts: RunFacts,
    files: Collection[str],
    branches: Collection[str],
    form: TagFormat,
) -> Record:
    """Return the record with its verdict.

    `files` are the workflow files that deploy, `branches` the stack's release branches, `form` its tag format.
    """
    if filed.deployed is None:
        return Record(filed, "this action did not file it")
    if isinstance(facts.build, Unknown):
        return Record(filed, f"its run could not be seen: {facts.build.reason}", unseen=True)
    doubt: Answer[str] = "no run of this repository has reported its success"
    if facts.build:
        doubt = _doubt_of_run(facts.build, files) or _doubt_of_ref(filed, facts.build, facts.tags, branches, form)
        doubt = doubt or _doubt_of_job(filed, filed.deployed, facts)
    if isinstance(doubt, Unknown):
        return Record(filed, doubt.reason, unseen=True)
    if filed.success is None:
        state = f"its state is {filed.state}, not success" if filed.state else "it has no status yet"
        return Record(filed, state, goes_on=filed.is_unended and not doubt)
    return Record(filed, doubt)


def taken_back(records: Sequence[Record], form: TagFormat) -> dict[str, str | None]:
    """Return the tag that each release was taken back to, by believed records (newest first) of one environment.

    None for a release that stands, because it was deployed again later.
    """
    found: dict[str, str | None] = {}
    for record in reversed([one for one in records if one.is_believed]):
        found[record.tag] = None
        if left := left_for(record.filed, form):
            found[left] = record.tag
    return found


def left_for(filed: Filed, form: TagFormat) -> str:
    """Return the release that a record's rollback left for an older one, empty if it is none or went forward."""
    deployed = filed.deployed
    if deployed is None or filed.task != ROLLBACK or not is_above(deployed.left, deployed.tag, form):
        return ""
    return deployed.left


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
    """Return why deployments are not expected from the run's ref or the recorded commit; empty if they are.

    Anyone who can push a branch can change the workflow file on it.
    """
    if run.branch not in branches:
        if parse_production_tag(run.branch, form) is None:
            return f"its run was at {run.branch}, which is neither a production tag nor a release branch"
        if doubt := _doubt_of_tag(run.branch, run.head_sha, tags):
            return doubt
    if filed.task == ROLLBACK and filed.deployed:
        return _doubt_of_tag(filed.deployed.tag, filed.commit, tags)
    if filed.commit != run.head_sha:
        return f"its run was at {run.head_sha[:12]}, but it records {filed.commit[:12]}"
    return ""


def _doubt_of_tag(tag: str, commit: str, tags: Mapping[str, Answer[str | None]]) -> Answer[str]:
    found = tags.get(tag)
    if isinstance(found, Unknown):
        return Unknown(f"the tag {tag} could not be seen: {found.reason}")
    return "" if found == commit else f"the tag {tag} is not at {commit[:12]}"


def _doubt_of_job(filed: Filed, deployed: Deployed, facts: RunFacts) -> Answer[str]:
    """Return why no job of the run can have deployed the record; empty if one can.

    Such a job has the recorded name, was running when success was reported, and succeeded. For a record without a final
    status, it has to be running now.
    """
    if isinstance(facts.jobs, Unknown):
        return Unknown(f"the jobs of its run could not be seen: {facts.jobs.reason}")
    if isinstance(facts.names, Unknown):
        return Unknown(f"the workflow file of its run could not be seen: {facts.names.reason}")
    named = [job for job in facts.jobs if any(one.fullmatch(job.name) for one in facts.names)]
    if filed.success is None:
        is_running = any(job.started and not job.is_over for job in named)
        return "" if is_running else f"no job {deployed.run_job or 'that deploys'} of its run is running"
    during = [job for job in named if _was_running(job, filed.success.created)]
    if not during:
        return f"no job {deployed.run_job or 'that deploys'} of its run was running when success was reported"
    failed = next((job for job in during if job.conclusion != SUCCESS), None)
    return f"its job {failed.name} is {failed.conclusion or failed.status}" if failed else ""


def _was_running(job: Job, at: datetime.datetime) -> bool:
    return job.started is not None and job.started - _SLACK <= at <= (job.completed or at) + _SLACK


def _cut(text: str) -> str:
    return text[:_MOST_TEXT]


def _text(value: object) -> str:
    return _cut(value) if isinstance(value, str) else ""


def _texts(values: Mapping[object, object]) -> dict[str, str]:
    return {_text(name): _text(text) for name, text in list(values.items())[:_MOST_COMPONENTS]}


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**18 else 0
