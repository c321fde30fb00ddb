"""Servers over TLS with a certificate of their own, and a proxy to reach them by."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer, ThreadingTCPServer

from world.loopback import HOST, LoopbackServer


def make_certificate(folder: Path) -> Path:
    """Make a key and a certificate for this machine, in one PEM file."""
    file = folder / "localhost.pem"
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1,DNS:tokens.example.net"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-subj", "/CN=localhost", "-addext", names, "-days", "2"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    file.write_bytes(key.read_bytes() + certificate.read_bytes())
    return file


def over_tls(server: LoopbackServer, certificate: Path) -> str:
    """Make a server speak TLS and return its address."""
    _speak_tls(server._server, certificate)
    return f"https://{HOST}:{server.port}"


def _speak_tls(server: TCPServer, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)


class Proxy:
    """Passes CONNECT tunnels on; `asked` has the targets, and those in `routes` lead to a port of this machine."""

    def __init__(self) -> None:
        asked: list[str] = []
        routes: dict[str, int] = {}
        self.asked, self.routes = asked, routes

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += self.request.recv(1000)
                method, target, _ = head.split(b"\r\n")[0].decode().split()
                asked.append(f"{method} {target}")
                host, _, port = target.rpartition(":")
                place = (HOST, routes[target]) if target in routes else (host, int(port))
                with socket.create_connection(place) as there:
                    self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    back = threading.Thread(target=_pass_on, args=(there, self.request), daemon=True)
                    back.start()
                    _pass_on(self.request, there)

        self._server = ThreadingTCPServer((HOST, 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://{HOST}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def speak_tls(self, certificate: Path) -> None:
        """Have clients talk to the proxy itself over TLS, too."""
        _speak_tls(self._server, certificate)
        self.url = self.url.replace("http:", "https:")

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
