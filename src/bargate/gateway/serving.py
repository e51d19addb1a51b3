"""What the data plane asks of the rest: the snapshot, the key sets and the observer of calls.

Snapshot.resolve(host, path, arrival) ──► (CompiledStage, resource_path) | Unresolved
CompiledStage.router.match(method, resource_path) ──► (Endpoint, path_parameters) | None
CompiledStage.refuser.render(call, facts, endpoint, denial) ──► Response
CompiledStage.cors.preflight(call) ──► Response | None
CompiledStage.cors.apply(call, headers) ──► Headers
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

from bargate.access.arrival import DIRECT

if TYPE_CHECKING:
    from bargate.access.arrival import Arrival
    from bargate.access.call import Call, Facts
    from bargate.access.key_directory import KeySource
    from bargate.access.verdict import Denial
    from bargate.snapshot.compiled import CompiledStage, Endpoint, Unresolved
    from bargate.snapshot.snapshot import DomainMatch


class Snapshot(Protocol):
    """What is served now. Immutable: a reload gives the dispatcher another one."""

    def resolve(
        self, host: bytes | None, path: str, arrival: Arrival = DIRECT
    ) -> tuple[CompiledStage, str] | Unresolved:
        """Find the stage a request belongs to, and its path below API and stage.

        `host` is lower case and without port, None for an HTTP/1.0 request that names none.
        `path` is percent-encoded as sent, starts with a slash, and holds no dot segments. The
        resource path given back is percent-encoded too, in normal form, and starts with a slash;
        it is empty for a path without normal form, which matches no route. Never raises.
        """

    def domain_of(self, host: bytes | None, path: str) -> DomainMatch | None:
        """Give the custom domain name that a host names, None when it names none."""


class KeyFetcher(Protocol):
    """Fetches key sets into the directory that the steps look into."""

    async def fetch(self, source: KeySource) -> None:
        """Fetch the key set of `source`, or join the fetch under way.

        Returns when the directory was updated or the fetch failed; a failure is remembered by
        the directory and raises nothing. Bounded in time.
        """


class CallRecord(Struct, kw_only=True):
    """What is known of one call, filled while it runs and handed to the observer at its end.

    `kind` says in whose words the call is answered. `stage`, `endpoint` and `facts` are None as
    far as the call was not resolved or routed;
    `denial` is None for an answered call. `status` is 0 when the client left before an answer.
    `response_bytes` counts body bytes. Times are in seconds: `started_s` and
    `integration_started_s` on the monotonic clock, the latencies as durations
    (`integration_latency_s` until the backend's head, or its failure). `client_certificate` is the
    id of the one that the backend was shown.
    """

    call: Call
    kind: Literal["REST", "HTTP"] = "REST"
    stage: CompiledStage | None = None
    endpoint: Endpoint | None = None
    facts: Facts | None = None
    denial: Denial | None = None
    status: int = 0
    response_bytes: int = 0
    integration_status: int | None = None
    started_s: float = 0.0
    integration_started_s: float | None = None
    integration_latency_s: float | None = None
    client_certificate: str | None = None
    latency_s: float = 0.0


class Observer(Protocol):
    """Is told of every call once, when it is over. Called on the hot path: must not block."""

    def call_done(self, record: CallRecord) -> None:
        """Take note of a finished call."""

    def request_refused(self, source_ip: str, status: int, reason: str) -> None:
        """Take note of what was refused before it was a call, and so has no record.

        Malformed or too long a head, one that did not arrive in time, a connection too many.
        """
