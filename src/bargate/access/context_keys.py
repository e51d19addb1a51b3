"""The condition keys of a call that reaches the gateway without an AWS identity.

AWS [D] apigw-evaluation §2: every authorization type may test these. `aws:SourceIp` is the
address of the TCP peer; no header can change it. A key that is not listed is absent.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from bargate.access.call import Call


class CallContext:
    """Condition keys by lower-case name, computed only when a policy asks."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    def get(self, key: str) -> str | tuple[str, ...] | None:
        """Give the value of a condition key, None when it is absent."""
        value = _KEYS.get(key)
        return None if value is None else value(self._call)


def _current_time(call: Call) -> str:
    return datetime.fromtimestamp(call.received_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_KEYS: dict[str, Callable[[Call], str | None]] = {
    "aws:currenttime": _current_time,
    "aws:epochtime": lambda call: str(int(call.received_at)),
    "aws:principaltype": lambda _: "Anonymous",
    "aws:referer": lambda call: call.text(b"referer"),
    "aws:securetransport": lambda call: "true" if call.secure else "false",
    "aws:sourceip": lambda call: call.source_ip,
    "aws:useragent": lambda call: call.text(b"user-agent"),
}
