"""The terminal's options: what is taken, and how each mistake is answered without repeating a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frag_release.errors import UsageError
from frag_release.inputs.command_line import ask_for_help, ask_for_page, read_from_terminal
from frag_release.inputs.table import COMMANDS, INPUTS, Kind

HINT = "python3 scripts {} --help lists the options and the variables for secrets."


def refused(*arguments: str) -> UsageError:
    """Return the error of these arguments, in which no value that could be a secret may be."""
    with pytest.raises(UsageError) as caught:
        read_from_terminal(arguments, {})
    assert caught.value.exit_status == 2
    assert caught.value.remedy
    assert "hunter2" not in f"{caught.value.message} {caught.value.remedy} {caught.value}"
    return caught.value


def test_the_options_are_the_inputs() -> None:
    """In a terminal each input that is no secret is an option of its own name, with its value behind or after a `=`."""
    read = read_from_terminal(["gate", "--ref", "refs/tags/1.2.3", "--check-ci", " false ", "--stack-branch=a=b"], {})
    assert {name: text for name, text in read.items() if text} == {
        "command": "gate",
        "ref": "refs/tags/1.2.3",
        "check-ci": "false",
        "stack-branch": "a=b",
    }
    assert set(read) == {one.name for one in INPUTS}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_taken_and_every_other_refused(command: str) -> None:
    """A command takes exactly the inputs that the table gives it; those of other commands are refused by name."""
    for one in INPUTS:
        if one.secret or one.name == "command":
            continue
        if command in one.commands:
            value = "true" if one.kind is Kind.FLAG else "x"
            assert read_from_terminal([command, f"--{one.name}", value], {})[one.name] == value
        else:
            error = refused(command, f"--{one.name}", "hunter2")
            assert error.message.startswith(f"The input {one.name} belongs to ")
            assert error.message.endswith(f", not to {command}.")


def test_an_option_of_other_commands_names_them() -> None:
    """Whoever gives the gate an option of deploy is told whose it is."""
    assert refused("gate", "--awx-url=hunter2").message == (
        "The input awx-url belongs to deploy and doctor, not to gate."
    )


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"GITHUB_TOKEN": "a"}, "a"),
        ({"INPUT_TOKEN": "b", "GITHUB_TOKEN": "a"}, "b"),
        ({"INPUT_TOKEN": "", "GITHUB_TOKEN": " a\n"}, "a"),
        ({}, ""),
    ],
)
def test_secrets_come_from_the_environment(environ: dict[str, str], expected: str) -> None:
    """In a terminal a secret is read from `INPUT_TOKEN`, else from the variable that tools use for it."""
    assert read_from_terminal(["gate"], environ)["token"] == expected


def test_a_secret_of_another_command_is_left_where_it_is() -> None:
    """A variable that is set in a shell for one command is no mistake in another, which does not read it."""
    environ = {"AWX_TOKEN": "a", "TICKET_TOKEN": "b", "GITHUB_TOKEN": "c"}
    read = read_from_terminal(["gate"], environ)
    assert (read["awx-token"], read["ticket-token"], read["token"]) == ("", "", "c")
    assert read_from_terminal(["deploy"], environ)["awx-token"] == "a"


@pytest.mark.parametrize(("name", "variable"), [(one.name, one.terminal_variable) for one in INPUTS if one.secret])
@pytest.mark.parametrize("form", [("hunter2",), ("=hunter2",), ("=",), ()], ids=["after", "joined", "empty", "none"])
def test_a_secret_is_no_option(name: str, variable: str, form: tuple[str, ...]) -> None:
    """A secret as an argument, which other processes can see, is refused with the variable for it, and not shown."""
    joined = form and form[0].startswith("=")
    error = refused("gate", *((f"--{name}{form[0]}",) if joined else (f"--{name}", *form)))
    assert error.message == f"The input {name} is a secret, and other processes can see arguments."
    assert error.remedy.endswith(f" in the environment, as {variable}.")


def test_a_secret_of_another_command_is_no_advice_to_give_it() -> None:
    """A command that does not read the secret says who does."""
    assert refused("gate", "--token", "hunter2").remedy == "Give it in the environment, as GITHUB_TOKEN."
    assert refused("gate", "--awx-token", "hunter2").remedy == (
        "Leave it out here, and give it to deploy and doctor in the environment, as AWX_TOKEN."
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("prepare --wait-minuts 3", "There is no option --wait-minuts; did you mean --wait-minutes?"),
        ("prepare --wait=3", "There is no option --wait; did you mean --wait-minutes?"),
        ("gate --stack-repo a/b", "There is no option --stack-repo; did you mean --stack-repository?"),
        ("gate --tag 1", "There is no option --tag; did you mean --tag-format or --image-tag-format or --backend-tag?"),
        ("gate --nothing hunter2", "There is no option --nothing."),
        (
            "gate --wait-minuts 3",
            "There is no option --wait-minuts; did you mean --wait-minutes of prepare, publish and deploy or "
            "--staging-minutes of deploy?",
        ),
        ("gate --tokn hunter2", "There is no option --tokn; did you mean the variable GITHUB_TOKEN?"),
        ("gate --github-token=hunter2", "There is no option --github-token; did you mean the variable GITHUB_TOKEN?"),
        (
            "deploy --awx-pass hunter2",
            "There is no option --awx-pass; did you mean the variable AWX_PASSWORD?",
        ),
        (
            "gate --GITHUB_TOKEN=hunter2",
            "Argument 2 (the command is the first) is not an option; did you mean the variable GITHUB_TOKEN?",
        ),
        ("gate -ref x", "Argument 2 (the command is the first) is not an option; did you mean --ref?"),
        ("gate --ref x -phunter2", "Argument 4 (the command is the first) is not an option."),
        ("gate --hunter2", "Argument 2 (the command is the first) is not an option."),
        ("gate --", "Argument 2 (the command is the first) is not an option."),
        ("gate --command deploy", "There is no option --command."),
    ],
)
def test_a_name_that_does_not_exist_is_answered_with_the_nearest(arguments: str, message: str) -> None:
    """A slip, a shortened name and a variable's name are met with what was meant, never completed in silence."""
    words = arguments.split()
    error = refused(*words)
    assert error.message == message
    assert error.remedy == HINT.format(words[0])


