"""A server that answers everything with the path it was asked for."""

from __future__ import annotations

from typing import Any

from world.faults import Reply, json_reply
from world.loopback import LoopbackServer, Request


class Echo(LoopbackServer):
    """`connections` has the address of each client that has connected."""

    def __init__(self) -> None:
        super().__init__()
        self.connections: list[object] = []
        process = self._server.process_request

        def counting(request: Any, client_address: Any) -> None:
            self.connections.append(client_address)
            process(request, client_address)

        self._server.process_request = counting  # type: ignore[method-assign]

    def answer(self, request: Request) -> Reply:
        """200 and the path."""
        return json_reply(200, {"path": request.path})
