"""APIs that take tokens of a pool: a REST API for ID tokens, and an HTTP API for access tokens."""

from __future__ import annotations

import time
from collections.abc import Callable

from e2e.control.installation import Running, until

SCOPE = "aws.cognito.signin.user.admin"
WITHIN_S = 0.1
IN_A_ROW, MAX_S = 8, 10.0


def rest_api(running: Running, *pool_arns: str, scopes: tuple[str, ...] = ()) -> str:
    """Deploy a REST API whose root takes ID tokens of pools, or with scopes access tokens."""
    client = running.client("apigateway")
    made = client.create_rest_api(name="pets")
    authorizer = client.create_authorizer(
        restApiId=made["id"],
        name="people",
        type="COGNITO_USER_POOLS",
        providerARNs=list(pool_arns),
        identitySource="method.request.header.Authorization",
    )
    where = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "GET"}
    client.put_method(
        **where,
        authorizationType="COGNITO_USER_POOLS",
        authorizerId=authorizer["id"],
        authorizationScopes=list(scopes),
    )
    client.put_integration(
        **where, type="MOCK", requestTemplates={"application/json": '{"statusCode":200}'}
    )
    client.put_method_response(**where, statusCode="200")
    client.put_integration_response(**where, statusCode="200")
    client.create_deployment(restApiId=made["id"], stageName="prod")
    path = f"/_api/{made['id']}/prod"
    served(running, path)
    return path


def http_api(running: Running, issuer: str, audience: str, backend_url: str) -> str:
    """Make an HTTP API whose one route takes tokens of an issuer."""
    client = running.client("apigatewayv2")
    api_id = client.create_api(Name="pets", ProtocolType="HTTP")["ApiId"]
    authorizer = client.create_authorizer(
        ApiId=api_id,
        AuthorizerType="JWT",
        Name="people",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": issuer, "Audience": [audience]},
    )
    integration = client.create_integration(
        ApiId=api_id,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="GET",
        IntegrationUri=backend_url,
        PayloadFormatVersion="1.0",
    )
    client.create_route(
        ApiId=api_id,
        RouteKey="GET /pets",
        AuthorizationType="JWT",
        AuthorizerId=authorizer["AuthorizerId"],
        Target=f"integrations/{integration['IntegrationId']}",
    )
    client.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
    path = f"/_api/{api_id}/pets"
    served(running, path)
    return path


def served(running: Running, path: str) -> None:
    """Wait until all workers know an API, by how they refuse a call without a token."""
    until(lambda: all(running.call(path).status == 401 for _ in range(8)))


def status(running: Running, path: str, token: str) -> int:
    return running.call(path, headers={"Authorization": token}).status


def within(is_so: Callable[[], bool], limit_s: float = WITHIN_S) -> None:
    """Hold something to come true in a short time, whichever worker is asked."""
    began_s = time.monotonic()
    until(lambda: all(is_so() for _ in range(4)), limit_s * 20)
    took_s = time.monotonic() - began_s
    assert took_s < limit_s * 3, f"{took_s:.3f} s"  # four calls in a row, on a busy machine


def taken_for_s(running: Running, path: str, token: str) -> float:
    """Give when, from now on, the last call began that a token was taken for, by any worker."""
    began_s, last_s, refused = time.monotonic(), 0.0, 0
    while refused < IN_A_ROW:
        at_s = time.monotonic() - began_s
        assert at_s < MAX_S, "it is taken on and on"
        is_taken = status(running, path, token) == 200
        last_s, refused = (at_s, 0) if is_taken else (last_s, refused + 1)
    return last_s
