"""When a branch of some name existed, by the activity that is listed for it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from .evidence import Lifetime

CREATION, DELETION = "branch_creation", "branch_deletion"

LATEST_RUN = datetime.timedelta(minutes=5)
"""GitHub creates a run up to a minute or two after the push, when the branch may be deleted already."""

_CLOCKS = datetime.timedelta(minutes=1)
"""How much the time of a run may be before that of the push that started it."""

_ALWAYS = Lifetime(
    datetime.datetime.min.replace(tzinfo=datetime.timezone.utc),
    datetime.datetime.max.replace(tzinfo=datetime.timezone.utc),
)


def lifetimes(activity: Sequence[tuple[str, datetime.datetime]]) -> list[Lifetime]:
    """Return when a branch existed, by the kind and time of each activity, oldest first.

    One without its other end is open on that side: a push of a branch whose creation is not listed tells that it
    was there before.
    """
    found: list[Lifetime] = []
    start, gone_since = None, _ALWAYS.start
    for kind, time in activity:
        if kind == DELETION:
            found.append(Lifetime(start or gone_since, time))
            start, gone_since = None, time
        elif start is None:
            start = time if kind == CREATION else gone_since
    return [*found, Lifetime(start, _ALWAYS.end)] if start else found


def may_be_of_branch(created: datetime.datetime | None, existed: Sequence[Lifetime]) -> bool:
    """Whether a run that was `created` then may be of a branch that `existed`; a time that is not known always may."""
    if created is None:
        return bool(existed)
    return any(one.start - created <= _CLOCKS and created - one.end <= LATEST_RUN for one in existed)
