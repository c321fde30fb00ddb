"""The cancelling of an AWX job, in the few seconds that a run that ends still has."""

from __future__ import annotations

from collections.abc import Callable

from ...clients.awx import Awx
from ...domain.awx_jobs import Job
from ...domain.evidence import Unknown
from ..clock import Clock

LAST_SECONDS = 2.0
"""How long a cancelled run may look for its job, and again how long have it cancelled: it is cut off 6.2 s after it was
told to stop, of which a launch that is on its way may have taken two."""

_LOOKS = 3


def cancel(awx: Awx, job: Job, clock: Clock, took: Callable[[Job], None]) -> str:
    """Have a job cancelled, wait a moment for it, and return how that went, for people.

    `took` gets what is seen of the job then. Raises nothing that is expected.
    """
    asked = awx.cancel(job)
    if isinstance(asked, Unknown):
        return f"it could not be cancelled, and may be running ({asked.reason})"
    for _ in range(_LOOKS):
        answer = awx.job(job)
        if not isinstance(answer, Job):
            break
        job = answer
        took(job)
        if job.is_over:
            return f"it is {job.status}"
        clock.sleep(1.0)
    return f"AWX was asked to cancel it, and it was {job.status} when last seen"
