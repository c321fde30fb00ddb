"""What comes and goes with each component of a release; commit messages are foreign text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..domain.changes import Commit, History
from ..domain.evidence import Unknown
from ..domain.findings import Status
from ..domain.plan import Change
from . import markdown
from .links import Links
from .plan_stage import is_older
from .references import References
from .wording import MARKS, count

_NAME = 80


@dataclass(frozen=True)
class ComponentChanges:
    """Tells of changes of components. `references` writes the numbers of tickets and pull requests.

    `released` says that they are made; else they are planned.
    """

    changes: Sequence[Change]
    links: Links
    references: References
    released: bool = False

    def table(self) -> str:
        """Return one row for each component: from and to, how many commits, and the tickets they name."""
        rows = [self._row(change) for change in self.changes]
        return markdown.table(("Component", "From", "To", "Commits", "Tickets", "Pull requests"), rows)

    def rollbacks(self) -> list[str]:
        """Return a warning in Markdown for each component that loses something which is in use today."""
        return [line for change in self.changes for line in self._rollback(change)]

    def commits(self, cap: int) -> list[str]:
        """Return the newest `cap` commits of each component that come in and that go out, folded."""
        folds = []
        for change in (one for one in self.changes if not one.is_secret):
            history = _history(change)
            for title, commits in (("new", history.added), ("removed", history.removed)):
                if commits:
                    rows = [self._commit_row(change, commit) for commit in commits[:cap]]
                    rows += [()] * (len(commits) - len(rows))
                    table = markdown.table(("Commit", "Message"), rows, cap)
                    folds.append(markdown.details(f"{change.name}: {count(len(commits), f'{title} commit')}", table))
        return folds

    def _row(self, change: Change) -> Sequence[str]:
        repository = change.after.component.repository
        name = f"**{markdown.link(change.name, self.links.repository(repository))}**"
        old, new = (tag_link(self.links, repository, pin.tag) for pin in (change.before, change.after))
        if change.before.unread:
            why = markdown.words(change.before.unread.reason, 200)
            return name, "not known", new, f"{MARKS[Status.UNKNOWN]} could not be read: {why}", "", ""
        if not change.changed:
            return name, old, "unchanged", "none", "", ""
        if not change.before.tag:
            return name, old, new, "nothing to compare with", "", ""
        if isinstance(change.history, Unknown):
            unread = f"{MARKS[Status.UNKNOWN]} could not be read: {markdown.words(change.history.reason, 200)}"
            return name, old, new, f"{unread}\n{self._range(change)}".strip(), "", ""
        return name, old, new, self._commits_cell(change, change.history), *self._numbers(change, change.history)

    def _commits_cell(self, change: Change, history: History) -> str:
        counts = [f"{count(len(history.added), 'new commit')}"] if history.added or not history.removed else []
        if history.removed:
            counts.append(f"⚠️ {count(len(history.removed), 'commit')} removed")
        files = history.new_files.below(change.after.component.notice_paths) if history.new_files else ""
        counts += [f"📁 {markdown.text(files, 200)}"] if files else []
        secret = "their words are left out: the repository is private, or may be" if change.is_secret else ""
        return "\n".join([*counts, *filter(None, [self._range(change), secret])])

    def _range(self, change: Change) -> str:
        repository = change.after.component.repository
        # GitHub compares what the second has and the first has not: on the way back the two change places.
        old, new = change.before.tag, change.after.tag
        url = self.links.comparison(repository, *((new, old) if is_older(change) else (old, new)))
        return markdown.link("what changed", url) if url else ""

    def _numbers(self, change: Change, history: History) -> tuple[str, str]:
        found = [("", history.references()), ("removed: ", history.removed_references())]
        repository = change.after.component.repository
        tickets = [title + self.references.tickets(one.tickets) for title, one in found if one.tickets]
        requests = [
            title + self.references.of(repository, one.pull_requests) for title, one in found if one.pull_requests
        ]
        return "\n".join(tickets) or "none named", "\n".join(requests) or "none named"

    def _rollback(self, change: Change) -> list[str]:
        old, new = change.before.tag, change.after.tag
        history = _history(change)
        removed = history.removed
        if not (removed or is_older(change)):
            return []
        name, tags = markdown.text(change.name, _NAME), [markdown.code(tag, _NAME) for tag in (old, new)]
        what = f"**ROLLBACK: {name} goes back** from {tags[0]} to {tags[1]}."
        if not is_older(change):
            what = f"**{name} loses commits**: {tags[1]} does not have all that {tags[0]} has."
        number = count(len(removed), "commit")
        gone = f" Gone with it: {number}." if self.released else f" {number} in use today would be gone."
        lost = gone if removed else ""
        tickets = history.removed_references().tickets
        named = f" They name {self.references.tickets(tickets)}." if tickets else ""
        files = history.lost_files.below(change.after.component.notice_paths) if history.lost_files else ""
        stay = f" What {markdown.text(files, 200)} did to the data stays." if files else ""
        return [f"⚠️ {what}{lost}{named}{stay} Database migrations are not undone."]

    def _commit_row(self, change: Change, commit: Commit) -> Sequence[str]:
        url = self.links.commit(change.after.component.repository, commit.sha)
        subject = commit.message[:2_000].strip().partition("\n")[0]
        return markdown.code_link(commit.sha[:10], url), markdown.text(subject, 100)


def tag_link(links: Links, repository: str, tag: str) -> str:
    """Return a tag as a link to its page, `none` where there is none."""
    return markdown.code_link(markdown.visible(tag, _NAME), links.tag(repository, tag)) if tag else "none"


def _history(change: Change) -> History:
    return change.history if isinstance(change.history, History) else History()
