"""Request validation of REST APIs: parameters first, then bodies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from documents import operation, proxy, rest
from served import ServedApi, served
from serving import Answer, Backend

PET = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 2},
        "price": {"type": "number", "minimum": 0},
        "kind": {"enum": ["cat", "dog"]},
        "owner": {"$ref": "#/components/schemas/Owner"},
    },
}
OWNER = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
VALIDATORS = {
    "all": {"validateRequestBody": True, "validateRequestParameters": True},
    "parameters": {"validateRequestBody": False, "validateRequestParameters": True},
    "body": {"validateRequestBody": True, "validateRequestParameters": False},
}


def required(name: str, place: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": True, "schema": {"type": "string"}}


def body(*content_types: str) -> dict[str, Any]:
    schema = {"schema": {"$ref": "#/components/schemas/Pet"}}
    return {"required": True, "content": dict.fromkeys(content_types, schema)}


def document(origin: Backend) -> dict[str, Any]:
    to = proxy(f"http://127.0.0.1:{origin.port}/pets", "POST")
    chosen = "x-amazon-apigateway-request-validator"
    three = [
        required("x-header-param", "header"),
        required("qs1", "query"),
        required("issuer", "path"),
    ]
    three[2]["name"] = "issuer"
    json_body = body("application/json")
    paths = {
        "/parameters/{issuer}": {"post": operation(to, parameters=three, **{chosen: "parameters"})},
        "/pets": {"post": operation(to, requestBody=json_body, **{chosen: "body"})},
        "/all": {"post": operation(to, parameters=three[:1], requestBody=json_body, **{chosen: "all"})},
        "/unchecked": {"post": operation(to, parameters=three[:1], requestBody=json_body, **{chosen: "parameters"})},
        "/types": {"post": operation(to, requestBody=body("application/json", "text/json"), **{chosen: "body"})},
        "/no-validator": {"post": operation(to, parameters=three[:1], requestBody=json_body)},
    }  # fmt: skip
    said = '{"said":$context.error.messageString,"why":"$context.error.validationErrorString"}'
    responses = {"BAD_REQUEST_BODY": {"responseTemplates": {"application/json": said}}}
    return rest(
        paths,
        components={"schemas": {"Pet": PET, "Owner": OWNER}},
        **{
            "x-amazon-apigateway-request-validators": VALIDATORS,
            "x-amazon-apigateway-gateway-responses": responses,
        },
    )


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend
) -> Iterator[ServedApi]:
    with served(tmp_path_factory.mktemp("validation"), run_dir, document(origin)) as running:
        yield running


def post(api: ServedApi, path: str, data: bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.call("POST", path, named, data)


def is_missing(answer: Answer, *names: str) -> bool:
    # AWS [R] apigw-errors §1: header, path, querystring
    text = f"Missing required request parameters: [{', '.join(names)}]"
    assert (answer.status, answer.body) == (400, b'{"message":"%b"}' % text.encode())
    assert answer.headers["x-amzn-errortype"] == "BadRequestException"
    return True


def test_required_parameters(api: ServedApi, origin: Backend) -> None:
    before = len(origin.received)
    assert is_missing(post(api, "/parameters/a"), "x-header-param", "qs1")
    assert is_missing(post(api, "/parameters/a?qs1", x_header_param="1"), "qs1")
    assert is_missing(post(api, "/parameters/a?qs1=", x_header_param="1"), "qs1")
    assert is_missing(post(api, "/parameters/a?qs1=%20+", x_header_param="1"), "qs1")
    assert is_missing(post(api, "/parameters/a?QS1=1", x_header_param="1"), "qs1")
    assert is_missing(post(api, "/parameters/a?qs1=1", x_header_param="   "), "x-header-param")
    assert len(origin.received) == before
    assert post(api, "/parameters/a?qs1=1", X_Header_Param="1").status == 200
    assert post(api, "/parameters/a?%71s1=1&qs1=", x_header_param="1").status == 200


def test_a_blank_path_parameter_is_missing(api: ServedApi) -> None:
    assert is_missing(post(api, "/parameters/%20"), "x-header-param", "issuer", "qs1")


def test_nothing_is_checked_without_a_validator(api: ServedApi) -> None:
    assert post(api, "/no-validator", b"not json").status == 200
    assert is_missing(post(api, "/unchecked", b"not json"), "x-header-param")
    assert post(api, "/unchecked", b"not json", x_header_param="1").status == 200


def test_parameters_come_first(api: ServedApi) -> None:
    assert is_missing(post(api, "/all", b"[]"), "x-header-param")
    assert b'"said":"Invalid request body"' in post(api, "/all", b"[]", x_header_param="1").body


GOOD: list[Any] = [{"name": "Rex"}, {"name": "Rex", "price": 0, "kind": "dog", "owner": {"id": 1}}]
BAD: list[tuple[bytes, str]] = [
    (b"", "object has missing required properties"),
    (b"{}", "object has missing required properties"),
    (b"[]", "instance type does not match any allowed primitive type"),
    (b"null", "instance type does not match"),
    (b'{"name":1}', "instance type does not match"),
    (b'{"name":"R"}', "string is too short"),
    (b'{"name":"Rex","price":-1}', "lower than the required minimum"),
    (b'{"name":"Rex","kind":"cow"}', "not found in enum"),
    (b'{"name":"Rex","other":1}', "properties which are not allowed by the schema"),
    (b'{"name":"Rex","owner":{}}', "object has missing required properties"),
    (b'{"name":"Rex"', ""),
    (b'{"name":"Rex"} x', ""),
    (b'{"name":"Rex","name":1}', "twice"),
    (b'{"name":"Rex","price":NaN}', "NaN"),
    (b'\xff{"name":"Rex"}', ""),
    (b'{"name":"R\xff\xfe"}', ""),
    (b"[" * 100_000, ""),
]


@pytest.mark.parametrize("good", GOOD)
def test_bodies_that_fit(api: ServedApi, origin: Backend, good: Any) -> None:
    data = json.dumps(good).encode()
    assert post(api, "/pets", data, Content_Type="application/json; charset=utf-8").status == 200
    assert origin.received[-1].body == data
    assert post(api, "/pets", data).status == 200


@pytest.mark.parametrize(("data", "why"), BAD, ids=[repr(data[:40]) for data, _ in BAD])
def test_bodies_that_do_not(api: ServedApi, origin: Backend, data: bytes, why: str) -> None:
    before = len(origin.received)
    for content_type in ("application/json", "APPLICATION/JSON", "application/json;charset=x"):
        answer = post(api, "/pets", data, Content_Type=content_type)
        assert answer.status == 400
        assert answer.headers["x-amzn-errortype"] == "BadRequestException"
    assert b'"said":"Invalid request body"' in answer.body
    assert why.encode() in answer.body
    assert len(origin.received) == before
    line = api.log_line(answer)
    assert line["reason"] == "validation.body"


def test_the_reason_stays_one_json_string(api: ServedApi) -> None:
    assert "required properties" in post(api, "/pets", b"{}").json["why"]
    forged = post(api, "/pets", json.dumps({"name": "Rex", '","said":"forged': 1}).encode())
    assert forged.json["said"] == "Invalid request body"


def test_a_body_of_another_type_meets_no_model(api: ServedApi) -> None:
    """AWS [D] apigw-objects §4: by content type, then $default, else nothing."""
    assert post(api, "/pets", b"<pet/>", Content_Type="application/xml").status == 200
    assert post(api, "/types", b"[]", Content_Type="text/json").status == 400
    assert post(api, "/types", b"[]", Content_Type="text/plain").status == 200


def test_a_default_model_catches_every_type(tmp_path: Path, run_dir: Path, origin: Backend) -> None:
    to = proxy(f"http://127.0.0.1:{origin.port}/pets", "POST")
    fallback = body("$default")
    paths = {"/pets": {"post": operation(to, requestBody=fallback)}}
    found = rest(
        paths,
        components={"schemas": {"Pet": PET, "Owner": OWNER}},
        **{
            "x-amazon-apigateway-request-validators": VALIDATORS,
            "x-amazon-apigateway-request-validator": "all",
        },
    )
    with served(tmp_path, run_dir, found) as api:
        for content_type in ("application/json", "text/plain", "x/y"):
            assert post(api, "/pets", b"[]", Content_Type=content_type).status == 400
            assert post(api, "/pets", b'{"name":"Rex"}', Content_Type=content_type).status == 200
        answer = post(api, "/pets", b"[]")
        assert answer.body == b'{"message":"Invalid request body"}'
