"""Users who sign in, cheap enough to measure a server by them: unsigned calls, SRP's client half.

Their mathematics take about as long as the server's, so `on_core` keeps them off its core.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import gmpy2

from bargate.userpool import srp
from bench.control_client import Connection

SignIn = Callable[[Connection, int], Awaitable[None]]

_TARGET = "AWSCognitoIdentityProviderService"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Keep this process on one core for a while."""
    before = os.sched_getaffinity(0)
    available = sorted(before)
    os.sched_setaffinity(0, {available[core % len(available)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def call(host: str, operation: str, body: dict[str, Any]) -> bytes:
    """Give an unsigned call of an operation as bytes."""
    data = json.dumps(body).encode()
    head = (
        f"POST / HTTP/1.1\r\nHost: {host}\r\nX-Amz-Target: {_TARGET}.{operation}\r\n"
        f"Content-Type: application/x-amz-json-1.1\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


async def rate_per_s(host: str, sign_in: SignIn, seconds: float, clients: int) -> float:
    """Let so many clients sign in without a pause for some time; give sign-ins a second.

    Each has a connection of its own; `sign_in` gets a number that nobody else gets.
    """
    begin_s = time.perf_counter()
    numbers = iter(range(1_000_000_000))
    done = 0

    async def work() -> None:
        nonlocal done
        connection = await Connection.to(host)
        try:
            while time.perf_counter() < begin_s + seconds:
                await sign_in(connection, next(numbers))
                done += 1
        finally:
            connection.close()

    await asyncio.gather(*(work() for _ in range(clients)))
    return done / (time.perf_counter() - begin_s)


class SrpUser:
    """One user's half of SRP. What does not change from one sign-in to the next is done once."""

    def __init__(self, group: str, name: str, password: str, salt: str) -> None:
        self._group = group
        self._name = name
        self._a = secrets.randbits(256)
        self._public = int(gmpy2.powmod(srp.G, self._a, srp.N))
        inner = hashlib.sha256(f"{group}{name}:{password}".encode()).digest()
        self._x = _number(srp.padded(int(salt, 16)), inner)
        self._masked = srp.K * int(gmpy2.powmod(srp.G, self._x, srp.N))

    @property
    def srp_a(self) -> str:
        """What a sign-in begins with."""
        return srp.hex_of(self._public)

    def responses(self, given: dict[str, str]) -> dict[str, str]:
        """Answer PASSWORD_VERIFIER."""
        timestamp = _timestamp(datetime.now(UTC))
        message = f"{self._group}{self._name}".encode() + base64.b64decode(given["SECRET_BLOCK"])
        signed = hmac.digest(self._key(int(given["SRP_B"], 16)), message + timestamp, "sha256")
        return {
            "USERNAME": self._name,
            "PASSWORD_CLAIM_SECRET_BLOCK": given["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(signed).decode(),
            "TIMESTAMP": timestamp.decode(),
        }

    def _key(self, server: int) -> bytes:
        u = _number(srp.padded(self._public), srp.padded(server))
        exponent = self._a + u * self._x
        shared = int(gmpy2.powmod((server - self._masked) % srp.N, exponent, srp.N))
        extracted = hmac.digest(srp.padded(u), srp.padded(shared), "sha256")
        return hmac.digest(extracted, b"Caldera Derived Key\x01", "sha256")[:16]


def _number(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest())


def _timestamp(now: datetime) -> bytes:
    day, month = _DAYS[now.weekday()], _MONTHS[now.month - 1]
    return f"{day} {month} {now.day} {now:%H:%M:%S} UTC {now.year}".encode()
