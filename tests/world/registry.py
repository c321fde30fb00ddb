"""Real OCI registries on loopback: Debian's `docker-registry` (the distribution project's own program).

`Registry` needs no login, `BasicRegistry` a user and password, `TokenRegistry` the bearer dance with a
token service of ours, as public registries do. Each is reached through a server that records requests,
fails on demand and counts round trips: `url` is its address, `host` what stands in image names.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from world.faults import Reply
from world.loopback import HOST, LoopbackServer, Request, forward
from world.provenance import UNKNOWN_PLATFORM, Built, attestation_of
from world.registry_tokens import TokenService

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_PART_TYPES = {
    OCI_MANIFEST: ("application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar"),
    DOCKER_MANIFEST: (
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.docker.image.rootfs.diff.tar",
    ),
}
"""Manifest type to the types of its configuration and layers."""
MACHINES = ("amd64", "arm64", "s390x")
USERNAME, PASSWORD = "reader", "a password"
# bcrypt of PASSWORD; made once, because nothing in the standard library makes it.
_HTPASSWD = f"{USERNAME}:$2b$04$.mrGatg3ULkPVlymBV7tqeI2zCJ8gQnXnB6zpjHOAc2o13bM8ADXm\n"
_START_SECONDS = 15


class Registry(LoopbackServer):
    """A registry that anybody may read and write. Its storage is `folder`, which must be empty."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.host = f"{HOST}:{self.port}"
        self._folder = folder
        # What it holds, by name and digest or tag: most tests push the same images, which takes it a while.
        self._held: dict[tuple[str, str], str] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._process, self._registry_port = self._start()
        # Where tools of others push to: the server before it takes no upload in chunks.
        self.own_host = f"{HOST}:{self._registry_port}"

    def answer(self, request: Request) -> Reply:
        """The real registry's reply."""
        return forward(request, self._registry_port, host=self.host)

    def stop(self) -> None:
        """Ends the registry and the server before it."""
        super().stop()
        # It has nothing to keep; an orderly end may take longer than anybody waits for it.
        self._process.kill()
        self._process.wait()

    def push(
        self, name: str, tag: str, *, revision: str = "", source: str = "", media_type: str = DOCKER_MANIFEST
    ) -> str:
        """Pushes a one-layer image `name:tag`, labelled with a revision and its source; returns its digest."""
        return self._put_manifest(name, tag, self._manifest(name, f"{name}:{tag}", revision, media_type, source))

    def push_built(self, name: str, tag: str, *built: Built | None, revision: str = "", source: str = "") -> str:
        """Pushes an image as BuildKit does: an index with a platform for each of `built`, and beside it what it says.

        For None there is no attestation. The labels are those of `push`. Returns the index's digest.
        """
        entries, attestations = [], []
        for at, one in enumerate(built):
            manifest = self._manifest(name, f"{name}:{tag} {MACHINES[at]}", revision, OCI_MANIFEST, source)
            digest = self._put_manifest(name, _digest(manifest), manifest)
            platform = {"os": "linux", "architecture": MACHINES[at]}
            entries.append(_entry(manifest, platform))
            attestation = attestation_of(digest, one) if one else None
            if attestation:
                for blob in attestation.blobs:
                    self._put_blob(name, blob)
                self._put_manifest(name, _digest(attestation.manifest), attestation.manifest)
                attestations.append(_entry(attestation.manifest, UNKNOWN_PLATFORM, attestation.annotations))
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*entries, *attestations]}
        return self._put_manifest(name, tag, json.dumps(index).encode())

    def manifests_of(self, name: str, digest: str) -> list[str]:
        """The digests in an index that was pushed: of its platforms, then of what speaks of them."""
        headers = {"accept": OCI_INDEX, **self.push_headers(name)}
        path = f"/v2/{name}/manifests/{digest}"
        reply = forward(Request("GET", path, {}, headers, b"", path), self._registry_port, host=self.host)
        return [one["digest"] for one in json.loads(reply.body)["manifests"]]

    def pushed_by_others(self, name: str, tag: str) -> tuple[str, list[str]]:
        """The digest and the layers of an image that was not pushed from here, whose tag is from now on theirs."""
        self._held.pop((name, tag), None)
        headers = {"accept": f"{OCI_MANIFEST}, {DOCKER_MANIFEST}", **self.push_headers(name)}
        path = f"/v2/{name}/manifests/{tag}"
        reply = forward(Request("GET", path, {}, headers, b"", path), self._registry_port, host=self.host)
        return _digest(reply.body), [one["digest"] for one in json.loads(reply.body)["layers"]]

    def push_index(self, name: str, tag: str, *, revision: str = "", media_type: str = OCI_INDEX) -> str:
        """Pushes an image for two platforms and an attestation under one tag; returns the index's digest."""
        kind = OCI_MANIFEST if media_type == OCI_INDEX else DOCKER_MANIFEST
        platforms = (("linux", "amd64"), ("linux", "arm64"), ("unknown", "unknown"))
        entries = []
        for system, machine in platforms:
            manifest = self._manifest(name, f"{name}:{tag} {machine}", revision, kind)
            digest = self._put_manifest(name, _digest(manifest), manifest)
            platform = {"os": system, "architecture": machine}
            entries.append({"mediaType": kind, "digest": digest, "size": len(manifest), "platform": platform})
        index = {"schemaVersion": 2, "mediaType": media_type, "manifests": entries}
        return self._put_manifest(name, tag, json.dumps(index).encode())

    def settings(self) -> dict[str, object]:
        """What this kind of registry adds to the configuration."""
        return {}

    def push_headers(self, name: str) -> dict[str, str]:
        """The headers that let us write to a repository."""
        del name
        return {}

    def _start(self) -> tuple[subprocess.Popen[bytes], int]:
        """Starts the program on a free port; another process may take the port first: then once more."""
        for _ in range(5):
            port = _free_port()
            process = subprocess.Popen(
                [_program(), "serve", str(self._configuration(port))],
                env={"PATH": os.environ.get("PATH", os.defpath), "OTEL_TRACES_EXPORTER": "none"},
                stdout=subprocess.DEVNULL,
                stderr=(self._folder / "log").open("wb"),
            )
            if _listens(process, port):
                return process, port
        raise RuntimeError((self._folder / "log").read_text())

    def _configuration(self, port: int) -> Path:
        """The program reads YAML, of which JSON is a part."""
        settings = {
            "version": "0.1",
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self._folder / "storage")}},
            "http": {"addr": f"{HOST}:{port}", "secret": "of the tests"},
        }
        path = self._folder / "config.yml"
        path.write_text(json.dumps(settings | self.settings()))
        return path

    def _manifest(self, name: str, content: str, revision: str, media_type: str, source: str = "") -> bytes:
        given = {"revision": revision, "source": source}
        label = {f"org.opencontainers.image.{key}": value for key, value in given.items() if value}
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Labels": label}}).encode()
        config_type, layer_type = _PART_TYPES[media_type]
        layer = content.encode()
        manifest = {
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": {"mediaType": config_type, "digest": self._put_blob(name, config), "size": len(config)},
            "layers": [{"mediaType": layer_type, "digest": self._put_blob(name, layer), "size": len(layer)}],
        }
        return json.dumps(manifest).encode()

    def _put_blob(self, name: str, content: bytes) -> str:
        """Two steps of the distribution API: open an upload, then send it whole."""
        digest = _digest(content)
        if (name, digest) in self._held:
            return digest
        opened = self._send("POST", f"/v2/{name}/blobs/uploads/", name)
        location = opened.header("Location") or ""
        path = "/" + location.split("//", 1)[-1].split("/", 1)[1] if "//" in location else location
        mark = "&" if "?" in path else "?"
        headers = {"content-type": "application/octet-stream"}
        self._send("PUT", f"{path}{mark}digest={digest}", name, content, headers)
        self._held[name, digest] = digest
        return digest

    def _put_manifest(self, name: str, reference: str, manifest: bytes) -> str:
        media_type, digest = json.loads(manifest)["mediaType"], _digest(manifest)
        if self._held.get((name, reference)) != digest:
            self._send("PUT", f"/v2/{name}/manifests/{reference}", name, manifest, {"content-type": media_type})
            self._held[name, reference] = digest
        return digest

    def _send(
        self, method: str, path: str, name: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Speaks with the registry itself: what we push is not part of what tests record."""
        allowed = self.push_headers(name) | dict(headers or {})
        reply = forward(Request(method, path, {}, allowed, body, path), self._registry_port, host=self.host)
        if reply.status not in (201, 202):
            raise RuntimeError(f"{method} {path}: {reply.status} {reply.body[:300]!r}")
        return reply


class BasicRegistry(Registry):
    """A registry behind Basic authentication: `USERNAME` and `PASSWORD`."""

    def settings(self) -> dict[str, object]:
        """A password file of one user."""
        path = self._folder / "htpasswd"
        path.write_text(_HTPASSWD)
        return {"auth": {"htpasswd": {"realm": "tests", "path": str(path)}}}

    def push_headers(self, name: str) -> dict[str, str]:
        """The same user may write."""
        del name
        pair = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
        return {"authorization": f"Basic {pair}"}


class TokenRegistry(Registry):
    """A registry that sends clients to `tokens` for a bearer token, as public registries do.

    `private` names repositories for which an anonymous token permits nothing.
    """

    def __init__(self, folder: Path, private: Sequence[str] = ()) -> None:
        self.tokens = TokenService(folder / "keys", {USERNAME: PASSWORD}, private)
        super().__init__(folder)

    def stop(self) -> None:
        """Ends the token service too."""
        super().stop()
        self.tokens.stop()

    def clear(self) -> None:
        """Forgets what the token service was asked, too."""
        super().clear()
        self.tokens.clear()

    def settings(self) -> dict[str, object]:
        """Whose tokens to believe."""
        return {"auth": {"token": self.tokens.settings()}}

    def push_headers(self, name: str) -> dict[str, str]:
        """A token for writing, without asking for it."""
        return {"authorization": f"Bearer {self.tokens.token(name, ('pull', 'push'))}"}


def _entry(
    manifest: bytes, platform: Mapping[str, str], annotations: Mapping[str, str] | None = None
) -> dict[str, object]:
    entry = {"mediaType": OCI_MANIFEST, "digest": _digest(manifest), "size": len(manifest), "platform": platform}
    return {**entry, "annotations": annotations} if annotations else entry


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _program() -> str:
    found = shutil.which("docker-registry")
    if found is None:
        raise FileNotFoundError("docker-registry (Debian's package) is not installed: .ci/run installs it")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection(HOST, port, timeout=1)
        try:
            connection.request("GET", "/v2/")
            connection.getresponse().read()
            return process.poll() is None
        except OSError:
            time.sleep(0.02)
        finally:
            connection.close()
    process.kill()
    process.wait()
    return False
