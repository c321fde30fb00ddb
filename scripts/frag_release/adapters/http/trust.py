"""Which servers are believed to be who they say: the trusted certificates, read once."""

from __future__ import annotations

import os
import ssl
from typing import Any

from requests import PreparedRequest
from requests.adapters import DEFAULT_CA_BUNDLE_PATH, HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context

from .once import Once


class TrustingAdapter(HTTPAdapter):
    """Connections that share what they trust.

    Left to itself the library reads the file of certificates for every connection: 16 ms of computing for
    the usual ones, and a gate opens two dozen. `verify` is as for requests: a file, a folder or True.
    """

    def __init__(self, connections: int) -> None:
        self._contexts: Once[object, ssl.SSLContext] = Once()
        super().__init__(pool_connections=connections, pool_maxsize=connections)

    def trust(self, file: str) -> None:
        """Read a file of certificates (PEM) now; raises OSError, of which SSLError is one, where it is none."""
        self._contexts.get(file, lambda: _trusting(cafile=file))

    def build_connection_pool_key_attributes(self, request: PreparedRequest, verify: Any, cert: Any = None) -> Any:
        """Say where to connect, and whom to trust there; the library asks this of its subclasses."""
        tls: Any
        host, tls = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] == "https":
            tls = {"cert_reqs": "CERT_REQUIRED", "ssl_context": self._context(verify)}
        return host, tls

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Name the certificates to a connection that still needs it: to a proxy that itself speaks TLS."""
        if conn.proxy is not None and conn.proxy.scheme == "https":
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]

    def _context(self, verify: object) -> ssl.SSLContext:
        place = verify if isinstance(verify, str) else DEFAULT_CA_BUNDLE_PATH
        return self._contexts.get(
            verify, lambda: _trusting(capath=place) if os.path.isdir(place) else _trusting(cafile=place)
        )


def _trusting(**place: str) -> ssl.SSLContext:
    context = create_urllib3_context()
    context.load_verify_locations(**place)
    return context
