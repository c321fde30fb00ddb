"""The README's quick start, put into a workflow as stacks have it before the gate."""

from __future__ import annotations

from contract.sources import ROOT, fences

BEFORE = (ROOT / "tests" / "data" / "shell-overrides.yaml").read_text("utf-8")
"""A stack's workflow as it is before the gate."""
FULL = (ROOT / "examples" / "build-main.yaml").read_text("utf-8")
"""The same with all of the action in use."""


def with_level_one(text: str, gate: str = "") -> str:
    """Put the README's job before the others, and its two conditions where it says; `gate` is put below its inputs."""
    job = fences((ROOT / "README.md").read_text("utf-8"), "yaml")[0].strip()
    text = _once(text, "\njobs:\n", f"\n{job}\n{gate}\n")
    text = _once(text, "\n  build:\n", "\n  build:\n    needs: gate\n")
    text = _once(
        text,
        "      needs.build.outputs.deploy == 'true' &&\n",
        "      needs.gate.outputs.deploy-production == 'true' &&\n      needs.build.outputs.deploy == 'true' &&\n",
    )
    before, _, production = text.partition("\n  deploy-production:\n")
    return f"{before}\n  deploy-production:\n{_once(production, 'needs: build', 'needs: [gate, build]', 1)}"


def _once(text: str, old: str, new: str, most: int = 1) -> str:
    assert text.count(old) >= 1
    return text.replace(old, new, most)
