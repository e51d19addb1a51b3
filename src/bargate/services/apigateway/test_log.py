"""The execution log of a test invocation, in the manner of AWS's [O]."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bargate.model.invocation import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.access.call import Call
    from bargate.access.verdict import Denial
    from bargate.mapping.plan import UpstreamRequest
    from bargate.model.invocation import Invocation, Outcome

_MAX_BODY: Final = 1_024
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
# What opens doors elsewhere is not written down.
_SECRET: Final = frozenset(
    {b"authorization", b"cookie", b"proxy-authorization", b"set-cookie", b"x-amz-security-token", b"x-api-key"}
)  # fmt: skip


class ExecutionLog:
    """Lines with the time of the call before each."""

    def __init__(self, call: Call) -> None:
        at = datetime.fromtimestamp(call.received_at, UTC)
        day = f"{_DAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at:%d %H:%M:%S} UTC {at.year}"
        self._start = f"{day} : "
        self._lines = [f"Execution log for request {call.request_id}"]
        self.add(f"Starting execution for request: {call.request_id}")

    def add(self, line: str) -> None:
        """Add one line."""
        self._lines.append(self._start + line)

    def text(self) -> str:
        """Give the whole log."""
        return "\n".join(self._lines) + "\n"

    def method_request(self, call: Call, path: str, parameters: object) -> None:
        """Tell what was asked."""
        self.add(f"HTTP Method: {call.method}, Resource Path: {path}")
        self.add(f"Method request path: {parameters}")
        self.add(f"Method request query string: {call.query}")
        self.add(f"Method request headers: {_shown(call.headers)}")
        self.add(f"Method request body before transformations: {_short(call.body)}")

    def endpoint_request(self, request: UpstreamRequest) -> None:
        """Tell what is sent to the backend."""
        line, *fields = request.head.decode("latin-1").split("\r\n")
        origin = request.origin
        path = line.split(" ")[1]
        uri = f"{origin.scheme}://{origin.host}:{origin.port}{path}"
        pairs = (field.encode("latin-1").partition(b": ")[::2] for field in fields if field)
        self.add(f"Endpoint request URI: {uri}")
        self.add(f"Endpoint request headers: {_shown(pairs)}")
        self.add(f"Endpoint request body after transformations: {_short(request.body)}")
        self.add(f"Sending request to {uri}")

    def endpoint_response(
        self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes, latency_ms: int
    ) -> None:
        """Tell what the backend answered."""
        self.add(f"Received response. Status: {status}, Integration latency: {latency_ms} ms")
        self.add(f"Endpoint response headers: {_shown(headers)}")
        self.add(f"Endpoint response body before transformations: {_short(body)}")

    def function_request(self, invocation: Invocation) -> None:
        """Tell which function is invoked; its event holds what the client sent, so it is not told."""
        self.add(f"Endpoint request URI: {invocation.function}")
        self.add(f"Endpoint request body: an event of {len(invocation.payload)} bytes")
        self.add(f"Sending request to {invocation.function}")

    def function_response(self, outcome: Outcome, latency_ms: int) -> None:
        """Tell what became of the invocation."""
        if isinstance(outcome, Refused):
            self.add(f"Function not invoked: {outcome.message} [{outcome.reason}]")
            return
        self.add(f"Received response. Status: 200, Integration latency: {latency_ms} ms")
        self.add(f"Endpoint response body before transformations: {_short(outcome.payload)}")

    def denied(self, denial: Denial) -> None:
        """Tell why the call ended: what operators read, for it is one who tests."""
        self.add(f"Execution failed: {denial.detail} [{denial.reason}]")

    def method_response(
        self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes
    ) -> None:
        """Tell what the client reads."""
        self.add(f"Method response body after transformations: {_short(body)}")
        self.add(f"Method response headers: {_shown(headers)}")
        self.add(f"Method completed with status: {status}")


def _shown(headers: Iterable[tuple[bytes, bytes]]) -> str:
    shown = (
        f"{name.decode('latin-1')}={'****' if name.lower() in _SECRET else value.decode('latin-1')}"
        for name, value in headers
    )
    return "{" + ", ".join(shown) + "}"


def _short(body: bytes) -> str:
    text = body[: _MAX_BODY + 1].decode("utf-8", "replace")
    return text if len(text) <= _MAX_BODY else text[:_MAX_BODY] + " [TRUNCATED]"
