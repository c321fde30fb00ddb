"""What a deployment writes on GitHub: its record, and after a rollback the mark on the release that was taken back."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterator
from functools import partial

from ... import cancellation
from ...adapters.github.deployments import GithubDeployments, NewRecord, NewStatus
from ...adapters.ports import UnconfirmedError
from ...adapters.ports.publishing import AnnouncingForge
from ...dataclass import dataclass, field, replace
from ...domain.awx_jobs import Job
from ...domain.deployment_records import ERROR, IN_PROGRESS, INACTIVE, Deployed, Filed
from ...domain.evidence import Answer, Unknown
from ...domain.facts import Released
from ...domain.release_record import KeptText
from ...domain.reports import Action, Problem
from ...domain.reports.deploy import DeployReport, OwnRecord
from ...domain.rollback import Mark, as_text, deployed_again_event, left_by, name_in_mark, taken_back_event
from ...domain.tickets import Ticket
from ...errors import Cancelled, ExpectedError, RefusedError
from ...render.deploy import record_description
from ..announce.ticketing import Ticketing
from ..journal import Journal
from ..session import require

_RELEASE = (
    "It needs contents: write, and a token with Workflows: write if workflow files have changed since that release. "
    "Until its text is updated, the way back may lead there."
)
_TICKET = "It needs issues: write in the ticket's repository."

SECONDS = 10.0
"""Time limit for all requests of one moment: a rollback does not wait for a note."""
LAST_SECONDS = 1.5
"""The same for a cancelled run, which is killed 6.2 s after its signal: AWX may have used four of them."""

_MOST_LOOKED_AT = 5
_BROKEN = Problem("broken off", "", 1)


@dataclass(frozen=True)
class TakingBack:
    """Marks the releases of `repository`, whose tickets are in `tickets_in`, after a rollback."""

    forge: AnnouncingForge
    repository: str
    tickets_in: str
    actor: str
    journal: Journal
    now: Callable[[], datetime.datetime]
    sleep: Callable[[float], None]

    def after(self, released: Answer[Released], tag: str) -> None:
        """Mark the release that was left for `tag`, and note on `tag` that it runs again. Raises no ExpectedError."""
        if isinstance(released, Unknown):
            self.journal.note(f"Which release was taken back is unknown, so none is marked: {released.reason}.")
            return
        left = left_by(released, tag)
        if left:
            self._mark(Mark(self.repository, left), tag, taken_back_event(tag, self.now(), self.actor))
        if tag in released.taken_back:
            self._mark(Mark(self.repository, tag), None, deployed_again_event(self.now(), self.actor))

    def _mark(self, mark: Mark, to: str | None, event: str) -> None:
        what = f"{mark.tag} was taken back to {to}" if to else f"{mark.tag} was deployed again"
        events = [event]
        try:
            events = self._mark_release(mark, to, event, what)
        except ExpectedError as error:
            self.journal.note(f"The text of the release does not state that {what}: {error.message} {_RELEASE}")
        try:
            self._mark_ticket(mark, events)
        except ExpectedError as error:
            self.journal.note(f"The ticket does not state that {what}: {error.message} {_TICKET}")

    def _mark_release(self, mark: Mark, to: str | None, event: str, what: str) -> list[str]:
        """Update the release's text, which even an immutable one allows; return the events that it then lists."""
        releases = self.forge.releases(self.repository)
        public = require(releases.public(mark.tag), f"The release {mark.tag}")
        if public is None:
            return []
        mark = replace(mark, repository=name_in_mark(public.body, mark.repository, mark.tag))
        if mark.gone_back_to(public.body) == to:
            return mark.events(public.body)
        body = mark.with_event(public.body, event)
        if body is None:
            raise RefusedError("there is no room, or the line that ends our part is missing.")
        self.journal.do(
            f"State in the text of the release that {what}",
            partial(releases.update, public, public.title, body),
            lambda _: Action(f"Stated in the text of the release that {what}", public.url),
        )
        return mark.events(body)

    def _mark_ticket(self, mark: Mark, events: list[str]) -> None:
        """Write the same events in one comment on the release's ticket, if it has one."""
        tickets = self.forge.tickets(self.tickets_in)
        own = Ticketing(tickets, KeptText.of_ticket(self.repository, mark.tag), lambda _: "", self.journal, self.sleep)
        issue = own.find(f"Release {mark.tag}") if events else None
        if issue:
            comment = Ticketing(tickets, mark.kept, lambda _: as_text(events), self.journal, self.sleep)
            comment.existing(Ticket(issue.repository, issue.number))


