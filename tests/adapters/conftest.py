"""Servers and clones for the tests of the adapters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.asking import Sleeps
from adapters.clones import Desk
from adapters.echo import Echo
from adapters.tls import Proxy, make_certificate, over_tls
from frag_release.adapters.http import Http
from frag_release.adapters.http.retry import Deadline


@pytest.fixture
def server() -> Iterator[Echo]:
    """Answers everything with 200 and the path."""
    server = Echo()
    yield server
    server.stop()
    assert server.errors == []


@pytest.fixture
def other_server() -> Iterator[Echo]:
    """Another one: same host, other port, so another origin."""
    server = Echo()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of this machine."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls_url(other_server: Echo, certificate: Path) -> str:
    """The address of `other_server`, which then speaks TLS."""
    return over_tls(other_server, certificate)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy for https."""
    proxy = Proxy()
    yield proxy
    proxy.stop()


@pytest.fixture
def sleeps() -> Sleeps:
    """The waits between tries."""
    return Sleeps()


@pytest.fixture
def http(sleeps: Sleeps) -> Http:
    """Twenty seconds for everything."""
    return Http(Deadline(20), sleep=sleeps)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder for clones, still empty."""
    desk = Desk(tmp_path)
    desk.folder.mkdir()
    return desk
