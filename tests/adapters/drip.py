"""A server that answers byte by byte, for ever."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

from world.loopback import HOST


@contextlib.contextmanager
def dripping(start: bytes, drop: bytes = b"x", pause: float = 0.05) -> Iterator[str]:
    """Yield the address of a server that sends `start` and then one `drop` after the other."""
    stop = threading.Event()
    listener = socket.create_server((HOST, 0))

    def drip(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(10000)
            connection.sendall(start)
            while not stop.wait(pause):
                connection.sendall(drop)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=drip, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
