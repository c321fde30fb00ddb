"""The cancelling of an AWX job, in the few seconds that a run that ends still has."""

from __future__ import annotations

from collections.abc import Callable

from ...adapters.awx.client import Awx
from ...adapters.http.messages import Unconfirmed
from ...domain.awx_jobs import Job
from ...domain.evidence import Answer, Denied, Unknown
from ..clock import Clock

CANCEL_SECONDS = 8.0
"""How long AWX may take to cancel a job, where no signal presses: it waits up to 5 s for its own dispatcher."""

LAST_SECONDS = 2.0
"""How long a cancelled run may look for its job, have it cancelled, or look what came of that: it is cut off 6.2 s
after it was told to stop, of which a launch that is on its way may have taken two."""

_LOOKS = 3


def cancel(awx: Awx, job: Job, clock: Clock, took: Callable[[Job], None], seconds: float = CANCEL_SECONDS) -> str:
    """Have a job cancelled, wait a moment for it, and return how that went, for people.

    AWX has so many `seconds` to answer, and as many to show what came of it. `took` gets what is seen of the job then:
    it may have ended before. Raises nothing that is expected.
    """
    asked = awx.anew(seconds).cancel(job)
    looks = 1 if asked is False or (isinstance(asked, Unknown) and not isinstance(asked, Unconfirmed)) else _LOOKS
    job = _looked(awx.anew(seconds), job, clock, took, looks)
    if job.is_over:
        return "it is canceled" if job.status == "canceled" else f"it had ended as {job.status}"
    return _in_words(asked, job)


def _looked(awx: Awx, job: Job, clock: Clock, took: Callable[[Job], None], looks: int) -> Job:
    """Return the job as it was last seen, after so many looks or when it has ended."""
    for number in range(looks):
        if number:
            clock.sleep(1.0)
        answer = awx.job(job)
        if not isinstance(answer, Job):
            break
        job = answer
        took(job)
        if job.is_over:
            break
    return job


def _in_words(asked: Answer[bool], job: Job) -> str:
    """Say how the cancelling of a job went that is not known to have ended."""
    seen = f"it was {job.status} when last seen"
    if isinstance(asked, Denied):
        launcher = f"{job.launched_by}, who launched it, " if job.launched_by else ""
        return (
            f"this account may not cancel it, and {seen}: that may {launcher}the template's administrators and "
            f"superusers ({asked.reason})"
        )
    if isinstance(asked, Unconfirmed):
        return f"AWX did not say if it cancelled it, and {seen} ({asked.reason})"
    if isinstance(asked, Unknown):
        return f"it could not be cancelled, and {seen.removeprefix('it ')} ({asked.reason})"
    return f"AWX was asked to cancel it, and {seen}" if asked else f"AWX has nothing to cancel, and {seen}"
