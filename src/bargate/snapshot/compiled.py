"""The compiled form of what is served: immutable, shared by all calls of a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

from bargate.snapshot.router import NO_ROUTES, Router

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bargate.access.call import Call, Facts
    from bargate.access.control import HttpControl, RestControl, Step
    from bargate.access.verdict import Denial
    from bargate.mapping.cors import CompiledCors
    from bargate.mapping.plan import Asked, Plan, Response
    from bargate.model.installation import ServedStage
    from bargate.snapshot.endpoint import Frame, Source


# Where the variable segments of a template are: index and name; apart, the greedy one.
Variables = tuple[tuple[tuple[int, str], ...], tuple[int, str] | None]
_NO_VARIABLES: Variables = ((), None)


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
    `respond`; `variables` are those of `resource_path`.
    """

    resource_id: str
    resource_path: str
    http_method: str
    route_key: str
    integration: str
    controls: tuple[tuple[RestControl | HttpControl, Step | None], ...]
    head: tuple[Step, ...]
    tail: tuple[Step, ...]
    plan: Plan
    ask: Callable[[Call, Facts], Asked]
    variables: Variables = _NO_VARIABLES


class CompiledStage(Struct, frozen=True, eq=False):
    """One deployment that a stage of an API serves: the stage's own or its canary.

    `is_canary` says which of the two, None when there is but one; `canary` is the other, and takes
    `canary_percent` of the calls. `frame` is what the endpoints were compiled in: the same object
    as long as nothing but endpoints changed. `sources` are what they were compiled from.
    """

    kind: Literal["REST", "HTTP"]
    api_id: str
    api_name: str
    name: str
    router: Router
    refuser: Refuser
    cors: CompiledCors | None
    disabled: bool
    account_id: str = ""
    domain_name: str = ""
    is_canary: bool | None = None
    canary: CompiledStage | None = None
    canary_percent: float = 0.0
    served: ServedStage | None = None
    frame: Frame | None = None
    sources: Mapping[str, Source] = {}
    is_private: bool = False
    vpc_endpoint_ids: tuple[str, ...] = ()

    def without_routes(self) -> CompiledStage:
        """Give the stage without all that it can route to: enough to explain one call."""
        return CompiledStage(
            self.kind,
            self.api_id,
            self.api_name,
            self.name,
            NO_ROUTES,
            self.refuser,
            self.cors,
            self.disabled,
            self.account_id,
            self.domain_name,
            self.is_canary,
            frame=self.frame,
            is_private=self.is_private,
            vpc_endpoint_ids=self.vpc_endpoint_ids,
        )

    @property
    def title(self) -> str:
        """The stage in words, with which of its deployments this is."""
        if self.is_canary is None:
            return self.name
        return f"{self.name}, {'its canary' if self.is_canary else 'not its canary'}"


class Unresolved(Struct, frozen=True):
    """No API or stage answers to the host and path: why, and what the client reads.

    `kind` is that of the API when one was found, REST when none was.
    """

    denial: Denial
    response: Response
    kind: Literal["REST", "HTTP"] = "REST"
