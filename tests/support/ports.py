"""Ports for servers of the tests."""

from __future__ import annotations

import socket


def free_ports(count: int) -> list[int]:
    """Different ports of 127.0.0.1 that nothing listens on. Use them at once: they are not held."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for server in sockets:
            server.bind(("127.0.0.1", 0))
        return [server.getsockname()[1] for server in sockets]
    finally:
        for server in sockets:
            server.close()
