"""Retries of requests, the time that all have together, and the pace of a long series.

The order of precedence is GitHub's ("Best practices for using the REST API"): `retry-after`, else
`x-ratelimit-reset` if nothing remains, else a minute, doubled each time.
"""

from __future__ import annotations

import datetime
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from ...dataclass import dataclass, field
from ...domain.evidence import Unknown
from .messages import Failure, Request, Response

_TRANSIENT = (500, 502, 503, 504)
_NOT_IMPLEMENTED = 501
"""The method is not supported: a HEAD can then be repeated as a GET."""
_FIRST_PAUSE = 0.5
_FIRST_LIMITED_PAUSE = 60.0
_SECONDS = re.compile(r"[0-9]{1,9}")
_EPOCH = re.compile(r"[0-9]{1,11}")
MAX_PER_MINUTE = 800
"""Limit of requests to one server within a minute, somewhat below GitHub's 900."""
SPARED = 10
"""The last one in `SPARED` of the requests that a server allows are spread over the time until its limit resets."""
PROGRESS_SECONDS = 5.0
"""Minimum seconds between two lines of progress."""


class Deadline:
    """A moment `seconds` from now; `clock` counts seconds and is monotonic."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """The remaining seconds, never below 0."""
        return max(0.0, self._end - self._clock())

    @property
    def expired(self) -> bool:
        """Whether no time is left."""
        return self.remaining() <= 0


@dataclass(frozen=True)
class RateLimited(Unknown):
    """The server refuses our requests for a while."""


def is_limited(response: Response) -> bool:
    """Whether a response is a refusal for too many requests, for which GitHub also uses 403."""
    if response.status != 403:
        return response.status == 429
    mentioned = b"rate limit" in response.body[:2000].lower()
    return mentioned or "retry-after" in response.headers or response.header("x-ratelimit-remaining") == "0"


def pause_after(outcome: Response | Failure, attempt: int, now: float) -> float | None:
    """Return the seconds to wait before a retry, or None if a retry is useless.

    `attempt` counts from 0; `now` is in seconds since the epoch.
    """
    if isinstance(outcome, Failure):
        return _FIRST_PAUSE * (1 << attempt) if outcome.transient else None
    if is_limited(outcome):
        return limited_pause(outcome, attempt, now)
    if outcome.status not in _TRANSIENT:
        return None
    wanted = _retry_after(outcome.header("retry-after"), now)
    return _FIRST_PAUSE * (1 << attempt) if wanted is None else wanted


def refusal(response: Response, request: Request, now: float) -> Unknown | None:
    """Return why a response cannot be used by any client; None if it can."""
    asked = f"when asked for {request.what}"
    if is_limited(response):
        reason = f"{request.host} takes no more requests for now ({response.status}) {asked}"
        return RateLimited(reason, _run_after(now + limited_pause(response, 0, now)))
    if response.status >= 500 and (request.method, response.status) != ("HEAD", _NOT_IMPLEMENTED):
        return Unknown(f"{request.host} answered {response.status} {asked}")
    return None


def limited_pause(response: Response, attempt: int, now: float) -> float:
    """Return the seconds to wait after a refusal for too many requests."""
    wanted = _retry_after(response.header("retry-after"), now)
    if wanted is not None:
        return wanted
    reset = read_epoch(response.header("x-ratelimit-reset"))
    if response.header("x-ratelimit-remaining") == "0" and reset is not None:
        # One second more, as the clocks may differ; at most a day, so that nonsense stays a valid date.
        return min(max(0.0, reset - now) + 1, 86400.0)
    return _FIRST_LIMITED_PAUSE * (1 << attempt)


def read_epoch(value: str) -> int | None:
    """Return a header's number, such as a time in seconds since the epoch; None if it is not one."""
    return int(value) if _EPOCH.fullmatch(value) else None


def _retry_after(value: str, now: float) -> float | None:
    """Read `Retry-After`: seconds or an HTTP date (RFC 9110, 10.2.3). None if it is neither."""
    if _SECONDS.fullmatch(value):
        return float(min(int(value), 86400))
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=datetime.timezone.utc)
    return min(max(0.0, date.timestamp() - now), 86400.0)


@dataclass
class _Server:
    """The limits that one server's answers stated; times are in seconds since the epoch."""

    limit: int = 0
    remaining: int = 0
    reset: float = 0.0
    closed_until: float = 0.0
    next_free: float = 0.0
    sent: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_PER_MINUTE))

    @property
    def is_low(self) -> bool:
        """Whether only the last part of the allowed requests is left."""
        return self.limit > 0 and self.remaining * SPARED <= self.limit


class RateLimiter:
    """Decides when a request may be sent; safe to use from several threads at once.

    `log` occasionally receives a line of progress; `now` counts seconds since the epoch.
    """

    def __init__(
        self,
        log: Callable[[str], None] = lambda line: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._log = log
        self._now = now
        self._servers: dict[str, _Server] = {}
        self._lock = threading.Lock()
        self._answered = 0
        self._logged = now()

    def wait(self, request: Request, seconds: float) -> float | Unknown:
        """Return how many seconds this request has to wait, or `RateLimited` if that is over `seconds`."""
        with self._lock:
            server, now = self._servers.setdefault(request.host, _Server()), self._now()
            at = self._free_at(server, now) if server.limit or server.closed_until else now
            if at - now > seconds:
                return _closed(request, server, at)
            server.sent.append(at)
            server.next_free = at + self._spacing(server, at)
            server.remaining -= 1
            return at - now

    def learn(self, request: Request, response: Response) -> None:
        """Note the limits in the headers of an answer."""
        with self._lock:
            server, now = self._servers.setdefault(request.host, _Server()), self._now()
            limit, remaining, reset = (
                read_epoch(response.header(f"x-ratelimit-{name}")) for name in ("limit", "remaining", "reset")
            )
            # Answers may arrive out of order: within one period the lowest number is the newest.
            if limit and remaining is not None and reset is not None and reset >= server.reset:
                if reset > server.reset:
                    server.remaining, server.next_free = remaining, 0.0
                server.limit, server.reset = limit, float(reset)
                server.remaining = min(remaining, server.remaining)
            if is_limited(response):
                server.closed_until = max(server.closed_until, now + limited_pause(response, 0, now))
            self._answered += 1
            if now - self._logged >= PROGRESS_SECONDS:
                self._logged = now
                self._log(self._progress(server))

    def _free_at(self, server: _Server, now: float) -> float:
        at = max(now, server.closed_until, server.next_free)
        if len(server.sent) == MAX_PER_MINUTE:
            at = max(at, server.sent[0] + 60)
        return max(at, server.reset + 1) if server.remaining <= 0 and server.reset > now else at

    def _spacing(self, server: _Server, at: float) -> float:
        return (server.reset - at) / max(server.remaining, 1) if server.is_low and server.reset > at else 0.0

    def _progress(self, server: _Server) -> str:
        left = f"; {max(server.remaining, 0):,} of {server.limit:,} requests left" if server.limit else ""
        return f"… {self._answered:,} answers so far{left}"


def _closed(request: Request, server: _Server, at: float) -> RateLimited:
    why = f"{request.host} takes no more requests for now, and was not asked for {request.what}"
    if server.closed_until < at and server.is_low:
        why = f"of {server.limit:,} requests only {max(server.remaining, 0):,} are left: {why}"
    return RateLimited(why, _run_after(at))


def _run_after(seconds: float) -> str:
    back = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return f"Run this again after {back:%H:%M} UTC on {back:%Y-%m-%d}."
