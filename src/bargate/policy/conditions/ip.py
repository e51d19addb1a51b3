"""IP address operators: addresses and CIDR ranges, versions 4 and 6; no policy variables.

Addresses become integers. Bit 128 is set for version 6, so that both versions lie on one line. IPv4-mapped IPv6 addresses count as the IPv4 address they carry, because that
is how a dual-stack socket shows an IPv4 peer.
"""

import re
from bisect import bisect_right
from functools import lru_cache
from ipaddress import IPv6Address

from msgspec import structs

from bargate.policy.conditions.rule import OperatorRule, RequestTest, ValueTest
from bargate.policy.request import AccessRequest

_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}")
_PREFIX = re.compile(r"0|[1-9][0-9]{0,2}")
_VERSION_6 = 1 << 128
_MAPPED = 0xFFFF << 32


@lru_cache(maxsize=4096)
def parse_address(text: str) -> int | None:
    """Read an IPv4 or IPv6 address as an integer, None when it is not one."""
    found = _IPV4.fullmatch(text)
    if found is None:
        return _parse_ipv6(text)
    first, second, third, fourth = found.groups()
    return int(first) << 24 | int(second) << 16 | int(third) << 8 | int(fourth)


def _parse_ipv6(text: str) -> int | None:
    if ":" not in text or "%" in text:
        return None
    try:
        value = int(IPv6Address(text))
    except ValueError:
        return None
    return value - _MAPPED if value >> 32 == 0xFFFF else value | _VERSION_6  # noqa: PLR2004 ::ffff:0:0/96


def parse_range(text: str) -> tuple[int, int] | None:
    """Read an address or CIDR range as (first, last) address, None when it is not one."""
    address_text, slash, prefix_text = text.partition("/")
    address = parse_address(address_text)
    if address is None or (slash and not _PREFIX.fullmatch(prefix_text)):
        return None
    written_bits = 128 if ":" in address_text else 32
    host_bits = written_bits - int(prefix_text) if slash else 0
    bits = 128 if address & _VERSION_6 else 32
    if host_bits < 0 or host_bits > bits:
        return None
    host_mask = (1 << host_bits) - 1
    return address & ~host_mask, address | host_mask


def range_problem(value: str) -> str | None:
    """Say what is wrong with a value that is no address or range."""
    if parse_range(value) is not None:
        return None
    return f"{value!r} is not an IP address or CIDR range such as 203.0.113.0/24 or 2001:db8::/32."


def compile_ranges(values: tuple[str, ...], _variables: bool) -> ValueTest:  # noqa: FBT001 shape of OperatorRule.compile
    """Compile IpAddress to one binary search, however many ranges there are."""
    ranges = _joined([found for value in values if (found := parse_range(value))])
    firsts = [first for first, _ in ranges]
    lasts = [-1, *(last for _, last in ranges)]

    def test(value: str, request: AccessRequest) -> bool:
        address = request.addresses.get(value)
        if address is None:
            address = _address(value, request)
            if address is None:
                return False
        return address <= lasts[bisect_right(firsts, address)]

    def over(key: str, absent: bool) -> RequestTest:  # noqa: FBT001 shape of ValueTest.over
        def holds(request: AccessRequest) -> object:
            value = request.get(key)
            address = request.addresses.get(value)  # type: ignore[arg-type]  # others are not in it
            if address is not None:
                return address <= lasts[bisect_right(firsts, address)]
            return test(value, request) if isinstance(value, str) else absent and not value

        return holds

    return ValueTest(test, over=over)


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sort ranges and join those that overlap."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def _address(value: str, request: AccessRequest) -> int | None:
    addresses = request.addresses
    if value not in addresses:
        addresses[value] = parse_address(value)
    return addresses[value]


IP_ADDRESS = OperatorRule(problem=range_problem, compile=compile_ranges)
NOT_IP_ADDRESS = structs.replace(IP_ADDRESS, negated=True)
