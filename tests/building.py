"""Small real objects for tests: APIs, calls, compiled stages. Nothing here is a mock."""

from __future__ import annotations

import json
from typing import Any

from msgspec import structs

from bargate.access.call import Call
from bargate.access.control import GuardedMethod
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.model.installation import Installation, ServedStage, Stage
from bargate.model.rest_api import (
    Integration,
    IntegrationResponse,
    Method,
    MethodResponse,
    Model,
    RequestValidator,
    Resource,
    RestApi,
)
from bargate.snapshot.compile import compile_snapshot
from bargate.snapshot.snapshot import Snapshot

ACCOUNT = "123456789012"
PLACE = Installation(account_id=ACCOUNT)
STAGE = Stage(name="prod")
MOCK = Integration(
    type="MOCK",
    request_templates={"application/json": '{"statusCode": 200}'},
    responses=(IntegrationResponse(status_code="200"),),
)
OK = (MethodResponse(status_code="200"),)
VALIDATORS = (
    RequestValidator(
        id="all", name="all", validate_request_parameters=True, validate_request_body=True
    ),
)


def call(
    method: str = "GET",
    path: str = "/pets",
    *,
    query: str = "",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    **fields: Any,
) -> Call:
    """A call as a connection forms it."""
    pairs = [(n.encode(), v.encode("latin-1")) for n, v in (headers or {}).items()]
    made = Call(
        method=method,
        path=f"/prod{path}",
        resource_path=path,
        query=query,
        headers=pairs,
        header={name.lower(): value for name, value in pairs},
        source_ip="203.0.113.7",
        secure=False,
        protocol="HTTP/1.1",
        received_at=1_790_000_000.0,
        request_id="6b0a3c5e-0000-4000-8000-000000000001",
        extended_request_id="abcdefghijklmno=",
        body=body,
    )
    return structs.replace(made, **fields)


def rest_api(*methods: tuple[str, Method], **fields: Any) -> RestApi:
    """A REST API of (path, method) pairs; methods of one path share a resource."""
    paths: dict[str, list[Method]] = {}
    for path, method in methods:
        paths.setdefault(path, []).append(method)
    resources = tuple(
        Resource(id=f"r{at}", path=path, methods=tuple(of))
        for at, (path, of) in enumerate(paths.items())
    )
    return RestApi(**{"id": "petstore", "name": "Pets", "resources": resources, **fields})


def method(verb: str = "GET", **fields: Any) -> Method:
    """A method with a mock integration."""
    return Method(http_method=verb, **{"integration": MOCK, "method_responses": OK, **fields})


def guarded(api: RestApi, *, place: Installation = PLACE) -> GuardedMethod:
    """What a control sees of the first method of an API."""
    resource = api.resources[0]
    return GuardedMethod(place, api, STAGE, resource, resource.methods[0], HttpKeyDirectory(fetch))


def snapshot(api: Any, *stages: Stage, place: Installation = PLACE) -> Snapshot:
    """A compiled snapshot that serves one API."""
    served = served_stages(api, *stages, place=place)
    return compile_snapshot(structs.replace(place, served=served), HttpKeyDirectory(fetch))


def served_stages(api: Any, *stages: Stage, place: Installation = PLACE) -> tuple[ServedStage, ...]:
    """One API at some stages, as it is served."""
    return tuple(
        ServedStage(account_id=place.account_id, region=place.region, api=api, stage=stage)
        for stage in stages or (STAGE,)
    )


def policy(*statements: dict[str, Any]) -> str:
    """A resource policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def model(name: str, schema: Any) -> Model:
    """A named JSON Schema."""
    return Model(name=name, schema=json.dumps(schema))
