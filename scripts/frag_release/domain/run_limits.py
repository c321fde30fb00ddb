"""What GitHub allows of a workflow run: how long it can be re-run, how long it is kept, and who may let it go on.

Sources: GitHub's documentation of re-running workflows (30 days), its changelog of 2026-10-01 on retention, and of
2026-07-28 on runs that wait for a collaborator's approval.
"""

from __future__ import annotations

import datetime

RERUN_DAYS = 30
KEPT_DAYS = 90
"""How long runs are kept by default, and at most in public repositories."""

WAITING, ACTION_REQUIRED = "waiting", "action_required"
"""GitHub's words for what waits: for the rules of an environment, and for anybody's approval."""


def is_held(status: str, conclusion: str | None) -> bool:
    """Whether a run goes on only after somebody has approved it. Such a run may be `completed` to GitHub."""
    return conclusion == ACTION_REQUIRED or status in (ACTION_REQUIRED, WAITING)


def who_lets_go(status: str, url: str) -> str:
    """Return who must approve a held run, and where, as a sentence."""
    if status == WAITING:
        return (
            f"Approve it at {url}: a reviewer of its environment by Review deployments, or if GitHub holds the run "
            "itself, somebody with write access by Approve and run."
        )
    return f"Somebody with write access to the repository must approve it at {url} (Approve and run)."


def days_between(start: datetime.datetime | None, now: datetime.datetime | None) -> int | None:
    """Return the whole days from one to the other; None if either is not known."""
    return (now - start).days if start and now else None


def how_to_rerun(url: str, days: int | None, jobs: str = "it") -> str:
    """Return where to re-run `jobs` of a run that was created so many days ago; empty if GitHub no longer allows it."""
    if days is None:
        return f"re-run {jobs} at {url} (GitHub allows it for {RERUN_DAYS} days)"
    left = RERUN_DAYS - days
    return f"re-run {jobs} at {url} (GitHub allows it for {left} more day{'s' * (left != 1)})" if left > 0 else ""
