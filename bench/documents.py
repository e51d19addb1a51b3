"""The OpenAPI documents that Bargate serves in a run, one a scenario."""

import json
from pathlib import Path
from typing import Any

from bench.testbed import AUDIENCE, SCOPE

API_ID = "bench"
STAGE = "prod"

Document = dict[str, Any]


def write(document: Document, path: Path) -> Path:
    """Write a document as JSON, which is YAML too."""
    path.write_text(json.dumps(document, indent=1))
    return path


def open_route(backend_port: int) -> Document:
    """One REST method that nothing protects."""
    return document({"/pets/{petId}": {"get": proxied(backend_port)}})


def resource_policy(backend_port: int) -> Document:
    """The same method behind a resource policy of 20 statements."""
    return open_route(backend_port) | {"x-amazon-apigateway-policy": policy()}


def iam_route(backend_port: int, role_arn: str) -> Document:
    """The same method for signed callers, behind 20 statements of which the last allows a role."""
    operation = proxied(backend_port) | {"security": [{"sigv4": []}]}
    scheme = {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "awsSigv4",
    }
    return document({"/pets/{petId}": {"get": operation}}) | {
        "components": {"securitySchemes": {"sigv4": scheme}},
        "x-amazon-apigateway-policy": policy(role_arn),
    }


def keyed_route(backend_port: int) -> Document:
    """The same method for callers with an API key."""
    operation = proxied(backend_port) | {"security": [{"key": []}]}
    scheme = {"type": "apiKey", "name": "x-api-key", "in": "header"}
    return document({"/pets/{petId}": {"get": operation}}) | {
        "components": {"securitySchemes": {"key": scheme}}
    }


def routes(backend_port: int, count: int) -> Document:
    """`count` open methods: half of them static paths, half with a path parameter."""
    return document({path: {"get": proxied(backend_port)} for path, _ in _paths(count)})


def routes_asked(count: int) -> list[str]:
    """Give a path for each of the methods of `routes`."""
    return [asked for _, asked in _paths(count)]


def validated(backend_port: int) -> Document:
    """A method that validates a required parameter and a JSON body."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}
    parameter = {"name": "source", "in": "query", "required": True, "schema": {"type": "string"}}
    post = proxied(backend_port, "POST", "/pets") | {
        "parameters": [parameter],
        "requestBody": {"required": True, "content": content},
        "x-amazon-apigateway-request-validator": "all",
    }
    both = {"validateRequestParameters": True, "validateRequestBody": True}
    return document({"/pets": {"post": post}}) | {
        "x-amazon-apigateway-request-validators": {"all": both},
        "components": {"schemas": {"Pet": _PET}},
    }


def jwt_with_scopes(backend_port: int, issuer: str) -> Document:
    """An HTTP API's route that asks for a scope."""
    authorizer = {
        "type": "jwt",
        "identitySource": "$request.header.Authorization",
        "jwtConfiguration": {"issuer": issuer, "audience": [AUDIENCE]},
    }
    scheme = {
        "type": "oauth2",
        "flows": {"clientCredentials": {"tokenUrl": f"{issuer}/token", "scopes": {SCOPE: "read"}}},
        "x-amazon-apigateway-authorizer": authorizer,
    }
    integration = {
        "type": "http_proxy",
        "httpMethod": "GET",
        "uri": f"http://127.0.0.1:{backend_port}/pets/{{petId}}",
        "payloadFormatVersion": "1.0",
    }
    operation = {
        "security": [{"jwt": [SCOPE]}],
        "parameters": [_PET_ID],
        "responses": RESPONSES,
        "x-amazon-apigateway-integration": integration,
    }
    return document({"/pets/{petId}": {"get": operation}}) | {
        "components": {"securitySchemes": {"jwt": scheme}}
    }


