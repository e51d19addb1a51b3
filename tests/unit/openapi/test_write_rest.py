from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bargate.model.rest_api import RestApi
from bargate.openapi import import_document, read_document
from bargate.openapi.source import value_of
from bargate.openapi.write_http_text import write_yaml
from bargate.openapi.write_rest import Wanted, write_rest_api

POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc"
FUNCTION = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:f/invocations"
)
WHOLE = {"integrations": True, "authorizers": True, "gateway": True}
MOCK = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}}


def read(document: Any) -> RestApi:
    text = document if isinstance(document, str) else json.dumps(document)
    imported = import_document(
        read_document(text, file_name="a.json"),
        api_id="abc123",
        account_id="123456789012",
        region="us-east-1",
        partition="aws",
        kind="REST",
        is_draft=True,
    )
    assert isinstance(imported.api, RestApi)
    return imported.api


def comparable(api: RestApi) -> Any:
    models = {model.name: json.loads(model.schema) for model in api.models}
    policy = None if api.policy is None else json.loads(api.policy)
    return replace(api, models=(), policy=None), models, policy


DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "pets", "version": "2", "description": "all of them"},
    "x-amazon-apigateway-policy": {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}],
    },
    "x-amazon-apigateway-api-key-source": "AUTHORIZER",
    "x-amazon-apigateway-binary-media-types": ["image/png"],
    "x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True},
    "x-amazon-apigateway-request-validators": {
        "all": {"validateRequestBody": True, "validateRequestParameters": True},
        "none": {"validateRequestBody": False, "validateRequestParameters": False},
    },
    "x-amazon-apigateway-gateway-responses": {
        "ACCESS_DENIED": {
            "statusCode": 418,
            "responseParameters": {"gatewayresponse.header.X": "'1'"},
            "responseTemplates": {"application/json": "{}"},
        },
        "DEFAULT_4XX": {"responseTemplates": {}},
    },
    "paths": {
        "/": {"get": {"responses": {}, "x-amazon-apigateway-integration": MOCK, "x-amazon-apigateway-auth": {"type": "AWS_IAM"}}},
        "/pets/{id}": {
            "post": {
                "operationId": "addPet",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "X-A", "in": "header", "required": True, "schema": {"type": "string"}},
                    {"name": "page.size", "in": "query", "schema": {"type": "string"}},
                ],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}},
                "responses": {
                    "200": {
                        "description": "ok",
                        "headers": {"X-B": {"schema": {"type": "string"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Owner"}}},
                    }
                },
                "security": [{"pool": ["a/read"], "key": []}],
                "x-amazon-apigateway-request-validator": "all",
                "x-amazon-apigateway-integration": {
                    "type": "http",
                    "httpMethod": "POST",
                    "uri": "https://example.com/{id}",
                    "requestParameters": {"integration.request.path.id": "method.request.path.id"},
                    "requestTemplates": {"application/json": "$input.body"},
                    "passthroughBehavior": "never",
                    "contentHandling": "CONVERT_TO_TEXT",
                    "timeoutInMillis": 1000,
                    "tlsConfig": {"insecureSkipVerification": True},
                    "responses": {
                        "default": {"statusCode": "200"},
                        "5\\d\\d": {
                            "statusCode": "200",
                            "responseParameters": {"method.response.header.X-B": "integration.response.header.X"},
                            "responseTemplates": {"application/json": "$input.json('$')"},
                        },
                    },
                },
            },
            "get": {"responses": {}, "security": [{"token": []}], "x-amazon-apigateway-integration": MOCK},
            "put": {"responses": {}, "security": [{"request": []}], "x-amazon-apigateway-integration": MOCK},
        },
        "/files/{proxy+}": {"x-amazon-apigateway-any-method": {"responses": {}, "x-amazon-apigateway-integration": MOCK}},
    },
    "components": {
        "schemas": {
            "Pet": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "enum": ["$ref", "a"]},
                    "age": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
                    "note": {"type": "string", "nullable": True},
                    "owner": {"$ref": "#/components/schemas/Owner"},
                    "friends": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}},
                },
                "additionalProperties": False,
            },
            "Owner": {"type": "object", "properties": {"pets": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}}},
            "Alias": {"$ref": "#/components/schemas/Owner"},
        },
        "securitySchemes": {
            "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
            "pool": {
                "type": "apiKey", "name": "Authorization", "in": "header",
                "x-amazon-apigateway-authtype": "cognito_user_pools",
                "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": [POOL]},
            },
            "token": {
                "type": "apiKey", "name": "X-Token", "in": "header",
                "x-amazon-apigateway-authorizer": {
                    "type": "token", "authorizerUri": FUNCTION, "authorizerResultTtlInSeconds": 7,
                    "identityValidationExpression": "^a+$",
                },
            },
            "request": {
                "type": "apiKey", "name": "Unused", "in": "header",
                "x-amazon-apigateway-authorizer": {
                    "type": "request", "authorizerUri": FUNCTION, "authorizerResultTtlInSeconds": 0,
                },
            },
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", ["oas30", "swagger"])
@pytest.mark.parametrize("is_yaml", [True, False])
def test_what_is_written_is_read_as_the_same_api(kind: Any, is_yaml: bool) -> None:
    api = read(DOCUMENT)
    assert len(api.models) == 3
    written = write_rest_api(api, Wanted(format=kind, server="h.example.com", **WHOLE))
    text = write_yaml(written) if is_yaml else json.dumps(written)
    assert comparable(read(text)) == comparable(api)


