"""The texts of the inputs: where they come from and how each kind is checked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frag_release.errors import UsageError
from frag_release.inputs import values as values_module
from frag_release.inputs.table import INPUTS, Input, Kind
from frag_release.inputs.values import Values, is_loopback, read_from_environment
from inputs.inputs_given import texts, values

SECRETS = ("token", "component-token", "registry-password")


def refused(**given: str) -> UsageError:
    """Return the error of these inputs."""
    with pytest.raises(UsageError) as caught:
        values(**given)
    assert caught.value.exit_status == 2
    assert caught.value.remedy
    return caught.value


def test_defaults_stand_where_nothing_is_given() -> None:
    """An empty value means the default of the table."""
    given = values()
    assert given.command == "gate"
    assert given.items("backend-branch") == ("production",)
    assert given.text("frontend-variable") == "FE_IMAGE_TAG"
    assert given.text("workflow-file") == ".github/workflows/build-main.yaml"
    assert given.flag("check-ci")
    assert given.flag("check-images")
    assert given.flag("production")
    assert given.seconds("timeout-seconds") == 120.0
    assert given.items("allow") == ()


def test_an_input_given_replaces_the_default() -> None:
    """A value that is given is the one that counts."""
    given = values(check_ci="false", timeout_seconds="5", backend_branch="production, main ,,release")
    assert not given.flag("check-ci")
    assert given.seconds("timeout-seconds") == 5.0
    assert given.items("backend-branch") == ("production", "main", "release")


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("TRUE", True), ("False", False), ("false", False)])
def test_flags_are_true_or_false_in_any_case(text: str, expected: bool) -> None:
    """GitHub writes booleans in lower case, people in others."""
    assert values(production=text).flag("production") is expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("command", "deploy!", id="no such command"),
        pytest.param("command", "Gate", id="command in another case"),
        pytest.param("production", "yes", id="flag in other words"),
        pytest.param("check-ci", "1", id="flag as a number"),
        pytest.param("check-images", "${{ inputs.x }}", id="flag as an expression"),
        pytest.param("timeout-seconds", "0", id="no time"),
        pytest.param("timeout-seconds", "-1", id="negative time"),
        pytest.param("timeout-seconds", "1.5", id="fraction"),
        pytest.param("timeout-seconds", "21601", id="more than six hours"),
        pytest.param("timeout-seconds", "9" * 50, id="huge number"),
        pytest.param("timeout-seconds", "١٢", id="Arabic-Indic digits"),
        pytest.param("timeout-seconds", "2 minutes", id="unit"),
        pytest.param("stack-repository", "stack", id="no owner"),
        pytest.param("stack-repository", "a/b/c", id="three parts"),
        pytest.param("stack-repository", "../stack", id="way up"),
        pytest.param("stack-repository", "org/..", id="way up at the end"),
        pytest.param("stack-repository", "org/.", id="dot"),
        pytest.param("backend-repository", "org/a b", id="space"),
        pytest.param("backend-repository", "org/a?b", id="question mark"),
        pytest.param("frontend-repository", "https://github.com/org/x", id="URL"),
        pytest.param("github-api-url", "http://api.example.org", id="plain http"),
        pytest.param("github-api-url", "http://127.0.0.1.example.org", id="host that begins like loopback"),
        pytest.param("github-api-url", "http://localhost.example.org", id="host that begins like localhost"),
        pytest.param("github-api-url", "ftp://api.example.org", id="another scheme"),
        pytest.param("github-api-url", "file:///etc/passwd", id="file"),
        pytest.param("github-api-url", "api.example.org", id="no scheme"),
        pytest.param("github-api-url", "https://", id="no host"),
        pytest.param("github-api-url", "https://host:port", id="port that is none"),
        pytest.param("github-api-url", "https://[::1", id="bracket left open"),
        pytest.param("registry-url", "https://host/#part", id="fragment"),
    ],
)
def test_a_bad_value_is_named_and_quoted(name: str, text: str) -> None:
    """The error names the input, quotes the value and says what to do."""
    error = refused(**{name.replace("-", "_"): text})
    assert f"input {name} " in error.message
    assert text[:60] in error.message


@pytest.mark.parametrize(
    "text",
    [
        "https://api.example.org",
        "https://ghe.example.org/api/v3",
        "https://api.example.org:8443/",
        "http://127.0.0.1:8080",
        "http://127.1.2.3",
        "http://localhost:5000",
        "http://[::1]:5000",
    ],
)
def test_good_urls(text: str) -> None:
    """https anywhere, and plain http on this machine, are addresses."""
    assert values(github_api_url=text).text("github-api-url") == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("https://me:hunter2@host.example", id="user and password"),
        pytest.param("https://hunter2@host.example", id="user"),
        pytest.param("https://me:hunter2@host.example:port", id="and a bad port"),
        pytest.param("https://me:hunter2@[host.example", id="and a bad host"),
        pytest.param("https:me:hunter2@host.example", id="without slashes"),
        pytest.param("me:hunter2@host.example", id="without scheme"),
        pytest.param("https://host.example?token=hunter2", id="in the query"),
    ],
)
def test_a_password_in_a_url_is_not_shown(text: str) -> None:
    """A URL with a password is refused without showing it."""
    error = refused(registry_url=text)
    assert "registry-url" in error.message
    assert "hunter2" not in f"{error.message} {error.remedy} {error}"


def test_a_command_that_does_not_exist_is_answered_with_those_that_do() -> None:
    """A slip in the command's name is met with all commands, the one that was meant first."""
    assert refused(command="Anounce").remedy == ("Use one of: announce, gate, prepare, publish, deploy, audit, doctor.")


