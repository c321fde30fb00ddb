"""What is left behind where the action cannot even start."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from frag_release.runner.log import CLOSED
from render.hostile import HOSTILE, tokens

START = Path(__file__).parents[2] / "scripts" / "__main__.py"
TOO_OLD = "python3 is 3.9, and 3.10 or newer is needed: put actions/setup-python before it."


def test_a_python_that_is_too_old_is_told_in_log_summary_and_outputs(tmp_path: Path) -> None:
    """Without any module of ours the reason stands in the summary, and every output that must be said is."""
    outputs, summary = tmp_path / "outputs", tmp_path / "summary"
    old = f"import sys, runpy; sys.version_info = (3, 9, 2); runpy.run_path({str(START)!r}, run_name='__main__')"
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)}
    done = subprocess.run(
        [sys.executable, "-I", "-c", old], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, f"::error title=frag-release-action::{TOO_OLD}\n")
    written = dict(line.split("=") for line in outputs.read_text("utf-8").splitlines())
    assert written == {name: value for name, value in CLOSED.items() if value}
    assert summary.read_text("utf-8") == (
        f"## ⛔ Nothing was decided\n\nThe action could not start:\n\n<pre>{TOO_OLD}</pre>\n\n"
        "Nothing is deployed by a run that ends like this.\n"
    )


@pytest.mark.parametrize("foreign", HOSTILE)
def test_what_a_program_said_stays_text(foreign: str) -> None:
    """The words of pip, say, can neither end the block that they stand in nor hide."""
    shown = runpy.run_path(str(START))["escaped"](f"pip said: {foreign}")
    assert not set("<>\"'").intersection(shown)
    assert all(char.isprintable() or char == "\n" for char in shown)
    assert [token.type for token in tokens(f"<pre>{shown}</pre>")] == ["html_block"]
