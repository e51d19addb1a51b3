"""The listening sockets of a gateway: one a worker, all on one address."""

from __future__ import annotations

import contextlib
import socket

BACKLOG = 2048


def listen(host: str, port: int, count: int) -> list[socket.socket]:
    """Bind one listening socket a worker to the same address; port 0 picks a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The first is bound alone: SO_REUSEPORT would share a port with another gateway unnoticed.
    with _bind(family, host, port, reuse_port=False) as probe:
        port = probe.getsockname()[1]
    with contextlib.ExitStack() as undo:
        listeners = [_bind(family, host, port, reuse_port=count > 1) for _ in range(count)]
        for listener in listeners:
            undo.callback(listener.close)
            listener.listen(BACKLOG)
        undo.pop_all()
    return listeners


def _bind(family: int, host: str, port: int, *, reuse_port: bool) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise OSError(error.errno, f"{host}:{port}: {error.strerror}") from error
    bound.setblocking(False)  # noqa: FBT003  the stdlib's own signature
    return bound
