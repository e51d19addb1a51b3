"""By which door a connection came in: told by the local address of its socket, never by a header.

VpcEndpoint ──Endpoints──► Door (addresses, Arrival) ──Arrivals──► at(local address) ──► Arrival
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.access.arrival import DIRECT, Arrival
from bargate.access.endpoint_policy import compile_endpoint_policy
from bargate.model.network import VpcEndpoint
from bargate.snapshot.snapshot import API_PREFIX

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Mapping

_API_ID_HEADER = b"x-apigw-api-id"
_API_ID = re.compile(rb"[A-Za-z0-9]{1,64}")


class Door(Struct, frozen=True, eq=False):
    """The addresses of an interface endpoint, and what a connection at one of them is."""

    addresses: tuple[str, ...]
    arrival: Arrival


class Endpoints:
    """A directory of interface endpoints (`served.Directory`)."""

    def __init__(self) -> None:
        self._doors: dict[str, Door] = {}

    def apply(self, name: str, part: object | None) -> None:
        """Take over an endpoint, None when it is gone. Raises InvalidConfiguration."""
        if isinstance(part, VpcEndpoint):
            self._doors[name] = _door(part)
        else:
            self._doors.pop(name, None)

    def doors(self) -> list[Door]:
        """Give the doors there are."""
        return list(self._doors.values())


def _door(endpoint: VpcEndpoint) -> Door:
    arrival = Arrival(
        vpc_endpoint_id=endpoint.id,
        vpc_id=endpoint.vpc_id,
        vpc_endpoint_policy=compile_endpoint_policy(endpoint.policy),
        name=endpoint.id,
    )
    return Door(endpoint.addresses, arrival)


class Arrivals:
    """The doors of a worker by their addresses; any other address is the public door."""

    __slots__ = ("_by_address",)

    def __init__(self) -> None:
        self._by_address: Mapping[str, Arrival] = {}

    def take(self, doors: Iterable[Door], but: str = "") -> None:
        """Know these doors and no others; the address `but` stays public."""
        self._by_address = {
            address: door.arrival for door in doors for address in door.addresses if address != but
        }

    def at(self, address: str) -> Arrival:
        """Give the arrival of a connection at a local address."""
        return self._by_address.get(address, DIRECT)

    def addresses(self) -> set[str]:
        """Give the addresses of all doors but the public one."""
        return set(self._by_address)


def local_address(transport: asyncio.BaseTransport) -> str:
    """Give the address that a connection was accepted at, empty when it has none."""
    name = transport.get_extra_info("sockname")
    return str(name[0]).removeprefix("::ffff:") if isinstance(name, tuple) else ""


def named_by_header(header: Mapping[bytes, bytes], path: str) -> str:
    """Give the path that names the API of `x-apigw-api-id` as well.

    AWS [D] apigw-evaluation §4. Only for calls through an endpoint: elsewhere it says nothing.
    """
    api_id = header.get(_API_ID_HEADER)
    if api_id is None or path.startswith(API_PREFIX) or _API_ID.fullmatch(api_id) is None:
        return path
    return f"{API_PREFIX}{api_id.decode('ascii')}{path}"
