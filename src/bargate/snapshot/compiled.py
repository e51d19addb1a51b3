"""The compiled form of what is served: immutable, shared by all calls of a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.access.call import Call, Facts
    from bargate.access.control import HttpControl, RestControl, Step
    from bargate.access.verdict import Denial
    from bargate.mapping.cors import CompiledCors
    from bargate.mapping.plan import HttpPlan, MockPlan, Response, UpstreamRequest
    from bargate.snapshot.router import Router


class Refuser(Protocol):
    """Renders the answer to a refused call in the API's own words."""

    def render(
        self, call: Call, facts: Facts | None, endpoint: Endpoint | None, denial: Denial
    ) -> Response:
        """Give the client's answer to `denial`; `endpoint` is None when no route matched."""


class Endpoint(Struct, frozen=True, eq=False):
    """One method or route at one stage, ready to decide and to answer.

    `head` are the steps that need only the request's head, `tail` those from the first that reads
    the body on; together they are `controls` without the ones that are not configured.
    `integration` says in words what stands behind the endpoint; `ask` is the plan's `request` or
    `respond`.
    """

    resource_id: str
    resource_path: str
    http_method: str
    route_key: str
    integration: str
    controls: tuple[tuple[RestControl | HttpControl, Step | None], ...]
    head: tuple[Step, ...]
    tail: tuple[Step, ...]
    plan: HttpPlan | MockPlan
    ask: Callable[[Call, Facts], UpstreamRequest | Response | Denial]


class CompiledStage(Struct, frozen=True, eq=False):
    """One stage of one API."""

    kind: Literal["REST", "HTTP"]
    api_id: str
    api_name: str
    name: str
    router: Router
    refuser: Refuser
    cors: CompiledCors | None
    disabled: bool


class Unresolved(Struct, frozen=True):
    """No API or stage answers to the host and path: why, and what the client reads.

    `kind` is that of the API when one was found, REST when none was.
    """

    denial: Denial
    response: Response
    kind: Literal["REST", "HTTP"] = "REST"
