"""What BuildKit writes beside an image, made by hand by its documentation ("Attestation storage", "SLSA definitions").

No BuildKit is to be had here, so nothing of this was seen from a real one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

UNKNOWN_PLATFORM = {"os": "unknown", "architecture": "unknown"}
VERSIONS = ("v0.2", "v1")
BUILDKIT = "https://mobyproject.org/buildkit@v1#metadata"


def material(name: str, digest: str, tag: str = "2023.05.1") -> dict[str, Any]:
    """An image that went into a build, by its name without a registry's host where that is Docker Hub."""
    uri = f"pkg:docker/{name}@{tag}?platform=linux%2Famd64"
    return {"uri": uri, "digest": {"sha256": digest.removeprefix("sha256:")}}


@dataclass(frozen=True)
class Built:
    """What a build says: with `git` that BuildKit has checked the commit out itself, else as the client's hint.

    `changes` replaces parts of the statement; `body` is sent in its place. With `artifact` the attestation is an
    OCI artifact, as newer BuildKit writes it. `subject` is another image than the one that it stands beside.
    """

    commit: str = ""
    source: str = "https://github.com/xchem/fragalysis-backend"
    version: str = "v0.2"
    git: bool = False
    materials: Sequence[Mapping[str, Any]] = ()
    artifact: bool = False
    subject: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = b""

    def statement(self, digest: str) -> dict[str, Any]:
        """The in-toto statement on the image with that digest."""
        subject = {"name": "_", "digest": {"sha256": (self.subject or digest).removeprefix("sha256:")}}
        return {
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": f"https://slsa.dev/provenance/{self.version}",
            "subject": [subject],
            "predicate": self._of_v1() if self.version == "v1" else self._of_v02(),
            **self.changes,
        }

    def _of_v02(self) -> dict[str, Any]:
        return {
            "builder": {"id": "https://github.com/xchem/fragalysis-backend/actions/runs/7"},
            "buildType": "https://mobyproject.org/buildkit@v1",
            "materials": list(self.materials),
            "invocation": {"configSource": self._context, "parameters": {"frontend": "dockerfile.v0"}},
            "metadata": {"buildInvocationID": "x", "completeness": {"materials": False}, BUILDKIT: self._hints},
        }

    def _of_v1(self) -> dict[str, Any]:
        return {
            "buildDefinition": {
                "buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
                "externalParameters": {"configSource": self._context, "request": {"frontend": "dockerfile.v0"}},
                "resolvedDependencies": list(self.materials),
            },
            "runDetails": {"builder": {"id": ""}, "metadata": {"buildkit_metadata": self._hints}},
        }

    @property
    def _context(self) -> dict[str, Any]:
        if not self.git:
            return {"entryPoint": "Dockerfile"}
        return {"uri": f"{self.source}.git#refs/tags/1", "digest": {"sha1": self.commit}, "entryPoint": "Dockerfile"}

    @property
    def _hints(self) -> dict[str, Any]:
        if self.git or not self.commit:
            return {}
        return {"vcs": {"localdir:context": ".", "revision": self.commit, "source": self.source}}


@dataclass(frozen=True)
class Attestation:
    """An attestation as it is pushed: its manifest, the blobs that this names, and the index's annotations of it."""

    manifest: bytes
    blobs: Sequence[bytes]
    annotations: Mapping[str, str]


def attestation_of(digest: str, built: Built) -> Attestation:
    """What stands in the index beside the image with that digest."""
    statement = built.body or json.dumps(built.statement(digest)).encode()
    bom = json.dumps({"_type": "https://in-toto.io/Statement/v0.1"}).encode()
    config = b"{}" if built.artifact else b'{"architecture":"unknown","os":"unknown","config":{}}'
    kind = "empty.v1" if built.artifact else "image.config.v1"
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": f"application/vnd.oci.{kind}+json", "digest": _sha256(config), "size": len(config)},
        "layers": [
            _layer(bom, "https://spdx.dev/Document"),
            _layer(statement, f"https://slsa.dev/provenance/{built.version}"),
        ],
    }
    if built.artifact:
        manifest["artifactType"] = "application/vnd.docker.attestation.manifest.v1+json"
    annotations = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": digest,
    }
    return Attestation(json.dumps(manifest).encode(), [config, bom, statement], annotations)


def _layer(content: bytes, predicate: str) -> dict[str, Any]:
    annotations = {"in-toto.io/predicate-type": predicate}
    kind = "application/vnd.in-toto+json"
    return {"mediaType": kind, "digest": _sha256(content), "size": len(content), "annotations": annotations}


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
