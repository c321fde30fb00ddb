"""The log: nothing that is printed can command a runner."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frag_release.domain.findings import Finding, Status
from frag_release.runner.log import Log, neutral

# How actions/runner finds commands: `::` after white space at the start of a line, `##[` anywhere in it.
NEW_COMMAND = re.compile(r"(?m)^\s*::")
OLD_COMMAND = "##["
hostile = st.builds(
    "".join,
    st.lists(
        st.sampled_from(["::", ":", "#", "##[", "[", "error]", "set-output name=x", "\n", "\r", "\r\n", " ", "\t"])
        | st.sampled_from(
            ["\u00a0", "\u2003", "\u2028", "\x85", "\x0b", "\x0c", "\x1c", "\x1b[2J", "\u202e", "\ud800", "x"]
        ),
        max_size=20,
    ),
)


@pytest.mark.parametrize(
    "text",
    [
        "::set-output name=deploy-production::true",
        "  ::error::x",
        "\t::error::x",
        "first\n::add-mask::a",
        "first\r::stop-commands::x",
        "first\r\n::error::x",
        "first\x85::error::x",
        "first\u2028::error::x",
        "\u00a0\u2003::error::x",
        "\n\n  ::error::x",
        ":::error::x",
        "a ##[error]x",
        "##[set-output name=x;]y",
        "###[error]x",
        "##\x00[error]",
    ],
)
def test_commands_in_foreign_text_are_broken(text: str) -> None:
    """No line of what is printed starts with `::`, and `##[` is nowhere in it."""
    shown = neutral(text)
    assert not NEW_COMMAND.search(shown)
    assert OLD_COMMAND not in shown


@given(st.one_of(st.text(), hostile))
def test_no_text_survives_as_a_command(text: str) -> None:
    """Whatever the text, what is printed holds no command, no control character and no surrogate."""
    shown = neutral(text)
    assert not NEW_COMMAND.search(shown)
    assert OLD_COMMAND not in shown
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", shown)
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2023.06.1 passed: a::b # x", "2023.06.1 passed: a::b # x"),
        ("a\nb\tc", "a\nb\tc"),
        ("ümlaut 😀 $(id) `x` <b>", "ümlaut 😀 $(id) `x` <b>"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\rb", "a\\x0db"),
        ("a\r\nb", "a\nb"),
        ("a\u202eb", "a\\x202eb"),
        ("a\u200fb", "a\\x200fb"),
        ("a\x00b", "a\\x00b"),
    ],
)
def test_harmless_text_stays_and_control_characters_are_shown(text: str, shown: str) -> None:
    """Text that commands nobody is printed as it is; what cannot be seen is made visible."""
    assert neutral(text) == shown


def finding(number: int, status: Status, line: int | None = 4, file: str = "build.yaml") -> Finding:
    """A finding of that status."""
    return Finding(
        f"rule-{number}", "backend", "1.2.3", status, f"Message {number}.", f"Remedy {number}.", file=file, line=line
    )


def commands_in(text: str) -> list[str]:
    """The lines that are commands."""
    return [line for line in text.splitlines() if line.startswith("::")]


def test_a_finding_is_annotated_at_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What blocks is an error at file and line, what warns a warning; what passes is not annotated."""
    findings = [finding(1, Status.FAIL), finding(2, Status.UNKNOWN), finding(3, Status.WARN)]
    Log(on_runner=True).annotate_all([*findings, finding(4, Status.PASS), finding(5, Status.SKIPPED)])
    assert sorted(commands_in(capsys.readouterr().out)) == [
        "::error title=rule-1 (backend),file=build.yaml,line=4::Message 1. Remedy 1.",
        "::error title=rule-2 (backend),file=build.yaml,line=4::Message 2. Remedy 2.",
        "::warning title=rule-3 (backend),file=build.yaml,line=4::Message 3. Remedy 3.",
    ]


