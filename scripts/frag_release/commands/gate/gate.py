"""`gate`: may this run deploy to production? Fetches facts; the domain decides. Writes nothing."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from ... import __version__
from ...adapters.ports import Forge
from ...adapters.registry import RegistryClient
from ...dataclass import dataclass, replace
from ...domain.components import Pin
from ...domain.decision import Circumstances, RefKind, decide, reconsider
from ...domain.evidence import OBJECT_ID, Answer, Unknown
from ...domain.facts import NOT_ASKED, About, ComponentFacts, PublicRelease, ReleaseFacts
from ...domain.findings import Allowance, Finding, apply_allowances, unused_allowances
from ...domain.release_record import ReleaseRecord
from ...domain.reports.gate import GateReport
from ...domain.rollback import as_rollback
from ...domain.rules import Occasion, judge
from ...domain.rules.rule import unknown
from ...domain.rules.stack import tag_commit
from ...domain.versions import parse_production_tag
from ...errors import UsageError
from ...inputs.settings import GateSettings
from ..evidence.stack import TagFacts
from ..stack import Stack


@dataclass(frozen=True)
class Gate:
    """The gate with all that it needs; `now` is in UTC.

    With a `rollback` it judges whether that release, as recorded, may be deployed again. `occasion` states whether
    the commit is about to be built, or only deployed.
    """

    settings: GateSettings
    stack: Stack[Forge]
    registry: RegistryClient
    now: datetime.datetime
    rollback: ReleaseRecord | None = None
    occasion: Occasion = Occasion.DEPLOYMENT

    def run(self) -> GateReport:
        """Decide. Raises UsageError if there is nothing to judge."""
        branches = self.stack.branches()
        asked = self._circumstances(() if isinstance(branches, Unknown) else branches)
        commit = self._commit()
        if isinstance(commit, Unknown):
            return self._report(asked, "", ReleaseFacts(None, []), [self._unresolved(commit)])
        if asked.kind is RefKind.PULL_REQUEST and asked.production:
            asked, pins = self._pull_request(asked, commit)
            facts = ReleaseFacts(None, self._gather(pins, commit) if asked.judged else _unasked(pins))
        elif asked.judged:
            facts = self._release(asked, branches, commit)
        else:
            if asked.is_push_of_branch and self._of_this_run:
                asked = replace(asked, released_as=self._released_as())
            facts = ReleaseFacts(None, _unasked(self._pins(commit)))
        return self._report(asked, commit, facts, judge(self.occasion if asked.judged else Occasion.UNJUDGED, facts))

    @property
    def is_release(self) -> bool:
        """Whether a production tag is judged, in a run that may deploy to production."""
        settings = self.settings
        return settings.production and parse_production_tag(settings.ref.tag, settings.tag_format) is not None

    @property
    def _of_this_run(self) -> bool:
        return self.stack.context.on_runner and self.settings.own_ref

    def _circumstances(self, branches: Sequence[str]) -> Circumstances:
        settings = self.settings
        return Circumstances(
            ref=settings.ref,
            event=self.stack.context.event_name if settings.own_ref and not self.rollback else "",
            stack_branches=branches,
            production=settings.production,
            own_ref=settings.own_ref or self.rollback is not None,
            tag_format=settings.tag_format,
        )

    def _released_as(self) -> str:
        """The release that a pushed commit was made for, by its message in the event; empty if it names none."""
        from ...domain.review import released_as  # late: only pushes of branches need it

        owner = self.settings.stack_repository.partition("/")[0]
        return released_as(self.stack.context.pushed_message, owner, self.settings.tag_format)

    def _commit(self) -> Answer[str]:
        ref, repository = self.settings.ref, self.settings.stack_repository
        if self.rollback:
            return self.rollback.commit
        if self._of_this_run:
            if not OBJECT_ID.fullmatch(self.stack.context.sha):
                raise UsageError("GITHUB_SHA is not a commit id.", "Run this in a GitHub Actions workflow.")
            return self.stack.context.sha
        commit = self.stack.commit_of(ref)
        if commit is None:
            what = f"The input ref names {ref.text!r}, which {repository} does not have."
            raise UsageError(what, "Set it to a ref that exists.")
        return commit

    def _unresolved(self, why: Unknown) -> Finding:
        what = f"The commit of {self.settings.ref} of {self.settings.stack_repository}"
        return tag_commit.finding(unknown(what, why), About("stack", ""))

    def _pins(self, commit: str) -> tuple[Pin, ...]:
        return self.stack.pins([commit], built=commit)[commit]

    def _gather(self, pins: Sequence[Pin], commit: str) -> list[ComponentFacts]:
        """Gather the facts of the pins, and look for overrides in the file at `commit`, which is built."""
        look = None if self.rollback else partial(self.stack.overrides, commit)
        # In some time zone it is already tomorrow, which may be the next month.
        tomorrow = self.now.date() + datetime.timedelta(days=1)
        return self.stack.component_facts(self.registry, pins, tomorrow, look)

    def _pull_request(self, asked: Circumstances, commit: str) -> tuple[Circumstances, tuple[Pin, ...]]:
        base = self.stack.context.pull_request_base
        if not OBJECT_ID.fullmatch(base) or base == commit:
            return replace(asked, pins_changed=None), self._pins(commit)
        found = self.stack.pins([commit, base], built=commit)
        pins, before = found[commit], found[base]
        unread = any(pin.unread or pin.problem for pin in (*pins, *before))
        changed = [pin.same_choice for pin in pins] != [pin.same_choice for pin in before]
        return replace(asked, pins_changed=None if unread else changed), pins

    def _release(self, asked: Circumstances, branches: Answer[Sequence[str]], commit: str) -> ReleaseFacts:
        facts = self.stack.release_facts(
            lambda: self._tag_facts(asked.ref.tag, branches, commit), lambda: self._gather(self._pins(commit), commit)
        )
        return replace(facts, components=[replace(one, running_file=self._running_file) for one in facts.components])

    def _tag_facts(self, tag: str, branches: Answer[Sequence[str]], commit: str) -> TagFacts:
        """Return the facts of the judged tag, with those of this run."""
        with ThreadPoolExecutor(2) as pool:
            found = pool.submit(self.stack.tag_facts, tag, branches, self.now.date())
            keys = pool.submit(self.stack.other_keys, commit) if not self.rollback else None
            public = self._public(tag)
        facts, previous = found.result()
        run_commit = commit if self._of_this_run or self.rollback else None
        facts = replace(facts, run_commit=run_commit, rollback=self.rollback is not None, public=public)
        return replace(facts, configuration=keys.result() if keys else ()), previous

    def _public(self, tag: str) -> Answer[PublicRelease | None]:
        """The release that exists for the tag; a rollback has its record instead."""
        return NOT_ASKED if self.rollback else self.stack.forge.public_release(self.settings.stack_repository, tag)

    @property
    def _running_file(self) -> str | None:
        """The running workflow file, None unless it must be the judged one; empty if it is unknown."""
        if not (self._of_this_run and self.settings.file_must_run):
            return None
        repository, file = self.stack.context.workflow
        is_own = repository.lower() == self.settings.stack_repository.lower()
        return file if is_own else f"{file} of {repository}" if file else ""

    def _report(
        self, asked: Circumstances, commit: str, facts: ReleaseFacts, findings: Sequence[Finding]
    ) -> GateReport:
        settings = self.settings
        found = as_rollback(findings) if self.rollback else findings
        return GateReport(
            version=__version__,
            time=self.now,
            ref=settings.ref,
            repository=settings.stack_repository,
            commit=commit,
            decision=decide(asked, apply_allowances(found, settings.allow)),
            facts=facts,
            unused_allowances=unused_allowances(found, settings.allow) if asked.judged else (),
            tag_format=settings.tag_format,
        )


def with_image(
    judged: GateReport, findings: Sequence[Finding], of_image: Sequence[Finding], allow: Sequence[Allowance]
) -> GateReport:
    """Return the report with the findings `of_image` on the stack's image added: they may use allowances, too."""
    decision = reconsider(judged.decision, [*findings, *apply_allowances(of_image, allow)])
    unused = set(unused_allowances(of_image, allow))
    still_unused = [one for one in judged.unused_allowances if one in unused]
    return replace(judged, decision=decision, unused_allowances=still_unused)


def _unasked(pins: Sequence[Pin]) -> list[ComponentFacts]:
    return [ComponentFacts(pin) for pin in pins]
