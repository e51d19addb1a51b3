"""A small HTTP API to test with."""

from __future__ import annotations

from typing import Any

from bargate.model.installation import ServedStage
from bargate.services.apigatewayv2.served import served_stage
from bargate.services.apigatewayv2.service import SERVICE
from calling import ACCOUNT, REGION, Calling

BACKEND = "http://127.0.0.1:9000/pets"
ISSUER = "https://issuer.example.com"
FUNCTION = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:f/invocations"
)


def calling(**kwargs: Any) -> Calling:
    return Calling(SERVICE, **kwargs)


def new_api(call: Calling, **settings: Any) -> str:
    api_id: str = call("CreateApi", Name="pets", ProtocolType="HTTP", **settings)["ApiId"]
    return api_id


def new_integration(call: Calling, api_id: str, **settings: Any) -> str:
    found: str = call(
        "CreateIntegration",
        **{"ApiId": api_id, "IntegrationType": "HTTP_PROXY", "IntegrationUri": BACKEND} | settings,
    )["IntegrationId"]
    return found


def new_route(call: Calling, api_id: str, key: str = "GET /pets", **settings: Any) -> str:
    target = settings.pop("Target", None) or f"integrations/{new_integration(call, api_id)}"
    found: str = call("CreateRoute", ApiId=api_id, RouteKey=key, Target=target, **settings)[
        "RouteId"
    ]
    return found


def new_jwt(call: Calling, api_id: str, name: str = "tokens", **settings: Any) -> str:
    request: dict[str, Any] = {
        "ApiId": api_id,
        "AuthorizerType": "JWT",
        "Name": name,
        "IdentitySource": ["$request.header.Authorization"],
        "JwtConfiguration": {"Issuer": ISSUER, "Audience": ["pets"]},
    }
    found: str = call("CreateAuthorizer", **request | settings)["AuthorizerId"]
    return found


def new_request_authorizer(call: Calling, api_id: str, **settings: Any) -> Any:
    request: dict[str, Any] = {
        "ApiId": api_id,
        "AuthorizerType": "REQUEST",
        "Name": "asks",
        "IdentitySource": ["$request.header.X-Who", "$context.routeKey"],
        "AuthorizerUri": FUNCTION,
        "AuthorizerPayloadFormatVersion": "2.0",
    }
    return call("CreateAuthorizer", **request | settings)


def new_stage(call: Calling, api_id: str, name: str = "$default", **settings: Any) -> Any:
    return call(
        "CreateStage", **{"ApiId": api_id, "StageName": name, "AutoDeploy": True} | settings
    )


def served(call: Calling, api_id: str, stage: str = "$default") -> ServedStage | None:
    return call.store.read(lambda tx: served_stage(tx, (ACCOUNT, REGION, api_id, stage)))


def served_keys(call: Calling, api_id: str, stage: str = "$default") -> list[str]:
    found = served(call, api_id, stage)
    return [] if found is None else [route.route_key for route in found.api.routes]  # type: ignore[union-attr]
