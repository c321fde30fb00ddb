"""What runs in production: the stack's deployment records, each believed or only claimed, its releases and the site."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ...adapters.ports import DeploymentRecords, Repository
from ...adapters.ports.publishing import PublishingForge
from ...adapters.site import SiteClient
from ...dataclass import dataclass, replace
from ...domain.builds import Job, production_deployments
from ...domain.deployment_records import (
    Filed,
    Listed,
    Record,
    RunFacts,
    Staging,
    follows,
    judge,
    left_for,
    taken_back,
)
from ...domain.environments import is_production, is_staging
from ...domain.evidence import SUCCESS, Answer, TooLong, Unknown, Unseen, answered, seen
from ...domain.refs import TagFormat
from ...domain.release_record import ReleaseRecord
from ...domain.rollback import ROLLBACK
from ...domain.site import IMAGE_TAG, STACK_COMMIT, missing_values
from ...domain.watch import LastRelease, Watch, changing
from ...domain.workflow_file import WorkflowFileError
from ...domain.workflow_tree import Node, read_tree
from ...inputs.settings.looking import AuditSettings
from ..stack import Stack

DEPLOY_FILE = ".github/workflows/deploy.yaml"
"""The form that deploys, in addition to the build's workflow; it may end in `.yml`."""
MOST = 20
"""The number of newest records that are judged: each costs three requests, and the files and tags of its run."""

_MOST_SAME = 5
_MOST_PAGES, _MOST_ROLLBACKS, _STEP = 10, 50, 8
_Claim = tuple[str, str]
"""An environment in lower case, and a release that a rollback there claims to have left."""
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}")
_CALLED = re.compile(r"\./(\.github/workflows/[^/]+)")
_MOST_RECORDS, _MOST_WATCHED = 5, 5
_NOWHERE = Unknown("no verified deployment record of production was found, and no release build has deployed there")


