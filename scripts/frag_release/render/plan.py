"""The changes of a release, its plan, and the builds it waits for."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from ..dataclass import dataclass
from ..domain.builds import Build, Hold, Job, PendingDeployment, Progress
from ..domain.changes import Commit, History
from ..domain.evidence import WAITING, Unknown, who_approves
from ..domain.findings import Status, listed
from ..domain.new_tags import NewTag
from ..domain.newest import Candidate
from ..domain.plan import Change, Plan
from ..domain.reports.prepare import PrepareReport, Stage
from ..domain.versions import parse_production_tag
from . import markdown
from .markdown import verbatim, visible
from .wording import MARKS, Links, References, age, count, finding_lines

_NAME, _STATE = 80, 40
_MAX_JOBS, _MAX_BUILDS, _MAX_TICKETS, _MAX_DIFF_LINES = 12, 3, 30, 60
BUILD_MARKS = {
    "success": "✅",
    "failure": "❌",
    "cancelled": "⏹️",
    "timed_out": "⌛",
    "skipped": "➖",
    "action_required": "✋",
}

_MARKS = {
    Stage.REFUSED: "⛔",
    Stage.PLANNED: "📝",
    Stage.NOTHING: "✅",
    Stage.PROPOSED: "✅",
    Stage.COMMITTED: "✅",
}


def duration(time: datetime.timedelta) -> str:
    """Return a duration such as `12 s`, `3 min 20 s` or `1 h 5 min`."""
    seconds = int(time.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s" if seconds % 60 else f"{seconds // 60} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def progress_line(progress: Progress) -> str:
    """Return one line: the state of each job, its running time and usual time, and the expected end."""
    if progress.build is None:
        return visible(progress.note)
    build = progress.build
    state = visible(state_in_words(build), _STATE)
    attempt = f", attempt {build.attempt}" if build.attempt > 1 else ""
    jobs = [_job_in_line(job, progress) for job in progress.jobs[:_MAX_JOBS] if job.conclusion != "skipped"]
    more = [f"{len(progress.jobs) - _MAX_JOBS} more jobs"] if len(progress.jobs) > _MAX_JOBS else []
    end = progress.expected_end
    parts = [f"build {visible(build.branch, _NAME)}: {state}{attempt}", *jobs, *more]
    parts += [f"expected end {end:%H:%M} UTC"] if end else []
    held = hold_in_words(progress.hold)
    parts += [held] if held else [visible(who_approves(build.status, build.url), 400)] if build.is_held else []
    parts += [visible(progress.note, 200)] if progress.note else []
    return " | ".join(parts)


def build_table(progress: Progress) -> str:
    """Return one row for each job: result, time, and usual time."""
    rows = [_row(job, progress) for job in progress.jobs]
    if len(rows) > 1 and progress.elapsed is not None:
        usual = progress.usual.whole
        rows.append(("**all of it**", "", duration(progress.elapsed), duration(usual) if usual else ""))
    return markdown.table(("Job", "Result", "Time", "Usually"), rows) if rows else ""


def in_words(status: str) -> str:
    """Return GitHub's word for a state in plain English: a `waiting` job waits for its environment's rules."""
    return "waiting for approval" if status == WAITING else status.replace("_", " ") or "unknown"


def hold_in_words(hold: Hold) -> str:
    """Return what a build waits for, as the predicate of a sentence about it; empty if unknown."""
    waits = [_rules_in_words(one) for one in hold.environments]
    if hold.others:
        waits.append(f"may wait behind {listed(map(_run_in_words, hold.others), _MAX_BUILDS)}")
    return ", and ".join(waits)


def _rules_in_words(one: PendingDeployment) -> str:
    who = " or ".join(visible(name, _NAME) for name in one.reviewers)
    what = [f"for the approval of {who}"] if who else []
    what += [f"until {one.until:%Y-%m-%d %H:%M} UTC"] if one.until else []
    return f"waits {' and '.join(what) or 'for its rules'} (environment {visible(one.environment, _NAME)})"


def _run_in_words(build: Build) -> str:
    return f"{visible(build.branch, _NAME)} ({visible(state_in_words(build), _STATE)}, {visible(build.url, 200)})"


def state_in_words(build: Build) -> str:
    """Return the conclusion or status of a build in plain English."""
    return in_words(build.state)


def _job_in_line(job: Job, progress: Progress) -> str:
    name = visible(job.name, _NAME)
    if not job.ran:
        return f"{name} {visible(in_words(job.status), _STATE)}"
    state = visible(job.conclusion or "unknown", _STATE) if job.is_over else "running"
    usual = progress.usual.jobs.get(job.name)
    of_usual = f" (usually {duration(usual)})" if usual and not job.is_over else ""
    return f"{name} {state} {'in' if job.is_over else 'for'} {duration(job.elapsed(progress.now))}{of_usual}"


def _row(job: Job, progress: Progress) -> tuple[str, ...]:
    word = job.conclusion if job.is_over else in_words(job.status)
    usual = progress.usual.jobs.get(job.name)
    return (
        markdown.link(visible(job.name, _NAME), job.url),
        f"{BUILD_MARKS.get(job.conclusion or '', '⏳')} {markdown.text(word or 'unknown', _STATE)}",
        duration(job.elapsed(progress.now)) if job.ran else "",
        duration(usual) if usual else "",
    )


def heading(report: PrepareReport) -> tuple[str, str]:
    """Return a mark and a plain-text heading, which contains foreign names."""
    return _MARKS[report.stage], visible(report.headline)


def reason(report: PrepareReport) -> str:
    """Return the outcome in one sentence, a message of ours that quotes foreign names."""
    plan = report.plan
    blocked = sum(finding.status.blocks for finding in report.findings)
    changed = count(sum(change.changed for change in plan.changes), "value")
    where = " to the stack" if report.actions else ""
    number = report.pull_request[0] if report.pull_request else 0
    return {
        Stage.REFUSED: f"{count(blocked, 'check')} blocked this, so nothing was written{where}.",
        Stage.PLANNED: f"{changed} of `{plan.file}` would change on `{plan.branch}`. Nothing has been written yet.",
        Stage.NOTHING: f"`{plan.file}` on `{plan.branch}` has these values already, so nothing was written.",
        Stage.PROPOSED: f"Pull request #{number} changes {changed} of `{plan.file}`, and nothing else.",
        Stage.COMMITTED: f"A commit on `{plan.branch}` changes {changed} of `{plan.file}`, and nothing else.",
    }[report.stage]


def is_older(change: Change) -> bool:
    """Whether a pin moves to a lower version; false unless both are production tags."""
    before, after, form = change.before.tag, change.after.tag, change.after.component.tag_format
    old, new = parse_production_tag(before, form), parse_production_tag(after, form)
    return old is not None and new is not None and new.version < old.version


@dataclass(frozen=True)
class ComponentChanges:
    """Describes changes of components: made ones if `released`, else planned ones.

    `references` writes the numbers of tickets and pull requests.
    """

    changes: Sequence[Change]
    links: Links
    references: References
    released: bool = False

    def table(self) -> str:
        """Return one row for each component: old and new tag, number of commits, and the tickets they name."""
        rows = [self._row(change) for change in self.changes]
        return markdown.table(("Component", "From", "To", "Commits", "Tickets", "Pull requests"), rows)

    def rollbacks(self) -> list[str]:
        """Return a warning in Markdown for each component that goes back or loses commits in use today."""
        return [line for change in self.changes for line in self._rollback(change)]

    def commits(self, cap: int) -> list[str]:
        """Return the newest `cap` new and removed commits of each component, folded."""
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
            return name, "unknown", new, f"{MARKS[Status.UNKNOWN]} could not be read: {why}", "", ""
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
        secret = "their messages are omitted: the repository is private, or may be" if change.is_secret else ""
        return "\n".join([*counts, *filter(None, [self._range(change), secret])])

    def _range(self, change: Change) -> str:
        repository = change.after.component.repository
        # GitHub shows the commits that the second tag has and the first lacks: swap them if the pin goes back.
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
        if not (history.removed or is_older(change)):
            return []
        name, tags = markdown.text(change.name, _NAME), [markdown.code(tag, _NAME) for tag in (old, new)]
        what = f"**ROLLBACK: {name} goes back** from {tags[0]} to {tags[1]}."
        if not is_older(change):
            what = f"**{name} loses commits**: {tags[1]} lacks commits that {tags[0]} has."
        number = count(len(history.removed), "commit")
        gone = f" Removed: {number}." if self.released else f" {number} in use today would be removed."
        lost = gone if history.removed else ""
        tickets = history.removed_references().tickets
        named = f" They name {self.references.tickets(tickets)}." if tickets else ""
        files = history.lost_files.below(change.after.component.notice_paths) if history.lost_files else ""
        stay = f" What {markdown.text(files, 200)} did to the data remains." if files else ""
        return [f"⚠️ {what}{lost}{named}{stay} Database migrations are not undone."]

    def _commit_row(self, change: Change, commit: Commit) -> Sequence[str]:
        url = self.links.commit(change.after.component.repository, commit.sha)
        subject = commit.message[:2_000].strip().partition("\n")[0]
        return markdown.code_link(commit.sha[:10], url), markdown.text(subject, 100)


def tag_link(links: Links, repository: str, tag: str) -> str:
    """Return a tag as a link to its page; `none` if it is empty."""
    return markdown.code_link(visible(tag, _NAME), links.tag(repository, tag)) if tag else "none"


def _history(change: Change) -> History:
    return change.history if isinstance(change.history, History) else History()


def diff(plan: Plan) -> str:
    """Return the lines that change, in a fenced block; empty if none do."""
    shown, left = _diff_lines(plan)
    more = [f"… {left} more lines"] if left > 0 else []
    return markdown.fence("\n".join([*shown, *more]), "diff") if shown else ""


def _diff_lines(plan: Plan) -> tuple[list[str], int]:
    """Return the first lines that change, ready to show, and how many more there are."""
    lines = plan.diff.split("\n") if plan.is_needed else []
    return [verbatim(line, 300) for line in lines[:_MAX_DIFF_LINES]], len(lines) - _MAX_DIFF_LINES


def new_tags(report: PrepareReport, links: Links) -> str:
    """Return a row for each tag to be made: component, changes since the newest tag, and what its push starts."""
    rows = [_new_tag_row(tag, report, links) for tag in report.plan.unmade]
    table = markdown.table(("Component", "Tag", "Commit", "Since the newest tag", "The push starts"), rows)
    moving = "A workflow that the push of a tag starts may also move `stable`, and start a staging build of the stack."
    return f"{table}\n\n{moving}" if rows else ""


def _new_tag_row(tag: NewTag, report: PrepareReport, links: Links) -> Sequence[str]:
    commit = markdown.code_link(tag.commit[:10], links.commit(tag.component.repository, tag.commit))
    subject = "" if tag.is_secret else f" {markdown.text(tag.subject, 100)}"
    starts = tag.starts
    if isinstance(starts, Unknown):
        what = f"unknown: {markdown.words(starts.reason, 200)}"
    else:
        what = ", ".join(markdown.code(file.rpartition("/")[2], _NAME) for file in starts[:10]) or "none found"
    return (
        markdown.text(tag.name, _NAME),
        f"{markdown.code(tag.tag, _NAME)} of {markdown.code(tag.component.repository, 200)}",
        f"{commit}{subject}, {age(tag.placement.committed, report.time) or 'of unknown age'}",
        markdown.text(since(tag), 300),
        what,
    )


def since(tag: NewTag) -> str:
    """Return the number of commits since the newest production tag, and new files a rollback would not undo."""
    if not tag.since:
        return "no earlier production tag"
    if isinstance(tag.history, Unknown):
        return f"since {tag.since}: unknown ({tag.history.reason})"
    files = tag.history.new_files
    notice = files.below(tag.component.notice_paths) if files else ""
    return f"{count(len(tag.history.added), 'commit')} since {tag.since}{f', {notice}' if notice else ''}"


def candidates(changes: Sequence[Change], links: Links) -> str:
    """Return the newest production tags of each component, and whether each can be chosen, folded."""
    rows: list[Sequence[str]] = [row for change in changes for row in _candidate_rows(change, links)]
    table = markdown.table(("Component", "Tag", "On its production branch"), rows)
    names = " and ".join(change.name for change in changes[:5])
    return markdown.details(f"Newest production tags of {names}", table) if rows else ""


def _candidate_rows(change: Change, links: Links) -> list[tuple[str, str, str]]:
    name = markdown.text(change.name, _NAME)
    if isinstance(change.candidates, Unknown):
        return [(name, "", f"{MARKS[Status.UNKNOWN]} unknown: {markdown.words(change.candidates.reason, 200)}")]
    branches = ", ".join(markdown.code(branch, _NAME) for branch in change.after.component.branches[:5])
    newest = change.candidates
    rows = [(name, _candidate(change, one, links), _eligible(one, branches)) for one in newest.shown]
    if newest.unformed:
        rows.append((name, markdown.code(newest.unformed, _NAME), f"is not {newest.form.shape}"))
    return rows or [(name, "none", "")]


def _candidate(change: Change, candidate: Candidate, links: Links) -> str:
    tag = tag_link(links, change.after.component.repository, candidate.tag)
    roles = ["today"] if candidate.tag == change.before.tag else []
    roles += ["planned"] if candidate.tag == change.after.tag and change.changed else []
    return f"{tag} ({', '.join(roles)})" if roles else tag


def _eligible(candidate: Candidate, branches: str) -> str:
    if isinstance(candidate.eligible, Unknown):
        return f"{MARKS[Status.UNKNOWN]} not verified: {markdown.words(candidate.eligible.reason, 200)}"
    if candidate.doubt:
        return f"{MARKS[Status.FAIL]} cannot be right: {markdown.words(candidate.doubt, 200)}"
    return f"{MARKS[Status.PASS]} on {branches}" if candidate.eligible else f"{MARKS[Status.FAIL]} not on {branches}"


def prepare_text(report: PrepareReport) -> str:
    """Return the verdict, the changes, each finding with its remedy, and what was made.

    Runner commands are not escaped here: the log does that.
    """
    lines = [heading(report)[1], visible(reason(report).replace("`", "")), *_diff_lines(report.plan)[0]]
    lines += [_new_tag(tag, report) for tag in report.plan.unmade]
    lines += [line for change in report.plan.changes for line in _change(change)]
    lines += finding_lines(report.findings)
    lines += [f"{visible(action.what)} {visible(action.url)}".rstrip() for action in report.actions]
    return "\n".join([*lines, *(visible(note) for note in report.notes)])


def outcome_text(report: PrepareReport) -> str:
    """Return what was made and the notes, one per line."""
    return "\n".join(visible(line) for line in (*(action.what for action in report.actions), *report.notes))


def _new_tag(tag: NewTag, report: PrepareReport) -> str:
    subject = "" if tag.is_secret else f" ({visible(tag.subject, 100)}, {age(tag.placement.committed, report.time)})"
    starts = () if isinstance(tag.starts, Unknown) else tag.starts
    named = f"; starts {', '.join(file.rpartition('/')[2] for file in starts[:10])}" if starts else ""
    return visible(f"{tag.name}: {tag.action}{subject}; {since(tag)}{named}", 500)


def _change(change: Change) -> list[str]:
    name, old, new = (visible(text, 80) for text in (change.name, change.before.tag or "none", change.after.tag))
    if not change.changed:
        return [f"{name}: {old}, unchanged"]
    if isinstance(change.history, Unknown):
        what = f"its commits could not be read: {visible(change.history.reason, 200)}"
        removed = 0
    else:
        tickets = change.history.references().tickets
        named = f", tickets {listed((f'#{number}' for number in tickets), _MAX_TICKETS, ' ')}" if tickets else ""
        removed = len(change.history.removed)
        what = f"{count(len(change.history.added), 'new commit')}, {removed} removed{named}"
    lines = [f"{name}: {old} -> {new} ({what})"]
    if removed or is_older(change):
        back = "goes back" if is_older(change) else "loses commits"
        lines.append(f"WARNING: {name} {back}. Database migrations are not undone.")
    return lines
