"""What a command that talks to AWX takes from the inputs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import urlsplit

from ...domain.awx_jobs import OnTimeout
from ...domain.evidence import Image
from ...errors import UsageError
from ..values import Values, wrong_input

PLACE_OF_TAG, PLACE_OF_DIGEST = "{image-tag}", "{image-digest}"
_PLACES = re.compile(f"{re.escape(PLACE_OF_TAG)}|{re.escape(PLACE_OF_DIGEST)}")
_DEFAULT_VARIABLES = {"stack_image_tag": PLACE_OF_TAG}
_API_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/")
_NAMES_API = re.compile(r"/api(/|$)")


@dataclass(frozen=True)
class AwxSettings:
    """Where AWX is, who asks, and what is launched with which variables. Either `token` or the other two are given."""

    url: str
    api_path: str
    username: str
    password: str = field(repr=False)
    token: str = field(repr=False)
    template: str
    organization: str
    variables: Mapping[str, object]
    on_timeout: OnTimeout

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no output may show."""
        return tuple(one for one in (self.token, self.password) if one)

    def without_secrets(self, text: str) -> str:
        """Return foreign text that may be shown."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def read_awx_settings(values: Values, image: Image | None = None) -> AwxSettings:
    """Check what a kind alone cannot tell, and fill the places in the variables with the image's; raises UsageError.

    Without an image the variables are as they were given.
    """
    username, password, token = (values.text(name) for name in ("awx-username", "awx-password", "awx-token"))
    _check_credentials(username, password, token)
    return AwxSettings(
        url=_url(_required(values, "awx-url", "Give the address of AWX, such as https://awx.example.")),
        api_path=_api_path(values.text("awx-api-path")),
        username=username,
        password=password,
        token=token,
        template=_required(values, "awx-template", "Give the exact name of the job template to launch."),
        organization=values.text("awx-organization"),
        variables=_variables(values.text("extra-vars"), image),
        on_timeout=OnTimeout(values.text("on-timeout")),
    )


def _required(values: Values, name: str, remedy: str) -> str:
    text = values.text(name)
    if not text:
        raise UsageError(f"The input {name} is empty.", remedy)
    return text


def _url(text: str) -> str:
    if _NAMES_API.search(urlsplit(text).path):
        raise wrong_input("awx-url", text, "Leave the path of the API out; if it is not /api/v2/, give awx-api-path.")
    return text.rstrip("/")


def _api_path(text: str) -> str:
    path = f"/{text.strip('/')}/"
    if not _API_PATH.fullmatch(path):
        raise wrong_input("awx-api-path", text, "Use a path such as /api/v2/, or /api/controller/v2/ behind a gateway.")
    return path


def _check_credentials(username: str, password: str, token: str) -> None:
    if token and (username or password):
        raise UsageError(
            "The input awx-token is given beside awx-username or awx-password, and it is not clear which counts.",
            "Give awx-token alone, or awx-username with awx-password.",
        )
    if not token and not (username and password):
        lacking = [name for name, text in (("awx-username", username), ("awx-password", password)) if not text]
        only = f"the input {lacking[0]} is empty" if len(lacking) == 1 else "the input awx-token is empty"
        raise UsageError(
            f"There is no login for AWX: {only}.", "Give awx-token, or awx-username with awx-password, from secrets."
        )
    if ":" in username:
        raise wrong_input("awx-username", username, "A user name with a colon cannot be sent; use awx-token.")


def has_place(value: object, place: str) -> bool:
    """Whether a text in here, however deep, holds this place; the names of variables do not count."""
    return _filled(value, {place: ""}) != value


def _variables(text: str, image: Image | None) -> Mapping[str, object]:
    given: Mapping[str, object] = _read(text) if text else _DEFAULT_VARIABLES
    if image is None:
        return given
    if image.digest is None and has_place(given, PLACE_OF_DIGEST):
        raise UsageError(
            f"The input extra-vars holds {PLACE_OF_DIGEST}, but nobody has looked up the digest of {image.reference}.",
            "Give expected-stack-digest, which the build's push ended with, or leave the place out.",
        )
    places = {PLACE_OF_TAG: image.tag, PLACE_OF_DIGEST: image.digest or ""}
    return {name: _filled(value, places) for name, value in given.items()}


def _read(text: str) -> dict[str, Any]:
    """Read a JSON object. What it holds is not quoted: people put secrets there."""
    try:
        document = json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        where = f" (at character {error.pos + 1})" if isinstance(error, json.JSONDecodeError) else f" ({error})"
        raise _no_object(f"is no JSON{where}") from error
    if not isinstance(document, dict):
        raise _no_object("is JSON, but no object")
    return document


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a name is there twice")
    return dict(pairs)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no value of JSON")


def _no_object(what: str) -> UsageError:
    return UsageError(
        f"The input extra-vars {what}.", f'Use a JSON object, such as {{"stack_image_tag": "{PLACE_OF_TAG}"}}.'
    )


def _filled(value: object, places: Mapping[str, str]) -> object:
    """Fill places in texts, however deep; names stay as they are, and what was filled in is not read again."""
    if isinstance(value, str):
        return _PLACES.sub(lambda found: places.get(found[0], found[0]), value)
    if isinstance(value, list):
        return [_filled(one, places) for one in value]
    if isinstance(value, dict):
        return {name: _filled(one, places) for name, one in value.items()}
    return value
