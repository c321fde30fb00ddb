"""Verifies with GitHub's own tool that a release was made by the workflow of this repository.

    python3 tools/attestation.py v1.2.3 release.json

Two attestations are verified: the record's, signed by `.github/workflows/release.yaml`, and the immutable release's,
by GitHub. They take a moment to appear, so a failed verification is repeated a few times.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence

_TRIES, _PAUSE_SECONDS = 5, 15


def verify(tag: str, record: str, repository: str, pause: float = _PAUSE_SECONDS) -> None:
    """Raise SystemExit with the tool's output unless both attestations are valid."""
    workflow = f"{repository}/.github/workflows/release.yaml"
    _verify(["gh", "attestation", "verify", record, "--repo", repository, "--signer-workflow", workflow], pause)
    _verify(["gh", "release", "verify", tag, "--repo", repository], pause)
    _verify(["gh", "release", "verify-asset", tag, record, "--repo", repository], pause)


def _verify(command: Sequence[str], pause: float) -> None:
    for left in reversed(range(_TRIES)):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            print(f"{' '.join(command)}: verified.")
            return
        if left:
            time.sleep(pause)
    raise SystemExit(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-2000:]}")


if __name__ == "__main__":
    verify(sys.argv[1], sys.argv[2], os.environ["GITHUB_REPOSITORY"], float(os.environ.get("PAUSE") or _PAUSE_SECONDS))
