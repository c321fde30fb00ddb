from __future__ import annotations

from dataclasses import replace

import pytest

from frag_release.domain.awx_jobs import OnTimeout
from frag_release.domain.evidence import Image
from frag_release.errors import UsageError
from frag_release.inputs.settings.awx import AwxSettings, read_awx_settings
from inputs.inputs_given import values

SECRET = "s3cr3t-of-awx"
GIVEN = {"awx_url": "https://awx.example", "awx_template": "Deploy", "awx_token": SECRET}
DIGEST = "sha256:" + "1" * 64
IMAGE = Image("docker.io/xchem/fragalysis-stack", "2023.06.2", DIGEST)


def read(image: Image = IMAGE, **given: str) -> AwxSettings:
    """The settings of the command deploy, with what every test needs."""
    return read_awx_settings(values(command="deploy", **{**GIVEN, **given})).filled(image)


def refused(**given: str) -> str:
    """The error of these inputs, message and remedy, which shows no secret."""
    with pytest.raises(UsageError) as caught:
        read(IMAGE, **given)
    assert caught.value.remedy
    assert SECRET not in f"{caught.value.message} {caught.value.remedy}"
    return f"{caught.value.message} {caught.value.remedy}"


def test_defaults() -> None:
    """With address, template and token alone the image's tag is the variable, below AWX's own prefix."""
    found = read()
    assert (found.url, found.api_path, found.template) == ("https://awx.example", "/api/v2/", "Deploy")
    assert found.variables == {"stack_image_tag": "2023.06.2"}
    assert (found.organization, found.on_timeout) == ("", OnTimeout.LEAVE)
    assert (found.token, found.secrets) == (SECRET, (SECRET,))
    assert SECRET not in repr(found)


def test_user_name_and_password() -> None:
    """The other way to log in; the password is what no output may show."""
    found = read(awx_token="", awx_username="robot", awx_password=SECRET)
    assert (found.username, found.secrets) == ("robot", (SECRET,))
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"awx_username": "robot"}, "awx-token is given together with awx-username"),
        ({"awx_password": SECRET}, "awx-token is given together with awx-username"),
        ({"awx_token": ""}, "awx-token is empty"),
        ({"awx_token": "", "awx_username": "robot"}, "awx-password is empty"),
        ({"awx_token": "", "awx_password": SECRET}, "awx-username is empty"),
        ({"awx_token": "", "awx_username": "ro:bot", "awx_password": SECRET}, "awx-username"),
        ({"awx_url": ""}, "awx-url is empty"),
        ({"awx_url": "https://awx.example/api/v2/"}, "awx-url"),
        ({"awx_url": "https://awx.example/api"}, "awx-url"),
        ({"awx_template": ""}, "awx-template is empty"),
        ({"awx_api_path": "/"}, "awx-api-path"),
        ({"awx_api_path": "/api/../x"}, "awx-api-path"),
        ({"awx_api_path": "https://x.example/api/v2"}, "awx-api-path"),
        ({"awx_api_path": "/api/v2?x"}, "awx-api-path"),
    ],
)
def test_bad_inputs_are_named(given: dict[str, str], words: str) -> None:
    """What is missing, doubled or malformed is named, without any secret."""
    assert words in refused(**given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("api/v2", "/api/v2/"),
        ("/api/controller/v2", "/api/controller/v2/"),
        ("/awx/api/v2/", "/awx/api/v2/"),
    ],
)
def test_the_path_of_the_api_gets_its_slashes(given: str, expected: str) -> None:
    """However the prefix is written, it begins and ends with one slash."""
    assert read(awx_api_path=given).api_path == expected


def test_the_address_loses_its_slash() -> None:
    """A slash at the end of the address is not doubled; a path before the API's stays."""
    assert read(awx_url="https://host.example/awx/").url == "https://host.example/awx"


def test_tag_and_digest_are_put_into_texts_however_deep() -> None:
    """Every text value gets tag and digest in their places; names and other values stay as they are."""
    given = (
        '{"a": "v{image-tag}@{image-digest}", "{image-tag}": 1, "b": {"c": ["{image-tag}", true, 1.5]}, "d": "{other}"}'
    )
    assert read(extra_vars=given).variables == {
        "a": f"v2023.06.2@{DIGEST}",
        "{image-tag}": 1,
        "b": {"c": ["2023.06.2", True, 1.5]},
        "d": "{other}",
    }


def test_a_tag_is_text_and_nothing_else() -> None:
    """A tag with quotes or braces cannot become other JSON, nor another place."""
    tag = 'x", "evil": "{image-digest}'
    assert read(replace(IMAGE, tag=tag)).variables == {"stack_image_tag": tag}


def test_a_digest_that_nobody_knows_is_not_left_out() -> None:
    """Where the template is to get a digest that was not looked up, the input that would bring it is named."""
    with pytest.raises(UsageError) as caught:
        read(replace(IMAGE, digest=None), extra_vars='{"a": ["{image-digest}"]}')
    assert "the digest of docker.io/xchem/fragalysis-stack:2023.06.2 was not looked up" in caught.value.message
    assert "expected-stack-digest" in caught.value.remedy
    assert read(replace(IMAGE, digest=None), extra_vars='{"{image-digest}": 1}').variables == {"{image-digest}": 1}


def test_no_variables_at_all() -> None:
    """An empty object means that the template has all it needs."""
    assert read(extra_vars="{}").variables == {}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (f"{{password: {SECRET}}}", "is not JSON (at character 2)"),
        (f'["{SECRET}"]', "not an object"),
        (f'"{SECRET}"', "not an object"),
        ("null", "not an object"),
        (f'{{"a": "{SECRET}", "a": 2}}', "a name appears twice"),
        ('{"a": {"b": 1, "b": 2}}', "a name appears twice"),
        ('{"a": NaN}', "NaN is not valid JSON"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_variables_that_are_no_json_object(given: str, words: str) -> None:
    """Anything but one JSON object is refused, and what it holds is not shown."""
    assert words in refused(extra_vars=given)


def test_what_becomes_of_the_job() -> None:
    """A production job is left running unless it is said otherwise."""
    assert read(on_timeout="cancel").on_timeout is OnTimeout.CANCEL
