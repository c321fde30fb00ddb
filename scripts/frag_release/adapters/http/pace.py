"""Keeping a long row of questions within what a server allows, by the headers of its answers.

GitHub names its limit with every answer (docs: "Rate limits for the REST API": `x-ratelimit-limit`,
`-remaining`, `-reset`), and besides takes no more than 900 reads a minute. A server that names no limit is
held to none.
"""

from __future__ import annotations

import datetime
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ...domain.evidence import Unknown
from .messages import Request, Response
from .retry import RateLimited, is_limited, limited_pause, read_epoch

A_MINUTE = 800
"""Most questions to one server within a minute: some room below GitHub's 900."""
SPARED = 10
"""The last part, one in so many, of what a server allows is spread over the time until it allows more."""
TOLD_APART = 5.0
"""Seconds between two lines about the progress, at least."""


@dataclass
class _Server:
    """What one server's answers said; times are in seconds since the epoch."""

    limit: int = 0
    remaining: int = 0
    reset: float = 0.0
    closed_until: float = 0.0
    next_free: float = 0.0
    sent: deque[float] = field(default_factory=lambda: deque(maxlen=A_MINUTE))

    @property
    def is_low(self) -> bool:
        """Whether only the last part is left of what the server allows."""
        return self.limit > 0 and self.remaining * SPARED <= self.limit


class Pace:
    """Says when a question may go out; safe to use from several threads at once.

    `tell` is given a line about the progress now and then; `now` counts seconds since the epoch.
    """

    def __init__(
        self,
        tell: Callable[[str], None] = lambda line: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._tell = tell
        self._now = now
        self._servers: dict[str, _Server] = {}
        self._lock = threading.Lock()
        self._answered = 0
        self._told = now()

    def wait(self, request: Request, seconds: float) -> float | Unknown:
        """Return how many seconds this question has to wait, or `RateLimited` where that is over `seconds`."""
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
        """Take note of what the headers of an answer say."""
        with self._lock:
            server, now = self._servers.setdefault(request.host, _Server()), self._now()
            limit, remaining, reset = (
                read_epoch(response.header(f"x-ratelimit-{name}")) for name in ("limit", "remaining", "reset")
            )
            # Answers overtake each other: within one period the lowest number is the newest.
            if limit and remaining is not None and reset is not None and reset >= server.reset:
                if reset > server.reset:
                    server.remaining, server.next_free = remaining, 0.0
                server.limit, server.reset = limit, float(reset)
                server.remaining = min(remaining, server.remaining)
            if is_limited(response):
                server.closed_until = max(server.closed_until, now + limited_pause(response, 0, now))
            self._answered += 1
            if now - self._told >= TOLD_APART:
                self._told = now
                self._tell(self._progress(server))

    def _free_at(self, server: _Server, now: float) -> float:
        at = max(now, server.closed_until, server.next_free)
        if len(server.sent) == A_MINUTE:
            at = max(at, server.sent[0] + 60)
        return max(at, server.reset + 1) if server.remaining <= 0 and server.reset > now else at

    def _spacing(self, server: _Server, at: float) -> float:
        return (server.reset - at) / max(server.remaining, 1) if server.is_low and server.reset > at else 0.0

    def _progress(self, server: _Server) -> str:
        left = f"; {max(server.remaining, 0):,} of {server.limit:,} requests left" if server.limit else ""
        return f"… {self._answered:,} answers so far{left}"


def _closed(request: Request, server: _Server, at: float) -> RateLimited:
    back = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)
    why = f"{request.host} takes no more requests for now, and was not asked for {request.what}"
    if server.closed_until < at and server.is_low:
        why = f"of {server.limit:,} requests only {max(server.remaining, 0):,} are left: {why}"
    return RateLimited(why, f"Run this again after {back:%H:%M} UTC on {back:%Y-%m-%d}.")
