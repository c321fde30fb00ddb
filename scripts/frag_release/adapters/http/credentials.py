"""Credentials, each bound to the one origin that may see it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

from ...errors import UsageError
from .addresses import Origin, origin

_SENDABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class Credentials:
    """The value of an `Authorization` header, for requests to `origin` and to nobody else."""

    origin: Origin
    authorization: str = field(repr=False)


def bearer(token: str, url: str, given_as: str) -> Credentials:
    """Credentials for the origin of `url`; raises UsageError where the token cannot be sent.

    `given_as` says where the token is from. It is checked here, because the HTTP library would
    quote a malformed one in its own error.
    """
    if not _SENDABLE.fullmatch(token):
        raise UsageError(f"{given_as} holds characters that no token has.", "Set it again, in one line.")
    return Credentials(origin(url), f"Bearer {token}")


def basic(username: str, password: str, url: str) -> Credentials:
    """User name and password (RFC 7617, as UTF-8) for the origin of `url`."""
    pair = base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
    return Credentials(origin(url), f"Basic {pair}")
