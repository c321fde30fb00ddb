"""Drafting a release: reads the stack's file, chooses the pair and the tag, and splices the file.

The pair comes from the inputs or from a ticket. Our own release branch is recognised, also after GitHub's button
updated it from the stack branch.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ...adapters.ports import CommitFacts, Forge, Repository, Writer
from ...dataclass import dataclass, replace
from ...domain.components import Choice, Component, Pin
from ...domain.evidence import Answer, Blob, TooLong
from ...domain.new_tags import NewTag, is_new
from ...domain.newest import Newest, is_newest
from ...domain.plan import (
    PLAN_AGAIN,
    PLAN_TRAILER,
    RELEASE_BRANCH,
    TRAILER,
    Change,
    ChoiceError,
    Plan,
    choose_stack_tag,
    may_change_scheme,
    require_same_scheme,
)
from ...domain.refs import PARTS, TagFormat
from ...domain.review import trailer_values
from ...domain.splice import replace_values
from ...domain.tickets import Ticket, TicketTextError, may_comment_on, read_versions
from ...domain.versions import ProductionTag, parse_production_tag, production_tags
from ...domain.workflow_file import WorkflowFileError
from ...errors import RefusedError, UsageError
from ...inputs.settings.release import PrepareSettings
from ..evidence.histories import find_newest, through_updates
from ..session import require
from ..stack import Stack

_T = TypeVar("_T")

_LOOKED_AT = 20
_RELEASED_AS = re.compile(rf"(?m)^{TRAILER}: (\S+)\s*$|^Merge pull request #\d+ from \S+?/{RELEASE_BRANCH}(\S+)\s*$")


def wanted_tags(
    forge: Forge, components: Sequence[Component], choices: Mapping[str, Choice], ticket: Ticket | None
) -> dict[str, str]:
    """Return the choice for each component: a tag, `newest`, or empty to keep today's.

    A ticket names both versions, and an input given in addition must match it. If a tag is `new`, the ticket's text is
    not read: it only gets the announcement. Raises RefusedError.
    """
    typed = {component.name: choices[component.name].tag for component in components}
    if ticket is None or any(map(is_new, typed.values())):
        return typed
    named = _named(forge, ticket, components)
    for name, tag in named.items():
        if typed[name] not in ("", tag):
            raise RefusedError(
                f"The ticket {ticket} names the {name} {tag}, but the input is {typed[name]!r}.",
                "Leave one of the two out.",
            )
    return named


def _named(forge: Forge, ticket: Ticket, components: Sequence[Component]) -> dict[str, str]:
    """Return the versions that the ticket names; raises RefusedError if they are ambiguous or missing."""
    issue = require(forge.issue(ticket.repository, ticket.number), f"The ticket {ticket}")
    try:
        formats = {component.name: component.tag_format for component in components}
        return read_versions(f"{issue.title}\n\n{issue.body}", formats)
    except TicketTextError as error:
        # The log may have other readers than the ticket: the text of a private one is not quoted.
        is_public = forge.repository(issue.repository).is_private() is False
        why = str(error) if is_public else error.without_words
        names = [
            f"'{component.name} {component.tag_format.like(f'2023.05.{number}')}'"
            for number, component in enumerate(components[:2], 1)
        ]
        remedy = f"Write each into the ticket, such as {' and '.join(names)}, or give them as inputs."
        raise RefusedError(f"The ticket {ticket} does not name what to release: {why}.", remedy) from error


def chosen_tag(wanted: str, pin: Pin, found: Answer[Newest]) -> str:
    """Return the tag for a component: `wanted` itself, today's if it is empty, or the newest on its branches.

    Raises EvidenceError if the newest could not be determined, RefusedError if there is none or a higher tag is
    implausible.
    """
    if not is_newest(wanted):
        return wanted or pin.tag
    name, repository, given_in = pin.component.name, pin.component.repository, pin.component.given_in("tag")
    form = pin.component.tag_format
    newest = _seen(found, f"The newest {name} tag", given_in)
    if newest.doubtful:
        highest = newest.doubtful[0].tag
        raise RefusedError(
            f"The newest tag of {repository} could not be determined: {newest.wrong}.",
            f"If {highest} was a mistake and never a release, delete it; or name the tag in the input {given_in}.",
        )
    if chosen := _seen(newest.tag(), f"The newest {name} tag", given_in):
        return chosen
    where = f": none of its {len(newest.candidates)} is on {' or '.join(pin.component.branches)}"
    raise RefusedError(
        f"{repository} has no newest production tag{where if newest.candidates else ''}. {newest.remark}".rstrip(),
        f"Name the {name} tag in the input {given_in}, {form.numbers} such as {form.like('2023.05.1')}.",
    )


def _seen(answer: Answer[_T], what: str, input_: str) -> _T:
    """As `require`, but if there are too many tags to check, the remedy is to name one in that input."""
    named = replace(answer, remedy=f"Name the tag in the input {input_}.") if isinstance(answer, TooLong) else answer
    return require(named, what)


def all_tags(repository: Repository, prefixes: Sequence[str]) -> Answer[Sequence[str]]:
    """Return all tags; if there are too many to list, those that start with one of `prefixes`."""
    names = repository.tags_starting([""])
    return repository.tags_starting(prefixes) if isinstance(names, TooLong) else names


def next_stack_tag(
    repository: Repository, branch: str, wanted: str, today: datetime.date, own: str, form: TagFormat
) -> ProductionTag:
    """Return the tag for the release of the stack's `branch`; raises RefusedError and EvidenceError."""
    given = parse_production_tag(wanted, form) if wanted else None
    prefixes = {f"{form.prefix}{today.year}."}
    prefixes |= {f"{form.prefix}{given.year}.", f"{wanted.partition('.')[0]}."} if given else set()
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(all_tags, repository, sorted(prefixes))
        reserved = pool.submit(repository.branches_starting, RELEASE_BRANCH)
    tags = require(asked.result(), f"The list of tags of {repository.name}")
    branches = require(reserved.result(), f"The list of release branches of {repository.name}")
    try:
        by_part = not form.by_month and wanted in ("", *PARTS)
        newest = _newest_of_stack(repository, branch, today, form) if by_part else ""
        tag = choose_stack_tag(wanted, today, tags, branches, form, own, newest)
        if form.by_month and tag.text not in (wanted, own) and may_change_scheme(tags, form):
            require_same_scheme(tag, _newest_of_stack(repository, branch, today, form))
    except ChoiceError as error:
        raise RefusedError(error.message, error.remedy) from error
    return tag


