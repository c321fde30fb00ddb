"""What a gate has to import before it can ask its first question: all of that is waited for in front of every build."""

from __future__ import annotations

import subprocess
import sys

from contract.sources import SCRIPTS

FIRST = ("cli", "commands.gate", "commands.session", "adapters.github", "adapters.http.exchange")
LATER = (
    "ruamel", "semver", "argparse", "frag_release.render", "frag_release.domain.rules", "frag_release.domain.versions",
    "frag_release.domain.reports", "frag_release.commands.finish",
    "frag_release.commands.gate.gate", "frag_release.adapters.registry",
    "frag_release.adapters.github.writer", "frag_release.adapters.git", "frag_release.adapters.ports.publishing",
    "difflib", "chardet", "charset_normalizer", "frag_release.inputs.command_line",
)  # fmt: skip


def test_the_first_question_waits_for_nothing_that_comes_later() -> None:
    """Rules, YAML, writers, reports and the registry are not among what is imported first."""
    modules = ", ".join(f"frag_release.{name}" for name in FIRST)
    code = f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); import {modules}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)

    assert set(done.stdout.split()) & set(LATER) == set()