def test_every_control_stands_in_the_document() -> None:
    written = write_rest_api(read(DOCUMENT), Wanted(format="oas30", **WHOLE))
    post = written["paths"]["/pets/{id}"]["post"]
    assert post["security"] == [{"pool": ["a/read"], "api_key": []}]
    assert written["paths"]["/"]["get"]["security"] == [{"sigv4": []}]
    assert written["x-amazon-apigateway-policy"]["Statement"][0]["Effect"] == "Deny"


def test_without_extensions_none_is_written() -> None:
    written = json.dumps(write_rest_api(read(DOCUMENT), Wanted(format="oas30")))
    assert "x-amazon-apigateway-integration" not in written
    assert "x-amazon-apigateway-authorizer" not in written
    assert "x-amazon-apigateway-policy" not in written
    assert '"security"' in written


def test_schemes_that_look_like_ours_are_told_apart() -> None:
    document = json.loads(
        json.dumps(DOCUMENT).replace('"pool"', '"api_key"').replace('"token"', '"sigv4"')
    )
    document["components"]["securitySchemes"]["sigv4"]["x-amazon-apigateway-authorizer"]["type"] = (
        "token"
    )
    api = read(document)
    written = write_rest_api(api, Wanted(format="oas30", **WHOLE))
    assert comparable(read(written)) == comparable(api)


NAMES = st.text("abcXYZ019", min_size=1, max_size=6)
SCHEMAS = st.recursive(
    st.sampled_from(
        [
            {"type": "string"},
            {"type": "integer", "maximum": 3},
            {"$ref": "#/components/schemas/A"},
            {"type": "string", "nullable": True},
        ]
    ),
    lambda inner: st.one_of(
        st.builds(lambda each: {"type": "array", "items": each}, inner),
        st.builds(
            lambda each: {"type": "object", "properties": each},
            st.dictionaries(NAMES, inner, max_size=3),
        ),
        st.builds(
            lambda each: {"anyOf": each},
            st.lists(
                st.builds(lambda one: {"type": "array", "items": one}, inner),
                min_size=1,
                max_size=2,
            ),
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(
    schema=SCHEMAS,
    path=st.lists(
        st.one_of(NAMES, NAMES.map(lambda name: f"{{{name}}}")), min_size=1, max_size=3, unique=True
    ),
    verbs=st.sets(st.sampled_from(["get", "put", "x-amazon-apigateway-any-method"]), min_size=1),
    headers=st.dictionaries(NAMES, st.booleans(), max_size=3),
    template=st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=20),
    kind=st.sampled_from(["oas30", "swagger"]),
    is_yaml=st.booleans(),
)
def test_writing_loses_nothing(  # noqa: PLR0913, PLR0917
    schema: Any,
    path: list[str],
    verbs: set[str],
    headers: dict[str, bool],
    template: str,
    kind: Any,
    is_yaml: bool,
) -> None:
    operation = {
        "responses": {"200": {"description": ""}},
        "parameters": [
            {"name": name, "in": "header", "required": required, "schema": {"type": "string"}}
            for name, required in headers.items()
        ],
        "requestBody": {
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/B"}}}
        },
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "requestTemplates": {"application/json": template},
        },
    }
    api = read(
        {
            "openapi": "3.0.1",
            "info": {"title": template or "t", "version": "1"},
            "paths": {"/" + "/".join(path): dict.fromkeys(sorted(verbs), operation)},
            "components": {
                "schemas": {
                    "A": {
                        "type": "object",
                        "properties": {"b": {"$ref": "#/components/schemas/B"}},
                    },
                    "B": {"type": "object", "properties": {"x": schema}},
                }
            },
        }
    )
    written = write_rest_api(api, Wanted(format=kind, **WHOLE))
    text = write_yaml(written) if is_yaml else json.dumps(written)
    assert comparable(read(text)) == comparable(api)


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(-(2**53), 2**53),
            st.text(
                st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=10
            ),
        ),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=6),
                inner,
                max_size=3,
            ),
        ),
        max_leaves=8,
    )
)
def test_yaml_is_read_as_what_was_written(value: Any) -> None:
    text = write_yaml({"value": value})
    try:
        found = value_of(read_document(text, file_name="a.yaml").root)
    except Exception as error:  # noqa: BLE001
        pytest.fail(f"{text!r}: {error}")
    assert found == {"value": value}