def policy(role_arn: str | None = None) -> Document:
    """A resource policy of 20 statements of which the last one allows: everyone, or one role.

    The 19 before it name other paths, addresses, agents and times; every one must be looked at,
    because any of them could deny.
    """
    last = _allow("execute-api:/*")
    if role_arn is not None:
        last["Principal"] = {"AWS": role_arn}
    statements = [_other(number) for number in range(19)]
    return {"Version": "2012-10-17", "Statement": [*statements, last]}


def open_policy() -> Document:
    """A resource policy that allows everybody."""
    return {"Version": "2012-10-17", "Statement": [_allow("execute-api:/*")]}


def endpoint_policy() -> Document:
    """The 20 statements as an endpoint policy: whole ARNs, and the address inside the VPC."""
    found: Document = json.loads(json.dumps(policy()).replace("aws:SourceIp", "aws:VpcSourceIp"))
    for statement in found["Statement"]:
        below = statement["Resource"].removeprefix("execute-api:")
        statement["Resource"] = f"arn:aws:execute-api:*:*:*{below}"
    return found


def identity_policy() -> Document:
    """A policy of a role that may call the stage of the bench, in one of its statements."""
    others = [
        {"Effect": "Allow", "Action": "apigateway:GET", "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": "execute-api:*",
            "Resource": f"arn:aws:execute-api:*:*:*/{STAGE}/*/admin/*",
        },
    ]
    invoke = {
        "Effect": "Allow",
        "Action": "execute-api:Invoke",
        "Resource": f"arn:aws:execute-api:*:*:*/{STAGE}/GET/pets/*",
    }
    return {"Version": "2012-10-17", "Statement": [*others, invoke]}


def _other(number: int) -> Document:
    conditions: list[Document] = [
        {"IpAddress": {"aws:SourceIp": [f"10.{number}.0.0/16", f"192.168.{number}.0/24"]}},
        {"StringLike": {"aws:UserAgent": f"*crawler-{number}/*"}},
        {"StringEquals": {"aws:Referer": f"https://partner-{number}.example.com/"}},
        {"DateGreaterThan": {"aws:CurrentTime": f"20{60 + number}-01-01T00:00:00Z"}},
    ]
    resource = ("execute-api:/*", f"execute-api:/{STAGE}/GET/admin/{number}/*")[number // 2 % 2]
    condition = {"Condition": conditions[number % 4]}
    return _allow(resource) | {"Effect": ("Deny", "Allow")[number % 3 == 0]} | condition


def _allow(resource: str) -> Document:
    return {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": resource,
    }


def _paths(count: int) -> list[tuple[str, str]]:
    """Give pairs of a path template and a path that matches it."""
    static = [(f"/shop{number}/pets", f"/shop{number}/pets") for number in range(count // 2)]
    named = [
        (f"/shop{number}/pets/{{petId}}", f"/shop{number}/pets/7") for number in range(count // 2)
    ]
    return static + named


def proxied(backend_port: int, method: str = "GET", path: str = "/pets/1") -> Document:
    integration = {
        "type": "http_proxy",
        "httpMethod": method,
        "uri": f"http://127.0.0.1:{backend_port}{path}",
    }
    return {"responses": RESPONSES, "x-amazon-apigateway-integration": integration}


def document(paths: Document) -> Document:
    return {
        "openapi": "3.0.3",
        "info": {"title": "Bench", "version": "1"},
        "x-bargate-api-id": API_ID,
        "paths": {path: _with_parameter(path, item) for path, item in paths.items()},
    }


def _with_parameter(path: str, item: Document) -> Document:
    return {"parameters": [_PET_ID], **item} if "{petId}" in path else item


RESPONSES = {"200": {"description": "A pet"}}
_PET_ID = {"name": "petId", "in": "path", "required": True, "schema": {"type": "string"}}
_PET = {
    "type": "object",
    "required": ["name", "species", "price"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 80},
        "species": {"type": "string", "enum": ["dog", "cat", "bird", "fish"]},
        "price": {"type": "number", "minimum": 0},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 10},
    },
}
VALID_BODY = '{"name":"Bosco","species":"dog","price":249.99,"tags":["calm","old"]}'
