"""The condition keys of a call that reaches the gateway without an AWS identity.

AWS [D] apigw-evaluation §2: every authorization type may test these. `aws:SourceIp` is the
address of the TCP peer; no header can change it. A key that is not listed is absent.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from time import gmtime, strftime

from bargate.access.call import Call

ContextOf = Callable[[Call], dict[str, str | None]]


def compile_context(asked: Iterable[str]) -> ContextOf:
    """Give the function that forms the context of a call: the keys asked for and no others."""
    keys = tuple((key, _KEYS[key]) for key in asked if key in _KEYS)

    def context(call: Call) -> dict[str, str | None]:
        return {key: value(call) for key, value in keys}

    return context


@lru_cache(maxsize=8)
def _iso_8601(second: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(second))


_KEYS: dict[str, Callable[[Call], str | None]] = {
    "aws:currenttime": lambda call: _iso_8601(int(call.received_at)),
    "aws:epochtime": lambda call: str(int(call.received_at)),
    "aws:referer": lambda call: call.text(b"referer"),
    "aws:securetransport": lambda call: "true" if call.secure else "false",
    "aws:sourceip": lambda call: call.source_ip,
    "aws:useragent": lambda call: call.text(b"user-agent"),
}
ALL_KEYS = frozenset(_KEYS)
