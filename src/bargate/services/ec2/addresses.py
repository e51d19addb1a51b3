"""Addresses of endpoints: of the subnet, of this machine, and of no other endpoint."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from typing import TYPE_CHECKING, Final

from bargate.records.vpc import ENDPOINT_ADDRESS, EndpointAddress
from bargate.services.ec2.errors import invalid
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.vpc import Subnet
    from bargate.services.operation import OperationCall

_FIRST: Final = 4  # AWS [D]: the first four addresses of a subnet, and the last, are reserved
_MAX_TRIED: Final = 4_096


def take_address(call: OperationCall, subnet: Subnet, wanted: str | None, endpoint_id: str) -> str:
    """Take an address for an endpoint, the first that can be had unless one is wanted.

    Raises AwsError.
    """
    block = IPv4Network(subnet.cidr_block)
    address = _first_free(call, block) if wanted is None else _checked(call, block, wanted)
    call.tx.create(
        ENDPOINT_ADDRESS,
        EndpointAddress(
            address=address,
            account_id=call.account_id,
            region=call.region,
            endpoint_id=endpoint_id,
        ),
    )
    return address


def _checked(call: OperationCall, block: IPv4Network, wanted: str) -> str:
    try:
        address = IPv4Address(wanted)
    except ValueError as error:
        raise invalid(f"'{wanted[:64]}' is not an IPv4 address") from error
    first = block.network_address + _FIRST
    if not first <= address < block.broadcast_address:
        message = f"Address {address} does not fall within the subnet's range {block}, of which"
        raise invalid(f"{message} the first four addresses and the last are reserved")
    text = str(address)
    if call.tx.find(ENDPOINT_ADDRESS, (text,)) is not None:
        raise AwsError("InvalidIPAddress.InUse", f"Address {text} is in use.")
    if text == call.environment.gateway_address:
        raise invalid(f"{text} is where public APIs answer; give another address")
    if not is_ours(text):
        message = f"{text} is not an address of this machine: give it to an interface first"
        raise invalid(f"{message} (ip address add {text}/{block.prefixlen} dev …)")
    return text


def _first_free(call: OperationCall, block: IPv4Network) -> str:
    tried = islice(block, _FIRST, min(block.num_addresses - 1, _MAX_TRIED))
    for text in map(str, tried):
        if call.tx.find(ENDPOINT_ADDRESS, (text,)) is None and is_ours(text):
            return text
    message = f"No address of {block} is free and of this machine: give one to an interface"
    raise AwsError("InsufficientFreeAddressesInSubnet", f"{message} (ip address add … dev …)")


def is_ours(address: str) -> bool:
    """Say whether this machine has an address: whether a socket can be bound to it."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
