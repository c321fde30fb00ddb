"""Keeps tests away from the machine they run on: its network, its environment, its git settings."""

from __future__ import annotations

import ipaddress
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from world.git import git_environment

_SET_BY_RUNNERS = ("GITHUB_", "INPUT_", "RUNNER_", "ACTIONS_", "GIT_", "AWX_", "CONTROLLER_", "PYTHON")
_ALSO = ("GH_TOKEN", "CI", "NETRC", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_GIT_SETTINGS = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_TERMINAL_PROMPT")


class NetworkForbiddenError(RuntimeError):
    """Not an OSError: code that survives a broken network must not survive this."""


def is_loopback(host: object) -> bool:
    """Whether a host name or address is this machine's own."""
    if host in ("localhost", "", None):
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def forbid_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes connections and look-ups beyond loopback raise `NetworkForbiddenError`."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def checked_connect(self: socket.socket, address: Any) -> None:
        _check(self.family, address)
        connect(self, address)

    def checked_connect_ex(self: socket.socket, address: Any) -> int:
        _check(self.family, address)
        return connect_ex(self, address)

    def checked_look_up(host: Any, *arguments: Any, **named: Any) -> Any:
        _check(socket.AF_INET, (host, 0))
        return look_up(host, *arguments, **named)

    monkeypatch.setattr(socket.socket, "connect", checked_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", checked_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", checked_look_up)


def isolate_environment(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Empties what runners, proxies and git read from the environment; HOME becomes an empty folder."""
    for name in list(os.environ):
        if name.startswith(_SET_BY_RUNNERS) or name.upper() in _PROXIES or name in _ALSO:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("TZ", "UTC")
    # A locale that is not installed has each bash and perl write a warning.
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    for name in _GIT_SETTINGS:
        monkeypatch.setenv(name, git_environment()[name])


def _check(family: int, address: Any) -> None:
    if family in (socket.AF_INET, socket.AF_INET6) and not is_loopback(address[0]):
        raise NetworkForbiddenError(f"a test reached for {address[0]!r}")
