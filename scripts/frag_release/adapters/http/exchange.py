"""One exchange with a server by `requests`: trusted certificates, redirects, limits and error messages.

Only this module imports the HTTP library, which is slow, so it is itself imported at first use.
"""

from __future__ import annotations

import os
import ssl
import sys
import warnings
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin

from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from ... import __version__
from ...domain.evidence import RETRY, Unknown
from . import SingleFlight
from .messages import Credentials, Failure, Redirected, Request, Response, host_of, is_public, origin, problem_with

# On import, requests looks for an encoding detector and warns if there is none. Nothing is detected here, and importing
# one takes a twelfth of the gate's time, so hide them. A release does not contain one either.
_GUESSERS = {"chardet", "charset_normalizer"} - sys.modules.keys()
sys.modules.update(dict.fromkeys(_GUESSERS))  # type: ignore[arg-type]
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import requests
    from requests import PreparedRequest
    from requests.adapters import DEFAULT_CA_BUNDLE_PATH, HTTPAdapter
    from requests.auth import AuthBase
for _name in _GUESSERS:
    del sys.modules[_name]
_REDIRECTS = (301, 302, 303, 307, 308)
_REDIRECTS_OF_WRITES = (307, 308)
"""Only these keep method and body (RFC 9110, 15.4)."""
_STAYS = "Running this again does not help: check what answers there, such as a proxy or a login page."
_CHUNK = 64 * 1024
_CONNECTIONS = 16