@dataclass(frozen=True)
class RecordEvidence:
    """Reads records and the runs that wrote them. `build` is the workflow file that builds and deploys."""

    deployments: DeploymentRecords
    repository: Repository
    build: str
    branches: Collection[str]
    tag_format: TagFormat

    def of(self, environment: str) -> Answer[Sequence[Record]]:
        """The newest records of an environment, newest first."""
        found = self.deployments.newest(environment)
        return found if isinstance(found, Unknown) else self._judged(found[:MOST])

    def judged_one(self, filed: Filed) -> Record:
        """Judge a single record: its statuses, and the run that reported its success or is still working on it."""
        return self._judged([filed])[0]

    def staging(self, digest: str, tag: str, minutes: int, now: datetime.datetime) -> Answer[Staging]:
        """The deployments of the stack's image `digest` to staging, and those that followed each within `minutes`."""
        found = self.deployments.newest()
        if isinstance(found, Unknown):
            return found
        there = [one for one in found if one.deployed and is_staging(one.environment)]
        mine = [one for one in there if one.deployed and one.deployed.digest == digest]
        staging = Staging(minutes, now, self._judged(mine[:_MOST_SAME]))
        believed = [one for one in staging.same if one.is_believed]
        later = [
            one
            for one in there
            if one not in mine and any(follows(one, mine.filed, staging.until(mine)) for mine in believed)
        ]
        if len(later) > MOST:
            return TooLong(f"more than {MOST} deployments followed on staging", "Deploy it to staging again.")
        image_tag = self.tag_format.image_tag
        others = {one.deployed.digest for one in there if one.deployed and image_tag(one.deployed.tag) == tag}
        return replace(staging, others=self._judged(later), tagged=sorted(others - {digest, ""}))

    @answered
    def taken_back(self, releases: Collection[str]) -> Mapping[str, str]:
        """Those of `releases` that believed production rollbacks left, each with the tag rolled back to.

        Costs one request if there was no rollback.
        """
        listed = seen(self.deployments.listed(_MOST_PAGES, "", ROLLBACK)) if releases else Listed((), is_all=True)
        counting = self._counting(_claims(listed.found, releases, self.tag_format), _MOST_ROLLBACKS + 2 * len(releases))
        if not listed.is_all and {tag for _, tag in counting} != set(releases):
            raise _too_many(len(listed.found))
        marks: dict[str, str] = {}
        for place in {place for place, _ in counting}:
            rollbacks = [record for (where, _), record in counting.items() if where == place]
            records = sorted([*rollbacks, *self._deployed_again(rollbacks)], key=lambda one: -one.filed.id)
            marks |= {tag: to for tag, to in taken_back(records, self.tag_format).items() if to and tag in releases}
        return marks

    def _counting(self, claims: Mapping[_Claim, Sequence[Filed]], most: int) -> dict[_Claim, Record]:
        """The newest believed record of each release at each environment; raises Unseen with `TooLong` after `most`."""
        found: dict[_Claim, Record] = {}
        judged, step = 0, 1
        while claims:
            next_ones = {one.id: one for queue in claims.values() for one in queue[:step]}
            judged += len(next_ones)
            if judged > most:
                raise _too_many(most)
            records = {one.filed.id: one for one in self._judged(list(next_ones.values()))}
            for claim, queue in claims.items():
                first = _first_believed([records[one.id] for one in queue[:step]])
                found |= {claim: first} if first else {}
            claims = {claim: queue[step:] for claim, queue in claims.items() if claim not in found and queue[step:]}
            step = _STEP
        return found

    def _deployed_again(self, rollbacks: Sequence[Record]) -> list[Record]:
        """The believed deployments, by a build, of the releases that these rollbacks of an environment left before."""
        left = {left_for(one.filed, self.tag_format): one.filed.id for one in rollbacks}
        filed = seen(self.deployments.newest(rollbacks[0].filed.environment))
        again = [
            one
            for one in filed
            if one.deployed and one.task != ROLLBACK and one.id > left.get(one.deployed.tag, one.id)
        ]
        records = self._judged(again[:MOST])
        _first_believed(records)
        return [one for one in records if one.is_believed]

    def _judged(self, filed: Sequence[Filed]) -> list[Record]:
        with ThreadPoolExecutor(max(1, min(8, len(filed)))) as pool:
            seen = list(pool.map(self._with_facts, filed))
        names = {one.deployed.tag for one, _ in seen if one.deployed}
        names |= {run.build.branch for _, run in seen if run.build and not isinstance(run.build, Unknown)}
        tags = self.repository.tags(sorted(names)) if names else {}
        files = (self.build, DEPLOY_FILE, DEPLOY_FILE.replace(".yaml", ".yml"))
        return [judge(one, replace(run, tags=tags), files, self.branches, self.tag_format) for one, run in seen]

    def _with_facts(self, one: Filed) -> tuple[Filed, RunFacts]:
        """Return a record with its statuses, and the facts about its run."""
        filed = self.deployments.with_statuses(one) if one.deployed else one
        if isinstance(filed, Unknown):
            return one, RunFacts(filed)
        build = self.deployments.run(filed.run) if filed.run else None
        if build is None or isinstance(build, Unknown) or filed.deployed is None:
            return filed, RunFacts(build)
        names = self._names(build.workflow, build.head_sha, filed.deployed.run_job)
        return filed, RunFacts(build, self.deployments.jobs(filed.run), names)

    @answered
    def _names(self, file: str, commit: str, job: str) -> Sequence[re.Pattern[str]]:
        """Patterns of the names that a workflow file gives a job, itself or in a file that it calls."""
        jobs = self._jobs_in(file, commit)
        names = [_shown_as(key, node) for key, node in jobs if job and key.text == job and not _called_by(node)]
        if job and not names:
            called = [(_shown_as(key, node), path) for key, node in jobs if (path := _called_by(node))]
            inner = {path: self._jobs_in(path, commit) for _, path in called}
            names = [
                f"{by} / {_shown_as(key, node)}" for by, path in called for key, node in inner[path] if key.text == job
            ]
        return [re.compile(name) for name in names]

    def _jobs_in(self, file: str, commit: str) -> Sequence[tuple[Node, Node]]:
        blob = seen(self.repository.files(file, [commit])[commit])
        try:
            return read_tree(blob).entries_of("jobs") if blob else ()
        except WorkflowFileError as error:
            raise Unseen(Unknown(f"{file} cannot be read: {error.message}", "Check the file.")) from error


