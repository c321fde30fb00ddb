"""A fault for one request of a run: every server of ours stands before what answers, so each is the proxy.

A position is a server, a method, a path without its query, and the k-th time that it is asked for: a number would not
do, because several threads ask. Commits and numbers of what a run makes differ each time: they are `SHA` and `N`.
"""

from __future__ import annotations

import datetime
import email.utils
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from world.faults import Forward, Reply, json_reply
from world.loopback import BROKEN, LoopbackServer, Request

_SHA = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")
_NUMBER = re.compile(r"(?<=/)[0-9]+(?=/|$)")
_HTML = (("Content-Type", "text/html; charset=utf-8"),)
_HOLD = 150
Answering = Callable[["Disturbance", Request, Forward], Reply]


@dataclass(frozen=True, order=True)
class Position:
    """The `nth` request, from 1, of this method and path to the server of this number."""

    server: int
    method: str
    path: str
    nth: int

    def __str__(self) -> str:
        return f"{self.server} {self.method} {self.path} {self.nth}"


def general(path: str) -> str:
    """A path as it is in every run of a scenario."""
    return _NUMBER.sub("N", _SHA.sub("SHA", path))


def positions_of(servers: Sequence[LoopbackServer]) -> list[Position]:
    """The positions of the requests that these servers have recorded, in order of their paths."""
    seen: Counter[tuple[int, str, str]] = Counter()
    for number, server in enumerate(servers):
        seen.update((number, one.method, general(one.path)) for one in server.requests)
    return sorted(Position(*key, nth + 1) for key, times in seen.items() for nth in range(times))


def _status(status: int, message: str, **headers: str) -> Answering:
    # The words of a server can hold what it was sent: also that must come into no output.
    def answer(disturbance: Disturbance, request: Request, forward: Forward) -> Reply:
        said = {"message": f"{message} {request.headers.get('authorization', '')}".strip(), "status": str(status)}
        return json_reply(status, said, {name.replace("_", "-"): value for name, value in headers.items()})

    return answer


def _page(disturbance: Disturbance, request: Request, forward: Forward) -> Reply:
    sent = request.headers.get("authorization", "")
    return Reply(502, _HTML, f"<html><head><title>502 {sent}</title></head><body>Bad gateway</body></html>".encode())


def _later(disturbance: Disturbance, request: Request, forward: Forward) -> Reply:
    date = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    return json_reply(429, {"message": "Slow down"}, {"Retry-After": email.utils.format_datetime(date, usegmt=True)})


def _body(text: bytes) -> Answering:
    def answer(disturbance: Disturbance, request: Request, forward: Forward) -> Reply:
        reply = forward()
        return replace(reply, status=reply.status if reply.status < 300 else 200, body=text)

    return answer


