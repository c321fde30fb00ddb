"""Breaks each promise in a copy of this project, and checks that `torture-faults` notices it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
_LINKED = (".venv", "tests/node_modules")
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "node_modules", "build", ".*_cache", "__pycache__", ".hypothesis")


class Mutation(NamedTuple):
    """A promise, the change in a file that breaks it, and the command, the fault and the cases that must show it."""

    promise: str
    file: str
    old: str
    new: str
    command: str
    fault: str
    cases: str


_OURS = "scripts/frag_release"
_DRAFT = """        draft = self._draft_of_ours() or self._draft()
        return self._publish(self._with_record(self._with_text(draft))), ""
"""
_IN_TIME = "if cancellation.is_done(answer, seconds, cancellation.WRITE_SECONDS if request.writes else 0.0):"
_WAIT = f"""        threading.Thread(target=self._fulfil, args=(answer, request, seconds), daemon=True).start()
        {_IN_TIME}
"""
MUTATIONS = (
    Mutation(  # an unknown answer is treated as a pass
        "false success",
        f"{_OURS}/domain/findings.py",
        "return self in (Status.FAIL, Status.UNKNOWN)",
        "return self in (Status.FAIL,)",
        "gate",
        "500",
        "fragalysis-backend/actions/runs 1 .* good",
    ),
    Mutation(  # an error of another server is believed
        "false success",
        f"{_OURS}/adapters/http/exchange.py",
        "answer.status >= 400 and",
        "answer.status >= 600 and",
        "gate",
        "redirect",
        r"git/ref/heads/2023\.05\.4 1 .* good",
    ),
    Mutation(  # a write is repeated like a read
        "double",
        f"{_OURS}/adapters/http/__init__.py",
        "if request.writes:\n            return self._write(request)",
        "",
        "deploy",
        "after",
        "POST .*/launch/ 1 .* once",
    ),
    Mutation(  # the draft of an earlier run is not looked for
        "double",
        f"{_OURS}/commands/publish/releasing.py",
        _DRAFT,
        _DRAFT.replace("self._draft_of_ours() or ", ""),
        "publish",
        "500",
        "POST .*/assets 1 .* good",
    ),
    Mutation(  # the draft of an earlier run is treated as complete
        "half done",
        f"{_OURS}/commands/publish/releasing.py",
        _DRAFT,
        _DRAFT.replace("self._draft()", "self._with_record(self._draft())").replace(
            "self._with_record(self._with_text(draft))", "self._with_text(draft)"
        ),
        "publish",
        "500",
        "POST .*/assets 1 .* good",
    ),
    Mutation(  # the shape of a response is not checked
        "exit 3",
        f"{_OURS}/adapters/http/messages.py",
        "return document if _check(kind)(document) else None",
        "return document",
        "gate",
        "unexpected",
        "fragalysis-backend/actions/runs 1 .* good",
    ),
    Mutation(  # a response is waited for without a time-out
        "hang",
        f"{_OURS}/adapters/http/__init__.py",
        _WAIT,
        _WAIT.replace("request, seconds)", "request, 10.0**4)").replace(_IN_TIME, "if not answer.exception():"),
        "gate",
        "silence",
        "fragalysis-backend/actions/runs 1 .* once",
    ),
    Mutation(  # an error ends the run without a remedy
        "silent end",
        f"{_OURS}/domain/reports/__init__.py",
        "return in_one_line(self.message, self.remedy)",
        "return self.message",
        "publish",
        "500",
        "POST .*/git/refs 1 .* good",
    ),
    Mutation(  # an error quotes the request's header
        "secret shown",
        f"{_OURS}/adapters/http/exchange.py",
        'reason = f"{request.host} {problem}{cause}, when asked for {request.what}"',
        'reason = f"{request.host} {problem}: {request.credentials and request.credentials.authorization}"',
        "gate",
        "before",
        "fragalysis-backend/actions/runs 1 .* good",
    ),
    Mutation(  # a redirect passes the login on
        "secret sent",
        f"{_OURS}/adapters/http/exchange.py",
        "if credentials and credentials.origin != origin(url):",
        "if not url:",
        "gate",
        "redirect",
        "fragalysis-backend/actions/runs 1 .* good",
    ),
)


def copy(folder: Path) -> Path:
    """Return a copy of the project to break."""
    target = folder / "copy"
    shutil.copytree(ROOT, target, ignore=_LEFT_OUT, symlinks=True)
    for name in _LINKED:
        (target / name).symlink_to((ROOT / name).resolve())
    return target


def noticed(mutation: Mutation, folder: Path) -> bool:
    """Whether `torture-faults` reports the promise as broken after the change."""
    file, figures = copy(folder) / mutation.file, folder / "figures.json"
    text = file.read_text("utf-8")
    if text.count(mutation.old) != 1:
        raise SystemExit(f"{mutation.file} does not contain exactly once: {mutation.old}")
    file.write_text(text.replace(mutation.old, mutation.new), "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "--numprocesses", "0", "--basetemp", str(folder / "tests")]
    command += ["tests/commands/torture_faults.py", "-k", f"{mutation.fault} and {mutation.command}"]
    environment = {**os.environ, "FAULTS_ONLY": f"^{mutation.command} .*{mutation.cases}", "FAULTS_FILE": str(figures)}
    subprocess.run(command, cwd=folder / "copy", env=environment, stdout=subprocess.DEVNULL)
    broken = json.loads(figures.read_text("utf-8"))["broken"] if figures.exists() else []
    return mutation.promise in {promise for promise, _, _ in broken}


def main(promises: Sequence[str]) -> int:
    """Try all mutations, or those of the given promises."""
    missed = 0
    for mutation in (one for one in MUTATIONS if one.promise in promises or not promises):
        with tempfile.TemporaryDirectory() as folder:
            seen = noticed(mutation, Path(folder))
        missed += not seen
        print(f"{'noticed' if seen else 'MISSED'}: {mutation.promise} by a change of {mutation.file}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
