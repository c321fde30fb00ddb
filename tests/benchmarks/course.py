"""What is asked in the benchmark: the worked example on servers, each behind a proxy that holds replies back."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import certifi

from adapters.tls import make_certificate
from world.example import STACK, add_off_production_release, build_example
from world.github_server import GitHubServer
from world.loopback import HOST
from world.registry import Registry
from world.scene import push_images, seed_example

GOOD, BAD = "2023.06.2", "2023.06.3"
"""The worked example, and a release whose backend is not on its production branch."""

_PROXY = Path(__file__).with_name("slow_proxy.py")


@dataclass(frozen=True)
class Asked:
    """One request: when it had arrived (CLOCK_MONOTONIC), and what it was."""

    moment: float
    method: str
    target: str


@dataclass(frozen=True)
class Release:
    """A release, and where it is to be asked about; `trusted` has the certificates of the servers."""

    tag: str
    commit: str
    api_url: str
    registry_url: str
    trusted: Path


class Proxies:
    """The proxies before some servers, over TLS; `urls` in the order of the ports behind them.

    `trusted` is a file of the usual certificates and the proxies' own: reading hundreds is part of the
    price of asking GitHub.
    """

    def __init__(self, folder: Path, ports: list[int]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        certificate = make_certificate(folder)
        self.trusted = folder / "trusted.pem"
        usual = Path(certifi.where()).read_bytes()
        self.trusted.write_bytes(usual + (folder / "certificate.pem").read_bytes())
        command = [sys.executable, "-I", str(_PROXY), str(certificate), *map(str, ports)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.urls = [f"https://{HOST}:{port}" for port in self._read()]

    def start_over(self, seconds: float) -> None:
        """Hold every reply back for so long, and count from nothing."""
        self._say(str(seconds))

    def requests(self) -> list[Asked]:
        """What was asked since then, in the order of arrival."""
        return [Asked(*one) for one in self._say("report")["requests"]]

    def stop(self) -> None:
        """End the process."""
        self._process.communicate(timeout=10)

    def _say(self, line: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


class Course:
    """The worked example on the GitHub emulator and a registry, behind the proxies."""

    def __init__(self, folder: Path) -> None:
        self._example = build_example(folder / "example")
        self._github = GitHubServer()
        self._registry = Registry(folder / "registry")
        seed_example(self._github, self._example)
        push_images(self._registry, self._example)
        self.proxies = Proxies(folder / "proxies", [self._github.port, self._registry.port])
        self.api_url, self.registry_url = self.proxies.urls

    def __enter__(self) -> Course:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.proxies.stop()
        self._registry.stop()
        self._github.stop()

    def release(self, tag: str) -> Release:
        """The release to ask about."""
        return Release(tag, self._example.commits[STACK][tag], self.api_url, self.registry_url, self.proxies.trusted)

    def add_bad_release(self) -> None:
        """Release what is bad; the good release is then no longer the highest, and so is refused, too."""
        add_off_production_release(self._example, BAD)
        self._github.clear()
        seed_example(self._github, self._example)
