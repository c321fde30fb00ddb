"""Real images without a container engine: Debian's `buildah` builds, and pushes to a registry on loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from world.stand_ins import recorder

BUILD = "docker/build-push-action"
_NAME = "localhost/made:latest"


@dataclass(frozen=True)
class Buildah:
    """Builds in `folder`, which holds its storage, too."""

    folder: Path

    def push(
        self,
        registry: str,
        name: str,
        tag: str,
        *,
        labels: Mapping[str, str],
        base: str = "scratch",
        parts: Sequence[str] = (),
    ) -> str:
        """Build an image of one file from `base`, push it as `registry/name:tag`, and return the digest of the push.

        Of each of `parts`, other images, it takes the file into a folder.
        """
        context = self.folder / "context"
        context.mkdir(parents=True, exist_ok=True)
        (context / "version").write_text(f"{name} {tag}\n")
        lines = [f"FROM {base}", "COPY version /version", *(f'LABEL {key}="{text}"' for key, text in labels.items())]
        lines += [f"COPY --from={part} /version /part-{number}/version" for number, part in enumerate(parts)]
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

    def build(self, registry: str, given: Mapping[str, str]) -> str:
        """Do what docker's action is asked for, with a registry in place of Docker Hub; returns the digest.

        The image is made from those of `build-contexts`, by their digests, with a file of its own and the labels.
        """
        name, _, tag = given["tags"].partition(":")
        contexts = [line.partition("=docker-image://")[2] for line in given.get("build-contexts", "").split()]
        bases = [one.replace("docker.io/", f"{registry}/", 1) for one in contexts]
        labels = dict(line.partition("=")[::2] for line in given.get("labels", "").split())
        return self.push(registry, name, tag, labels=labels, base=bases[0] if bases else "scratch", parts=bases[1:])


def action(folder: Path, calls: Path, registry: str, inputs: Sequence[str]) -> Path:
    """Write an action in place of docker's, which really builds; it records its inputs, and outputs the digest."""
    place = recorder(folder / "action", BUILD, inputs, calls)
    written = json.loads((place / "action.yml").read_text("utf-8"))
    (step,) = written["runs"]["steps"]
    program = f"PYTHONPATH={Path(__file__).parent.parent} {sys.executable} {__file__}"
    step["run"] = step["run"].partition("\n")[0] + f'\n{program} "{folder / "images"}" {registry} >> "$GITHUB_OUTPUT"\n'
    (place / "action.yml").write_text(json.dumps(written), "utf-8")
    return place


def why_not(folder: Path) -> str | None:
    """Say why nothing can be built here; None if it can."""
    if shutil.which("buildah") is None:
        return "buildah is not installed"
    folder.mkdir(parents=True, exist_ok=True)
    command = ["buildah", *_storage(folder / "try", folder / "try-run"), "from", "scratch"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return "buildah may not build on this machine" if done.returncode else None


def buildah(folder: Path) -> Buildah:
    """Return a buildah that works here; skips the test where there is none, or it may not build."""
    if reason := why_not(folder):
        pytest.skip(reason)
    return Buildah(folder)


def _storage(root: Path, run: Path) -> list[str]:
    return ["--storage-driver", "vfs", "--root", str(root), "--runroot", str(run)]


if __name__ == "__main__":
    call = json.loads(os.environ["CALL"])["inputs"]
    print(f"digest={Buildah(Path(sys.argv[1])).build(sys.argv[2], call)}")
