"""What a command that talks to AWX takes from the inputs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import urlsplit

from ...domain.awx_jobs import OnTimeout
from ...errors import UsageError
from ..values import Values, wrong_input

PLACE_OF_TAG = "{image-tag}"
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


def read_awx_settings(values: Values, image_tag: str) -> AwxSettings:
    """Check what a kind alone cannot tell, and put `image_tag` into the variables; raises UsageError."""
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
        variables=_variables(values.text("extra-vars"), image_tag),
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


def _variables(text: str, image_tag: str) -> Mapping[str, object]:
    given = _read(text) if text else _DEFAULT_VARIABLES
    filled: dict[str, object] = {name: _with_tag(value, image_tag) for name, value in given.items()}
    return filled


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


def _with_tag(value: Any, tag: str) -> object:
    """Put the tag into texts, however deep; names stay as they are, and a tag is never read for another place."""
    if isinstance(value, str):
        return value.replace(PLACE_OF_TAG, tag)
    if isinstance(value, list):
        return [_with_tag(one, tag) for one in value]
    if isinstance(value, dict):
        return {name: _with_tag(one, tag) for name, one in value.items()}
    return value