def test_a_word_that_is_no_option_is_not_repeated() -> None:
    """A value in the wrong place, which may be a secret, is told by its place."""
    error = refused("gate", "--ref", "x", "hunter2")
    assert error.message == "Argument 4 (the command is the first) is not an option."
    assert "--name value" in error.remedy


@pytest.mark.parametrize("rest", [(), ("--report", "x")], ids=["the last", "before another option"])
def test_an_option_without_its_value_is_refused(rest: tuple[str, ...]) -> None:
    """An option does not take the next option for its value, and says what its value looks like."""
    error = refused("deploy", "--on-timeout", *rest)
    assert error.message == "The option --on-timeout has no value."
    assert error.remedy == ("Write --on-timeout leave|cancel, or --on-timeout=VALUE if the value begins with a dash.")


@pytest.mark.parametrize(("words", "expected"), [
    ("--dry-run", "true"),
    ("--dry-run true", "true"),
    ("--dry-run false", "false"),
    ("--dry-run=false", "false"),
    ("--dry-run=", ""),
    ("--dry-run --stack-branch x", "true"),
    ("--stack-branch x --dry-run", "true"),
    ("--dry-run FALSE --stack-branch x", "FALSE"),
])  # fmt: skip
def test_a_flag_needs_no_value(words: str, expected: str) -> None:
    """A flag alone means true; the values true and false, in the forms that every option has, stay what they are."""
    assert read_from_terminal(["prepare", *words.split()], {})["dry-run"] == expected


@pytest.mark.parametrize("words", [
    ("--dry-run", "hunter2"), ("--dry-run=hunter2",), ("--dry-run", "yes"), ("--dry-run", "-1"), ("--dry-run=1",),
])  # fmt: skip
def test_a_flag_takes_no_other_word(words: tuple[str, ...]) -> None:
    """What stands behind a flag and is neither true nor false is told, and not repeated."""
    error = refused("prepare", *words, "--backend-tag", "1.2.3")
    assert error.message == "The option --dry-run takes true or false, and what follows it is neither."
    assert error.remedy == "Write --dry-run (which means true), --dry-run true or --dry-run false."


def test_a_value_may_begin_with_dashes() -> None:
    """A negative number is a value; any other value that begins with a dash is one behind a `=`."""
    read = read_from_terminal(["deploy", "--verify-text", "-1", "--extra-vars=--x", "--awx-template=-x"], {})
    assert (read["verify-text"], read["extra-vars"], read["awx-template"]) == ("-1", "--x", "-x")
    assert refused("deploy", "--verify-text", "-hunter2").message == "The option --verify-text has no value."


def test_an_option_twice_is_refused() -> None:
    """The first of two values would be lost without a word, of a list above all."""
    error = refused("gate", "--allow", "hunter2", "--allow=hunter2")
    assert error.message == "The option --allow is given twice."


