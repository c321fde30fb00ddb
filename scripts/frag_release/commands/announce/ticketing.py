"""The ticket of a release, or our comment on one that is there: found, written once, and brought up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ...adapters.http.messages import quoted
from ...adapters.ports import UnconfirmedError
from ...adapters.ports.publishing import Tickets
from ...dataclass import dataclass, field
from ...domain.evidence import Answer, Unknown
from ...domain.release_record import KeptText, same_text
from ...domain.reports import Action
from ...domain.reports.announce import TICKET
from ...domain.tickets import Author, Comment, Issue, Ticket, same_title
from ...errors import RefusedError
from ..journal import Journal
from ..session import must

_KEPT_ELSEWHERE = (
    "Put the line back that ends our part (an earlier version of the text has it), or take our part out altogether, "
    "with the line that starts it."
)

_PAUSE, _LOOKS = 3.0, 5
"""Seconds before each look for what another run has written at the same moment, and how many: GitHub's lists show a
write up to some 15 seconds later, and not all of its servers do so at once."""

_W = TypeVar("_W", Issue, Comment)


@dataclass(frozen=True)
class Ticketing:
    """Writes about one release. `compose` makes its text in at most so many bytes; `labels` are there to be set.

    `sleep` waits so many seconds. `closed` gets the ticket of this run that gave way to another run's.
    """

    tickets: Tickets
    kept: KeptText
    compose: Callable[[int], str]
    journal: Journal
    sleep: Callable[[float], None]
    closed: list[Issue] = field(default_factory=list)

    def own(self, found: Issue | None, title: str, labels: Sequence[str]) -> Issue | None:
        """Return the release's own ticket, with the text as it should be; None in a dry run that would open it.

        `found` is what `find` has found. Raises EvidenceError, WriteRefusedError and WriteFailedError.
        """
        if found:
            return self._refreshed(found)
        issue, is_ours = self._open(title, labels)
        return self._first_ticket(issue) if issue and is_ours else issue

    def existing(self, ticket: Ticket) -> tuple[Issue, str]:
        """Tell an existing ticket in one comment; returns it with the address of what was written."""
        issue = must(self.tickets.issue(ticket.number), f"The ticket {ticket}")
        if issue.repository.lower() != ticket.repository.lower() or issue.number != ticket.number:
            raise RefusedError(
                f"The ticket {ticket} was moved to {issue.repository}#{issue.number}.",
                f"Name {issue.repository}#{issue.number} in the input ticket.",
            )
        comment = self._commented(issue)
        return issue, comment.url if comment else issue.url

    def find(self, title: str) -> Issue | None:
        """Return the oldest ticket of that title that has our part and that nobody can have planted.

        Raises EvidenceError, and RefusedError where the only one has another title by now.
        """
        listed = must(self.tickets.of_release(title, self.kept.is_in), f"The ticket {title}")
        marked = [issue for issue in listed.issues if self.kept.is_in(issue.body)]
        ours = self._ours(listed.issues)
        found = [issue for issue in ours if issue.title == title]
        self._say_planted([issue for issue in marked if issue not in ours and issue.title == title])
        self._say_more(found)
        retitled = [one for one in marked if one.title != title and self._is_our_own(one)]
        if retitled and not found:
            raise self._retitled(retitled[0], title)
        if listed.among and not found:
            self._say_cut(listed.among)
        others = [one for one in listed.issues if not self.kept.is_in(one.body) and same_title(one.title, title)]
        self._say_others([one for one in others if one.is_open or not found], bool(found))
        return found[0] if found else None

    def _say_cut(self, among: int) -> None:
        self.journal.fall_short(
            TICKET,
            f"The ticket was looked for among the newest {among:,} issues of {self.tickets.name}: no more are listed.",
            "If there is an older one, close the new one and name the older in the input ticket.",
        )

    def _retitled(self, issue: Issue, title: str) -> RefusedError:
        # Others may read what this run says.
        now = f": {quoted(issue.title)}" if self.tickets.is_private() is False else ""
        return RefusedError(
            f"The ticket of this release, {self.tickets.name}#{issue.number}, has another title by now{now}. "
            f"No second one was opened. {issue.url}",
            f"Give it back its title, {title}. To have a new one, take our part out of its text, with the lines that "
            "start and end it.",
        )

    def _say_planted(self, planted: Sequence[Issue]) -> None:
        if planted:
            named = ", ".join(f"#{issue.number} of {issue.author.login}" for issue in planted[:10])
            self.journal.fall_short(
                TICKET,
                f"Somebody without a part in {self.tickets.name} wrote what looks like our ticket: {named}. It was "
                "left alone.",
                "Look at it: if it is a copy, close it.",
                planted[0].url,
            )

    def _say_others(self, others: Sequence[Issue], is_there: bool) -> None:
        """Name tickets that people opened under the release's title: another one beside them is a surprise."""
        if others:
            first = others[0].number
            named = ", ".join(f"#{issue.number} of {issue.author.login}" for issue in others[:10])
            own = "the release's own ticket is kept up to date" if is_there else "one of the release's own is opened"
            self.journal.fall_short(
                TICKET,
                f"{self.tickets.name} has a ticket with the title of this release that this action did not write: "
                f"{named}. It was left alone, and {own} beside it.",
                f"To use it instead, run announce with ticket: {first}, and close the release's own ticket. To keep "
                f"the release's own, close #{first}.",
                others[0].url,
            )

    def _say_more(self, found: Sequence[Issue]) -> None:
        if len(found) > 1:
            others = ", ".join(f"#{issue.number}" for issue in found[1:10])
            self.journal.fall_short(
                TICKET,
                f"There are {len(found)} tickets of this release; the oldest, #{found[0].number}, is kept up to date.",
                f"Close the others: {others}.",
                found[0].url,
            )

    def _ours(self, written: Sequence[_W]) -> list[_W]:
        """What has our part, and was written by somebody who can be trusted with it."""
        return [one for one in written if self.kept.is_in(one.body) and self._is_trusted(one.author)]

    def _is_our_own(self, issue: Issue) -> bool:
        """Whether we have opened it: a part that somebody quotes elsewhere must not stand in a release's way."""
        return self.tickets.may_be_ours(issue.author) and self.kept.parts(issue.body) is not None

    def _is_trusted(self, author: Author) -> bool:
        return author.belongs or self.tickets.may_be_ours(author)

    def _open(self, title: str, labels: Sequence[str]) -> tuple[Issue | None, bool]:
        """Return the ticket, None in a dry run, and whether it is known that this run has opened it."""
        body = self._new()

        def create() -> tuple[Issue, bool]:
            try:
                return self.tickets.create(title, body, labels), True
            except UnconfirmedError:
                # The answer was lost, not perhaps the ticket.
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
        """Return the ticket that stays of those that were opened at the same moment: the lowest. Ours is closed then.

        Whoever has a higher number gives way, so that one stays, whoever looks first.
        """
        listed = self._seen_with(made, lambda: self._listed(made.title), "ticket", made.url)
        open_ones = [one for one in self._ours(listed) if one.is_open and one.title == made.title]
        first = min(open_ones, key=lambda one: one.number, default=made)
        if first.number >= made.number:
            return made
        # As it is now: somebody may have written into it meanwhile.
        self._give_way(next(one for one in listed if one.id == made.id), first)
        return self._refreshed(first)

    def _listed(self, title: str) -> Answer[Sequence[Issue]]:
        listed = self.tickets.of_release(title, self.kept.is_in)
        return listed if isinstance(listed, Unknown) else listed.issues

    def _give_way(self, ours: Issue, first: Issue) -> None:
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
        told = _about(first, f"Closed {what}, which another run opened at the same moment", first.url)
        self.journal.attempt(TICKET, f"Close {what}", close, lambda _: told)

    def _seen_with(self, made: _W, look: Callable[[], Answer[Sequence[_W]]], what: str, url: str) -> Sequence[_W]:
        """Return a list that has what this run has made; it has what was made before, too. Empty if none is seen."""
        reason = "GitHub does not list our own yet"
        for _ in range(_LOOKS):
            self.sleep(_PAUSE)
            listed = look()
            if isinstance(listed, Unknown):
                reason = listed.reason
                break
            if any(one.id == made.id for one in listed):
                return listed
        self.journal.fall_short(
            TICKET,
            f"Whether another run has written a {what} of this release at the same moment could not be seen: {reason}.",
            "Run this again: it names a second one, if there is one.",
            url,
        )
        return ()

    def _refreshed(self, issue: Issue) -> Issue:
        body = self._renewed(issue.body, issue.url)
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
        told = _about(issue, f"Brought {what} up to date", issue.url)
        return self.journal.do(f"Bring {what} up to date", rewrite, lambda _: told) or issue

    def _new(self) -> str:
        written = self.kept.written("", self.compose)
        if written is None:
            raise AssertionError("an empty body has room for the text")
        return written

    def _renewed(self, body: str, url: str) -> str | None:
        """Return the body with our part as it should be; None where there is no news, or no telling what is ours."""
        written = self.kept.written(body, self.compose)
        if written is None:
            message = (
                "Our part of the text cannot be told from what people wrote, or has no room, so it was not renewed."
            )
            self.journal.fall_short(TICKET, message, _KEPT_ELSEWHERE, url)
            return None
        return None if same_text(body, written) else written

    def _commented(self, issue: Issue) -> Comment | None:
        found = self._our_comments(issue.number)
        if found:
            self._say_more_comments(found)
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
        told = self.journal.do(
            f"Tell {what} in a comment", add, lambda made: _about(issue, f"Told {what}", made[0].url)
        )
        comment, is_ours = told or (None, False)
        return self._first_comment(comment, issue) if comment and is_ours else comment

    def _say_more_comments(self, found: Sequence[Comment]) -> None:
        if len(found) > 1:
            others = ", ".join(one.url for one in found[1:10])
            message = f"There are {len(found)} comments of this release; the oldest is kept up to date."
            self.journal.fall_short(TICKET, message, f"Delete the others: {others}.", found[0].url)

    def _first_comment(self, made: Comment, issue: Issue) -> Comment:
        """Return the comment that stays of those that were written at the same moment: the lowest. Ours goes then."""
        listed = self._seen_with(made, lambda: self.tickets.comments(issue.number), "comment", made.url)
        first = min(self._ours(listed), key=lambda one: one.id, default=made)
        if first.id >= made.id:
            return made

        def delete() -> None:
            try:
                self.tickets.delete_comment(made, issue.number)
            except UnconfirmedError:
                if any(one.id == made.id for one in self._our_comments(issue.number)):
                    raise

        what = f"the comment on the ticket {issue.repository}#{issue.number}"
        told = _about(issue, f"Deleted {what}, which another run told at the same moment", first.url)
        self.journal.attempt(TICKET, f"Delete {what}", delete, lambda _: told)
        return self._rewritten(first, issue)

    def _rewritten(self, comment: Comment, issue: Issue) -> Comment:
        body = self._renewed(comment.body, comment.url)
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
        told = _about(issue, f"Brought {what} up to date", comment.url)
        return self.journal.do(f"Bring {what} up to date", rewrite, lambda _: told) or comment

    def _our_comments(self, number: int) -> list[Comment]:
        return self._ours(must(self.tickets.comments(number), f"The comments on ticket #{number}"))


def _about(issue: Issue, what: str, url: str) -> Action:
    return Action(what, url, {"ticket-number": str(issue.number), "ticket-url": url})
