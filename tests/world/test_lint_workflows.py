from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from world.emulate import node

SCRIPT = Path(__file__).parents[1] / "lint_workflows.mjs"
GOOD = """\
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - run: make test
        env:
          SWITCH: ${{ vars.SWITCH }}
"""


def lint(path: Path) -> subprocess.CompletedProcess[str]:
    """What `make lint` does with one workflow file."""
    return subprocess.run([node(), str(SCRIPT), str(path)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("extra", "finders"),
    [
        ("", ()),
        ("surprise: 1\n", ("[syntax-check]", "[workflow-parser]")),
        ("permissions:\n  workflows: write\n", ("[permissions]", "[workflow-parser]")),
    ],
)
def test_workflows_are_judged_by_both_tools(tmp_path: Path, extra: str, finders: tuple[str, ...]) -> None:
    """A good workflow, `vars` and all, passes; a bad one fails and both tools say why."""
    path = tmp_path / "workflow.yaml"
    path.write_text(GOOD + extra)
    done = lint(path)
    assert done.returncode == (1 if finders else 0)
    assert [finder for finder in finders if finder not in done.stderr] == []
    assert bool(done.stderr) == bool(finders)
