"""Addresses of backends: names are asked for again when an answer is older than 30 s."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMES_MAX = 1_024

Addresses = tuple[str, ...]


class Resolver:
    """Resolves names through the system, remembers answers for `ttl_s`, joins equal questions."""

    def __init__(self, ttl_s: float, time: Callable[[], float]) -> None:
        self._ttl_s = ttl_s
        self._time = time
        self._known: dict[tuple[str, int], tuple[float, Addresses]] = {}
        self._asking: dict[tuple[str, int], asyncio.Task[Addresses]] = {}

    async def resolve(self, host: str, port: int) -> Addresses:
        """Give the addresses of `host`, best first. Raises OSError when there are none."""
        name = (host, port)
        known = self._known.get(name)
        if known is not None and known[0] > self._time():
            return known[1]
        task = self._asking.get(name)
        if task is None:
            task = self._asking[name] = asyncio.create_task(self._ask(name))
            task.add_done_callback(lambda done: self._answered(name, done))
        return await asyncio.shield(task)

    async def _ask(self, name: tuple[str, int]) -> Addresses:
        host, port = name
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not addresses:
            raise OSError(f"{host} has no address")
        return addresses

    def _answered(self, name: tuple[str, int], task: asyncio.Task[Addresses]) -> None:
        del self._asking[name]
        if task.cancelled() or task.exception() is not None:
            return
        if len(self._known) >= _NAMES_MAX:
            self._known.clear()
        self._known[name] = (self._time() + self._ttl_s, task.result())