class TrustingAdapter(HTTPAdapter):
    """Connections that share their trusted certificates.

    By default the library reads the certificate file for every connection: 16 ms of computing for the usual ones, and a
    gate opens two dozen. `verify` is as for requests: a file, a folder or True.
    """

    def __init__(self, connections: int) -> None:
        self._contexts: SingleFlight[object, ssl.SSLContext] = SingleFlight()
        super().__init__(pool_connections=connections, pool_maxsize=connections)

    def trust(self, file: str) -> None:
        """Read a file of certificates (PEM) now; raises OSError (SSLError is one) if it is not readable as such."""
        self._contexts.get(file, lambda: _trusting(cafile=file))

    def build_connection_pool_key_attributes(self, request: PreparedRequest, verify: Any, cert: Any = None) -> Any:
        """Return the host and its TLS settings; a hook that the library provides for subclasses."""
        tls: Any
        host, tls = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] == "https":
            tls = {"cert_reqs": "CERT_REQUIRED", "ssl_context": self._context(verify)}
        return host, tls

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Set the certificates of a connection to a proxy that itself uses TLS; others have them already."""
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


class _Authorization(AuthBase):
    """Sets our credentials, or none. Without an AuthBase, requests would use a password from `~/.netrc`."""

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._credentials:
            request.headers["Authorization"] = self._credentials.authorization
        return request


class Exchange:
    """Connections that are kept and shared by threads.

    `ca_file` replaces the usual certificates; raises OSError if it contains none.
    """

    def __init__(self, ca_file: str = "") -> None:
        adapter = TrustingAdapter(_CONNECTIONS)
        if ca_file:
            adapter.trust(ca_file)
        # Passed with each request: REQUESTS_CA_BUNDLE would override the session's own setting.
        self._verify: str | bool = ca_file or True
        self._session = _session(adapter)

    def __call__(self, request: Request, seconds: float) -> Response | Failure:
        """Send a request once and follow redirects; no single wait on the network is longer than `seconds`.

        Never raises because of a network or a server.
        """
        try:
            return self._follow(request, seconds)
        except requests.exceptions.SSLError as error:
            remedy = "If a private authority signed it, name that authority's certificate in ca-file."
            return _failure(request, "has a certificate that is not trusted", _cause(error), remedy, transient=False)
        except requests.exceptions.ProxyError as error:
            return _failure(request, "cannot be reached through the proxy", _cause(error))
        except requests.exceptions.Timeout:
            return _failure(request, "did not answer in time")
        except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            problem = "cannot be reached, or broke off its answer"
            return _failure(request, problem, _cause(error), undone=_never_connected(error))
        # Everything else that the libraries raise for malformed addresses, headers and bodies.
        except (requests.exceptions.RequestException, HTTPError, OSError, ValueError) as error:
            return _failure(request, f"gave no usable answer ({type(error).__name__})", transient=False)

    def _follow(self, request: Request, seconds: float) -> Response | Failure:
        url, credentials = request.url, request.credentials
        for _ in range(request.redirects + 1):
            if credentials and credentials.origin != origin(url):
                # Permanently: a redirect back to our origin is no longer our own request.
                credentials = None
            answer = self._once(request, url, credentials, seconds)
            if isinstance(answer, str):
                url, problem = urljoin(url, answer), _problem_with_redirect(request, url, urljoin(url, answer))
                if problem:
                    return _not_followed(request, problem, url)
                continue
            if isinstance(answer, Response) and answer.status >= 400 and origin(url) != origin(request.url):
                # It received no login of ours, so its "not found" does not count as the original server's.
                return _failure(request, f"redirects to {host_of(url)}, which answered {answer.status}")
            return answer
        return _failure(request, "redirects without end", transient=False)

    def _once(
        self, request: Request, url: str, credentials: Credentials | None, seconds: float
    ) -> Response | Failure | str:
        """Return the answer, or the target of a redirect."""
        with self._session.request(
            request.method,
            url,
            headers=dict(request.headers),
            data=request.body or None,
            auth=_Authorization(credentials),
            timeout=seconds,
            allow_redirects=False,
            stream=True,
            verify=self._verify,
            # Plain http is for this machine only: a proxy would send it elsewhere unencrypted.
            proxies={"http": None, "all": None} if url.startswith("http:") else None,  # type: ignore[dict-item]
        ) as reply:
            target = reply.headers.get("location")
            if reply.status_code in _REDIRECTS and target:
                if request.writes and reply.status_code not in _REDIRECTS_OF_WRITES:
                    return _not_followed(request, "redirects a write", urljoin(url, target))
                return target
            body = _body(reply, request.max_bytes)
        if body is None:
            problem = f"answered with more than the limit of {request.max_bytes:,} bytes"
            return _failure(request, problem, transient=False)
        headers = {name.lower(): value for name, value in reply.headers.items()}
        return Response(reply.status_code, headers, body, url)


def _session(adapter: HTTPAdapter) -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = f"frag-release-action/{__version__}"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return session


def _body(reply: requests.Response, most: int) -> bytes | None:
    """Read the body; None if it is longer than `most` bytes."""
    parts, length = [], 0
    for part in reply.iter_content(_CHUNK):
        length += len(part)
        if length > most:
            return None
        parts.append(part)
    return b"".join(parts)


def _problem_with_redirect(request: Request, source: str, target: str) -> str:
    if problem_with(target):
        return f"redirects to an address that {problem_with(target)}"
    if request.writes and origin(target) != origin(request.url):
        return f"redirects a write to another server, {host_of(target)}"
    if request.stays and origin(target) != origin(request.url):
        return f"redirects to another server, {host_of(target)}"
    if is_public(origin(request.url).host) and not is_public(origin(target).host):
        return f"redirects into an internal network, to {host_of(target)}"
    if source.startswith("https:") and not target.startswith("https:"):
        return f"redirects from https to plain http on {host_of(target)}"
    return ""


def _failure(
    request: Request,
    problem: str,
    cause: str = "",
    remedy: str = "",
    *,
    transient: bool = True,
    undone: bool = False,
) -> Failure:
    reason = f"{request.host} {problem}{cause}, when asked for {request.what}"
    return Failure(Unknown(reason, remedy or (RETRY if transient else _STAYS)), transient, undone)


def _not_followed(request: Request, problem: str, target: str) -> Failure:
    reason = f"{request.host} {problem}, when asked for {request.what}"
    return Failure(Redirected(reason, _STAYS, target=target), transient=False, undone=True)


def _never_connected(error: requests.exceptions.RequestException) -> bool:
    """Whether no connection was established, so that nothing can have been sent."""
    inner = error.args[0] if error.args else None
    return isinstance(getattr(inner, "reason", None), NewConnectionError)


def _cause(error: BaseException | None) -> str:
    """Return the operating system's message. The libraries' own are omitted: they quote addresses."""
    while error:
        if isinstance(error, OSError) and error.strerror:
            return f" ({str(error.strerror)[:100]})"
        error = error.__cause__ or error.__context__
    return ""