def _newest_of_stack(repository: Repository, branch: str, today: datetime.date, form: TagFormat) -> str:
    what = f"The newest tag of {repository.name}"
    found = _seen(find_newest(repository, [branch], today, form, at_first=1), what, "stack-tag")
    return _seen(found.tag(), what, "stack-tag") or found.unformed


@dataclass(frozen=True)
class OwnBranch:
    """The existing branch `release/TAG` of a plan."""

    plan: Plan
    repository: Repository
    writer: Writer

    def commits(self, head: str) -> list[CommitFacts]:
        """Return the updates on top of our commit, then our commit; raises RefusedError for any other commit."""
        *updates, first = require(through_updates(self.writer, head), f"The commit of {self.plan.release_branch}")
        if not self.is_ours(first):
            raise self._refusal(first)
        for update in updates:
            # A merge may only bring in the stack branch, as GitHub's button "Update branch" does.
            if not self._is_on_top_of(update.parents[1], update.sha):
                raise self._refusal(update)
        return [*updates, first]

    def is_ours(self, facts: CommitFacts) -> bool:
        """Whether the commit is exactly the one that we would make on top of its parent.

        Anyone can write the message, so the parent must be on the stack branch, and the commit must change only the
        one file, to exactly the bytes that we would make from the parent's. The committer proves nothing: GitHub's
        update by rebase creates the same commit again.
        """
        if len(facts.parents) != 1 or facts.message.strip() != self.plan.message.strip():
            return False
        files = require(self.writer.changed_files(facts.sha), f"The files changed by {facts.sha[:12]}")
        return list(files) == [self.plan.file] and self._is_on_top_of(facts.parents[0], facts.sha)

    def _is_on_top_of(self, parent: str, commit: str) -> bool:
        """Whether the parent is on the stack branch, and the commit's file is what we would make from the parent's."""
        plan = self.plan
        place = require(self.repository.placements([parent], [plan.branch])[parent], f"The branches of {parent[:12]}")
        if not place.branches:
            return False
        blobs = self.repository.files(plan.file, [parent, commit])
        before, after = (require(blobs[each], f"The file at {each[:12]}") for each in (parent, commit))
        return before is not None and after is not None and _spliced(before, plan) == after.content

    def _refusal(self, facts: CommitFacts) -> RefusedError:
        branch = self.plan.release_branch
        less = f", nor a plain merge of {self.plan.branch} into it" if len(facts.parents) > 1 else ""
        return RefusedError(
            f"The branch {branch} already exists with a commit by {facts.author} that this action did not make: "
            f"{facts.sha[:12]} is not the change of this plan{less}.",
            f"Check what is on it, then delete {branch} or choose another stack-tag.",
        )


