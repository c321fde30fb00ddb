"""The gate as the only step of a workflow, on clones: what it needs beside the action is nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from process.gates import ACTION
from world.act import Run, Runner
from world.events import push_tag
from world.example import STACK, Example

USES = f"{ACTION}@v1"

WORKFLOW = """\
on: push
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - if: env.PLANTED
        shell: bash
        run: cp -r "$PLANTED/." .
      - id: gate
        uses: {uses}
        env: {environment}
        with:
          local: {local}
          check-ci: 'false'
          check-images: 'false'
"""


def without_index(folder: Path, base: str) -> str:
    """A Python whose pip knows of no packages but at an address where nobody listens."""
    subprocess.run([base, "-m", "venv", "--without-pip", "--system-site-packages", str(folder)], check=True)
    settings = "[global]\nindex-url = http://127.0.0.1:9/simple\nextra-index-url =\nfind-links =\n"
    (folder / "pip.conf").write_text(settings, "utf-8")
    return str(folder / "bin" / "python")


def run_gate(
    folder: Path, example: Example, action: Path, planted: Path | None, environment: Mapping[str, str], python: str
) -> Run:
    """Ask about the good release, in a workspace with the `planted` files and with `environment` at the step."""
    folder.mkdir()
    text = WORKFLOW.format(uses=USES, environment=dict(environment), local=example.folder)
    runner = Runner(folder, {USES: action}, python=python, env={"PLANTED": str(planted or "")})
    return runner.run(text, push_tag("2023.06.2", example.commits[STACK]["2023.06.2"]))
