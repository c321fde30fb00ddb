"""Whom the client trusts, and what finding that out costs."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from adapters.asking import Sleeps, request, response, unknown
from adapters.echo import Echo
from adapters.tls import Proxy
from frag_release.adapters.http import Http
from frag_release.adapters.http.retry import Deadline
from world.loopback import HOST


@pytest.fixture
def read_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of certificates that are read, each as often as it is."""
    files: list[str] = []
    read = ssl.SSLContext.load_verify_locations

    def note(context: ssl.SSLContext, cafile: Any = None, *rest: Any, **named: Any) -> None:
        files.append(cafile)
        read(context, cafile, *rest, **named)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", note)
    return files


def test_certificates_are_read_once(tls_url: str, certificate: Path, read_files: list[str]) -> None:
    """However many connections are opened, the file is read for all of them together."""
    http = Http(Deadline(20), str(certificate))
    answers = http.parallel([lambda: http.send(request(tls_url))] * 6)

    assert [response(answer).status for answer in answers] == [200] * 6
    assert read_files == [str(certificate)]


def test_the_runners_own_bundle_is_believed(
    tls_url: str, certificate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where no file is named, REQUESTS_CA_BUNDLE of the runner counts; one that cannot be read stops nothing else."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert response(Http(Deadline(20)).send(request(tls_url))).status == 200

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none"))
    assert "no usable answer" in unknown(Http(Deadline(20)).send(request(tls_url))).reason


def test_a_proxy_that_speaks_tls_itself_is_held_to_the_same(
    other_server: Echo, tls_url: str, certificate: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The named certificate is believed of a proxy, too, and without it neither is."""
    proxy.speak_tls(certificate)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)

    assert response(Http(Deadline(20), str(certificate)).send(request(tls_url))).status == 200
    assert proxy.asked == [f"CONNECT {HOST}:{other_server.port}"]
    assert "proxy" in unknown(Http(Deadline(20), sleep=Sleeps()).send(request(tls_url))).reason
