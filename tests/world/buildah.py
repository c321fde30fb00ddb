"""Real images without a container engine: Debian's `buildah` builds, and pushes to a registry on loopback."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

_NAME = "localhost/made:latest"


@dataclass(frozen=True)
class Buildah:
    """Builds in `folder`, which holds its storage, too."""

    folder: Path

    def push(self, registry: str, name: str, tag: str, *, labels: Mapping[str, str], base: str = "scratch") -> str:
        """Build an image of one file from `base`, push it as `registry/name:tag`, and return the digest of the push."""
        context = self.folder / "context"
        context.mkdir(parents=True, exist_ok=True)
        (context / "version").write_text(f"{name} {tag}\n")
        lines = [f"FROM {base}", "COPY version /version", *(f'LABEL {key}="{text}"' for key, text in labels.items())]
        (context / "Dockerfile").write_text("\n".join(lines) + "\n")
        digest = self.folder / "digest"
        self._run("bud", "--isolation", "chroot", "--tls-verify=false", "-t", _NAME, str(context))
        to = f"docker://{registry}/{name}:{tag}"
        self._run("push", "--tls-verify=false", "--digestfile", str(digest), _NAME, to)
        return digest.read_text().strip()

    def _run(self, *command: str) -> None:
        storage = _storage(self.folder / "root", self.folder / "run")
        policy = self.folder / "policy.json"
        policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        verb, *others = command
        # Where images may come from is a file of the machine, which need not be there.
        others = ["--signature-policy", str(policy), *others] if verb in ("bud", "push") else others
        done = subprocess.run(
            ["buildah", *storage, verb, *others], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr


def buildah(folder: Path) -> Buildah:
    """Return a buildah that works here; skips the test where there is none, or it may not build."""
    if shutil.which("buildah") is None:
        pytest.skip("buildah is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    if subprocess.run(
        ["buildah", *_storage(folder / "try", folder / "try-run"), "from", "scratch"],
        capture_output=True,
        timeout=60,
        check=False,
    ).returncode:
        pytest.skip("buildah may not build on this machine")
    return Buildah(folder)


def _storage(root: Path, run: Path) -> list[str]:
    return ["--storage-driver", "vfs", "--root", str(root), "--runroot", str(run)]
