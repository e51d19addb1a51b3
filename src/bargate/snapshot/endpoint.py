"""One method or route of a stage: where it stands, and how it is compiled when it is due.

    Frame (API, stage, directories) + Resource, Method | Route ──► MethodSlot | RouteSlot ──► Endpoint

A slot is made for every method and is kept as long as its method and its frame stay as they are;
its endpoint is compiled on trial, at an update that brought it, or at its first call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from bargate.access.api_keys import ApiKeys, NoApiKeys
from bargate.access.control import GuardedMethod, GuardedRoute, Shared
from bargate.access.order import HTTP_API, REST_API
from bargate.mapping.integrations import compile_http_integration, compile_rest_integration
from bargate.model.http_api import HttpApi, Route
from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import Method, Resource, RestApi
from bargate.snapshot.compiled import Endpoint
from bargate.snapshot.router import variables_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.access.call import Call, Facts
    from bargate.access.control import HttpControl, RestControl, Step
    from bargate.access.identities import Identities
    from bargate.access.key_directory import KeyDirectory
    from bargate.mapping.plan import Asked, Plan
    from bargate.model.installation import Installation, Stage

Ask: TypeAlias = "Callable[[Call, Facts], Asked]"
Controls = tuple[tuple["RestControl | HttpControl", "Step | None"], ...]


class Frame(Struct, frozen=True, eq=False):
    """What all endpoints of a deployment are compiled in.

    `installation` names account and region of the API and serves nothing; `api` is without
    resources and routes.
    """

    installation: Installation
    api: RestApi | HttpApi
    stage: Stage
    keys: KeyDirectory
    identities: Identities
    shared: Shared
    api_keys: ApiKeys = NoApiKeys()

    def is_as(self, other: Frame) -> bool:
        """Say whether an endpoint compiled in the one does in the other."""
        return (
            self.keys is other.keys
            and self.identities is other.identities
            and self.api_keys is other.api_keys
            and (self.installation, self.api, self.stage)
            == (other.installation, other.api, other.stage)
        )


class MethodSlot:
    """The place of a method of a REST API."""

    __slots__ = ("_frame", "_method", "_resource", "endpoint", "http_method", "resource_path")

    def __init__(self, frame: Frame, resource: Resource, method: Method) -> None:
        self._frame = frame
        self._resource = resource
        self._method = method
        self.http_method = method.http_method
        self.resource_path = resource.path
        self.endpoint: Endpoint | None = None

    def is_of(self, resource: Resource, method: Method) -> bool:
        """Say whether this is the place of such a method as well."""
        own = self._resource
        return (own.id, own.path) == (resource.id, resource.path) and self._method == method

    def compiled(self) -> Endpoint:
        """Give the endpoint; raises InvalidConfiguration when it cannot be compiled."""
        if self.endpoint is None:
            self.endpoint = _rest_endpoint(self._frame, self._resource, self._method)
        return self.endpoint


class RouteSlot:
    """The place of a route of an HTTP API."""

    __slots__ = ("_frame", "_route", "endpoint", "http_method", "resource_path")

    def __init__(self, frame: Frame, route: Route) -> None:
        self._frame = frame
        self._route = route
        verb, _, path = route.route_key.partition(" ")
        self.http_method = verb if path else "ANY"
        self.resource_path = path or route.route_key
        self.endpoint: Endpoint | None = None

    def compiled(self) -> Endpoint:
        """Give the endpoint; raises InvalidConfiguration when it cannot be compiled."""
        if self.endpoint is None:
            self.endpoint = _http_endpoint(self._frame, self._route)
        return self.endpoint


AnySlot: TypeAlias = MethodSlot | RouteSlot


class Source(Struct, frozen=True, eq=False):
    """A resource or route, and the slots of its methods."""

    item: Resource | Route
    slots: tuple[AnySlot, ...]


def source_of(frame: Frame, item: Resource | Route, former: Source | None) -> Source:
    """Make the slots of a resource or route, taking over those of methods that did not change."""
    if isinstance(item, Route):
        return Source(item, (RouteSlot(frame, item),))
    known = () if former is None else former.slots
    return Source(item, tuple(_method_slot(frame, item, method, known) for method in item.methods))


def _method_slot(
    frame: Frame, resource: Resource, method: Method, known: tuple[AnySlot, ...]
) -> AnySlot:
    for slot in known:
        if isinstance(slot, MethodSlot) and slot.is_of(resource, method):
            return slot
    return MethodSlot(frame, resource, method)


def _rest_endpoint(frame: Frame, resource: Resource, method: Method) -> Endpoint:
    path = resource.path
    if method.integration is None:
        verb = (
            "x-amazon-apigateway-any-method" if method.http_method == "ANY" else method.http_method
        )
        raise InvalidConfiguration(
            ("paths", path, verb.lower()), "No integration defined for method"
        )
    guarded = _guarded_method(frame, resource, method)
    controls: Controls = tuple((control, control.compile(guarded)) for control in REST_API)
    head, tail = _split(controls)
    plan = compile_rest_integration(guarded)
    return Endpoint(
        resource_id=resource.id,
        resource_path=path,
        http_method=method.http_method,
        route_key=f"{method.http_method} {path}",
        integration=f"{method.integration.type} {method.integration.uri or ''}".strip(),
        controls=controls,
        head=head,
        tail=tail,
        plan=plan,
        ask=ask_of(plan),
        variables=variables_of(path),
    )


def _http_endpoint(frame: Frame, route: Route) -> Endpoint:
    route_key = route.route_key
    method, _, path = route_key.partition(" ")
    if route.integration is None:
        raise InvalidConfiguration(("paths", path or route_key), f"no integration for {route_key}")
    guarded = _guarded_route(frame, route)
    controls: Controls = tuple((control, control.compile(guarded)) for control in HTTP_API)
    head, tail = _split(controls)
    plan = compile_http_integration(guarded)
    return Endpoint(
        resource_id="",
        resource_path=path or route_key,
        http_method=method if path else "ANY",
        route_key=route_key,
        integration=f"{route.integration.type} {route.integration.uri}",
        controls=controls,
        head=head,
        tail=tail,
        plan=plan,
        ask=ask_of(plan),
        variables=variables_of(path),
    )


def _guarded_method(frame: Frame, resource: Resource, method: Method) -> GuardedMethod:
    assert isinstance(frame.api, RestApi)  # noqa: S101  only REST APIs have resources
    return GuardedMethod(
        frame.installation,
        frame.api,
        frame.stage,
        resource,
        method,
        frame.keys,
        frame.shared,
        frame.identities,
        frame.api_keys,
    )


def _guarded_route(frame: Frame, route: Route) -> GuardedRoute:
    assert isinstance(frame.api, HttpApi)  # noqa: S101  only HTTP APIs have routes
    return GuardedRoute(
        frame.installation,
        frame.api,
        frame.stage,
        route,
        frame.keys,
        frame.shared,
        frame.identities,
    )


def ask_of(plan: Plan) -> Ask:
    """Give what a plan is asked when a call is decided."""
    respond: Ask | None = getattr(plan, "respond", None)
    if respond is not None:
        return respond
    request: Ask = plan.request  # type: ignore[union-attr]  # no MockPlan, so it has one
    return request


def _split(controls: Controls) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """Part the configured steps at the first that reads the body; their order stays."""
    configured = [(control, step) for control, step in controls if step is not None]
    bodies = [at for at, (control, _) in enumerate(configured) if control.reads_body]
    cut = bodies[0] if bodies else len(configured)
    steps = tuple(step for _, step in configured)
    return steps[:cut], steps[cut:]
