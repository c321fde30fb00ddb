"""The settings of commands that talk to AWX or check the deployed site."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ...dataclass import dataclass, field, replace
from ...domain.awx_jobs import AwxForm, OnTimeout
from ...domain.evidence import Image
from ...domain.site import IMAGE_TAG, STACK_COMMIT, LineError, SiteLine, read_lines
from ...errors import UnconfiguredError, UsageError
from ..values import Values, refuse_constant, wrong_input
from . import Settings

_FORMS = (
    "Write where the page shows the stack's version: `/version/stack = {image-tag}` for a JSON page, or a text "
    "such as `Stack {image-tag}`. The command doctor reads verify-url and suggests lines that would match."
)

TAG_PLACEHOLDER, DIGEST_PLACEHOLDER = "{image-tag}", "{image-digest}"
_PLACES = re.compile(f"{re.escape(TAG_PLACEHOLDER)}|{re.escape(DIGEST_PLACEHOLDER)}")
_OF_AWX = (
    "awx-url",
    "awx-username",
    "awx-template",
    "awx-organization",
    "production-template",
    "extra-vars",
    "on-timeout",
)
"""The inputs that are refused with another deployer. Secrets are not: a terminal's environment may have them anyway."""
_DEFAULT_VARIABLES = {"stack_image_tag": TAG_PLACEHOLDER}
_NO_URL = "Give the address of AWX, such as https://awx.example. If a step of your own deploys, give deployer: none."
_API_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/")
_NAMES_API = re.compile(r"/api(/|$)")


@dataclass(frozen=True)
class SiteSettings:
    """The pages, none if no site is checked, and the lines that the first page must match."""

    urls: Sequence[str]
    lines: Sequence[SiteLine]


def read_site_settings(values: Values, common: Settings) -> SiteSettings:
    """Read the lines of `verify-text`; raises UsageError."""
    urls = values.items("verify-url")
    names = [component.name for component in common.components]
    places = [IMAGE_TAG, STACK_COMMIT, *(f"{name}-{what}" for name in names for what in ("tag", "namespace"))]
    try:
        lines = read_lines(values.text("verify-text"), places, _owners(common, values.text("stack-image")))
    except LineError as error:
        raise UnconfiguredError(str(error), _FORMS) from error
    if urls and not lines:
        raise UnconfiguredError(
            "The input verify-text is empty although verify-url is given: a page that answers proves no version.",
            f"{_FORMS} Or leave verify-url out: then the site is not checked.",
        )
    return SiteSettings(urls, lines)


def _owners(common: Settings, stack_image: str) -> set[str]:
    """The namespaces and registries that the settings name."""
    names = [common.stack_repository, stack_image]
    names += [name for component in common.components for name in (component.repository, component.image)]
    namespaces = {choice.namespace for choice in common.choices.values()}
    return {part for name in names for part in name.split("/")[:-1]} | namespaces


@dataclass(frozen=True)
class AwxSettings:
    """AWX's address and login, the template and its variables. Either `token` or user name and password are set."""

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
        """Texts that no output may show."""
        return tuple(one for one in (self.token, self.password) if one)

    def filled(self, image: Image) -> AwxSettings:
        """The same with the image's tag and digest filled in; raises UsageError if a needed digest is unknown."""
        if image.digest is None and has_placeholder(dict(self.variables), DIGEST_PLACEHOLDER):
            raise UsageError(
                f"The input extra-vars contains {DIGEST_PLACEHOLDER}, but the digest of {image.reference} was not "
                "looked up.",
                f"Give expected-stack-digest, the digest that the build pushed, or leave {DIGEST_PLACEHOLDER} out.",
            )
        places = {TAG_PLACEHOLDER: image.tag, DIGEST_PLACEHOLDER: image.digest or ""}
        return replace(self, variables={name: _filled(value, places) for name, value in self.variables.items()})

    @property
    def form(self) -> AwxForm:
        """What to enter in AWX to launch the same by hand."""
        with_tag, with_digest = (
            tuple(name for name, value in self.variables.items() if value == place)
            for place in (TAG_PLACEHOLDER, DIGEST_PLACEHOLDER)
        )
        return AwxForm(self.url, self.template, with_tag, with_digest)

    def without_secrets(self, text: str) -> str:
        """Return foreign text with secrets masked."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def read_deployer(values: Values) -> AwxSettings | None:
    """Return the settings of AWX, None if something else deploys; raises UsageError."""
    deployer = values.text("deployer")
    if deployer != "awx":
        given = next((name for name in _OF_AWX if values.is_given(name)), None)
        if given:
            raise UsageError(f"The input {given} is given, but deployer is {deployer}.", "Leave one of the two out.")
        return None
    try:
        return read_awx_settings(values)
    except UsageError as error:
        if values.configuration is None and not values.is_given("deployer"):
            raise UnconfiguredError(error.message, error.remedy) from error
        raise


def read_awx_settings(values: Values) -> AwxSettings:
    """Return the checked settings, with the places in the variables not filled yet; raises UsageError."""
    url = _url(_required(values, "awx-url", _NO_URL))
    username, password, token = (values.text(name) for name in ("awx-username", "awx-password", "awx-token"))
    _check_credentials(username, password, token)
    return AwxSettings(
        url=url,
        api_path=_api_path(values.text("awx-api-path")),
        username=username,
        password=password,
        token=token,
        template=_required(values, "awx-template", "Give the exact name of the job template to launch."),
        organization=values.text("awx-organization"),
        variables=_read(values.text("extra-vars")) if values.text("extra-vars") else _DEFAULT_VARIABLES,
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
            "The input awx-token is given together with awx-username or awx-password, so it is unclear which counts.",
            "Give only awx-token, or awx-username with awx-password.",
        )
    if not token and not (username and password):
        missing = [name for name, text in (("awx-username", username), ("awx-password", password)) if not text]
        only = f"the input {missing[0] if len(missing) == 1 else 'awx-token'} is empty"
        raise UsageError(
            f"There is no login for AWX: {only}.", "Give awx-token, or awx-username with awx-password, from secrets."
        )
    if ":" in username:
        raise wrong_input("awx-username", username, "A user name with a colon cannot be sent; use awx-token.")


def has_placeholder(value: object, place: str) -> bool:
    """Whether any text in here, at any depth, contains this place; names of variables do not count."""
    return _filled(value, {place: ""}) != value


def _read(text: str) -> dict[str, Any]:
    """Read a JSON object. Its contents are never quoted: they may be secrets."""
    try:
        document = json.loads(text, object_pairs_hook=_once_each, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        where = f" (at character {error.pos + 1})" if isinstance(error, json.JSONDecodeError) else f" ({error})"
        raise _no_object(f"is not JSON{where}") from error
    if not isinstance(document, dict):
        raise _no_object("is JSON, but not an object")
    return document


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a name appears twice")
    return dict(pairs)


def _no_object(what: str) -> UsageError:
    return UsageError(
        f"The input extra-vars {what}.", f'Use a JSON object, such as {{"stack_image_tag": "{TAG_PLACEHOLDER}"}}.'
    )


def _filled(value: object, places: Mapping[str, str]) -> object:
    """Fill places in texts at any depth. Names are unchanged, and filled-in text is not filled again."""
    if isinstance(value, str):
        return _PLACES.sub(lambda found: places.get(found[0], found[0]), value)
    if isinstance(value, list):
        return [_filled(one, places) for one in value]
    if isinstance(value, dict):
        return {name: _filled(one, places) for name, one in value.items()}
    return value