def test_a_long_value_is_cut() -> None:
    """An error does not repeat a value of any length."""
    error = refused(stack_repository="x" * 5000)
    assert len(error.message) < 200


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\rb", "a\x00b", "a\x1b[31mb", "a\x85b", "a\u2028b", "a\udcffb"])
@pytest.mark.parametrize("name", ["ref", "backend-tag", "allow", "workflow-file", "report", "stack-repository"])
def test_control_characters_are_refused_and_shown_escaped(name: str, text: str) -> None:
    """An input of several lines or with control characters is refused, and the message itself has none."""
    error = refused(**{name.replace("-", "_"): text})
    assert name in error.message
    assert error.message.isprintable()


@pytest.mark.parametrize("text", ["a\rb", "a\tb", "a\n\x00b", "a\x1b[31m\nb", "a\x85b", "a\u2028b", "a\n\udcffb"])
def test_lines_have_no_other_control_characters(text: str) -> None:
    """An input of several lines takes line breaks, also those of Windows, and refuses all other control characters."""
    read = values(command="doctor", verify_text="a\r\nb\nc")
    assert read.text("verify-text") == "a\nb\nc"
    error = refused(command="doctor", verify_text=text)
    assert "The input verify-text cannot be" in error.message
    assert error.message.isprintable()


@pytest.mark.parametrize("name", SECRETS)
def test_a_bad_secret_is_not_shown(name: str) -> None:
    """A secret with a line break, as from a careless paste, is refused by its name alone."""
    error = refused(**{name.replace("-", "_"): "hunter2\nhunter3"})
    assert name in error.message
    assert "hunter" not in f"{error.message} {error.remedy} {error}"


def test_json_may_have_lines_but_is_text() -> None:
    """A docker configuration is taken in several lines; bytes that are no UTF-8 are refused, and not shown."""
    assert values(registry_config='{\n\t"auths": {}\n}').text("registry-config") == '{\n\t"auths": {}\n}'
    error = refused(registry_config="hunter2\udcff")
    assert "registry-config" in error.message and "hunter" not in f"{error.message} {error.remedy}"


def test_an_input_of_another_command_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """An input that the command does not have is refused, naming it and the commands that have it."""
    commands = {"gate": "", "prepare": "", "announce": ""}
    table = (
        Input("command", "What to do", default="gate", commands=frozenset(commands)),
        Input("ticket", "A ticket", commands=frozenset({"prepare", "announce"})),
        Input("ticket-token", "Its token", commands=frozenset({"announce"}), secret=True),
    )
    monkeypatch.setattr(values_module, "INPUTS", table)
    monkeypatch.setattr(values_module, "COMMANDS", commands)
    with pytest.raises(UsageError) as caught:
        Values({"command": "gate", "ticket": "7", "ticket-token": ""})
    assert caught.value.message == "The input ticket belongs to prepare and announce, not to gate."
    assert caught.value.remedy
    with pytest.raises(UsageError) as secret:
        Values({"command": "prepare", "ticket": "", "ticket-token": "hunter2"})
    assert secret.value.message == "The input ticket-token belongs to announce, not to prepare."
    assert Values({"command": "prepare", "ticket": "7", "ticket-token": ""}).text("ticket") == "7"
    assert Values({"command": "gate", "ticket": "", "ticket-token": ""}).text("ticket") == ""


def test_the_environment_is_read_by_the_names_of_the_action() -> None:
    """Each input is read from `INPUT_` and its name in capitals, with underscores, without blanks around."""
    read = read_from_environment({"INPUT_STACK_BRANCH": "  main\n", "INPUT_TOKEN": "t", "STACK_BRANCH": "no"})
    assert read["stack-branch"] == "main"
    assert read["token"] == "t"
    assert read["backend-tag"] == ""
    assert set(read) == {one.name for one in INPUTS}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.0.1", "localhost", "::1"])
def test_loopback(host: str) -> None:
    """These names are this machine's own."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "128.0.0.1", "127.0.0.1.example.org", "localhost.example.org", "127.0.0.1\n", "10.0.0.1"]
)
def test_not_loopback(host: str) -> None:
    """Other hosts are not, however they begin."""
    assert not is_loopback(host)


@given(st.sampled_from(INPUTS), st.text())
def test_any_text_is_taken_or_refused(one: Input, text: str) -> None:
    """Whatever stands in an input, it is used as it is or refused with a message of one line."""
    try:
        given = Values({**texts(), one.name: text})
    except UsageError as error:
        assert error.message.isprintable()
    else:
        assert given.text(one.name) == (text or one.default)


def test_every_kind_is_checked() -> None:
    """No kind of input is without its check."""
    assert set(values_module._CHECKS) == set(Kind)
