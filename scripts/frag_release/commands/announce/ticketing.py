"""The ticket of a release, or our comment on an existing one: found, written once, and kept up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ...adapters.http.messages import quoted
from ...adapters.ports import UnconfirmedError
from ...adapters.ports.publishing import Tickets
from ...dataclass import dataclass, field
from ...domain.evidence import Answer, Unknown
from ...domain.findings import listed
from ...domain.release_record import KeptText, same_text
from ...domain.reports import Action
from ...domain.reports.announce import TICKET
from ...domain.tickets import Author, Comment, Issue, Ticket, same_title
from ...errors import RefusedError
from ..journal import Journal
from ..session import require

_RESTORE_PART = (
    "Restore the line that ends our part (an earlier version of the text has it), or remove our part completely, "
    "with the line that starts it."
)

_NAMED = 10
_PAUSE, _LOOKS = 3.0, 5
"""Seconds before each look for what another run wrote at the same moment, and the number of looks: GitHub's lists
show a write up to some 15 seconds later, and not on all of its servers at the same time."""

_W = TypeVar("_W", Issue, Comment)


@dataclass(frozen=True)
class Ticketing:
    """Writes about one release. `compose` returns its text in at most that many bytes; `sleep` takes seconds.

    `closed` receives this run's ticket if it was closed in favour of another run's.
    """

    tickets: Tickets
    kept: KeptText
    compose: Callable[[int], str]
    journal: Journal
    sleep: Callable[[float], None]
    closed: list[Issue] = field(default_factory=list)

    def own(self, found: Issue | None, title: str, labels: Sequence[str]) -> Issue | None:
        """Return the release's own ticket with its text up to date; None in a dry run that would open it.

        `found` is the result of `find`; `labels` must exist. Raises EvidenceError, WriteRefusedError, WriteFailedError.
        """
        if found:
            return self._updated_ticket(found)
        issue, is_ours = self._open(title, labels)
        return self._first_ticket(issue) if issue and is_ours else issue

    def existing(self, ticket: Ticket) -> tuple[Issue, str]:
        """Write one comment on an existing ticket; return the ticket and the URL of what was written."""
        issue = require(self.tickets.issue(ticket.number), f"The ticket {ticket}")
        if issue.repository.lower() != ticket.repository.lower() or issue.number != ticket.number:
            raise RefusedError(
                f"The ticket {ticket} was moved to {issue.repository}#{issue.number}.",
                f"Name {issue.repository}#{issue.number} in the input ticket.",
            )
        comment = self._commented(issue)
        return issue, comment.url if comment else issue.url

    def find(self, title: str) -> Issue | None:
        """Return the oldest ticket of that title that has our part and a trusted author.

        Raises EvidenceError, and RefusedError if the only such ticket was retitled.
        """
        known = require(self.tickets.of_release(title, self.kept.is_in), f"The ticket {title}")
        marked = [issue for issue in known.issues if self.kept.is_in(issue.body)]
        ours = self._ours(known.issues)
        found = [issue for issue in ours if issue.title == title]
        self._report_untrusted([issue for issue in marked if issue not in ours and issue.title == title])
        self._report_duplicates(found)
        retitled = [one for one in marked if one.title != title and self._is_our_own(one)]
        if retitled and not found:
            raise self._retitled(retitled[0], title)
        if known.among and not found:
            self._report_search_limit(known.among)
        others = [one for one in known.issues if not self.kept.is_in(one.body) and same_title(one.title, title)]
        self._report_namesakes([one for one in others if one.is_open or not found], bool(found))
        return found[0] if found else None

    def _report_search_limit(self, among: int) -> None:
        self.journal.fall_short(
            TICKET,
            f"Only the newest {among:,} issues of {self.tickets.name} were searched for the ticket: no more are "
            "listed.",
            "If there is an older ticket, close the new one and name the older one in the input ticket.",
        )

    def _retitled(self, issue: Issue, title: str) -> RefusedError:
        # The log may have other readers than the ticket.
        now = f": {quoted(issue.title)}" if self.tickets.is_private() is False else ""
        return RefusedError(
            f"The ticket of this release, {self.tickets.name}#{issue.number}, was given another title{now}. "
            f"No second ticket was opened. {issue.url}",
            f"Restore its title, {title}. To get a new ticket, remove our part from its text, with the lines that "
            "start and end it.",
        )

    def _report_untrusted(self, planted: Sequence[Issue]) -> None:
        if planted:
            named = listed((f"#{issue.number} of {issue.author.login}" for issue in planted), _NAMED)
            self.journal.fall_short(
                TICKET,
                f"An account that does not belong to {self.tickets.name} wrote what looks like our ticket: {named}. "
                "It was left unchanged.",
                "Check it: if it is a copy, close it.",
                planted[0].url,
            )

    def _report_namesakes(self, others: Sequence[Issue], is_there: bool) -> None:
        """Name tickets that people opened under the release's title: a second one would be a surprise."""
        if others:
            first = others[0].number
            named = listed((f"#{issue.number} of {issue.author.login}" for issue in others), _NAMED)
            own = "is kept up to date" if is_there else "is opened"
            self.journal.fall_short(
                TICKET,
                f"{self.tickets.name} has a ticket with the title of this release that this action did not write: "
                f"{named}. It was left unchanged, and the release's own ticket {own} in addition.",
                f"To use it instead, run announce with ticket: {first}, and close the release's own ticket. To keep "
                f"the release's own ticket, close #{first}.",
                others[0].url,
            )

    def _report_duplicates(self, found: Sequence[Issue]) -> None:
        if len(found) > 1:
            others = listed((f"#{issue.number}" for issue in found[1:]), _NAMED)
            self.journal.fall_short(
                TICKET,
                f"There are {len(found)} tickets for this release; the oldest, #{found[0].number}, is kept up to date.",
                f"Close the others: {others}.",
                found[0].url,
            )

    def _ours(self, written: Sequence[_W]) -> list[_W]:
        """Those that have our part and a trusted author."""
        return [one for one in written if self.kept.is_in(one.body) and self._is_trusted(one.author)]

    def _is_our_own(self, issue: Issue) -> bool:
        """Whether we opened it: a quote of our part in another ticket must not block a release."""
        return self.tickets.may_be_ours(issue.author) and self.kept.parts(issue.body) is not None

    def _is_trusted(self, author: Author) -> bool:
        return author.belongs or self.tickets.may_be_ours(author)

    def _open(self, title: str, labels: Sequence[str]) -> tuple[Issue | None, bool]:
        """Return the ticket (None in a dry run), and whether it is known that this run opened it."""
        body = self._new()

        def create() -> tuple[Issue, bool]:
            try:
                return self.tickets.create(title, body, labels), True
            except UnconfirmedError:
                # The response was lost; the ticket may exist.
                found = self.find(title)
                if found is None:
                    raise
                return found, False

        where = f" with the labels {', '.join(labels)}" if labels else ""
        opened = self.journal.do(
            f"Open the ticket {title!r} in {self.tickets.name}{where}",
            create,
            lambda made: _about(made[0], f"Opened the ticket {self.tickets.name}#{made[0].number}", made[0].url),
        )
        return opened or (None, False)

    def _first_ticket(self, made: Issue) -> Issue:
        """Return the ticket with the lowest number of those opened at the same moment; close ours if it is another.

        Each run closes its own ticket if that has a higher number, so exactly one stays open, in any order of looks.
        """
        tickets = self._list_with(made, lambda: self._listed(made.title), "ticket", made.url)
        open_ones = [one for one in self._ours(tickets) if one.is_open and one.title == made.title]
        first = min(open_ones, key=lambda one: one.number, default=made)
        if first.number >= made.number:
            return made
        # Its current text: it may have been edited meanwhile.
        self._close_ours(next(one for one in tickets if one.id == made.id), first)
        return self._updated_ticket(first)

    def _listed(self, title: str) -> Answer[Sequence[Issue]]:
        known = self.tickets.of_release(title, self.kept.is_in)
        return known if isinstance(known, Unknown) else known.issues

    def _close_ours(self, ours: Issue, first: Issue) -> None:
        why = f"Duplicate of #{first.number}, which another run opened at the same moment."
        body = self.kept.replaced(ours.body, why)

        def close() -> None:
            try:
                self.tickets.close_duplicate(ours, first, body)
            except UnconfirmedError:
                now = self.tickets.issue(ours.number)
                if isinstance(now, Unknown) or now.is_open:
                    raise
            self.closed.append(ours)

        what = f"the ticket #{ours.number} as a duplicate of #{first.number}"
        done = _about(first, f"Closed {what}, which another run opened at the same moment", first.url)
        self.journal.attempt(TICKET, f"Close {what}", close, lambda _: done)

    def _list_with(self, made: _W, look: Callable[[], Answer[Sequence[_W]]], what: str, url: str) -> Sequence[_W]:
        """Return a list that contains what this run made, and so all that was made before; empty if none does."""
        reason = "GitHub does not list our own yet"
        for _ in range(_LOOKS):
            self.sleep(_PAUSE)
            now = look()
            if isinstance(now, Unknown):
                reason = now.reason
                break
            if any(one.id == made.id for one in now):
                return now
        self.journal.fall_short(
            TICKET,
            f"Whether another run wrote a {what} for this release at the same moment could not be determined: "
            f"{reason}.",
            f"Run this again: it names a second {what} if there is one.",
            url,
        )
        return ()

    def _updated_ticket(self, issue: Issue) -> Issue:
        body = self._updated(issue.body, issue.url)
        if body is None:
            return issue

        def rewrite() -> Issue:
            try:
                return self.tickets.rewrite(issue, body)
            except UnconfirmedError:
                now = self.tickets.issue(issue.number)
                if isinstance(now, Unknown) or not same_text(now.body, body):
                    raise
                return now

        what = f"the text of the ticket {self.tickets.name}#{issue.number}"
        done = _about(issue, f"Updated {what}", issue.url)
        return self.journal.do(f"Update {what}", rewrite, lambda _: done) or issue

    def _new(self) -> str:
        written = self.kept.written("", self.compose)
        if written is None:
            raise AssertionError("an empty body has room for the text")
        return written

    def _updated(self, body: str, url: str) -> str | None:
        """Return the body with our part up to date; None if it is already, or if our part cannot be located."""
        written = self.kept.written(body, self.compose)
        if written is None:
            message = (
                "Our part of the text cannot be told apart from what people wrote, or has no room, so it was not "
                "updated."
            )
            self.journal.fall_short(TICKET, message, _RESTORE_PART, url)
            return None
        return None if same_text(body, written) else written

    def _commented(self, issue: Issue) -> Comment | None:
        found = self._our_comments(issue.number)
        if found:
            self._report_duplicate_comments(found)
            return self._rewritten(found[0], issue)
        body = self._new()

        def add() -> tuple[Comment, bool]:
            try:
                return self.tickets.add_comment(issue.number, body), True
            except UnconfirmedError:
                there = self._our_comments(issue.number)
                if not there:
                    raise
                return there[0], False

        what = f"the ticket {issue.repository}#{issue.number}"
        added = self.journal.do(
            f"Comment on {what}", add, lambda made: _about(issue, f"Commented on {what}", made[0].url)
        )
        comment, is_ours = added or (None, False)
        return self._first_comment(comment, issue) if comment and is_ours else comment

    def _report_duplicate_comments(self, found: Sequence[Comment]) -> None:
        if len(found) > 1:
            others = listed((one.url for one in found[1:]), _NAMED)
            message = f"There are {len(found)} comments for this release; the oldest is kept up to date."
            self.journal.fall_short(TICKET, message, f"Delete the others: {others}.", found[0].url)

    def _first_comment(self, made: Comment, issue: Issue) -> Comment:
        """Return the comment with the lowest id of those written at the same moment; delete ours if it is another."""
        comments = self._list_with(made, lambda: self.tickets.comments(issue.number), "comment", made.url)
        first = min(self._ours(comments), key=lambda one: one.id, default=made)
        if first.id >= made.id:
            return made

        def delete() -> None:
            try:
                self.tickets.delete_comment(made, issue.number)
            except UnconfirmedError:
                if any(one.id == made.id for one in self._our_comments(issue.number)):
                    raise

        what = f"the comment on the ticket {issue.repository}#{issue.number}"
        done = _about(issue, f"Deleted {what}, on which another run commented at the same moment", first.url)
        self.journal.attempt(TICKET, f"Delete {what}", delete, lambda _: done)
        return self._rewritten(first, issue)

    def _rewritten(self, comment: Comment, issue: Issue) -> Comment:
        body = self._updated(comment.body, comment.url)
        if body is None:
            return comment

        def rewrite() -> Comment:
            try:
                return self.tickets.rewrite_comment(comment, body)
            except UnconfirmedError:
                now = next((one for one in self._our_comments(issue.number) if one.id == comment.id), None)
                if now is None or not same_text(now.body, body):
                    raise
                return now

        what = f"our comment on the ticket {issue.repository}#{issue.number}"
        done = _about(issue, f"Updated {what}", comment.url)
        return self.journal.do(f"Update {what}", rewrite, lambda _: done) or comment

    def _our_comments(self, number: int) -> list[Comment]:
        return self._ours(require(self.tickets.comments(number), f"The comments on ticket #{number}"))


def _about(issue: Issue, what: str, url: str) -> Action:
    return Action(what, url, {"ticket-number": str(issue.number), "ticket-url": url})