def _called_by(job: Node) -> str:
    """The workflow file of the same repository that a job calls, empty if it calls none."""
    uses = job.child("uses")
    found = _CALLED.fullmatch(uses.text or "") if uses else None
    return found[1] if found else ""


def _shown_as(key: Node, job: Node) -> str:
    """The pattern of a job's name on GitHub: an expression matches any text, and a matrix adds its values."""
    named = job.child("name")
    parts = _EXPRESSION.split((named.text if named else "") or key.text or "")
    return ".*".join(map(re.escape, parts)) + (r"(?: \(.*\))?" if job.child("strategy") else "")


def _claims(rollbacks: Sequence[Filed], releases: Collection[str], form: TagFormat) -> dict[_Claim, list[Filed]]:
    """The production rollbacks (newest first) from or to each of `releases` that one claims to have left."""
    ours = [(one.environment.lower(), one, one.deployed.tag) for one in rollbacks if one.is_production and one.deployed]
    claims: dict[_Claim, list[Filed]] = {}
    for place, one, _ in ours:
        if (left := left_for(one, form)) in releases:
            claims[place, left] = []
    for place, one, tag in ours:
        for claim in ((place, left_for(one, form)), (place, tag)):
            if claim in claims:
                claims[claim].append(one)
    return claims


def _first_believed(records: Sequence[Record]) -> Record | None:
    """The newest believed record; raises Unseen if one before it could not be verified."""
    first = next((one for one in records if one.is_believed or one.unseen), None)
    if first and first.unseen:
        raise Unseen(Unknown(f"that of {first.tag} on {first.filed.environment}: {first.doubt}"))
    return first


def _too_many(judged: int) -> Unseen:
    what = f"there are more than the {judged:,} deployment records of rollbacks that are checked"
    return Unseen(TooLong(what, "Check the repository's deployments, and delete those that are not yours."))


