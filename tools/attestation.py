"""Asks GitHub's own tool who made a release: the workflow of this repository, and nobody else.

    python3 tools/attestation.py v1.2.3 release.json

Two attestations are verified: that of the record, signed by `.github/workflows/release.yaml`, and that of
the immutable release, by GitHub. They take a moment to appear, so a failure is tried again a few times.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence

_TRIES, _PAUSE_SECONDS = 5, 15


def verify(tag: str, record: str, repository: str, pause: float = _PAUSE_SECONDS) -> None:
    """Raise SystemExit with the tool's own words unless both attestations hold."""
    workflow = f"{repository}/.github/workflows/release.yaml"
    _hold(["gh", "attestation", "verify", record, "--repo", repository, "--signer-workflow", workflow], pause)
    _hold(["gh", "release", "verify", tag, "--repo", repository], pause)
    _hold(["gh", "release", "verify-asset", tag, record, "--repo", repository], pause)


def _hold(command: Sequence[str], pause: float) -> None:
    for left in reversed(range(_TRIES)):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            print(f"{' '.join(command)}: holds.")
            return
        if left:
            time.sleep(pause)
    raise SystemExit(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-2000:]}")


if __name__ == "__main__":
    verify(sys.argv[1], sys.argv[2], os.environ["GITHUB_REPOSITORY"], float(os.environ.get("PAUSE") or _PAUSE_SECONDS))
