"""One invocation of a Lambda function, and what comes of it: what all planes say to the host.

authorizers, integrations, the API `lambda` ──► Invocation ──► functions host
Returned | Errored | Refused ◄──┘
"""

from __future__ import annotations

from typing import Literal, Protocol

from msgspec import Struct

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024  # AWS [D] Lambda quotas: request and response, synchronous
MAX_EVENT_BYTES = 1024 * 1024  # asynchronous

RefusedReason = Literal[
    "not_found",  # no such function, version or alias
    "denied",  # no permission lambda:InvokeFunction
    "throttled",  # all its concurrency is in use
    "too_large",  # the request is
    "timed_out",  # the invoker waits no longer
    "unavailable",  # the host, or what stands behind a URL, does not answer
]


class ByService(Struct, frozen=True, kw_only=True, tag="service"):
    """A service invokes; the function's resource policy must let it (aws:SourceArn, …Account)."""

    service: str = "apigateway.amazonaws.com"
    source_arn: str
    source_account: str


class ByRole(Struct, frozen=True, kw_only=True, tag="role"):
    """A service invokes as a role, which must trust it and may invoke the function."""

    role_arn: str
    service: str = "apigateway.amazonaws.com"
    source_arn: str
    source_account: str


class Permitted(Struct, frozen=True, kw_only=True, tag="permitted"):
    """Whoever invokes was asked for permission before."""


class Invocation(Struct, frozen=True, kw_only=True, tag="invoke"):
    """Run a function once.

    `function` is its ARN, a qualifier behind it or not. `payload` is JSON as sent to the function.
    An `is_event` is queued and answered at once. `timeout_s` is how long the invoker waits;
    `revision_id` the revision of the version that must be there before it is run, None for any;
    `client_context` the JSON of who invokes from a device, empty without one.
    """

    function: str
    payload: bytes
    invoker: ByService | ByRole | Permitted
    is_event: bool = False
    timeout_s: float = 29.0
    revision_id: str | None = None
    wants_log: bool = False
    client_context: str = ""


class Returned(Struct, frozen=True, kw_only=True, tag="returned"):
    """What the function answered, as it wrote it; empty for an event that was queued.

    `log` is the last 4 KiB that it wrote, where they were wanted; `duration_s` what it took.
    """

    payload: bytes
    version: str
    log: bytes = b""
    duration_s: float = 0.0
    request_id: str = ""


class Errored(Struct, frozen=True, kw_only=True, tag="errored"):
    """The function failed: `payload` is `{"errorMessage", "errorType", …}` as AWS writes it."""

    payload: bytes
    version: str
    log: bytes = b""
    duration_s: float = 0.0
    request_id: str = ""


class Refused(Struct, frozen=True, kw_only=True, tag="refused"):
    """The function was not run, or nobody knows; `message` tells the operator why."""

    reason: RefusedReason
    message: str


Invoker = ByService | ByRole | Permitted
Outcome = Returned | Errored | Refused


class FunctionInvoker(Protocol):
    """Invokes Lambda functions, wherever they run."""

    async def __call__(self, invocation: Invocation) -> Outcome:
        """Run a function, and give what comes of it. Never raises; bounded by `timeout_s`."""
