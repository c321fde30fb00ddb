"""A loopback HTTP server that records what it is asked, fails on request, and can count round trips."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import struct
import threading
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn

from world.faults import Faults, Forward, Reply
from world.rounds import Rounds

HOST = "127.0.0.1"
BROKEN = Reply(0, dropped=True, reset=True)
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


@dataclass(frozen=True)
class Request:
    """One request as it came: raw (percent-encoded) path, decoded query, lower-case header names."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    target: str
    """Path and query as sent."""


@dataclass(frozen=True)
class Exchange:
    """A request and what was answered: `status` 0 means that the connection was dropped."""

    request: Request
    reply: Reply
    round: int | None = None
    """The number of the round trip, from 1, where rounds are counted."""

    @property
    def method(self) -> str:
        """Such as `GET`."""
        return self.request.method

    @property
    def path(self) -> str:
        """The raw path, percent-encoded as sent."""
        return self.request.path

    @property
    def query(self) -> dict[str, list[str]]:
        """The decoded query."""
        return self.request.query

    @property
    def headers(self) -> dict[str, str]:
        """The request's headers, names in lower case."""
        return self.request.headers

    @property
    def status(self) -> int:
        """The status of the reply."""
        return self.reply.status


class LoopbackServer(Faults):
    """Answers each request with `answer`, in a thread of its own, until `stop`.

    `requests` has every exchange in the order in which the replies were ready; `errors` what went wrong
    in this server itself (the client then got a 599), which a test must find empty. Set `rounds` to count
    round trips; one `Rounds` may be shared by several servers. What was asked before `clear` and is answered
    after it, as to a client that has given up, is not recorded any more: it is of the test before.
    """

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Exchange] = []
        self.errors: list[Exception] = []
        self.rounds: Rounds | None = None
        self.proxy: Callable[[Request, Forward], Reply] | None = None
        """Stands before what answers, if set."""
        self._in_flight = 0
        self._cleared = 0
        self._changed = threading.Condition()
        self._open(0)
        self.port: int = self._server.server_address[1]
        self.url = f"http://{HOST}:{self.port}"

    def _open(self, port: int) -> None:
        self._is_down = False
        self._server = _Server((HOST, port), _handler_for(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def answer(self, request: Request) -> Reply:
        """The true reply to a request."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forgets faults, recorded requests and round counting."""
        self.planned.clear()
        self.requests.clear()
        self.errors.clear()
        self.rounds = None
        self.proxy = None
        self._cleared += 1

    def stop(self) -> None:
        """Closes the port."""
        self._close()

    def _close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def go_down(self) -> None:
        """Refuses connections from now on, and breaks off those that there are, until `come_up`."""
        with self._changed:
            if not self._is_down:
                self._is_down = True
                self._close()

    def come_up(self) -> None:
        """Takes connections again, at the same port."""
        if self._is_down:
            self._open(self.port)

    def settle(self) -> None:
        """Wait until all requests that have come are recorded: whoever sent them may have died meanwhile."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._in_flight == 0, timeout=60)

    def respond(self, request: Request) -> Reply:
        """Holds, fails or answers a request, and records it."""
        with self._changed:
            self._in_flight += 1
            cleared = self._cleared
        number = self.rounds.hold() if self.rounds else None
        act = self.pick(request.method, request.target) if not self._is_down else lambda _: BROKEN

        def forward() -> Reply:
            return self.proxy(request, lambda: self.answer(request)) if self.proxy else self.answer(request)

        try:
            reply = act(forward) if act else forward()
        except Exception as error:  # any fault of the test world must reach the test
            if cleared == self._cleared:
                self.errors.append(error)
            reply = Reply(599)
        with self._changed:
            if cleared == self._cleared:
                self.requests.append(Exchange(request, reply, number))
            self._in_flight -= 1
            self._changed.notify_all()
        return reply


class _Server(ThreadingMixIn, TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client may hang up at any time: that is for the test to notice, not for the console."""


def _handler_for(owner: LoopbackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body in one packet: no waiting for acknowledgements
        disable_nagle_algorithm = True
        timeout = 60

        def handle_any(self) -> None:
            _send(self, owner.respond(_read(self)))

        do_GET = do_HEAD = do_OPTIONS = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Requests are in `requests`, not on the console."""

    return Handler


def _read(handler: BaseHTTPRequestHandler) -> Request:
    length = int(handler.headers.get("Content-Length") or 0)
    # To a proxy a client sends the whole address: whose host it names, this server stands for it.
    target = re.sub(r"\Ahttp://[^/]+", "", handler.path)
    path, _, query = target.partition("?")
    return Request(
        method=handler.command,
        path=path,
        query=urllib.parse.parse_qs(query, keep_blank_values=True),
        headers={name.lower(): value for name, value in handler.headers.items()},
        body=handler.rfile.read(length),
        target=target,
    )


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    if reply.dropped:
        _hang_up(handler, reply.reset)
        return
    handler.send_response(reply.status)
    for name, value in reply.headers:
        if name.lower() not in _HOP_BY_HOP:
            handler.send_header(name, value)
    if reply.status not in (204, 304):
        length = reply.header("Content-Length") if handler.command == "HEAD" else None
        handler.send_header("Content-Length", length or str(len(reply.body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(reply.body if reply.cut is None else reply.body[: reply.cut])
    if reply.cut is not None:
        _hang_up(handler, reply.reset)


def _hang_up(handler: BaseHTTPRequestHandler, reset: bool) -> None:
    handler.close_connection = True
    with contextlib.suppress(OSError):
        handler.wfile.flush()
        if reset:
            # Not to linger is to send RST, and the descriptor must go now: the handler's streams hold it, too.
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.rfile.close()
            handler.wfile.close()
            handler.connection.close()
            return
        handler.connection.shutdown(socket.SHUT_RDWR)


def forward(request: Request, port: int, path: str | None = None, host: str | None = None) -> Reply:
    """Sends a request on to a loopback port; `path` replaces path and query, `host` the Host header."""
    headers = {name: value for name, value in request.headers.items() if name not in _HOP_BY_HOP}
    headers["accept-encoding"] = "identity"
    if host:
        headers["host"] = host
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        connection.request(request.method, path or request.target, request.body or None, headers)
        response = connection.getresponse()
        return Reply(response.status, tuple(response.getheaders()), response.read())
    finally:
        connection.close()
