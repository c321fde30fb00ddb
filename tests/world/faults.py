"""What can go wrong between a client and a server, as small functions around the real answer."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """An HTTP reply; of a `cut` one only so many bytes of the body are sent, of a `dropped` one nothing.

    With `reset` the connection breaks as when a machine dies, not in order.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    cut: int | None = None
    dropped: bool = False
    reset: bool = False

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_headers(self, headers: Mapping[str, str | None]) -> Reply:
        """The same with these headers set; `None` removes one."""
        names = {name.lower() for name in headers}
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in names)
        added = tuple((name, value) for name, value in headers.items() if value is not None)
        return replace(self, headers=kept + added)


def json_reply(status: int, body: object, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply with a JSON body."""
    reply = Reply(status, (("Content-Type", JSON),), json.dumps(body).encode())
    return reply.with_headers(headers or {})


Forward = Callable[[], Reply]
Misbehaviour = Callable[[Forward], Reply]


def ending_at(nth: int, *, lost: bool) -> Misbehaviour:
    """Break a run off at its `nth` request: that one's answer is `lost`, or every later one is refused."""
    seen: list[str] = []

    def misbehave(forward: Forward) -> Reply:
        seen.append("")
        if lost:
            return replace(forward(), dropped=True) if len(seen) == nth else forward()
        return forward() if len(seen) <= nth else Reply(500)

    return misbehave


@dataclass
class Fault:
    """One way to fail for requests of `method` ("*": any) whose path and query match `pattern`.

    `times` is how often it happens; `None` for always.
    """

    method: str
    pattern: re.Pattern[str]
    act: Misbehaviour
    times: int | None = None

    def takes(self, method: str, target: str) -> bool:
        """Whether this request is to fail; counts it."""
        if self.times == 0 or self.method not in ("*", method) or not self.pattern.search(target):
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class Faults:
    """The faults that a server has been asked for; the first that fits a request wins.

    `pattern` is a regular expression searched in the raw path with its query, such as
    `r"/git/ref/tags/2023\\.05\\.1$"`.
    """

    planned: list[Fault] = field(default_factory=list)

    def pick(self, method: str, target: str) -> Misbehaviour | None:
        """The misbehaviour for a request, if one is planned."""
        return next((fault.act for fault in self.planned if fault.takes(method, target)), None)

    def add(self, method: str, pattern: str, act: Misbehaviour, times: int | None = None) -> None:
        """Plans any misbehaviour: a function that may call for the real reply and change it."""
        self.planned.append(Fault(method, re.compile(pattern), act, times))

    def fail(
        self,
        method: str,
        pattern: str,
        *,
        status: int,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        times: int | None = None,
    ) -> None:
        """Answers with `status` and a JSON body, by default GitHub's error shape."""
        shown = {"message": f"Planned failure {status}", "status": str(status)} if body is None else body
        reply = json_reply(status, shown, headers)
        self.add(method, pattern, lambda _: reply, times)

    def drop(self, method: str, pattern: str, *, times: int | None = None) -> None:
        """Closes the connection without an answer."""
        self.add(method, pattern, lambda _: Reply(0, dropped=True), times)

    def delay(self, method: str, pattern: str, seconds: float, *, times: int | None = None) -> None:
        """Answers truly, but later."""

        def act(forward: Forward) -> Reply:
            time.sleep(seconds)
            return forward()

        self.add(method, pattern, act, times)

    def hold(self, method: str, pattern: str) -> threading.Event:
        """Answers truly, but not before the event is set that it returns, or for 150 seconds."""
        over = threading.Event()

        def act(forward: Forward) -> Reply:
            over.wait(150)
            return forward()

        self.add(method, pattern, act)
        return over

    def truncate(self, method: str, pattern: str, *, keep: int = 20, times: int | None = None) -> None:
        """Announces the whole body, sends `keep` bytes of it and closes the connection."""
        self.add(method, pattern, lambda forward: replace(forward(), cut=keep), times)

    def empty(self, method: str, pattern: str, *, times: int | None = None) -> None:
        """The true status and headers with an empty body."""
        self.add(method, pattern, lambda forward: replace(forward(), body=b""), times)

    def change_json(
        self, method: str, pattern: str, change: Callable[[Any], object], *, times: int | None = None
    ) -> None:
        """The true reply with a change made to its JSON document, in place."""

        def act(forward: Forward) -> Reply:
            reply = forward()
            document = json.loads(reply.body)
            change(document)
            return replace(reply, body=json.dumps(document).encode())

        self.add(method, pattern, act, times)

    def html(self, method: str, pattern: str, *, status: int = 200, times: int | None = None) -> None:
        """A web page where JSON is expected, as from a proxy or a log-in wall."""
        page = b"<!doctype html><html><body>Sign in to continue</body></html>"
        reply = Reply(status, (("Content-Type", "text/html; charset=utf-8"),), page)
        self.add(method, pattern, lambda _: reply, times)

    def change_headers(
        self, method: str, pattern: str, headers: Mapping[str, str | None], *, times: int | None = None
    ) -> None:
        """The true reply with headers set, or removed where the value is `None`."""
        self.add(method, pattern, lambda forward: forward().with_headers(headers), times)
