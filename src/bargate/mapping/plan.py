"""What an integration compiles to: a pure plan that the gateway carries out.

Call, Facts ──► HttpPlan.request ──► UpstreamRequest ──► (gateway: a backend)
                                                               │
Response ◄── HttpPlan.response (whole body) ◄──────────────────┤
status, headers ◄── HttpPlan.head (body streams past) ◄────────┘

Call, Facts ──► FunctionPlan.request ──► Invocation ──► (gateway: the functions host)
Response ◄── FunctionPlan.answered ◄── Outcome ◄───────────────┘
"""

from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from bargate.access.call import Call, Facts
from bargate.access.verdict import Denial
from bargate.model.invocation import Invocation, Outcome

Headers = list[tuple[bytes, bytes]]


class Response(Struct):
    """A whole answer. Framing headers, `Date` and request ids are added by the gateway."""

    status: int
    headers: Headers
    body: bytes = b""


class Origin(Struct, frozen=True, cache_hash=True):
    """Where connections of one upstream pool go; `verify` is TLS certificate verification.

    `client_certificate` is the id of the one that the gateway shows there: connections made with
    one certificate, or without any, are never used for another.
    """

    scheme: Literal["http", "https"]
    host: str
    port: int
    verify: bool = True
    server_name: str | None = None
    client_certificate: str | None = None


class UpstreamRequest(Struct):
    """A request as it goes to a backend.

    `head` is complete: request line, headers, framing and the blank line. `retryable` says that
    the method is idempotent, so that a stale pooled connection may be tried once more.
    """

    origin: Origin
    head: bytes
    body: bytes
    method: bytes
    retryable: bool
    timeout_s: float


class MockPlan(Protocol):
    """An integration that answers by itself."""

    def respond(self, call: Call, facts: Facts) -> Response | Denial:
        """Answer the call."""


class HttpPlan(Protocol):
    """An integration that asks an HTTP backend.

    `streams` says which of `head` and `response` the gateway calls: `head` as soon as the
    backend's head is in and the body passes through untouched, or `response` with the whole body.
    """

    streams: bool

    def request(self, call: Call, facts: Facts) -> UpstreamRequest | Denial:
        """Build the backend request."""

    def head(self, call: Call, facts: Facts, status: int, headers: Headers) -> tuple[int, Headers]:
        """Map the backend's head to the client's; hop-by-hop and framing headers are left out."""

    def response(
        self, call: Call, facts: Facts, status: int, headers: Headers, body: bytes
    ) -> Response | Denial:
        """Map the backend's whole answer to the client's."""


class FunctionPlan(Protocol):
    """An integration that invokes a Lambda function."""

    def request(self, call: Call, facts: Facts) -> Invocation | Denial:
        """Build the event."""

    def answered(self, call: Call, facts: Facts, outcome: Outcome) -> Response | Denial:
        """Map what became of the invocation to the client's answer."""


Plan: TypeAlias = MockPlan | HttpPlan | FunctionPlan
# What a plan asks the gateway to do.
Asked: TypeAlias = UpstreamRequest | Invocation | Response | Denial
