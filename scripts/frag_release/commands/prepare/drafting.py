"""Drafting a release: reads the stack's file, chooses the pair and the tag, and splices the file."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from ...adapters.ports.repository import Forge
from ...domain.approval import PLAN_ANEW
from ...domain.components import Pin
from ...domain.evidence import Answer, Blob, Unknown
from ...domain.new_tags import NewTag
from ...domain.newest import Newest
from ...domain.plan import PLAN_TRAILER, RELEASE_BRANCH, TRAILER, Change, Plan
from ...domain.review import trailer_values
from ...domain.splice import replace_values
from ...domain.tag_format import PARTS
from ...domain.tickets import Ticket, may_be_told
from ...domain.workflow_file import WorkflowFileError
from ...errors import RefusedError, UsageError
from ...inputs.settings.prepare import PrepareSettings
from ..answers import must
from ..evidence.newest import find_newest
from ..evidence.reviewed_commit import through_updates
from ..stack import Stack
from .choices import chosen_tag, next_stack_tag, wanted_tags
from .own_branch import OwnBranch

_LOOKED_AT = 20
_RELEASED_AS = re.compile(rf"(?m)^{TRAILER}: (\S+)\s*$|^Merge pull request #\d+ from \S+?/{RELEASE_BRANCH}(\S+)\s*$")


@dataclass(frozen=True)
class Drafting:
    """Makes the draft of a plan. `today` is the date in the stack's time zone."""

    settings: PrepareSettings
    stack: Stack[Forge]
    today: datetime.date
    find_new: Callable[[Mapping[str, Answer[Newest]]], Sequence[NewTag]]

    def draft(self) -> Plan:
        """Return the plan without the changes' histories. Raises RefusedError, EvidenceError, UsageError."""
        settings, branch = self.settings, self.stack.required_branches()[0]
        head, carried_out = self._start(branch)
        content, before = self._read(head)
        found = self._candidates(before)
        new = self.find_new(found) if self.settings.is_new else ()
        wanted = self._approved_tags() if carried_out else self._wanted_tags()
        changed = self._spliced(content, _chosen(before, found, wanted | {tag.name: tag.tag for tag in new}))
        # What is planned is the file as it will be, read again, and not what was merely meant.
        after = self.stack.pins_in(Blob(len(changed), changed))
        unmade = {tag.name: tag.commit for tag in new if not tag.is_there}
        changes = tuple(
            Change(old, pin, candidates=found[pin.component.name], commit=unmade.get(pin.component.name, ""))
            for old, pin in zip(before, after, strict=True)
        )
        file, mode = settings.workflow_file, settings.mode
        plan = Plan(settings.stack_repository, branch, head, file, content, changed, "", mode, changes, tuple(new))
        digest = settings.approval.digest if settings.approval else ""
        plan = replace(plan, ticket=self._ticket_to_tell(), approved=digest)
        return self._carried_out(plan, carried_out) if carried_out else self._with_stack_tag(plan)

    def _start(self, branch: str) -> tuple[str, str]:
        """Return the commit to plan on, and the one above it that says to have carried out the approved plan."""
        head, approval = self.stack.head(branch), self.settings.approval
        if approval is None or head == approval.head:
            return head, ""
        history = must(self.stack.repository.history(approval.head, head), f"What came to {branch} since the approval")
        saying = [one.sha for one in history.added if approval.digest in trailer_values(one.message, PLAN_TRAILER)]
        return (approval.head, saying[-1]) if saying and not history.removed else (head, "")

    def _carried_out(self, plan: Plan, commit: str) -> Plan:
        """Return the plan as carried out by that commit: anybody can write a trailer, so it is looked at whole."""
        named = replace(plan, stack_tag=self.settings.approval.stack_tag if self.settings.approval else "")
        facts = must(self.stack.writer.message_of(commit), f"The commit {commit[:12]}")
        ours = OwnBranch(named, self.stack.repository, self.stack.writer).is_ours(facts)
        if not ours or list(facts.parents) != [plan.head]:
            raise RefusedError(
                f"{commit[:12]} on {plan.branch} says that it carries out this plan, and it is not its change.",
                f"Look at what {facts.author} has committed there. {PLAN_ANEW}",
            )
        return replace(named, committed=commit)

    def _read(self, head: str) -> tuple[bytes, tuple[Pin, ...]]:
        file = self.settings.workflow_file
        blob = must(self.stack.repository.files(file, [head])[head], f"{file} of {self.stack.name}")
        pins = self.stack.pins_in(blob)
        problem = next((pin for pin in pins if pin.problem), None)
        if blob is None or problem:
            why = problem.problem.message if problem and problem.problem else "there is no such file"
            line = problem.line if problem else None
            raise RefusedError(f"{file} cannot be changed safely: {why}.", "Mend it by hand first.", file, line)
        return blob.content, pins

    def _candidates(self, pins: Sequence[Pin]) -> dict[str, Answer[Newest]]:
        components = [pin.component for pin in pins]
        repositories = [self.stack.forge.repository(each.repository) for each in components]
        with ThreadPoolExecutor(len(pins)) as pool:
            columns = zip(
                *((one.branches, self.today, one.tag_format, one.format_input) for one in components), strict=True
            )
            found = pool.map(find_newest, repositories, *columns)
            return {each.name: answer for each, answer in zip(components, found, strict=True)}

    def _ticket_to_tell(self) -> Ticket | None:
        """Return the ticket that is told of a release with new tags, where it is now; raises EvidenceError."""
        asked = self.settings.ticket
        if asked is None or not self.settings.is_new:
            return None
        issue = must(self.stack.forge.issue(asked.repository, asked.number), f"The ticket {asked}")
        ticket, stack = Ticket(issue.repository, issue.number), self.settings.stack_repository
        if not may_be_told(ticket, stack, [self.settings.tickets_from]):
            raise RefusedError(
                f"The ticket {ticket} is not of the stack's owner, so announce would not tell it.",
                "Name another, or its repository in tickets-from.",
            )
        return ticket

    def _wanted_tags(self) -> dict[str, str]:
        return wanted_tags(self.stack.forge, self.settings.components, self.settings.choices, self.settings.ticket)

    def _approved_tags(self) -> dict[str, str]:
        """Return the tags that were approved: once they are committed, a newer one is for the next release."""
        approval = self.settings.approval
        return {one.name: approval.tag_of(one.name) if approval else "" for one in self.settings.components}

    def _spliced(self, content: bytes, values: Mapping[str, str]) -> bytes:
        file = self.settings.workflow_file
        try:
            return replace_values(content, values)
        except WorkflowFileError as error:
            what = f"{file} cannot be changed safely: {error.message}."
            raise RefusedError(what, "Change it by hand, through review.", file, error.line) from error
        except ValueError as error:
            what = f"A tag cannot be written to {file}: {error}."
            raise UsageError(what, "Name an existing tag.") from error

    def _with_stack_tag(self, plan: Plan) -> Plan:
        """Return the plan with the tag of its release; an approved one stays when the month changes."""
        settings, approval = self.settings, self.settings.approval
        wanted = settings.stack_tag
        own = self._tag_of_own_branch(plan) if plan.is_needed else self._tag_of_commit(plan.head)
        if approval and wanted in ("", *PARTS, approval.stack_tag):
            wanted = approval.stack_tag
            if own == wanted and not plan.is_needed:  # also where it is tagged already, for publish to go on from
                return replace(plan, stack_tag=own, committed=plan.head)
        try:
            tag = next_stack_tag(self.stack.repository, plan.branch, wanted, self.today, own, settings.tag_format).text
        except RefusedError as error:
            raise RefusedError(error.message, PLAN_ANEW) if approval else error from error
        is_unreleased = tag == own and not plan.is_needed
        return replace(plan, stack_tag=tag, committed=plan.head if is_unreleased else "")

    def _tag_of_own_branch(self, plan: Plan) -> str:
        """Return the tag of a release branch that an earlier run made for this pair, so that it is used again.

        Whether the branch is really ours is judged before it is touched; here it only names the tag.
        """
        names = self.stack.repository.branches_starting(RELEASE_BRANCH)
        if isinstance(names, Unknown):
            return ""
        for branch, commit in self.stack.repository.branches(sorted(names)[-_LOOKED_AT:]).items():
            commits = through_updates(self.stack.writer, commit) if isinstance(commit, str) else None
            tag = branch[len(RELEASE_BRANCH) :]
            if (
                commits
                and not isinstance(commits, Unknown)
                and commits[-1].message.strip() == replace(plan, stack_tag=tag).message.strip()
            ):
                return tag
        return ""

    def _tag_of_commit(self, head: str) -> str:
        """Return the tag that the branch's newest commit was made for, where it says one."""
        facts = self.stack.writer.message_of(head)
        found = None if isinstance(facts, Unknown) else _RELEASED_AS.search(facts.message)
        return (found[1] or found[2]) if found else ""


def _chosen(before: Sequence[Pin], found: Mapping[str, Answer[Newest]], wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the tag of each component, by its variable in the file."""
    return {pin.variable: chosen_tag(wanted[pin.component.name], pin, found[pin.component.name]) for pin in before}