def _spliced(blob: Blob, plan: Plan) -> bytes | None:
    try:
        return replace_values(blob.content, plan.values)
    except (WorkflowFileError, ValueError):
        return None


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
        new = self.find_new(found) if settings.is_new else ()
        typed = (settings.components, settings.choices, settings.ticket)
        wanted = self._approved_tags() if carried_out else wanted_tags(self.stack.forge, *typed)
        changed = self._spliced(content, _chosen(before, found, wanted | {tag.name: tag.tag for tag in new}))
        # The plan is read back from the changed file, instead of from the intention.
        after = self.stack.pins_in(Blob(len(changed), changed))
        unmade = {tag.name: tag.commit for tag in new if not tag.is_there}
        changes = tuple(
            Change(old, pin, candidates=found[pin.component.name], commit=unmade.get(pin.component.name, ""))
            for old, pin in zip(before, after, strict=True)
        )
        file, mode = settings.workflow_file, settings.mode
        plan = Plan(settings.stack_repository, branch, head, file, content, changed, "", mode, changes, tuple(new))
        digest = settings.approval.digest if settings.approval else ""
        plan = replace(plan, ticket=self._ticket_to_announce(), approved=digest)
        return self._carried_out(plan, carried_out) if carried_out else self._with_stack_tag(plan)

    def _start(self, branch: str) -> tuple[str, str]:
        """Return the commit to plan on, and the one above it whose trailer claims the approved plan, or empty."""
        head, approval = self.stack.head(branch), self.settings.approval
        if approval is None or head == approval.head:
            return head, ""
        history = require(self.stack.repository.history(approval.head, head), f"The newer commits on {branch}")
        claiming = [one.sha for one in history.added if approval.digest in trailer_values(one.message, PLAN_TRAILER)]
        return (approval.head, claiming[-1]) if claiming and not history.removed else (head, "")

    def _carried_out(self, plan: Plan, commit: str) -> Plan:
        """Return the plan as carried out by that commit. Anyone can write a trailer, so the whole commit is checked."""
        named = replace(plan, stack_tag=self.settings.approval.stack_tag if self.settings.approval else "")
        facts = require(self.stack.writer.message_of(commit), f"The commit {commit[:12]}")
        ours = OwnBranch(named, self.stack.repository, self.stack.writer).is_ours(facts)
        if not ours or list(facts.parents) != [plan.head]:
            raise RefusedError(
                f"{commit[:12]} on {plan.branch} claims to apply this plan, but it is not the plan's change.",
                f"Check what {facts.author} committed there. {PLAN_AGAIN}",
            )
        return replace(named, committed=commit)

    def _read(self, head: str) -> tuple[bytes, tuple[Pin, ...]]:
        file = self.settings.workflow_file
        blob = require(self.stack.repository.files(file, [head])[head], f"{file} of {self.stack.name}")
        pins = self.stack.pins_in(blob)
        problem = next((pin for pin in pins if pin.problem), None)
        if blob is None or problem:
            why = problem.problem.message if problem and problem.problem else "there is no such file"
            line = problem.line if problem else None
            raise RefusedError(f"{file} cannot be changed safely: {why}.", "Fix it by hand first.", file, line)
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

    def _ticket_to_announce(self) -> Ticket | None:
        """Return the ticket, at its current place, for a release with new tags; raises EvidenceError, RefusedError."""
        asked = self.settings.ticket
        if asked is None or not self.settings.is_new:
            return None
        issue = require(self.stack.forge.issue(asked.repository, asked.number), f"The ticket {asked}")
        ticket, stack = Ticket(issue.repository, issue.number), self.settings.stack_repository
        if not may_comment_on(ticket, stack, [self.settings.tickets_from]):
            raise RefusedError(
                f"The ticket {ticket} does not belong to the stack's owner, so announce would not write to it.",
                "Name another ticket, or set tickets-from to its repository.",
            )
        return ticket

    def _approved_tags(self) -> dict[str, str]:
        """Return the approved tags: once they are committed, a newer tag is for the next release."""
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
        """Return the plan with the tag of its release; an approved tag stays even if the month has changed."""
        settings, approval = self.settings, self.settings.approval
        wanted = settings.stack_tag
        own = self._tag_of_own_branch(plan) if plan.is_needed else self._tag_of_commit(plan.head)
        if approval and wanted in ("", *PARTS, approval.stack_tag):
            wanted = approval.stack_tag
            if own == wanted and not plan.is_needed:  # also if it is tagged already: publish resumes from there
                return replace(plan, stack_tag=own, committed=plan.head)
        try:
            tag = next_stack_tag(self.stack.repository, plan.branch, wanted, self.today, own, settings.tag_format).text
        except RefusedError as error:
            raise RefusedError(error.message, PLAN_AGAIN) if approval else error from error
        if plan.is_needed or tag != own:
            # The next tag was chosen because that of the newest commit exists.
            is_tagged = not plan.is_needed and not wanted and parse_production_tag(own, settings.tag_format)
            return replace(plan, stack_tag=tag, tagged=own if is_tagged else "")
        return replace(plan, stack_tag=tag, committed=plan.head)

    def _tag_of_own_branch(self, plan: Plan) -> str:
        """Return the tag of a release branch that an earlier run made for this pair, to reuse it; empty if none.

        Here the branch only names the tag: whether it is really ours is checked before it is written to. Raises
        EvidenceError: without the answer, a second branch would be pushed.
        """
        listed = self.stack.repository.branches_starting(RELEASE_BRANCH)
        names = require(listed, f"The list of release branches of {self.stack.name}")
        tags = production_tags((name[len(RELEASE_BRANCH) :] for name in names), self.settings.tag_format)
        highest = [f"{RELEASE_BRANCH}{tag}" for tag in reversed(tags[-_LOOKED_AT:])]
        for branch, answer in self.stack.repository.branches(highest).items():
            commit, tag = require(answer, f"The branch {branch}"), branch[len(RELEASE_BRANCH) :]
            commits = require(through_updates(self.stack.writer, commit), f"The commit of {branch}") if commit else ()
            if commits and commits[-1].message.strip() == replace(plan, stack_tag=tag).message.strip():
                return tag
        return ""

    def _tag_of_commit(self, head: str) -> str:
        """Return the tag that the branch's newest commit was made for, empty if its message names none."""
        facts = require(self.stack.writer.message_of(head), f"The commit {head[:12]}")
        found = _RELEASED_AS.search(facts.message)
        return (found[1] or found[2]) if found else ""


def _chosen(before: Sequence[Pin], found: Mapping[str, Answer[Newest]], wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the tag of each component, by its variable in the file."""
    return {pin.variable: chosen_tag(wanted[pin.component.name], pin, found[pin.component.name]) for pin in before}
