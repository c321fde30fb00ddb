"""A server in front of others that holds back every reply, as a distant one would: a process of its own.

Started with a certificate (PEM) and the ports to stand before, it prints its own ports as JSON. A line on
standard input with a number of seconds sets the delay and forgets what was counted; a line `report` prints
`{"requests": [[moment, method, target], …]}`, each moment when the request had arrived (CLOCK_MONOTONIC).
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time

HOST = "127.0.0.1"
_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class SlowProxy:
    """Passes HTTP/1.1 on, each request delayed on its own; connections are kept on both sides."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.requests: list[tuple[float, str, str]] = []
        self._idle: dict[int, list[_Stream]] = {}

    def start_over(self, seconds: float) -> None:
        """Hold replies back so long from now on, and forget requests and connections of before."""
        self.seconds = seconds
        self.requests.clear()
        for streams in self._idle.values():
            while streams:
                streams.pop()[1].close()

    async def listen(self, port_behind: int, context: ssl.SSLContext) -> int:
        """Start to stand before a port; returns the port to ask instead."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while await self._pass_on(reader, writer, port_behind):
                    pass
            except (OSError, asyncio.IncompleteReadError):
                pass  # whoever asks may hang up at any time
            finally:
                writer.close()

        server = await asyncio.start_server(serve, HOST, 0, ssl=context, backlog=256)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> bool:
        """Answer one request; returns whether the connection stays open."""
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        self.requests.append((time.monotonic(), method, target))
        body = await reader.readexactly(int(_header(head, b"content-length") or 0))
        reply = await self._ask(port, head + body, method == "HEAD")
        await asyncio.sleep(self.seconds)
        writer.write(reply)
        await writer.drain()
        return _header(head, b"connection") != b"close"

    async def _ask(self, port: int, request: bytes, is_head: bool) -> bytes:
        idle = self._idle.setdefault(port, [])
        reader, writer = idle.pop() if idle else await asyncio.open_connection(HOST, port)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0 if is_head else int(_header(head, b"content-length") or 0)
        body = await reader.readexactly(length)
        if _header(request.partition(b"\r\n\r\n")[0], b"connection") == b"close":
            writer.close()
        else:
            idle.append((reader, writer))
        return head + body


def _header(head: bytes, name: bytes) -> bytes:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip().lower()
    return b""


async def serve(certificate: str, ports: list[int]) -> None:
    """Stand before `ports` until standard input ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    proxy = SlowProxy()
    print(json.dumps([await proxy.listen(port, context) for port in ports]), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        if line.strip() == "report":
            print(json.dumps({"requests": proxy.requests}), flush=True)
        else:
            proxy.start_over(float(line))
            print("{}", flush=True)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], [int(port) for port in sys.argv[2:]]))
