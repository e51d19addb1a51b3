"""A call that waited for a key set meets every step that a call which did not meets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from documents import POOL, operation, rest
from issuing import issuer
from served import served
from serving import Backend

VALIDATORS = {"all": {"validateRequestBody": True, "validateRequestParameters": True}}


def _document(origin: Backend) -> dict[str, Any]:
    scheme = {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authorizer": {
            "type": "cognito_user_pools",
            "providerARNs": [POOL],
        },
    }
    schema = {"type": "object", "required": ["name"]}
    uri = f"http://127.0.0.1:{origin.port}/pets"
    create = operation(
        {"type": "http_proxy", "httpMethod": "POST", "uri": uri},
        security=[{"pool": []}],
        requestBody={"content": {"application/json": {"schema": schema}}},
        **{"x-amazon-apigateway-request-validator": "all"},
    )
    return rest(
        {"/pets": {"post": create}},
        components={"securitySchemes": {"pool": scheme}},
        **{"x-amazon-apigateway-request-validators": VALIDATORS},
    )


def test_the_body_is_validated_also_when_keys_had_to_be_fetched(
    tmp_path: Path, run_dir: Path, origin: Backend
) -> None:
    with (
        issuer("pool-1") as pool,
        served(tmp_path, run_dir, _document(origin), "--issuer", f"{POOL}={pool.url}") as api,
    ):
        token = {"Authorization": pool.id_token(), "Content-Type": "application/json"}
        before = len(origin.received)
        first = api.call("POST", "/pets", token)  # no body, which counts as {}: name is missing
        second = api.call("POST", "/pets", token)
    assert (first.status, second.status) == (400, 400)
    assert len(origin.received) == before