@pytest.mark.parametrize(
    ("first", "message", "nearest"),
    [
        (
            "gaet",
            "There is no command gaet; did you mean gate?",
            "gate, prepare, publish, announce, deploy, audit, doctor, adopt",
        ),
        (
            "gat",
            "There is no command gat; did you mean gate?",
            "gate, prepare, publish, announce, deploy, audit, doctor, adopt",
        ),
        (
            "docter",
            "There is no command docter; did you mean doctor?",
            "doctor, gate, prepare, publish, announce, deploy, audit, adopt",
        ),
        (
            "Audit",
            "The first argument is not a command; did you mean audit?",
            "audit, gate, prepare, publish, announce, deploy, doctor, adopt",
        ),
        ("rollback", "There is no command rollback.", "gate, prepare, publish, announce, deploy, audit, doctor, adopt"),
        (
            "hunter2",
            "The first argument is not a command.",
            "gate, prepare, publish, announce, deploy, audit, doctor, adopt",
        ),
        ("", "The first argument is not a command.", "gate, prepare, publish, announce, deploy, audit, doctor, adopt"),
    ],
)
def test_a_command_that_does_not_exist_is_answered_with_all(first: str, message: str, nearest: str) -> None:
    """The one that was meant is asked for, and every command is named, that one first."""
    error = refused(first, "--ref", "x")
    assert (error.message, error.remedy) == (message, f"Use one of: {nearest}.")


def test_the_command_comes_first() -> None:
    """An option before the command is told as that."""
    error = refused("--token=hunter2", "gate")
    assert error.message == "The first argument is an option, but the command comes before all options."


OPTIONS = st.sampled_from(
    [f"--{one.name}" for one in INPUTS] + ["--tokn", "-p", "--GITHUB_TOKEN", "--secret", "", "--", "-", "-token"]
)
VALUES = st.sampled_from(["hunter2", "-hunter2", "--hunter2", "HUNTER2hunter2", "-- hunter2", "-x hunter2", "=hunter2"])


@given(st.sampled_from([*COMMANDS, "gaet"]), st.lists(st.tuples(OPTIONS, st.sampled_from(["=", " ", ""]), VALUES)))
def test_no_mistake_shows_a_value(command: str, given: list[tuple[str, str, str]]) -> None:
    """Whatever is wrong with a command line, its values are not in the answer."""
    arguments = [command]
    for option, joint, value in given:
        arguments += [option, value] if joint == " " else [f"{option}{joint}{value}"]
    try:
        read_from_terminal(arguments, {})
    except UsageError as error:
        assert "hunter2" not in f"{error.message} {error.remedy} {error}".lower()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], True),
        (["--help"], True),
        (["gate", "--ref", "x", "-h"], True),
        (["gate", "--token", "x", "--help"], True),
        (["gate"], False),
        (["gate", "--backend-tag=--help"], False),
        (["gate", "--backend-tag", "--help"], False),
        (["gate", "--backend-tag", "-h"], False),
        (["gate", "--backend-tag=", "-h"], True),
        (["gate", "--check-ci", "--help"], False),
    ],
)
def test_help_is_asked_for_anywhere(arguments: list[str], expected: bool) -> None:
    """Help is shown behind a mistake too, but a value that reads like it does not end a gate with success."""
    assert ask_for_help(arguments) is expected


def test_help_behind_a_flag_is_told_where_it_goes() -> None:
    """Whether it is the value of a variable cannot be seen there, so the page is not shown in place of a verdict."""
    error = refused("prepare", "--dry-run", "--help")
    assert error.message == "Argument 3 (the command is the first) is --help, where the value of an option could be."
    assert error.remedy == "Write it directly after the command: python3 scripts prepare --help."


@pytest.mark.parametrize(("arguments", "expected"), [
    (["--version"], True),
    (["--version", "x"], True),
    (["gate", "--version"], False),
    (["gate", "--backend-tag", "--version"], False),
])  # fmt: skip
def test_the_version_is_asked_for_in_the_place_of_the_command(arguments: list[str], expected: bool) -> None:
    """Behind a command it could be the value of a variable, which does not end a gate with success."""
    assert ask_for_page(arguments) is expected


def test_the_place_of_an_argument_is_its_own() -> None:
    """An argument that no option takes is told by where it stands, not by where the same text stood before."""
    assert refused("gate", "--ref", "x", "x").message == "Argument 4 (the command is the first) is not an option."
    assert refused("gate", "--ref", "-1", "--check-ci", "true", "x", "--", "x").message == (
        "Argument 7 (the command is the first) is not an option."
    )


@pytest.mark.parametrize("name", ["stack-repo", "check-c", "stack-repositor"])
def test_no_option_is_completed(name: str) -> None:
    """What shortens a name is not taken for it: tomorrow it may be the beginning of two."""
    assert refused("gate", f"--{name}", "hunter2").message.startswith(f"There is no option --{name}; did you mean --")
