"""What a run leaves behind: outputs, summary, report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frag_release.errors import UsageError
from frag_release.inputs.context import Context
from frag_release.inputs.table import OUTPUTS
from frag_release.runner.log import CLOSED, write_outputs, write_report, write_summary
from inputs.inputs_given import context


def as_the_runner_reads(text: str) -> dict[str, str]:
    """Parse an outputs file as actions/runner does (`FileCommandManager`): `=` or `<<`, whichever is first."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            found[line[:equals]] = line[equals + 1 :]
            continue
        assert heredoc > 0, f"the runner refuses the line {line!r}"
        name, delimiter = line[:heredoc], line[heredoc + 2 :]
        value = []
        while (part := next(lines)) != delimiter:
            value.append(part)
        found[name] = "\n".join(value)
    return found


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A run with an outputs file and a summary file."""
    output, summary = tmp_path / "output", tmp_path / "summary"
    output.touch()
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    return context(output_file=str(output), summary_file=str(summary))


def outputs(run: Context) -> dict[str, str]:
    """The outputs that the runner would see."""
    return as_the_runner_reads(Path(run.output_file).read_bytes().decode("utf-8"))


def test_every_output_is_written_and_closed_unless_given(run: Context) -> None:
    """A run that decided nothing writes every output of the table, and none that says yes."""
    write_outputs(run, {})
    found = outputs(run)
    assert set(found) == set(OUTPUTS)
    assert found["verdict"] == "blocked"
    assert found["deploy-production"] == "false"
    assert found["deploy-staging"] == "false"
    assert found["changed"] == "false"
    others = set(OUTPUTS) - {"verdict", "deploy-production", "deploy-staging", "changed"}
    assert {found[name] for name in others} == {""}


def test_outputs_that_are_given_replace_the_closed_ones(run: Context) -> None:
    """What was decided is what the next job reads."""
    write_outputs(run, {"verdict": "deploy", "deploy-production": "true", "image-tag": "2023.06.2"})
    found = outputs(run)
    assert (found["verdict"], found["deploy-production"], found["deploy-staging"]) == ("deploy", "true", "false")
    assert found["image-tag"] == "2023.06.2"


def test_the_last_writing_counts(run: Context) -> None:
    """Closing after an error takes back what was written before, since the runner keeps the last."""
    write_outputs(run, {"verdict": "deploy", "deploy-production": "true"})
    write_outputs(run, {})
    assert outputs(run)["deploy-production"] == "false"


@pytest.mark.parametrize(
    "value",
    [
        "x\ndeploy-production=true",
        "x\ndeploy-production<<EOF\ntrue\nEOF",
        "x\nghadelimiter_0\ndeploy-production=true",
        "deploy-production<<x",
        "=",
        "<<",
        "",
        "a=b<<c",
        "ümlaut 😀 $(id)",
        "\\n",
    ],
)
def test_a_value_cannot_add_an_output(value: str, run: Context) -> None:
    """A value with newlines, delimiters or equal signs is that value, and adds or changes no other output."""
    write_outputs(run, {"image-tag": value})
    found = outputs(run)
    assert found == {**CLOSED, "image-tag": value}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r") | st.sampled_from("\n=<"), max_size=80)
)
def test_any_value_comes_back_as_it_was(run: Context, value: str) -> None:
    """The runner reads back exactly the value that was written."""
    Path(run.output_file).write_text("")
    write_outputs(run, {"backend-tag": value})
    assert outputs(run) == {**CLOSED, "backend-tag": value}


def test_a_name_that_is_no_text_is_written_escaped(run: Context) -> None:
    """Bytes that are not UTF-8, as git allows in names, do not break the file."""
    write_outputs(run, {"stack-tag": "a\udcffb"})
    assert outputs(run)["stack-tag"] == "a\\udcffb"


def test_a_terminal_has_no_outputs(tmp_path: Path) -> None:
    """In a terminal nothing is written, even where a file is named."""
    file = tmp_path / "output"
    write_outputs(Context(on_runner=False, output_file=str(file)), {"verdict": "deploy"})
    write_outputs(Context(on_runner=True), {"verdict": "deploy"})
    assert not file.exists()


def test_the_summary_is_appended(run: Context) -> None:
    """A summary is added to those of earlier steps, each ending in one newline; surrogates do not break it."""
    write_summary(run, "# One\n\n\n")
    write_summary(run, "two \udcff")
    assert Path(run.summary_file).read_text("utf-8") == "# One\ntwo \\udcff\n"


def test_without_a_summary_file_nothing_is_written() -> None:
    """A terminal has no summary."""
    write_summary(Context(), "# One")


def test_the_report_is_written_as_json(tmp_path: Path) -> None:
    """The report is UTF-8 JSON in the file that was named, whose folders are made; its whole path is returned."""
    target = tmp_path / "new" / "folder" / "report.json"
    assert write_report(str(target), {"schema": 1, "ref": "ü\udcff"}) == str(target)
    assert json.loads(target.read_bytes()) == {"schema": 1, "ref": "ü\udcff"}
    assert "ü" in target.read_text("utf-8")
    assert target.stat().st_mode & 0o777 == 0o644


def test_a_relative_report_gets_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The output `report-path` must hold in any folder."""
    monkeypatch.chdir(tmp_path)
    assert write_report("report.json", {}) == str(tmp_path / "report.json")


def test_a_report_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """A report from before is replaced, and no half-written file stays beside it."""
    target = tmp_path / "report.json"
    target.write_text("x" * 10_000)
    write_report(str(target), {"schema": 1})
    assert json.loads(target.read_text()) == {"schema": 1}
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_is_refused_and_not_followed(tmp_path: Path) -> None:
    """A link that somebody put in the report's place does not lead the report elsewhere, and stays as it is."""
    elsewhere, target = tmp_path / "elsewhere", tmp_path / "report.json"
    elsewhere.write_text("kept")
    target.symlink_to(elsewhere)
    with pytest.raises(UsageError):
        write_report(str(target), {})
    assert (elsewhere.read_text(), target.is_symlink()) == ("kept", True)


@pytest.mark.parametrize("place", ["file/report.json", "folder", "x" * 300], ids=["in a file", "a folder", "too long"])
def test_a_report_that_cannot_be_written_is_wrong_use(place: str, tmp_path: Path) -> None:
    """A place where no report can be written is named as the input `report`, and nothing is left behind."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError) as caught:
        write_report(str(tmp_path / place), {})
    assert "report" in caught.value.message
    assert place in caught.value.message
    assert caught.value.exit_status == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
