"""The command `prepare`: from a form to a reviewed change of two lines. It shows a plan, then does what it showed."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING

from ... import __version__
from ...adapters.ports import Forge, LostRaceError, PullRequest, WriteRefusedError
from ...adapters.registry import RegistryClient
from ...dataclass import dataclass, replace
from ...domain.changes import TicketHome
from ...domain.components import CONFIGURATION_FILE, Pin
from ...domain.evidence import Answer, Blob, Unknown
from ...domain.facts import ComponentFacts, ReleaseFacts
from ...domain.findings import Finding, apply_allowances, listed
from ...domain.new_tags import NewTag, planned_facts, quiet
from ...domain.newest import Newest, is_newest
from ...domain.overrides import look_for_overrides
from ...domain.plan import COMMIT, PLAN_AGAIN, RELEASE_BRANCH, Mode, Plan, differences, marked_release
from ...domain.release_record import KeptText, same_text
from ...domain.reports import Action
from ...domain.reports.prepare import PrepareReport
from ...domain.rules import Occasion, judge
from ...errors import ExpectedError, RefusedError
from ...inputs.settings.release import PrepareSettings
from ...inputs.settings.release import read_prepare_settings as read_settings
from ...render.plan import prepare_text as plan_text
from ...render.prepare import pull_request_body
from ...render.wording import Links
from ..evidence.components import Overrides
from ..evidence.histories import with_histories
from ..journal import Journal
from ..session import Session, WithSession, require
from ..stack import Stack
from ..waiting import Judged, judge_when_settled
from .drafting import Drafting, OwnBranch

if TYPE_CHECKING:
    from .tagging import Tagging

__all__ = ["read_settings", "run"]

ATTEMPTS = 4
"""The number of attempts if the branch keeps moving; then the error names who moved it."""


@dataclass(frozen=True)
class Execution:
    """Carries out a plan; the results are a commit and a pull request, made by this run or found.

    `body` returns our part of the pull request's text, in at most that many bytes.
    """

    plan: Plan
    stack: Stack[Forge]
    body: Callable[[int], str]
    links: Links
    journal: Journal

    def commit(self) -> tuple[str, None]:
        """Commit to the stack branch; raises LostRaceError if it was moved since the plan was made."""
        plan = self.plan

        def write() -> str:
            commit = self.stack.writer.create_commit(plan.head, plan.file, plan.after, plan.message)
            self.stack.writer.move_branch(plan.branch, plan.head, commit)
            return commit

        return self.journal.write(_committing(plan), write, self._committed), None

    def _committed(self, commit: str) -> Action:
        return self._of_commit(f"Committed {commit[:12]} to {self.plan.branch}", commit)

    def _of_commit(self, what: str, commit: str) -> Action:
        return Action(what, self.links.commit(self.plan.repository, commit), {"commit": commit})

    def propose(self) -> tuple[str, PullRequest]:
        """Push `release/TAG` and open the pull request, or update both; raises LostRaceError."""
        plan = self.plan
        existing = self._own_pull_request()
        commit = self._release_branch(existing)
        if existing:
            return commit, self._updated(existing)
        body = self._kept.written("", self.body)
        if body is None:
            raise AssertionError("an empty body has room for the text")
        opened = self.journal.write(
            _opening(plan),
            lambda: self.stack.writer.open_pull_request(plan.release_branch, plan.branch, plan.title, body),
            lambda made: _of_request("Opened", made),
        )
        return commit, opened

    @property
    def _kept(self) -> KeptText:
        return KeptText(self.plan.marker)

    def _updated(self, existing: PullRequest) -> PullRequest:
        """Update our part of the text; the title, and the text around our part, belong to the people who edit it."""
        body = self._kept.written(existing.body, self.body)
        if body is None:
            self.journal.note(
                f"The text of pull request #{existing.number} was not updated: our part of it cannot be told apart "
                "from what people wrote (the line that ends it is gone), or has no room. Restore the line from an "
                "earlier version of the text, or shorten the text around our part."
            )
            return existing
        if same_text(body, existing.body):
            return existing
        return self.journal.write(
            f"Update pull request #{existing.number}",
            lambda: self.stack.writer.update_pull_request(existing.number, existing.title, body),
            lambda changed: _of_request("Updated", changed),
        )

    def _own_pull_request(self) -> PullRequest | None:
        """Return our open pull request for this tag and pair; raises RefusedError if another one is open."""
        for request in require(self.stack.writer.pull_requests(self.plan.branch) or (), "The open pull requests"):
            marker = marked_release(request.body) if request.branch.startswith(RELEASE_BRANCH) else None
            if marker == self.plan.marker and request.branch == self.plan.release_branch:
                return request
            if marker or request.branch == self.plan.release_branch:
                raise self._conflict(request, marker)
        return None

    def _conflict(self, request: PullRequest, marker: str | None) -> RefusedError:
        what = "is open for another release" if marker else "is open without the marker of this action"
        which = f"Pull request #{request.number} of {request.owner} ({request.branch})"
        remedy = "Merge or close it first, or ask its owner to."
        if not marker:
            line = f"on a line of its own, outside of quotes and code, and only once: {self.plan.marker}"
            remedy += f" If prepare made it, its text has lost the marker; restore it {line}"
        return RefusedError(f"{which} {what}: {request.url}", remedy)

    def _release_branch(self, request: PullRequest | None) -> str:
        """Make `release/TAG` contain the change on top of the checked head; return its commit.

        An updated branch of an open pull request stays: a new commit would dismiss its reviews.
        """
        plan, branch = self.plan, self.plan.release_branch
        found = require(self.stack.repository.branches([branch])[branch], f"The branch {branch}")
        if found is not None:
            commits = OwnBranch(plan, self.stack.repository, self.stack.writer).commits(found)
            if list(commits[0].parents) == [plan.head] or (request and len(commits) > 1):
                return found
        did = "Pushed" if found is None else "Rebuilt"

        def write() -> str:
            commit = self.stack.writer.create_commit(plan.head, plan.file, plan.after, plan.message)
            if found is None:
                self.stack.writer.create_branch(branch, commit)
            else:
                self.stack.writer.rebuild_branch(branch, found, commit)
            return commit

        return self.journal.write(
            _pushing(plan) if found is None else f"Rebuild {branch}",
            write,
            lambda commit: self._of_commit(f"{did} {branch} at {commit[:12]}", commit),
        )


def planned(plan: Plan) -> list[str]:
    """Return the steps that carry out a plan of which nothing exists yet."""
    return [_committing(plan)] if plan.mode is Mode.COMMIT else [_pushing(plan), _opening(plan)]


def _committing(plan: Plan) -> str:
    return f"Commit to {plan.branch}"


def _pushing(plan: Plan) -> str:
    return f"Push {plan.release_branch}"


def _opening(plan: Plan) -> str:
    return f"Open a pull request from {plan.release_branch}"


def _of_request(did: str, request: PullRequest) -> Action:
    outputs = {"pull-request-number": str(request.number), "pull-request-url": request.url}
    return Action(f"{did} pull request #{request.number}", request.url, outputs)


@dataclass(frozen=True)
class Attempt(WithSession[PrepareSettings]):
    """One attempt, on one view of the repositories. `today` is the date in the stack's time zone."""

    session: Session[PrepareSettings]
    new_stack: Callable[[], Stack[Forge]]
    registry: RegistryClient
    today: datetime.date
    tagging: Tagging | None

    @cached_property
    def stack(self) -> Stack[Forge]:
        """The stack. A forge caches what it has read, so each attempt has its own."""
        return self.new_stack()

    def run(self) -> PrepareReport:
        """Plan and write; raises LostRaceError if a branch was moved in between."""
        report = self._report()
        self._demand_approved(report)
        if report.refused:
            return report
        if self.tagging:
            self.tagging.look(report.plan.unmade)
            self.journal.planned += [tag.action for tag in report.plan.unmade if self.journal.dry_run]
            if not self.journal.dry_run and any(tag.waits_for_ci for tag in report.plan.new_tags):
                return self._with_new_tags(report, self.tagging)
            self.tagging.release(report)
        if not report.plan.is_needed:
            return report
        if self.journal.dry_run:
            self.journal.planned += planned(report.plan)
            return report
        self._demand_right(report.plan)
        self.journal.log(plan_text(report))
        return self._execute(report)

    def _demand_approved(self, report: PrepareReport) -> None:
        """Refuse if the plan is not the one that was approved."""
        approval, now = self.settings.approval, report.target
        if approval is None:
            return
        # A refused plan may lack a commit; its findings already show why.
        unknown = {name for name, text in now.items() if name.endswith(COMMIT) and not text and report.refused}
        differing = differences(
            *({name: text for name, text in one.items() if name not in unknown} for one in (approval.target, now))
        )
        if differing:
            raise RefusedError(
                f"This is not the plan that was approved: {'; '.join(differing)}.",
                f"{PLAN_AGAIN} What was already made stays, and is detected.",
            )

    def _demand_right(self, plan: Plan) -> None:
        """Refuse, before the first write, if the token lacks a permission that the last write needs."""
        missing = self.stack.writer.missing_right(plan.file)
        if missing:
            raise WriteRefusedError(missing)

    def _with_new_tags(self, report: PrepareReport, tagging: Tagging) -> PrepareReport:
        """Make the new tags, follow their CI, then continue as for any tags, on a new view of the repositories."""
        tags = report.plan.new_tags
        if report.plan.is_needed:
            self._demand_right(report.plan)
        if report.plan.unmade:
            self.journal.log(plan_text(report))
            tagging.make(report.plan.unmade)
        tagging.follow([tag for tag in tags if tag.waits_for_ci], report.plan)
        return replace(self).run()

    def _report(self) -> PrepareReport:
        plan = Drafting(self.settings, self.stack, self.today, self._new_tags).draft()
        self._note_what_newest_passed_over(plan)
        self._note_other_configuration(plan)
        with ThreadPoolExecutor(1) as pool:
            judged = pool.submit(self._judged, plan)
            tickets = TicketHome(self.session.context.server_url, self.settings.tickets_from)
            shown_in = {plan.repository, self.settings.home}
            changes = with_histories(self.stack.forge, plan.changes, shown_in, tickets)
        facts, findings = judged.result()
        return PrepareReport(
            version=__version__,
            time=self.session.now,
            plan=replace(plan, changes=changes),
            facts=facts,
            findings=findings,
            dry_run=self.journal.dry_run,
            tickets_from=self.settings.tickets_from,
            inputs=self.settings.deciding,
            quiet=tuple(quiet(plan.new_tags, self.tagging.known.made)) if self.tagging else (),
        )

    def _new_tags(self, newest: Mapping[str, Answer[Newest]]) -> Sequence[NewTag]:
        return self.tagging.find(newest) if self.tagging else ()

    def _note_what_newest_passed_over(self, plan: Plan) -> None:
        asked = {name for name, choice in self.settings.choices.items() if is_newest(choice.tag)}
        for change in plan.changes:
            remark = "" if isinstance(change.candidates, Unknown) else change.candidates.remark
            if change.name in asked and remark:
                self.journal.note(f"Tags of {change.after.component.repository}: {remark}")

    def _note_other_configuration(self, plan: Plan) -> None:
        """Note what `publish` would refuse: a configuration file that differs from the default branch's."""
        if plan.branch == self.session.context.default_branch:
            return
        keys, file = self.stack.other_keys(plan.head), f"{CONFIGURATION_FILE} of {plan.branch}"
        if isinstance(keys, Unknown):
            self.journal.note(f"{file} could not be compared with the default branch's: {keys.reason}.")
        elif keys:
            self.journal.note(
                f"{file} differs from the default branch's, which is in effect, in {listed(keys, 5)}. The release "
                "would be refused: give both the same content first."
            )

    def _judged(self, plan: Plan) -> tuple[ReleaseFacts, list[Finding]]:
        """Judge the pair as it will be in the file; wait for running CI for up to `wait-minutes`."""
        of_tag = self.stack.tag_facts(plan.stack_tag, [plan.branch], self.today)
        pins = [change.after for change in plan.changes]
        content = Blob(len(plan.after), plan.after)
        look = partial(look_for_overrides, content, self.settings.components, self.settings.own_action)

        def judged() -> Judged:
            # Each look needs a new view: running CI is waited for, and more may change meanwhile.
            view = self.new_stack()
            facts = self.stack.release_facts(lambda: of_tag, lambda: self._component_facts(view, plan, pins, look))
            return facts, judge(Occasion.PLAN, facts)

        allow, minutes = self.settings.allow, self.settings.wait_minutes
        facts, findings = judge_when_settled(judged, allow, minutes, self.journal.log, self.session.clock)
        return facts, apply_allowances(findings, allow)

    def _component_facts(
        self, view: Stack[Forge], plan: Plan, pins: Sequence[Pin], look: Callable[[], Overrides]
    ) -> list[ComponentFacts]:
        """The facts of each pin. For a tag to be made or built, the facts that it will have only later are left out."""
        new = {tag.name: tag for tag in plan.new_tags}
        later = [tag for tag in plan.new_tags if tag.waits_for_ci]
        planned = {tag.name: tag for tag in later if not (tag.is_there and self.journal.dry_run)}
        there = [pin for pin in pins if pin.component.name not in planned]
        found = {one.pin.component.name: one for one in view.component_facts(self.registry, there, self.today, look)}
        for pin in pins:
            name = pin.component.name
            if name in planned:
                found[name] = planned_facts(pin, planned[name])
            if name in new:
                found[name] = replace(found[name], branch_runs=new[name].branch_runs)
        return [found[pin.component.name] for pin in pins]

    def _execute(self, report: PrepareReport) -> PrepareReport:
        session = self.session

        def body(limit: int) -> str:
            return pull_request_body(report, session.links, limit)

        execution = Execution(report.plan, self.stack, body, session.links, session.journal)
        commit, request = execution.commit() if self.settings.mode is Mode.COMMIT else execution.propose()
        number = (request.number, request.url) if request else None
        # The journal already has what was made; the summary lists it, too.
        return replace(report, commit=commit, pull_request=number, actions=tuple(session.journal.actions))

    def after_race(self, race: LostRaceError) -> ExpectedError:
        """Return the error that names who moved what."""
        repository = race.repository or self.settings.stack_repository
        facts = self.stack.forge.writer(repository).message_of(race.found) if race.found else None
        who = "" if facts is None or isinstance(facts, Unknown) else f" by {facts.author}"
        where = f" to {race.found[:12]}" if race.found else ""
        last = f", last{who}{where}" if who or where else ""
        return ExpectedError(
            f"{race.branch} of {repository} was moved {ATTEMPTS} times during this run{last}. Nothing was overwritten.",
            "Run this again when the branch no longer moves.",
        )


def run(session: Session[PrepareSettings]) -> PrepareReport:
    """Plan, then write unless the plan is refused or this is a dry run. Raises ExpectedError."""
    services = session.services
    today, registry = session.now.astimezone(session.settings.timezone).date(), services.registry()
    tagging = None
    if session.settings.is_new:
        from .new_tags import NewTags  # late, as the next one: only some runs tag
        from .tagging import Tagging

        known = NewTags(session.settings, session.journal, today)
        tagging = Tagging(session, services.github, registry, known)
    attempt = Attempt(session, lambda: session.stack_on(services.forge()), registry, today, tagging)
    for _ in range(ATTEMPTS - 1):
        try:
            return replace(attempt).run()
        except LostRaceError as race:
            session.journal.log(f"{race.branch} was moved during this run: everything is read and judged again.")
    try:
        return attempt.run()
    except LostRaceError as race:
        raise attempt.after_race(race) from race
