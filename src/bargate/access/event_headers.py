"""The headers of a call as Lambda events tell them, to authorizers and integrations alike.

    headers ──EventNames──► last value by name, all values by name ──► + those of the gateway
                                              └► 2.0: joined by commas, cookies apart

AWS [R] apigw-objects §3: single-value maps keep the last of repeated values.

INVARIANT: X-Forwarded-* and the trace id are the gateway's, whatever the client sent of them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from bargate.access.context import trace_id
from bargate.access.repeated_headers import Headers, RepeatedHeaders
from bargate.access.request_values import forwarded_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.access.call import Call

Values: TypeAlias = dict[str, str]
MultiValues: TypeAlias = dict[str, list[str]]
HeaderMaps: TypeAlias = tuple[Values, MultiValues]

_MOST_NAMES: Final = 64
_MOST_NAME_BYTES: Final = 64
_GIVEN: Final = ("X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Amzn-Trace-Id")
_GIVEN_LOWER: Final = tuple(name.lower() for name in _GIVEN)


class EventNames(dict[bytes, str | None]):
    """Gives the names that a client's headers have in an event, None for those it has not.

    `dropped` is in lower case. A name that differs from a dropped one by `_` for `-` alone is
    dropped as well (see `mapping.headers.PassingNames`), as is one of the gateway's own. Names are
    remembered as they are written, up to a bound. Compared by identity.
    """

    __slots__ = ("_dropped", "lowers")
    __hash__ = object.__hash__  # type: ignore[assignment]  # unlike a dictionary's
    __eq__ = object.__eq__
    __ne__ = object.__ne__

    def __init__(self, dropped: Iterable[bytes] = (), *, lowers: bool) -> None:
        super().__init__()
        self._dropped = frozenset(dropped) | {name.encode("ascii") for name in _GIVEN_LOWER}
        self.lowers = lowers

    def __missing__(self, name: bytes) -> str | None:
        """Look at a name that is not remembered."""
        lower = name.lower()
        dashed = lower.replace(b"_", b"-")
        shown: str | None = (lower if self.lowers else name).decode("latin-1")
        if dashed in self._dropped or (dashed != lower and dashed == b"content-length"):
            shown = None
        if len(name) <= _MOST_NAME_BYTES:
            if len(self) >= _MOST_NAMES:
                self.clear()
            self[name] = shown
        return shown


def header_maps(call: Call, headers: Headers, names: EventNames) -> HeaderMaps:
    """Give `headers`, the call's own or changed ones, and those of the gateway."""
    single, multi = _known_maps(call, headers, names)
    single, multi = single.copy(), multi.copy()
    given = _GIVEN_LOWER if names.lowers else _GIVEN
    for name, value in zip(given, given_values(call), strict=True):
        single[name] = value
        multi[name] = [value]
    return single, multi


def single_headers(call: Call, names: EventNames) -> Values:
    """Give the last value of each of the call's headers, and those of the gateway."""
    single = _known_maps(call, call.headers, names)[0].copy()
    single.update(zip(_GIVEN, given_values(call), strict=True))
    return single


def joined_headers(call: Call, headers: Headers, names: EventNames) -> tuple[Values, list[str]]:
    """Give headers as format 2.0 does, which joins repeated ones, and the cookies, held apart.

    `names` must lower them.
    """
    single, multi = _known_maps(call, headers, names)
    if headers is call.headers and len(call.header) == len(headers):  # nothing came twice
        joined = single.copy()
    else:
        joined = {name: ",".join(values) for name, values in multi.items()}
    joined.update(zip(_GIVEN_LOWER, given_values(call), strict=True))
    if "cookie" not in joined:
        return joined, []
    del joined["cookie"]
    parts = (part.strip() for value in multi["cookie"] for part in value.split(";"))
    return joined, [cookie for cookie in parts if cookie]


def given_values(call: Call) -> tuple[str, str, str, str]:
    """Give the values of the headers that the gateway tells by itself."""
    port, scheme = port_and_scheme(call.header.get(b"host", b""), call.secure)
    return forwarded_for(call), port, scheme, trace_id(call)


@lru_cache(maxsize=1024)
def port_and_scheme(host: bytes, secure: bool) -> tuple[str, str]:  # noqa: FBT001 - a cache key
    """Give X-Forwarded-Port and -Proto."""
    port = host.rpartition(b":")[2]
    if not port.isdigit():
        port = b"443" if secure else b"80"
    return port.decode("ascii"), "https" if secure else "http"


def _known_maps(call: Call, headers: Headers, names: EventNames) -> HeaderMaps:
    """Give the maps of a client's own headers, which must not be changed."""
    if type(headers) is not RepeatedHeaders:
        return _maps(call, headers, names)
    maps: HeaderMaps | None = headers.known.get(names)
    if maps is None:
        maps = _maps(call, headers, names)
        headers.remember(names, maps)
    return maps


def _maps(call: Call, headers: Headers, names: EventNames) -> HeaderMaps:
    shown = [
        (text, value.decode("latin-1"))
        for name, value in headers
        if (text := names[name]) is not None
    ]
    if headers is call.headers and len(call.header) == len(headers):
        return dict(shown), {name: [value] for name, value in shown}
    written: dict[str, str] = {}
    multi: MultiValues = {}
    for name, value in shown:
        # Names are one whatever their case; the first way it was written names them all.
        multi.setdefault(written.setdefault(name.lower(), name), []).append(value)
    return {name: values[-1] for name, values in multi.items()}, multi