def _truncated(disturbance: Disturbance, request: Request, forward: Forward) -> Reply:
    reply = forward()
    return replace(reply, body=reply.body[: len(reply.body) // 2])


def _reset_in_body(disturbance: Disturbance, request: Request, forward: Forward) -> Reply:
    reply = forward()
    return replace(reply, cut=len(reply.body) // 2, reset=True)


def _reset_after(disturbance: Disturbance, request: Request, forward: Forward) -> Reply:
    forward()
    return BROKEN


def _refused(disturbance: Disturbance, request: Request, forward: Forward) -> Reply:
    disturbance.servers[disturbance.position.server].go_down()
    return BROKEN


def _silent(disturbance: Disturbance, request: Request, forward: Forward) -> Reply:
    # It may have done what it was asked, and never say so.
    forward()
    disturbance.over.wait(_HOLD)
    return BROKEN


def _html(disturbance: Disturbance, request: Request, forward: Forward) -> Reply:
    return forward().with_headers({"Content-Type": "text/html"})


def _elsewhere(disturbance: Disturbance, request: Request, forward: Forward) -> Reply:
    return Reply(307, (("Location", f"{disturbance.stranger.url}{request.target}"),))


def _same_page_next(disturbance: Disturbance, request: Request, forward: Forward) -> Reply:
    reply = forward()
    url = f"{disturbance.servers[disturbance.position.server].url}{request.target}"
    if b'"next"' in reply.body:
        return replace(reply, body=json.dumps({**json.loads(reply.body), "next": request.target}).encode())
    return reply.with_headers({"Link": f'<{url}>; rel="next"'})


FAULTS: dict[str, Answering] = {
    "refused": _refused,
    "reset before the answer": lambda disturbance, request, forward: BROKEN,
    "reset after it was done": _reset_after,
    "reset in the body": _reset_in_body,
    "silence": _silent,
    "500": _status(500, "Server Error"),
    "502 with a page": _page,
    "503": _status(503, "Unavailable"),
    "429 with seconds": _status(429, "Slow down", Retry_After="2"),
    "429 with a date": _later,
    "403 secondary limit": _status(403, "You have exceeded a secondary rate limit.", Retry_After="2"),
    "401": _status(401, "Bad credentials"),
    "truncated JSON": _truncated,
    "invalid JSON": _body(b'{"message": oops'),
    "wrong content type": _html,
    "[]": _body(b"[]"),
    "{}": _body(b"{}"),
    "null": _body(b"null"),
    "unexpected shape": _body(b'{"id": "x", "object": [], "status": {"of": 7}, "results": 3, "items": "none"}'),
    "redirect elsewhere": _elsewhere,
    "next page repeats": _same_page_next,
}
TRUE_AFTER_ALL = {"wrong content type", "next page repeats"}
"""The answer is there all the same: a run may go on."""


class Stranger(LoopbackServer):
    """Another server, to which a redirect leads: it has nothing, and says so as GitHub does."""

    def answer(self, request: Request) -> Reply:
        """Nothing is here."""
        return json_reply(404, {"message": "Not Found", "status": "404"})


@dataclass
class Disturbance:
    """A fault at a position, once or for good (from there on, for this method and path), set up on the servers."""

    servers: Sequence[LoopbackServer]
    position: Position
    fault: str
    for_good: bool
    stranger: Stranger
    over: threading.Event = field(default_factory=threading.Event)
    hits: int = 0
    changed: int = 0
    """Requests that were disturbed, and those of them that got another answer than the true one."""
    true_answers: int = 0
    """Answers at the position, from the nth on, that were left as they are."""
    paths: set[str] = field(default_factory=set)
    """What was disturbed, with the commits and numbers that the position leaves out."""

    def __post_init__(self) -> None:
        self._seen, self._lock = 0, threading.Lock()
        self.stranger.requests.clear()
        self.servers[self.position.server].proxy = self._answer

    def end(self) -> None:
        """Let all go that is held, and take everything back."""
        self.over.set()
        for server in self.servers:
            server.come_up()
            server.settle()
            server.proxy = None

    def sent_to_stranger(self) -> list[str]:
        """The logins that the other server was given."""
        return [one.headers["authorization"] for one in self.stranger.requests if "authorization" in one.headers]

    def _answer(self, request: Request, forward: Forward) -> Reply:
        return self._disturbed(request, forward) if self._is_hit(request) else forward()

    def _is_hit(self, request: Request) -> bool:
        position = self.position
        if (request.method, general(request.path)) != (position.method, position.path):
            return False
        with self._lock:
            self._seen += 1
            hit = self._seen >= position.nth if self.for_good else self._seen == position.nth
            self.true_answers += self._seen > position.nth and not hit
        return hit

    def _disturbed(self, request: Request, forward: Forward) -> Reply:
        true: list[Reply] = []

        def remember() -> Reply:
            true.append(forward())
            return true[0]

        reply = FAULTS[self.fault](self, request, remember)
        with self._lock:
            self.hits += 1
            self.paths.add(request.path)
            self.changed += not true or _differs(request, reply, true[0])
        return reply


def _differs(request: Request, reply: Reply, true: Reply) -> bool:
    """Whether a client can see another answer."""
    if reply.dropped or reply.cut is not None or reply.status != true.status:
        return True
    if request.method == "HEAD" or reply.status == 204:
        return False
    try:
        return bool(json.loads(reply.body) != json.loads(true.body))
    except ValueError:
        return reply.body != true.body