@dataclass
class Recording:
    """Keeps the record `new`, whose payload is `deployed`, up to date; `client` makes a client with that time limit.

    `filed` is the record of the followed job, None if there is none. `keep` receives it for the report. `new` is None
    if no record is to be filed.
    """

    client: Callable[[float], GithubDeployments]
    journal: Journal
    new: NewRecord | None
    deployed: Deployed
    url: str
    log_url: str
    environment_url: str
    keep: Callable[[OwnRecord], None]
    filed: Filed | None = field(default=None, init=False)
    _job: int = field(default=0, init=False)
    _is_lost: bool = field(default=False, init=False)

    def file(self) -> None:
        """File the record before a launch, or plan to in a dry run. Raises Cancelled."""
        self._file(self.deployed)

    def go_on(self, number: int) -> None:
        """Continue the record with that id, which must be of this deployment; 0 if there is none."""
        if self.new is None:
            return
        if not number:
            self.journal.note("The input deployment-id is empty, so no deployment record is closed.")
            return
        found = self.client(SECONDS).one(number)
        if isinstance(found, Unknown):
            self.journal.note(f"The deployment record {number} could not be read, so it is not closed: {found.reason}.")
        elif found is None or not self._is_of_this(found):
            self.journal.note(f"The deployment record {number} is not of this deployment, so it is not closed.")
        else:
            self.filed = found
            self._keep()

    def follow(self, job: Job, launched: bool) -> None:
        """Add the job to the record. A job that was launched before has its own record, or is given one now."""
        if self.new is None:
            return
        client = self.client(SECONDS)
        if launched:
            self.filed = self.filed or self._recovered(client)
        else:
            found = self._of(job.id, client)
            self.filed = None if isinstance(found, Unknown) else found
            if found is None:
                self._file(replace(self.deployed, job=job.id))
        self._job = job.id
        self._add_status(IN_PROGRESS, f"AWX job {job.id}: {job.status}", client)
        self._end_earlier(client)

    @contextlib.contextmanager
    def closing(self, now: Callable[[], DeployReport]) -> Iterator[None]:
        """Close the record when the block ends, however it ends. `now` returns the report at that moment."""
        try:
            yield
        except Cancelled:
            cancellation.settle()
            self._close(replace(now(), problem=_BROKEN), LAST_SECONDS, is_conclusive=False)
            raise
        except BaseException as error:
            self._close(replace(now(), problem=_BROKEN), SECONDS, is_conclusive=isinstance(error, ExpectedError))
            raise
        self._close(now(), SECONDS, is_conclusive=True)

    def _file(self, deployed: Deployed) -> None:
        if self.new is None:
            return
        new = replace(self.new, payload=deployed.as_payload())
        plan = f"File a deployment record of {deployed.tag} at the environment {new.environment}"
        # Even if the run is cancelled meanwhile, GitHub may have filed it.
        self._is_lost = not self.journal.dry_run
        try:
            self.filed = self.journal.do(plan, lambda: self.client(SECONDS).file(new), self._made)
            self._is_lost = False
        except UnconfirmedError:
            pass
        except ExpectedError as error:
            self._is_lost = False
            self._note("No deployment record was filed", error)
        self._keep()

    def _made(self, filed: Filed) -> Action:
        what = f"the deployment record of {self.deployed.tag} at the environment {filed.environment}"
        return Action(f"Filed {what} ({filed.id})", self.url)

    def _recovered(self, client: GithubDeployments) -> Filed | None:
        """Find a record that GitHub may have filed without an answer."""
        if not self._is_lost or self.new is None:
            return None
        found = client.newest(self.new.environment)
        seen = () if isinstance(found, Unknown) else found
        own = next((one for one in seen if one.deployed and one.deployed.time == self.deployed.time), None)
        self._is_lost = own is None
        if own is None:
            self.journal.note("Whether a deployment record was filed is unknown: GitHub did not answer.")
        else:
            self.journal.record(self._made(own))
        return own

    def _end_earlier(self, client: GithubDeployments) -> None:
        """End the records that earlier attempts of this run left unended: those attempts are over."""
        own = self.deployed
        if self.new is None or own.run == 0 or own.attempt < 2:
            return
        found = client.newest(self.new.environment)
        earlier = [one for one in (() if isinstance(found, Unknown) else found) if self._is_of_earlier(one)]
        for one in earlier[:_MOST_LOOKED_AT]:
            filed = client.with_statuses(one)
            if not isinstance(filed, Unknown) and filed.is_unended:
                which = next((f"AWX job {job}: " for job in filed.jobs), "")
                self._add_status(ERROR, f"{which}an earlier attempt of the run did not record its end", client, filed)

    def _is_of_earlier(self, filed: Filed) -> bool:
        own, other = self.deployed, filed.deployed
        if other is None or (self.filed and self.filed.id == filed.id):
            return False
        return (other.run, other.run_job) == (own.run, own.run_job) and other.attempt < own.attempt

    def _of(self, job: int, client: GithubDeployments) -> Answer[Filed | None]:
        """Find the record of a job: the one that names it, or else one of the same deployment that names none yet."""
        if self.new is None:
            return None
        fresh, found = None, client.newest(self.new.environment)
        if isinstance(found, Unknown):
            return self._unseen(job, found)
        for one in [one for one in found if self._is_same(one)][:_MOST_LOOKED_AT]:
            filed = client.with_statuses(one)
            if isinstance(filed, Unknown):
                return self._unseen(job, filed)
            if job in filed.jobs:
                return filed
            fresh = fresh or (None if filed.statuses or filed.jobs else filed)
        return fresh

    def _unseen(self, job: int, why: Unknown) -> Unknown:
        self.journal.note(f"Whether the AWX job {job} has a deployment record could not be determined, so none is "
                          f"filed: {why.reason}.")  # fmt: skip
        return why

    def _is_of_this(self, filed: Filed) -> bool:
        """Whether a record is of this tag and environment; the image may have changed since."""
        new, tag = self.new, filed.deployed.tag if filed.deployed else ""
        return new is not None and (filed.commit, filed.task, tag, filed.environment.lower()) == (
            new.commit, new.task, self.deployed.tag, new.environment.lower(),
        )  # fmt: skip

    def _is_same(self, filed: Filed) -> bool:
        deployed, new = filed.deployed, self.new
        return bool(
            deployed
            and new
            and (filed.commit, filed.task, deployed.tag, deployed.digest)
            == (new.commit, new.task, self.deployed.tag, self.deployed.digest)
        )

    def _close(self, report: DeployReport, seconds: float, *, is_conclusive: bool) -> None:
        """Record how it ended. A signal that comes meanwhile takes effect afterwards, so that the record is right."""
        try:
            self._close_once(report, seconds, is_conclusive=is_conclusive)
        except Cancelled:
            cancellation.settle()
            with contextlib.suppress(Cancelled):
                self._close_once(report, LAST_SECONDS, is_conclusive=is_conclusive)
            cancellation.ask()

    def _close_once(self, report: DeployReport, seconds: float, *, is_conclusive: bool) -> None:
        if self.new is None:
            return
        client = self.client(seconds)
        self.filed = self.filed or self._recovered(client)
        job = report.job.id if report.job else 0
        if self.filed and job and self._job and job != self._job:
            self._add_status(INACTIVE, f"AWX job {self._job} was not needed: the AWX job {job} is followed", client)
            found = self._of(job, client)
            self.filed, self._job = (None if isinstance(found, Unknown) else found), job
        self._add_status(report.record_state(is_conclusive), record_description(report), client)

    def _add_status(self, state: str, words: str, client: GithubDeployments, earlier: Filed | None = None) -> None:
        """Add a status to the record, or to one that was filed `earlier`."""
        filed = earlier or self.filed
        if filed is None:
            return
        status = NewStatus(state, words, self.log_url, self.environment_url)
        try:
            with self.journal.writing(f"Set the deployment record {filed.id} to {state}"):
                client.tell(filed, status)
        except ExpectedError as error:
            self._note(f"The deployment record {filed.id} could not be set to {state!r} ({words})", error)
            return
        self.journal.log(f"The deployment record {filed.id} is set to {state}: {words}.")
        if earlier is None:
            self._keep(state)

    def _keep(self, state: str = "") -> None:
        if self.filed:
            self.keep(OwnRecord(self.filed.id, self.url, state, self.filed.created))

    def _note(self, what: str, error: ExpectedError) -> None:
        self.journal.note(f"{what}: {error.message.rstrip('.')}. {error.remedy}".rstrip())
