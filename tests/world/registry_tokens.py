"""A token service for the bearer dance of registries (distribution docs, "Token authentication").

Tokens are real: signed with a key whose certificate the registry is told to believe. `openssl` makes
the key and the signatures.
"""

from __future__ import annotations

import base64
import json
import subprocess
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path

from world.faults import Reply, json_reply
from world.loopback import LoopbackServer, Request

SERVICE = "registry.of.the.tests"
ISSUER = "the tests"
EXPIRES_SECONDS = 60


class TokenService(LoopbackServer):
    """Gives pull tokens: to anybody for public repositories, to `users` for all.

    A wrong password is a 401; an anonymous request for a `private` repository gets a token that permits
    nothing, as Docker Hub does. `field_name` is `token` or, as some services have it, `access_token`.
    """

    def __init__(self, folder: Path, users: Mapping[str, str], private: Sequence[str]) -> None:
        super().__init__()
        self.users = dict(users)
        self.private = set(private)
        self.field_name = "token"
        folder.mkdir(parents=True, exist_ok=True)
        self._key, self._certificate = folder / "key.pem", folder / "certificate.pem"
        self._make_key()

    def clear(self) -> None:
        """Forgets requests, faults and the name of the field."""
        super().clear()
        self.field_name = "token"

    def settings(self) -> dict[str, str]:
        """The registry's `auth: token:` section."""
        return {
            "realm": f"{self.url}/token",
            "service": SERVICE,
            "issuer": ISSUER,
            "rootcertbundle": str(self._certificate),
        }

    def answer(self, request: Request) -> Reply:
        """A token for what the `scope` asks and the user may."""
        if request.path != "/token" or request.query.get("service") != [SERVICE]:
            return json_reply(400, {"details": "not a token request"})
        user = _basic_user(request)
        if user is not None and self.users.get(user[0]) != user[1]:
            return json_reply(401, {"details": "incorrect username or password"})
        names = [_repository(scope) for scope in request.query.get("scope", [])]
        granted = [name for name in names if name and not (user is None and name in self.private)]
        token = self._signed([_access(name, ("pull",)) for name in granted], EXPIRES_SECONDS)
        return json_reply(200, {self.field_name: token, "expires_in": EXPIRES_SECONDS})

    def token(self, repository: str, actions: Sequence[str], *, lives_seconds: int = EXPIRES_SECONDS) -> str:
        """A signed token (JWT, RS256); a negative life makes one that has expired."""
        return self._signed([_access(repository, actions)] if actions else [], lives_seconds)

    def _signed(self, access: Sequence[Mapping[str, object]], lives_seconds: int) -> str:
        now = int(time.time())
        times = {"nbf": now - 120, "iat": now - 120, "exp": now + lives_seconds}
        claims = {"iss": ISSUER, "aud": SERVICE, "sub": "", "jti": str(now), "access": access, **times}
        header = {"typ": "JWT", "alg": "RS256", "x5c": [self._certificate_text()]}
        text = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(claims).encode())}"
        return f"{text}.{_encoded(self._signature(text.encode()))}"

    def _make_key(self) -> None:
        options = ["-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=tests"]
        files = ["-keyout", str(self._key), "-out", str(self._certificate)]
        _openssl(["req", "-x509", *options, *files])

    def _signature(self, text: bytes) -> bytes:
        return _openssl(["dgst", "-sha256", "-sign", str(self._key)], text)

    def _certificate_text(self) -> str:
        lines = self._certificate.read_text().split("\n")
        return "".join(line for line in lines if line and not line.startswith("-----"))


def _access(repository: str, actions: Sequence[str]) -> dict[str, object]:
    return {"type": "repository", "name": repository, "actions": list(actions)}


def _openssl(arguments: Sequence[str], stdin: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _basic_user(request: Request) -> tuple[str, str] | None:
    value = request.headers.get("authorization")
    if value is None:
        return None
    name, _, password = base64.b64decode(value.partition(" ")[2]).decode().partition(":")
    return name, password


def _repository(scope: str) -> str:
    """The name in `repository:NAME:pull`; a name may hold a port, so a colon."""
    return urllib.parse.unquote(scope).removeprefix("repository:").rpartition(":")[0]
