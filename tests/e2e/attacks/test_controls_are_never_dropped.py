"""Whatever is written to protect a method protects it, or the document is refused (design §9)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bargate.documents import Loaded, load
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.openapi import InvalidDocument
from bargate.source import Source
from documents import operation, rest

MOCK = {
    "type": "mock",
    "requestTemplates": {"application/json": '{"statusCode": 200}'},
    "responses": {"default": {"statusCode": "200"}},
}
API_KEY = {"type": "apiKey", "name": "x-api-key", "in": "header"}
IAM = {"type": "AWS_IAM"}


def _load(folder: Path, document: dict[str, Any]) -> Loaded:
    path = folder / "api.json"
    path.write_text(json.dumps(document))
    source = Source(files=(str(path),), account_id="123456789012", region="us-east-1")
    return load(source, HttpKeyDirectory(fetch))


def _document(scheme: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return rest(
        {"/a": {"get": operation(MOCK, **fields)}},
        components={"securitySchemes": {"key": scheme or API_KEY}},
    )


REFUSED: dict[str, dict[str, Any]] = {
    "another case": _document(Security=[{"key": []}]),
    "null": _document(security=None),
    "a text": _document(security="key"),
    "an unknown scheme": _document(security=[{"other": []}]),
    "a key in the query": _document({**API_KEY, "in": "query"}, security=[{"key": []}]),
    "a basic scheme": _document({"type": "http", "scheme": "basic"}, security=[{"key": []}]),
    "an extension in another case": _document(**{"x-amazon-apigateway-Auth": IAM}),
    "open and closed": _document(
        {**API_KEY, "x-amazon-apigateway-authtype": "awsSigv4"},
        security=[{"key": []}],
        **{"x-amazon-apigateway-auth": {"type": "NONE"}},
    ),
    "on a path": rest({"/a": {"get": operation(MOCK), "x-amazon-apigateway-auth": IAM}}),
    "security on a path": rest({"/a": {"get": operation(MOCK), "security": [{"key": []}]}}),
    "a validator on a path": rest(
        {"/a": {"get": operation(MOCK), "x-amazon-apigateway-request-validator": "all"}}
    ),
    "an operation elsewhere": rest(
        {"/a": {"get": {"$ref": "#/paths/~1b/get"}}, "/b": {"get": operation(MOCK)}}
    ),
    "a misspelt any-method": rest({"/a": {"x-amazon-apigateway-any": operation(MOCK)}}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_document_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidDocument):
        _load(tmp_path, REFUSED[name])


def test_alternatives_with_an_empty_one_still_ask_for_the_key(tmp_path: Path) -> None:
    loaded = _load(tmp_path, _document(security=[{}, {"key": []}]))
    (resource,) = loaded.apis[0].api.resources  # type: ignore[union-attr]
    assert [method.api_key_required for method in resource.methods] == [True]


def test_a_scheme_may_be_called_x_api_key(tmp_path: Path) -> None:
    """Names of schemes are the author's; only members of objects may be extensions."""
    document = _document(security=[{"x-api-key": []}])
    document["components"]["securitySchemes"] = {"x-api-key": API_KEY}
    loaded = _load(tmp_path, document)
    (resource,) = loaded.apis[0].api.resources  # type: ignore[union-attr]
    assert [method.api_key_required for method in resource.methods] == [True]


@pytest.mark.parametrize("key", ["aws:SourceIpp", "aws:SourceVpce", "aws:PrincipalArn"])
def test_a_deny_on_a_key_that_is_never_there_is_not_silent(tmp_path: Path, key: str) -> None:
    statement = {"Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    deny = {"Effect": "Deny", "Condition": {"StringEquals": {key: "198.51.100.1"}}}
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", **statement}, {**deny, **statement}],
    }
    document = rest({"/a": {"get": operation(MOCK)}}, **{"x-amazon-apigateway-policy": policy})
    try:
        warnings = [finding.message for finding in _load(tmp_path, document).warnings]
    except InvalidDocument as refused:
        warnings = [finding.message for finding in refused.findings]
    assert any(key in warning for warning in warnings)
