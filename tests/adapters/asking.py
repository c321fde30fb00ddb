"""Asking servers as the clients do."""

from __future__ import annotations

import socket

from frag_release.adapters.http.messages import Credentials, Request, Response
from frag_release.domain.evidence import Answer, Unknown
from world.loopback import HOST

SECRET = "s3cr3t-token"


class Sleeps:
    """Notes the waits instead of waiting."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        """Note one wait."""
        self.seconds.append(seconds)


def request(url: str, path: str = "/", credentials: Credentials | None = None) -> Request:
    """A question without meaning."""
    return Request(f"{url}{path}", "the answer", credentials=credentials)


def response(answer: Answer[Response]) -> Response:
    """The answer, which must be a response."""
    assert isinstance(answer, Response), answer
    return answer


def unknown(answer: object) -> Unknown:
    """The answer, which must be an `Unknown`."""
    assert isinstance(answer, Unknown), answer
    return answer


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
