"""Compile an installation into a snapshot, reusing what did not change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod, GuardedRoute, Shared
from bargate.access.order import HTTP_API, REST_API
from bargate.access.verdict import Denial
from bargate.mapping.cors import compile_cors
from bargate.mapping.gateway_responses import compile_gateway_responses
from bargate.mapping.http_api_errors import compile_http_api_errors
from bargate.mapping.integrations import compile_http_integration, compile_rest_integration
from bargate.mapping.plan import Response, UpstreamRequest
from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import RestApi
from bargate.snapshot.compiled import CompiledStage, Endpoint
from bargate.snapshot.router import Router
from bargate.snapshot.snapshot import CompiledApi, Snapshot

if TYPE_CHECKING:
    from bargate.access.control import HttpControl, RestControl, Step
    from bargate.access.key_directory import KeyDirectory
    from bargate.mapping.plan import HttpPlan, MockPlan
    from bargate.model.http_api import HttpApi
    from bargate.model.installation import Installation, ServedApi, Stage

Ask = Callable[[Call, Facts], UpstreamRequest | Response | Denial]
Controls = tuple[tuple["RestControl | HttpControl", "Step | None"], ...]


def compile_snapshot(
    installation: Installation, keys: KeyDirectory, previous: Snapshot | None = None
) -> Snapshot:
    """Compile every API; one that is as in `previous` is taken over with all it remembers.

    Raises InvalidConfiguration for the first part that cannot be enforced.
    """
    kept = previous.apis if previous and _same_place(previous.installation, installation) else {}
    apis = {}
    for served in installation.served:
        old = kept.get(served.api.id)
        unchanged = old is not None and old.served == served
        apis[served.api.id] = old if unchanged and old else compile_api(installation, served, keys)
    return Snapshot(installation, apis)


def _same_place(one: Installation, other: Installation) -> bool:
    return (one.account_id, one.region, one.partition, one.domain, one.issuers) == (
        other.account_id,
        other.region,
        other.partition,
        other.domain,
        other.issuers,
    )


def compile_api(installation: Installation, served: ServedApi, keys: KeyDirectory) -> CompiledApi:
    """Compile every stage of one API; raises InvalidConfiguration."""
    api = served.api
    stages = {}
    for stage in served.stages:
        if isinstance(api, RestApi):
            stages[stage.name] = _rest_stage(installation, api, stage, keys)
        else:
            stages[stage.name] = _http_stage(installation, api, stage, keys)
    return CompiledApi(served, stages)


def _rest_stage(
    installation: Installation, api: RestApi, stage: Stage, keys: KeyDirectory
) -> CompiledStage:
    shared = Shared()
    endpoints = [
        _rest_endpoint(
            GuardedMethod(installation, api, stage, resource, method, keys, shared),
        )
        for resource in api.resources
        for method in resource.methods
    ]
    return CompiledStage(
        kind="REST",
        api_id=api.id,
        api_name=api.name,
        name=stage.name,
        router=Router("REST", endpoints),
        refuser=compile_gateway_responses(api, stage, installation),
        cors=None,
        disabled=api.disable_execute_api_endpoint,
    )


def _http_stage(
    installation: Installation, api: HttpApi, stage: Stage, keys: KeyDirectory
) -> CompiledStage:
    shared = Shared()
    endpoints = [
        _http_endpoint(GuardedRoute(installation, api, stage, route, keys, shared))
        for route in api.routes
    ]
    return CompiledStage(
        kind="HTTP",
        api_id=api.id,
        api_name=api.name,
        name=stage.name,
        router=Router("HTTP", endpoints),
        refuser=compile_http_api_errors(api, stage, installation),
        cors=compile_cors(api.cors),
        disabled=api.disable_execute_api_endpoint,
    )


def _rest_endpoint(guarded: GuardedMethod) -> Endpoint:
    method, path = guarded.method, guarded.resource.path
    if method.integration is None:
        verb = (
            "x-amazon-apigateway-any-method" if method.http_method == "ANY" else method.http_method
        )
        raise InvalidConfiguration(
            ("paths", path, verb.lower()), "No integration defined for method"
        )
    controls: Controls = tuple((control, control.compile(guarded)) for control in REST_API)
    head, tail = _split(controls)
    plan = compile_rest_integration(guarded)
    return Endpoint(
        resource_id=guarded.resource.id,
        resource_path=path,
        http_method=method.http_method,
        route_key=f"{method.http_method} {path}",
        integration=f"{method.integration.type} {method.integration.uri or ''}".strip(),
        controls=controls,
        head=head,
        tail=tail,
        plan=plan,
        ask=ask_of(plan),
    )


def _http_endpoint(guarded: GuardedRoute) -> Endpoint:
    route_key = guarded.route.route_key
    method, _, path = route_key.partition(" ")
    if guarded.route.integration is None:
        raise InvalidConfiguration(("paths", path or route_key), f"no integration for {route_key}")
    controls: Controls = tuple((control, control.compile(guarded)) for control in HTTP_API)
    head, tail = _split(controls)
    plan = compile_http_integration(guarded)
    return Endpoint(
        resource_id="",
        resource_path=path or route_key,
        http_method=method if path else "ANY",
        route_key=route_key,
        integration=f"{guarded.route.integration.type} {guarded.route.integration.uri}",
        controls=controls,
        head=head,
        tail=tail,
        plan=plan,
        ask=ask_of(plan),
    )


def ask_of(plan: HttpPlan | MockPlan) -> Ask:
    """Give what a plan is asked when a call is decided."""
    respond: Ask | None = getattr(plan, "respond", None)
    if respond is not None:
        return respond
    request: Ask = plan.request  # type: ignore[union-attr]  # no MockPlan, so an HttpPlan
    return request


def _split(controls: Controls) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """Part the configured steps at the first that reads the body; their order stays."""
    configured = [(control, step) for control, step in controls if step is not None]
    bodies = [at for at, (control, _) in enumerate(configured) if control.reads_body]
    cut = bodies[0] if bodies else len(configured)
    steps = tuple(step for _, step in configured)
    return steps[:cut], steps[cut:]