@pytest.mark.parametrize(("file", "line"), [("", None), ("build.yaml", None), ("", 4)])
def test_an_annotation_without_a_place_has_no_empty_properties(
    file: str, line: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without both file and line neither is sent: empty ones point at the top of the repository."""
    Log(on_runner=True).annotate_all([finding(1, Status.FAIL, line, file)])
    assert commands_in(capsys.readouterr().out) == ["::error title=rule-1 (backend)::Message 1. Remedy 1."]


def test_an_annotation_cannot_be_broken_out_of(capsys: pytest.CaptureFixture[str]) -> None:
    """Newlines, colons, commas and percent signs in title, file and message are escaped as the runner reads them."""
    Log(on_runner=True).annotate("error", "a:b,c\n::x::", "50%\n::set-output name=x::y", "d:e,f.yaml", 3)
    assert capsys.readouterr().out == (
        "::error title=a%3Ab%2Cc%0A%3A %3Ax%3A%3A,file=d%3Ae%2Cf.yaml,line=3::50%25%0A: :set-output name=x::y\n"
    )


def test_a_long_message_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    """A message is cut below the 4,096 characters at which the runner cuts."""
    Log(on_runner=True).annotate("error", "t" * 5_000, "m" * 10_000)
    (line,) = commands_in(capsys.readouterr().out)
    assert len(line) < 4_500


@pytest.mark.parametrize(("count", "shown", "more"), [(10, 10, None), (11, 9, 2), (30, 9, 21)])
def test_past_ten_annotations_the_last_says_how_many_are_left(
    count: int, shown: int, more: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """GitHub shows ten of a level and drops the rest silently, so the tenth names the number of the rest."""
    findings = [finding(number, Status.FAIL) for number in range(count)] + [finding(99, Status.WARN)]
    Log(on_runner=True).annotate_all(findings)
    lines = commands_in(capsys.readouterr().out)
    errors = [line for line in lines if line.startswith("::error")]
    assert len([line for line in errors if "rule-" in line]) == shown
    assert len(errors) <= 10
    assert len(lines) - len(errors) == 1
    if more is not None:
        assert f"{more} more" in errors[-1]


def test_notes_and_the_run_s_own_error_count_with_the_findings(capsys: pytest.CaptureFixture[str]) -> None:
    """The limit is the step's: of ten errors two give way to what ended the run and to the count, which names them."""
    findings = [finding(number, status) for number in range(10) for status in (Status.FAIL, Status.WARN)]
    notes = [("warning", "gate", f"Note {number}.") for number in range(3)]
    log = Log(on_runner=True)
    log.annotate_all(findings, notes, more_errors=1)
    log.annotate("error", "gate", "The report could not be written.")
    lines = commands_in(capsys.readouterr().out)
    errors = [line.rpartition("::")[2] for line in lines if line.startswith("::error")]
    warnings = [line.rpartition("::")[2] for line in lines if line.startswith("::warning")]
    assert len(errors) == 10 and errors[8:] == ["2 more are in the job summary.", "The report could not be written."]
    assert len(warnings) == 10 and warnings[9] == "4 more are in the job summary."


def test_a_terminal_gets_no_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """In a terminal annotations are plain lines beside the results, and findings come with the text alone."""
    log = Log(on_runner=False)
    log.mask(["hunter2"])
    log.annotate("warning", "Title", "Message")
    log.annotate_all([finding(1, Status.FAIL)])
    assert capsys.readouterr() == ("", "warning: Title: Message\n")


@pytest.mark.parametrize(("on_runner", "out", "err"), [
    (False, "result\n", "progress\n"),
    (True, "result\nprogress\n", ""),
])  # fmt: skip
def test_progress_is_no_result(on_runner: bool, out: str, err: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In a terminal only results are on standard output; the log of a runner's step is all of it, in order."""
    log = Log(on_runner)
    log.lines("result")
    log.progress("progress")
    assert capsys.readouterr() == (out, err)


def test_secrets_are_masked(capsys: pytest.CaptureFixture[str]) -> None:
    """On a runner each secret is masked by its own command, its special characters escaped."""
    Log(on_runner=True).mask(["hunter2", "50%\nx"])
    assert capsys.readouterr().out == "::add-mask::hunter2\n::add-mask::50%25%0Ax\n"


def test_lines_are_neutral(capsys: pytest.CaptureFixture[str]) -> None:
    """Text that is printed goes through the same filter."""
    Log(on_runner=True).lines("Tag ::x\n::set-output name=a::b ##[error]")
    assert capsys.readouterr().out == "Tag ::x\n: :set-output name=a::b # #[error]\n"
