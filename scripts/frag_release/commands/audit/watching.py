"""What runs in production: asks records and releases what should, and the site what does. A handful of requests."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from ...adapters.ports.publishing import PublishingForge
from ...adapters.site import SiteClient
from ...domain.builds import Job, production_deployments
from ...domain.deployment_records import Filed, Record
from ...domain.environments import is_production
from ...domain.evidence import SUCCESS, Answer, Unknown
from ...domain.release_record import ReleaseRecord
from ...domain.site_lines import IMAGE_TAG, STACK_COMMIT, missing_values
from ...domain.watch import LastRelease, Watch, changing
from ...inputs.settings.audit import AuditSettings
from ..evidence.deployment_records import RecordEvidence
from ..stack import Stack

_MOST_RECORDS = 5
_NOWHERE = Unknown("no record of a deployment to production is believed, and no build of a release has deployed there")


@dataclass(frozen=True)
class Watching:
    """Looks once. `now` is in UTC."""

    settings: AuditSettings
    stack: Stack[PublishingForge]
    site: SiteClient
    now: datetime.datetime

    def run(self) -> Watch:
        """Return what was seen; raises nothing that is expected."""
        records = self.stack.records()
        if isinstance(records, Unknown):
            return Watch(self.now, unseen=records.reason)
        filed = self._filed(records)
        if isinstance(filed, Unknown):
            return Watch(self.now, unseen=filed.reason)
        judged = self._judged(records, filed)
        last = self._last(judged)
        if isinstance(last, Unknown):
            return Watch(self.now, unseen=last.reason)
        missing = missing_values(self.settings.site.lines, last.values)
        if missing:
            return Watch(self.now, last, unseen=f"the value of {{{missing[0]}}} is not known of {last.tag}")
        look = self.site.look(self.settings.site.urls, self.settings.site.lines, last.values)
        return Watch(self.now, last, look, changing=changing(judged, self.now))

    def _filed(self, records: RecordEvidence) -> Answer[Sequence[Filed]]:
        """The newest records of production that this action has filed, newest first."""
        found = records.deployments.newest(self.settings.environment)
        if isinstance(found, Unknown):
            return found
        return [one for one in found if one.deployed and one.is_production and is_production(one.environment)]

    def _judged(self, records: RecordEvidence, filed: Sequence[Filed]) -> Sequence[Record]:
        """The newest records, to the first that is believed or cannot be verified."""
        judged: list[Record] = []
        for one in filed[:_MOST_RECORDS]:
            judged.append(records.judged_one(one))
            if judged[-1].is_believed or judged[-1].unseen:
                break
        return judged

    def _last(self, judged: Sequence[Record]) -> Answer[LastRelease]:
        """What the newest believed record says; else the releases."""
        record = judged[-1] if judged else None
        if record and record.unseen:
            return Unknown(f"the deployment record {record.filed.id} could not be verified: {record.doubt}")
        return _of_record(record) if record and record.is_believed else self._released()

    def _released(self) -> Answer[LastRelease]:
        """The newest release of ours that stands, if the build of its tag has deployed it to production."""
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
            return Unknown(f"the build of the newest release {record.tag} has not deployed it, as far as can be seen")
        return _of_release(record, deployed)


def _of_record(record: Record) -> LastRelease:
    filed, deployed = record.filed, record.filed.deployed
    values = {IMAGE_TAG: record.tag, STACK_COMMIT: filed.commit}
    for name, pin in deployed.pair.items() if deployed else ():
        values |= {f"{name}-tag": pin.get("tag", ""), f"{name}-namespace": pin.get("namespace", "")}
    return LastRelease(record.tag, record.since, f"the deployment record {filed.id}", values)


def _of_release(record: ReleaseRecord, deployed: Sequence[Job]) -> LastRelease:
    values = {IMAGE_TAG: record.tag, STACK_COMMIT: record.commit}
    for one in record.components:
        values |= {f"{one.name}-tag": one.tag, f"{one.name}-namespace": one.namespace}
    ended = max((job.completed for job in deployed if job.completed), default=None)
    return LastRelease(record.tag, ended, f"the job {deployed[-1].name} of its build", values)
