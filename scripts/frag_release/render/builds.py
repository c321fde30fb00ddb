"""A build as a line of the log while it runs, and as a table when it is over."""

from __future__ import annotations

import datetime

from ..domain.builds import Build, Hold, Job, PendingDeployment, Progress
from ..domain.run_limits import WAITING, who_lets_go
from . import markdown
from .markdown import visible

_NAME, _STATE = 80, 40
_JOBS_OF_A_LINE = 12
_OTHERS = 3
MARKS = {
    "success": "✅",
    "failure": "❌",
    "cancelled": "⏹️",
    "timed_out": "⌛",
    "skipped": "➖",
    "action_required": "✋",
}


def duration(time: datetime.timedelta) -> str:
    """Return a time such as `12 s`, `3 min 20 s` or `1 h 5 min`."""
    seconds = int(time.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s" if seconds % 60 else f"{seconds // 60} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def progress_line(progress: Progress) -> str:
    """Return one line: each job's state, how long it has run beside what is usual, and the expected end."""
    if progress.build is None:
        return visible(progress.note)
    build = progress.build
    state = visible(state_in_words(build), _STATE)
    attempt = f", attempt {build.attempt}" if build.attempt > 1 else ""
    jobs = [_job_of_a_line(job, progress) for job in progress.jobs[:_JOBS_OF_A_LINE] if job.conclusion != "skipped"]
    more = [f"{len(progress.jobs) - _JOBS_OF_A_LINE} more jobs"] if len(progress.jobs) > _JOBS_OF_A_LINE else []
    end = progress.expected_end
    parts = [f"build {visible(build.branch, _NAME)}: {state}{attempt}", *jobs, *more]
    parts += [f"expected end {end:%H:%M} UTC"] if end else []
    held = hold_in_words(progress.hold)
    parts += [held] if held else [visible(who_lets_go(build.status, build.url), 400)] if build.is_held else []
    parts += [visible(progress.note, 200)] if progress.note else []
    return " | ".join(parts)


def build_table(progress: Progress) -> str:
    """Return one row for each job: how it ended, how long it took, and how long it usually takes."""
    rows = [_row(job, progress) for job in progress.jobs]
    if len(rows) > 1 and progress.elapsed is not None:
        usual = progress.usual.whole
        rows.append(("**all of it**", "", duration(progress.elapsed), duration(usual) if usual else ""))
    return markdown.table(("Job", "Result", "Time", "Usually"), rows) if rows else ""


def in_words(status: str) -> str:
    """Return GitHub's word for a state, for people: a job that waits does so for the rules of its environment."""
    return "waiting for approval" if status == WAITING else status.replace("_", " ") or "unknown"


def hold_in_words(hold: Hold) -> str:
    """Return what a build waits for, as the end of a sentence about it; empty where nothing is known."""
    said = [_rules_in_words(one) for one in hold.environments]
    if hold.others:
        more = f" and {len(hold.others) - _OTHERS} more" if len(hold.others) > _OTHERS else ""
        said.append(f"may wait behind {', '.join(map(_run_in_words, hold.others[:_OTHERS]))}{more}")
    return ", and ".join(said)


def _rules_in_words(one: PendingDeployment) -> str:
    who = " or ".join(visible(name, _NAME) for name in one.reviewers)
    what = [f"for the approval of {who}"] if who else []
    what += [f"until {one.until:%Y-%m-%d %H:%M} UTC"] if one.until else []
    return f"waits {' and '.join(what) or 'for its rules'} (environment {visible(one.environment, _NAME)})"


def _run_in_words(build: Build) -> str:
    return f"{visible(build.branch, _NAME)} ({visible(state_in_words(build), _STATE)}, {visible(build.url, 200)})"


def state_in_words(build: Build) -> str:
    """Return how a build ended, or what it does, for people."""
    return in_words(build.state)


def _job_of_a_line(job: Job, progress: Progress) -> str:
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
        f"{MARKS.get(job.conclusion or '', '⏳')} {markdown.text(word or 'unknown', _STATE)}",
        duration(job.elapsed(progress.now)) if job.ran else "",
        duration(usual) if usual else "",
    )
