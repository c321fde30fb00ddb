"""The input `registry-config`: logins for several registries, as the JSON of a docker configuration.

docs.docker.com, "docker login", "Credential stores": `auths` maps a registry to `auth`, the base64 of
`USERNAME:PASSWORD`. No error quotes a value of it: any of them may be a secret.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..domain.components import Login, canonical_host
from ..errors import UsageError
from .values import refuse_constant

_MAX_KIBIBYTES = 64
_HOST = re.compile(r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(:[0-9]{1,5})?", re.I)
# The key that docker writes for Docker Hub.
_DOCKER_HUB_KEY = re.compile(r"https://((index|registry-1)\.docker\.io)/v[12]/?", re.I)
_CAN_BE_SHOWN = re.compile(
    r"(https?://)?(localhost|[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,8})(:[0-9]{1,5})?(/[a-z0-9._/-]{0,100})?"
    r"|auths?|username|password|identitytoken|registrytoken|creds(Store|Helpers)|credHelpers",
    re.I,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_TOKENS = ("identitytoken", "registrytoken")
_SECRETS = ("auth", "password", *_TOKENS)
_FORM = 'Use {"auths": {"ghcr.io": {"auth": "…"}}}, where auth is the base64 of USERNAME:PASSWORD.'


def secrets_in(text: str) -> list[str]:
    """Return every secret in a configuration, even in one that will be refused; never raises."""
    found: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.extend(value for name, value in pairs if name in _SECRETS and isinstance(value, str))
        return dict(pairs)

    with contextlib.suppress(ValueError, RecursionError):
        json.loads(text, object_pairs_hook=collect)
    found += [part for auth in found for part in _parts(auth)]
    return [secret for secret in dict.fromkeys(found) if secret]


def _parts(auth: str) -> Iterator[str]:
    with contextlib.suppress(ValueError):
        pair = base64.b64decode(auth, validate=True).decode()
        yield pair
        yield pair.partition(":")[2].strip()


def read_registry_config(text: str) -> dict[str, Login]:
    """Return the login of each registry, by `canonical_host` of its host; raises UsageError."""
    if len(text.encode()) > _MAX_KIBIBYTES * 1024:
        raise _refused(f"has more than {_MAX_KIBIBYTES} KiB", "Keep only the logins for this stack's registries.")
    config = _object(text)
    for helper in ("credsStore", "credHelpers"):
        if config.get(helper):
            raise _refused(f"names a credential helper ({helper}), which is never run", f"Leave it out. {_FORM}")
    auths = config.get("auths")
    if not isinstance(auths, dict) or not auths:
        raise _refused("has no logins under auths")
    logins: dict[str, Login] = {}
    for key, entry in auths.items():
        host = _host(key)
        if host in logins:
            raise _refused(f"has more than one login for {host}", "Keep one of them.")
        logins[host] = _login(host, entry)
    return logins


def _object(text: str) -> dict[str, Any]:
    try:
        config = json.loads(text, object_pairs_hook=_once_each, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        where = f" (at character {error.pos + 1})" if isinstance(error, json.JSONDecodeError) else ""
        raise _refused(f"is not JSON{where}") from None
    if not isinstance(config, dict):
        raise _refused("is JSON, but not an object")
    return config


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = next((name for name, count in Counter(name for name, _ in pairs).items() if count > 1), None)
    if twice is not None:
        raise _refused(f"has {_shown(twice)} twice in one object", "Keep one of them.")
    return dict(pairs)


def _host(key: str) -> str:
    hub = _DOCKER_HUB_KEY.fullmatch(key)
    host = hub[1] if hub else key
    # The way docker tells a host from an owner.
    is_host = "." in host or ":" in host or host.lower() == "localhost"
    if not (is_host and _HOST.fullmatch(host)):
        remedy = "Write only the host, with its port if it has one, such as ghcr.io or registry.example:5000."
        raise _refused(f"has {_shown(key)} under auths, which is not a host", remedy)
    return canonical_host(host)


def _shown(name: str) -> str:
    """Return a key for a message, hidden unless it looks like a host or a known key: it may contain anything."""
    return name if _CAN_BE_SHOWN.fullmatch(name) else "a key"


def _login(host: str, entry: object) -> Login:
    if not isinstance(entry, dict):
        raise _refused(f"has a value that is not an object for {host}")
    token = next((name for name in _TOKENS if entry.get(name)), "")
    if token:
        raise _refused(f"has an identity token ({token}) for {host}, which only docker can use")
    auth, username, password = (_text(host, entry, name) for name in ("auth", "username", "password"))
    if ":" in username:
        raise _refused(f"has a user name with a colon for {host}, which cannot be sent")
    login = _decoded(host, auth) if auth else Login(username, password)
    if (username or password) and login != Login(username, password):
        raise _refused(f"has two different logins for {host}", "Keep only auth.")
    return _checked(host, login)


def _text(host: str, entry: dict[str, Any], name: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str):
        raise _refused(f"has something other than a text as {name} for {host}")
    return value


def _decoded(host: str, auth: str) -> Login:
    try:
        pair = base64.b64decode(auth, validate=True).decode()
    except ValueError:
        raise _refused(f"has an auth for {host} that is not the base64 of a text") from None
    username, colon, password = pair.partition(":")
    if not colon:
        raise _refused(f"has an auth for {host} without a colon in what it encodes")
    return Login(username, password)


def _checked(host: str, login: Login) -> Login:
    if not (login.username and login.password):
        raise _refused(f"has no user name with a password for {host}")
    if _CONTROL.search(login.username + login.password):
        remedy = "Encode it without one: printf '%s' USERNAME:PASSWORD | base64 -w 0"
        raise _refused(f"has a line break or a control character in the login for {host}", remedy)
    if login.username == "<token>":
        raise _refused(f"has an identity token for {host}, which only docker can use")
    return login


def _refused(what: str, remedy: str = _FORM) -> UsageError:
    return UsageError(f"The input registry-config {what}.", remedy)