@dataclass(frozen=True)
class Watching:
    """One look at production. `now` is in UTC."""

    settings: AuditSettings
    stack: Stack[PublishingForge]
    site: SiteClient
    now: datetime.datetime

    def run(self) -> Watch:
        """Return what was seen; raises no ExpectedError."""
        records = self.stack.records()
        if isinstance(records, Unknown):
            return Watch(self.now, unseen=records.reason)
        found = self._found(records)
        if isinstance(found, Unknown):
            return Watch(self.now, unseen=found.reason)
        listed, judged = found
        last = self._last(judged, listed)
        if isinstance(last, Unknown):
            return Watch(self.now, unseen=last.reason)
        missing = missing_values(self.settings.site.lines, last.values)
        if missing:
            return Watch(self.now, last, unseen=f"the value of {{{missing[0]}}} is unknown for {last.tag}")
        look = self.site.look(self.settings.site.urls, self.settings.site.lines, last.values)
        return Watch(self.now, last, look, changing=changing(judged, self.now))

    def _found(self, records: RecordEvidence) -> Answer[tuple[Listed, Sequence[Record]]]:
        """The newest records, and those that were judged; from more pages if the first does not settle it."""
        listed = records.deployments.listed(1, self.settings.environment)
        if isinstance(listed, Unknown):
            return listed
        judged = self._judged(records, _of_production(listed))
        is_settled = len(judged) == _MOST_RECORDS or any(one.is_believed or one.unseen for one in judged)
        if listed.is_all or is_settled:
            return listed, judged
        listed = records.deployments.listed(_MOST_WATCHED, self.settings.environment)
        return listed if isinstance(listed, Unknown) else (listed, self._judged(records, _of_production(listed)))

    def _judged(self, records: RecordEvidence, filed: Sequence[Filed]) -> Sequence[Record]:
        """The newest records, down to the first that is believed or could not be verified."""
        judged: list[Record] = []
        for one in filed[:_MOST_RECORDS]:
            judged.append(records.judged_one(one))
            if judged[-1].is_believed or judged[-1].unseen:
                break
        return judged

    def _last(self, judged: Sequence[Record], listed: Listed) -> Answer[LastRelease]:
        """The release in the newest believed record; if none is believed, our newest release."""
        record = judged[-1] if judged else None
        if record and record.unseen:
            return Unknown(f"the deployment record {record.filed.id} could not be verified: {record.doubt}")
        if record and record.is_believed:
            return _of_record(record, self.settings.tag_format)
        if len(judged) < len(_of_production(listed)):
            # Anyone who may file records could bury a believed one under others.
            return Unknown(f"none of the newest {len(judged)} deployment records is believed, and older ones exist")
        last = self._released()
        if isinstance(last, Unknown) or listed.is_all or _reaches(listed, last.since):
            return last
        return Unknown(
            f"no believed one of production is among the newest {len(listed.found)} deployment records, and older ones "
            "exist: name its environment in the input environment"
        )

    def _released(self) -> Answer[LastRelease]:
        """Our newest release that was not taken back, if the build of its tag deployed it to production."""
        forge, name = self.stack.forge, self.stack.name
        released = self.stack.releases()
        if isinstance(released, Unknown):
            return released
        record = forge.release_record(name, released.running) if released.running else None
        if record is None or isinstance(record, Unknown):
            return record or _NOWHERE
        builds = forge.builds(name)
        found = builds.of_tag(self.settings.workflow_file, record.tag, record.commit)
        if isinstance(found, Unknown):
            return found
        jobs = builds.jobs(found[0]) if found else ()
        if isinstance(jobs, Unknown):
            return jobs
        deployed = production_deployments(jobs)
        if not deployed or any(job.conclusion != SUCCESS for job in deployed):
            return Unknown(f"no successful deployment by the build of the newest release {record.tag} was found")
        return _of_release(record, deployed, self.settings.tag_format)


def _of_production(listed: Listed) -> list[Filed]:
    """The production records that this action has filed, newest first."""
    return [one for one in listed.found if one.deployed and one.is_production and is_production(one.environment)]


def _reaches(listed: Listed, since: datetime.datetime | None) -> bool:
    """Whether the records go back to that time, so that none since then is missing."""
    return bool(since and listed.found and listed.found[-1].created < since)


def _of_record(record: Record, form: TagFormat) -> LastRelease:
    filed, deployed = record.filed, record.filed.deployed
    values = {IMAGE_TAG: form.image_tag(record.tag), STACK_COMMIT: filed.commit}
    for name, pin in deployed.pair.items() if deployed else ():
        values |= {f"{name}-tag": pin.get("tag", ""), f"{name}-namespace": pin.get("namespace", "")}
    return LastRelease(record.tag, record.since, f"the deployment record {filed.id}", values)


def _of_release(record: ReleaseRecord, deployed: Sequence[Job], form: TagFormat) -> LastRelease:
    values = {IMAGE_TAG: form.image_tag(record.tag), STACK_COMMIT: record.commit}
    for one in record.components:
        values |= {f"{one.name}-tag": one.tag, f"{one.name}-namespace": one.namespace}
    ended = max((job.completed for job in deployed if job.completed), default=None)
    return LastRelease(record.tag, ended, f"the job {deployed[-1].name} of its build", values)
