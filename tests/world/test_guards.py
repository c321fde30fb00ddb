from __future__ import annotations

import socket

import pytest

from world.guards import NetworkForbiddenError


def test_the_network_beyond_loopback_is_forbidden() -> None:
    """No test can reach another machine, by name or by address."""
    with pytest.raises(NetworkForbiddenError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(NetworkForbiddenError):
        socket.getaddrinfo("api.github.com", 443)
