"""The ticket of a release, or our comment on one that is there: found, written once, and brought up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...clients.messages import quoted
from ...domain.evidence import Unknown
from ...domain.kept_text import KeptText, same_text
from ...domain.reports.announce import TICKET
from ...domain.reports.report import Action
from ...domain.tickets import Author, Comment, Issue, Ticket, same_title
from ...errors import RefusedError
from ...forges.ticketing import Tickets
from ...forges.writer import UnconfirmedError
from ..answers import must
from ..journal import Journal

_KEPT_ELSEWHERE = (
    "Put the line back that ends our part (an earlier version of the text has it), or take our part out altogether, "
    "with the line that starts it."
)


@dataclass(frozen=True)
class Ticketing:
    """Writes about one release. `compose` makes its text in at most so many bytes; `labels` are there to be set."""

    tickets: Tickets
    kept: KeptText
    compose: Callable[[int], str]
    journal: Journal

    def own(self, found: Issue | None, title: str, labels: Sequence[str]) -> Issue | None:
        """Return the release's own ticket, with the text as it should be; None in a dry run that would open it.

        `found` is what `find` has found. Raises EvidenceError, WriteRefusedError and WriteFailedError.
        """
        return self._refreshed(found) if found else self._open(title, labels)

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
        marked = [issue for issue in listed if self.kept.is_in(issue.body)]
        ours = [issue for issue in marked if self._is_trusted(issue.author)]
        found = [issue for issue in ours if issue.title == title]
        self._say_planted([issue for issue in marked if issue not in ours and issue.title == title])
        self._say_more(found)
        retitled = [one for one in marked if one.title != title and self._is_our_own(one)]
        if retitled and not found:
            raise self._retitled(retitled[0], title)
        others = [one for one in listed if not self.kept.is_in(one.body) and same_title(one.title, title)]
        self._say_others([one for one in others if one.is_open or not found], bool(found))
        return found[0] if found else None

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

    def _is_our_own(self, issue: Issue) -> bool:
        """Whether we have opened it: a part that somebody quotes elsewhere must not stand in a release's way."""
        return self.tickets.may_be_ours(issue.author) and self.kept.is_whole_in(issue.body)

    def _is_trusted(self, author: Author) -> bool:
        return author.belongs or self.tickets.may_be_ours(author)

    def _open(self, title: str, labels: Sequence[str]) -> Issue | None:
        body = self._new()

        def create() -> Issue:
            try:
                return self.tickets.create(title, body, labels)
            except UnconfirmedError:
                # The answer was lost, not perhaps the ticket.
                found = self.find(title)
                if found is None:
                    raise
                return found

        where = f" with the labels {', '.join(labels)}" if labels else ""
        return self.journal.do(
            f"Open the ticket {title!r} in {self.tickets.name}{where}",
            create,
            lambda issue: _about(issue, f"Opened the ticket {self.tickets.name}#{issue.number}", issue.url),
        )

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
        found = self._our_comment(issue.number)
        if found:
            return self._rewritten(found, issue)
        body = self._new()

        def add() -> Comment:
            try:
                return self.tickets.add_comment(issue.number, body)
            except UnconfirmedError:
                there = self._our_comment(issue.number)
                if there is None:
                    raise
                return there

        what = f"the ticket {issue.repository}#{issue.number}"
        return self.journal.do(f"Tell {what} in a comment", add, lambda made: _about(issue, f"Told {what}", made.url))

    def _rewritten(self, comment: Comment, issue: Issue) -> Comment:
        body = self._renewed(comment.body, comment.url)
        if body is None:
            return comment

        def rewrite() -> Comment:
            try:
                return self.tickets.rewrite_comment(comment, body)
            except UnconfirmedError:
                now = self._our_comment(issue.number)
                if now is None or not same_text(now.body, body):
                    raise
                return now

        what = f"our comment on the ticket {issue.repository}#{issue.number}"
        told = _about(issue, f"Brought {what} up to date", comment.url)
        return self.journal.do(f"Bring {what} up to date", rewrite, lambda _: told) or comment

    def _our_comment(self, number: int) -> Comment | None:
        comments = must(self.tickets.comments(number), f"The comments on ticket #{number}")
        return next(
            (one for one in comments if self.kept.is_in(one.body) and self._is_trusted(one.author)),
            None,
        )


def _about(issue: Issue, what: str, url: str) -> Action:
    return Action(what, url, {"ticket-number": str(issue.number), "ticket-url": url})
