"""`prepare`: from a form to a reviewed change of two lines. Verifies, plans, shows; then does what was shown."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from ... import __version__, cancellation
from ...clients.registry import RegistryClient
from ...domain.allow import apply_allowances
from ...domain.changes import TicketHome
from ...domain.evidence import Blob, Unknown
from ...domain.facts import ReleaseFacts
from ...domain.findings import Finding
from ...domain.newest import is_newest
from ...domain.overrides import look_for_overrides
from ...domain.plan import Mode, Plan
from ...domain.reports.prepare import PrepareReport
from ...domain.rules import judge_planned
from ...errors import ExpectedError
from ...forges.repository import Forge
from ...forges.writer import LostRaceError, WriteRefusedError
from ...render.plan_text import prepare_text as plan_text
from ...render.prepare import pull_request_body
from ...runner.settings.prepare import PrepareSettings
from ..evidence.histories import with_histories
from ..session import Session
from ..stack import Stack
from ..waiting import Judged, judge_when_settled
from .drafting import Drafting
from .writing import Execution, planned

ATTEMPTS = 4
"""How often a lost race is run again, before it is said who keeps moving the branch."""


@dataclass(frozen=True)
class Prepare:
    """The command with all that it needs; `today` is the date in the stack's time zone."""

    session: Session[PrepareSettings]
    new_stack: Callable[[], Stack[Forge]]
    registry: RegistryClient
    today: datetime.date

    def run(self) -> PrepareReport:
        """Plan and, unless refused or asked for the plan alone, write. Raises ExpectedError."""
        for _ in range(ATTEMPTS - 1):
            try:
                return self._attempt().run()
            except LostRaceError as race:
                self.session.journal.say(f"{race.branch} was moved in between: everything is read and judged again.")
        last = self._attempt()
        try:
            return last.run()
        except LostRaceError as race:
            raise last.lost(race) from race

    def _attempt(self) -> Attempt:
        # A forge remembers what it has read, so every attempt has one of its own.
        return Attempt(self.session, self.new_stack(), self.new_stack, self.registry, self.today)


@dataclass(frozen=True)
class Attempt:
    """One try, on one view of the repositories."""

    session: Session[PrepareSettings]
    stack: Stack[Forge]
    new_stack: Callable[[], Stack[Forge]]
    registry: RegistryClient
    today: datetime.date

    def run(self) -> PrepareReport:
        """Plan and write; raises LostRaceError where a branch was moved in between."""
        report = self._report()
        if report.refused or not report.plan.is_needed:
            return report
        if self.session.journal.dry_run:
            self.session.journal.planned += planned(report.plan)
            return report
        missing = self.stack.writer.missing_right(report.plan.file)
        if missing:
            raise WriteRefusedError(missing)
        self.session.journal.say(plan_text(report))
        return self._execute(report)

    @property
    def settings(self) -> PrepareSettings:
        """What is asked for."""
        return self.session.settings

    def _report(self) -> PrepareReport:
        plan = Drafting(self.settings, self.stack, self.today).draft()
        self._note_what_newest_passed_over(plan)
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
            dry_run=self.session.journal.dry_run,
            tickets_from=self.settings.tickets_from,
        )

    def _note_what_newest_passed_over(self, plan: Plan) -> None:
        asked = {one.name for one in self.settings.components if is_newest(one.tag)}
        for change in plan.changes:
            remark = "" if isinstance(change.candidates, Unknown) else change.candidates.remark
            note = f"Of the tags of {change.after.component.repository}: {remark}"
            if change.name in asked and remark and note not in self.session.journal.notes:
                self.session.journal.note(note)

    def _judged(self, plan: Plan) -> tuple[ReleaseFacts, list[Finding]]:
        """Judge the pair as it will be in the file; waits for running CI as long as `wait-minutes` says."""
        of_tag = self.stack.tag_facts(plan.stack_tag, [plan.branch], self.today)
        pins = [change.after for change in plan.changes]
        content = Blob(len(plan.after), plan.after)
        look = partial(look_for_overrides, content, self.settings.components, self.settings.own_action)

        def judge() -> Judged:
            # Each look sees the world as it is then: what runs is waited for, and more may change meanwhile.
            view = self.new_stack()
            facts = self.stack.release_facts(
                lambda: of_tag, lambda: view.component_facts(self.registry, pins, self.today, look)
            )
            return facts, judge_planned(facts)

        allow, minutes = self.settings.allow, self.settings.wait_minutes
        facts, findings = judge_when_settled(judge, allow, minutes, self.session.journal.say, cancellation.sleep)
        return facts, apply_allowances(findings, allow)

    def _execute(self, report: PrepareReport) -> PrepareReport:
        session = self.session

        def body(limit: int) -> str:
            return pull_request_body(report, session.links, limit)

        execution = Execution(report.plan, self.stack, body, session.links, session.journal)
        written = execution.commit() if self.settings.mode is Mode.COMMIT else execution.propose()
        request = written.pull_request
        number = (request.number, request.url) if request else None
        # What was made is in the journal already; the page tells it, too.
        return replace(report, commit=written.commit, pull_request=number, actions=tuple(session.journal.actions))

    def lost(self, race: LostRaceError) -> ExpectedError:
        """Return the error that says who moved what."""
        facts = self.stack.writer.message_of(race.found) if race.found else None
        who = "somebody" if facts is None or isinstance(facts, Unknown) else facts.author
        where = f" to {race.found[:12]}" if race.found else ""
        return ExpectedError(
            f"{race.branch} of {self.settings.stack_repository} was moved {ATTEMPTS} times while it was being "
            f"prepared, last by {who}{where}. Nothing was overwritten.",
            "Run it again when the branch is quiet.",
        )
