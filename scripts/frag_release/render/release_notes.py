"""The contents of a release, as the text of the release and of its ticket.

The same contents always give the same text, without times of writing or durations, so a second run changes nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from ..dataclass import dataclass
from ..domain.builds import Build, Job
from ..domain.changes import History
from ..domain.contents import Contents, NamedTicket, Titles, named_tickets, unread
from ..domain.evidence import Approval, Unknown
from ..domain.facts import ComponentFacts, PreviousRelease
from ..domain.findings import Status
from ..domain.reports import known_image
from . import markdown
from .findings import allowed_by_hand, evidence_table, warning
from .markdown import Section, fit
from .plan import BUILD_MARKS, ComponentChanges, tag_link
from .wording import MARKS, Links, References, count, listed

_TITLE = 150

MAX_BYTES = 65_000
"""Largest text in bytes of UTF-8. GitHub refuses more than 65,536 characters."""

_MOST = 300
"""Most tickets that are listed, five times the number of commits."""

_STEPS = ("Seen to work on staging", "Deployed to production", "Seen to work in production")


@dataclass(frozen=True)
class TicketList:
    """Writes lists of at most `cap` tickets each, with `boxes` as check boxes."""

    references: References
    titles: Titles
    cap: int
    boxes: bool = False

    def items(self, tickets: Sequence[NamedTicket]) -> str:
        """Return one item for each ticket, with a note if some are omitted."""
        box = "- [ ] " if self.boxes else "- "
        lines = [f"{box}{self._item(ticket)}" for ticket in tickets[: self.cap]]
        note = f"\n\nShowing {self.cap} of {len(tickets)} tickets." if len(tickets) > self.cap else ""
        return "\n".join(lines) + note

    def unread(self, tickets: Sequence[NamedTicket]) -> str:
        """Return why titles are missing, once for all of them; empty if none is missing."""
        found = [title for one in tickets if isinstance(title := self.titles.get(one.number), Unknown)]
        if not found:
            return ""
        many = f"{len(found)} of the titles" if len(found) > 1 else "A title"
        return f"{many} could not be looked up: {markdown.words(found[0].reason, 300)}."

    def _item(self, ticket: NamedTicket) -> str:
        title = self.titles.get(ticket.number)
        shown = f" {markdown.text(title, _TITLE)}" if isinstance(title, str) else ""
        missing = " (no visible ticket has this number)" if title is None and ticket.number in self.titles else ""
        named = ", ".join(markdown.text(name, 80) for name in ticket.components[:5])
        return f"{self.references.tickets([ticket.number])}{shown}{missing} ({named})"


def release_body(contents: Contents, server_url: str) -> str:
    """Return the text of the release in Markdown, at most `MAX_BYTES` long."""
    return _fitting(contents, server_url, False, MAX_BYTES)


def ticket_body(contents: Contents, server_url: str, limit: int = MAX_BYTES) -> str:
    """Return the text of the ticket in Markdown, with check boxes, at most `limit` bytes long."""
    return _fitting(contents, server_url, True, limit)


def _fitting(contents: Contents, server_url: str, is_ticket: bool, limit: int) -> str:
    """Return the text with as many tickets and commits as fit."""

    def notes(cap: int) -> _Notes:
        return _Notes(contents, Links(server_url), is_ticket, cap)

    cap = bisect_right(range(1, _MOST + 1), limit, key=lambda cap: len(_whole(notes(cap)).encode("utf-8", "replace")))
    return _whole(notes(cap)) if cap else fit(notes(1).sections(), limit)


def _whole(notes: _Notes) -> str:
    return "\n\n".join(str(section) for section in notes.sections() if section.body) + "\n"


@dataclass(frozen=True)
class _Notes:
    """The sections, with at most `cap` tickets and a fifth as many commits in each list."""

    contents: Contents
    links: Links
    is_ticket: bool
    cap: int

    @property
    def references(self) -> References:
        return References(self.contents.tickets_from, self.links, in_conversation=True)

    @property
    def changes(self) -> ComponentChanges:
        return ComponentChanges(self.contents.changes, self.links, self.references, released=True)

    def sections(self) -> list[Section]:
        return [
            Section(20, "", self._introduction()),
            Section(19, "", self._warnings()),
            Section(18, "Remaining steps", self._checklist() if self.is_ticket else ""),
            Section(17, "Tickets", self._tickets()),
            Section(15, "Changes in the components", self.changes.table()),
            Section(14, "The evidence", self._evidence()),
            Section(13, "The build", self._build()),
            *(Section(3, "", fold) for fold in self.changes.commits(-(-self.cap // 5))),
            Section(12, "", self._footer()),
        ]

    def _introduction(self) -> str:
        contents = self.contents
        pins = [one.pin for one in contents.components[:20]]
        pair = listed([f"{markdown.text(pin.component.name, 80)} {markdown.code(pin.tag, 80)}" for pin in pins])
        tag = tag_link(self.links, contents.repository, contents.tag)
        commit = markdown.code_link(contents.commit[:12], self.links.commit(contents.repository, contents.commit))
        return f"The stack {tag} of {pair}, made from {commit}{self._after()}.{approved_by(contents.approvals, ' ')}"

    def _after(self) -> str:
        previous = self.contents.previous
        if isinstance(previous, PreviousRelease):
            return f"; the previous tag is {tag_link(self.links, self.contents.repository, previous.tag.text)}"
        return "; it is the first release" if previous is None else ""

    def _checklist(self) -> str:
        return "\n".join(f"- [ ] {markdown.words(step)}" for step in _steps(self.contents))

    def _warnings(self) -> str:
        previous = self.contents.previous
        lines = [*self.changes.rollbacks(), *allowed_by_hand(self.contents.findings)]
        if isinstance(previous, Unknown):
            lines.append(
                f"{MARKS[Status.UNKNOWN]} The previous release could not be looked up, so the changes are unknown: "
                f"{markdown.words(previous.reason, 300)}."
            )
        lines += [
            f"{MARKS[Status.UNKNOWN]} What changed in the {markdown.text(change.name, 80)} could not be read: "
            f"{markdown.words(why.reason, 300)}."
            for change, why in unread(self.contents.changes)
            if why is not previous
        ]
        return warning(lines)

    def _tickets(self) -> str:
        if not any(isinstance(change.history, History) for change in self.contents.changes):
            lost = isinstance(self.contents.previous, Unknown) or unread(self.contents.changes)
            return f"Unknown: {'what changed could not be read' if lost else 'there is nothing to compare with'}."
        named = named_tickets(self.contents.changes)
        listed = TicketList(self.references, self.contents.titles, self.cap, self.is_ticket)
        plain = TicketList(self.references, self.contents.titles, self.cap)
        parts = [listed.items(named.added) or self._none_named()]
        parts += [self._more()] if named.added else []
        parts += [f"No longer included:\n\n{plain.items(named.removed)}"] if named.removed else []
        parts += [f"{count(named.without_ticket, 'commit')} without a ticket."] if named.without_ticket else []
        return "\n\n".join(filter(None, [*parts, listed.unread([*named.added, *named.removed])]))

    def _none_named(self) -> str:
        more = self._more()
        return f"None of the {'commits that could be read' if more else 'new commits'} names a ticket. {more}".rstrip()

    def _more(self) -> str:
        """Return a note that tickets may be missing; empty if the commits of all components were read."""
        lost = " and ".join(markdown.text(change.name, 80) for change, _ in unread(self.contents.changes))
        return f"The commits of the {lost} could not be read: they may name more." if lost else ""

    def _evidence(self) -> str:
        contents = self.contents
        table = evidence_table(contents.components, contents.findings, self.links)
        passed = table if contents.findings else "The checks it passed are not recorded."
        return "\n\n".join(filter(None, [passed, self._images()]))

    def _images(self) -> str:
        named = [*map(_image, self.contents.components), ("stack", self.contents.image, self.contents.digest)]
        return markdown.bullets([_reference(name, image, digest) for name, image, digest in named if image])

    def _build(self) -> str:
        build = self.contents.build
        if build is None:
            return ""
        if isinstance(build, Unknown):
            return f"{MARKS[Status.UNKNOWN]} It could not be looked up: {markdown.words(build.reason, 300)}."
        again = f", attempt {build.attempt}" if build.attempt > 1 else ""
        line = f"{markdown.link(f'Run {build.id}', build.url)}{again}: {_state(build)}"
        jobs = self.contents.jobs
        if isinstance(jobs, Unknown):
            why = markdown.words(jobs.reason, 300)
            return f"- {line}\n  - {MARKS[Status.UNKNOWN]} Its jobs could not be looked up: {why}."
        return "\n".join([f"- {line}", *(f"  - {_job(job)}" for job in jobs[:30])])

    def _footer(self) -> str:
        if not self.is_ticket:
            return "Written by frag-release-action; `release.json` has the same as data."
        return (
            "frag-release-action keeps this part up to date; ticked boxes stay ticked. Write above or below it: "
            "text there is left as it is."
        )


def checked(contents: Contents, ticked: Sequence[str]) -> list[str]:
    """Return the steps whose boxes are ticked; other ticked lines may be titles of tickets."""
    return [step for step in _steps(contents) if markdown.words(step) in ticked]


def _steps(contents: Contents) -> Sequence[str]:
    return contents.checklist or _STEPS


def approved_by(approvals: Sequence[Approval], before: str = "") -> str:
    """Return who approved it, as a sentence after `before`; empty if no approval is known."""
    named = [f"{markdown.text(one.by, 80)}{_environments(one)}" for one in approvals[:10]]
    return f"{before}Approved by {', '.join(named)}." if named else ""


def _environments(one: Approval) -> str:
    named = ", ".join(markdown.code(name, 100) for name in one.environments[:5])
    return f" ({named})" if named else ""


def _image(facts: ComponentFacts) -> tuple[str, str, str]:
    image = known_image(facts)
    return facts.pin.component.name, image.name if image else "", (image.digest or "") if image else ""


def _reference(name: str, image: str, digest: str) -> str:
    shown = markdown.code(f"{image}@{digest}", 300) if digest else f"{markdown.code(image, 200)}, digest not recorded"
    return f"{markdown.text(name, 80)} image: {shown}"


def _state(run: Build | Job) -> str:
    word = (run.conclusion or "") if run.is_over else run.status.replace("_", " ")
    return f"{BUILD_MARKS.get(run.conclusion or '', '⏳')} {markdown.text(word or 'unknown', 40)}"


def _job(job: Job) -> str:
    return f"{markdown.link(markdown.visible(job.name, 80), job.url)}: {_state(job)}"
