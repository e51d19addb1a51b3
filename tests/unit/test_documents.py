from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bargate.documents import api_id_of, load
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.openapi import InvalidDocument
from bargate.source import Source, fingerprints
from documents import POOL, operation, proxy, rest, write

GET = {"/pets": {"get": operation(proxy("http://127.0.0.1:9000/pets"))}}


def source(*files: Path, **fields: Any) -> Source:
    names = tuple(map(str, files))
    return Source(files=names, account_id="123456789012", region="us-east-1", **fields)


def refusal(*files: Path, **fields: Any) -> str:
    with pytest.raises(InvalidDocument) as refused:
        load(source(*files, **fields), HttpKeyDirectory(fetch))
    return "\n".join(map(str, refused.value.findings))


def test_an_api_id_belongs_to_its_file(tmp_path: Path) -> None:
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    assert api_id_of(one) == api_id_of(one)
    assert api_id_of(one) != api_id_of(other)
    assert api_id_of(one).isalnum()
    assert len(api_id_of(one)) == 10


def test_stages_are_prod_or_default_unless_named(tmp_path: Path) -> None:
    path = write(tmp_path, rest(GET))
    loaded = load(source(path), HttpKeyDirectory(fetch))
    assert list(loaded.apis[0].compiled.stages) == ["prod"]
    loaded = load(source(path, kind="HTTP"), HttpKeyDirectory(fetch))
    assert list(loaded.apis[0].compiled.stages) == ["$default"]
    loaded = load(source(path, stages=("a", "b")), HttpKeyDirectory(fetch))
    assert list(loaded.apis[0].compiled.stages) == ["a", "b"]
    assert "only HTTP APIs have a $default stage" in refusal(path, stages=("$default",))


@pytest.mark.parametrize("swagger", [False, True])
def test_what_does_not_compile_is_found_at_its_line(tmp_path: Path, swagger: bool) -> None:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": "execute-api:/*",
        "Condition": {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "10.0.0.0/99"]}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    document: dict[str, Any] = {**rest(GET), "x-amazon-apigateway-policy": policy}
    if swagger:
        del document["openapi"]
        document["swagger"] = "2.0"
    path = write(tmp_path, document)
    text = path.read_text()
    line = text[: text.index('"10.0.0.0/99"')].count("\n")
    found = refusal(path)
    assert "10.0.0.0/99" in found
    assert abs(int(found.split(":")[1]) - line) <= 2
    assert "x-amazon-apigateway-policy.Statement.0.Condition" in found


def test_a_scheme_is_found_where_its_version_keeps_it(tmp_path: Path) -> None:
    scheme = {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "cognito_user_pools",
        "x-amazon-apigateway-authorizer": {
            "type": "cognito_user_pools",
            "providerARNs": [POOL.replace("us-east-1_", "bad_")],
        },
    }
    paths = {"/pets": {"get": operation(proxy("http://127.0.0.1:9/x"), security=[{"pool": []}])}}
    three = rest(paths, components={"securitySchemes": {"pool": scheme}})
    two = {**rest(paths), "securityDefinitions": {"pool": scheme}, "swagger": "2.0"}
    del two["openapi"]
    assert "components.securitySchemes.pool" in refusal(write(tmp_path, three, "three.json"))
    assert "securityDefinitions.pool" in refusal(write(tmp_path, two, "two.json"))


def test_all_documents_are_told_of_at_once(tmp_path: Path) -> None:
    one = write(tmp_path, {"openapi": "3.0.1"}, "one.json")
    two = tmp_path / "two.json"
    two.write_text("{")
    found = refusal(one, two, tmp_path / "none.json")
    for name in ("one.json", "two.json", "none.json"):
        assert name in found


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_text(json.dumps({"x": "y" * 7_000_000}))
    assert "AWS's limit for an import" in refusal(path)


def test_fingerprints_tell_of_changes(tmp_path: Path) -> None:
    path = write(tmp_path, rest(GET))
    before = fingerprints([str(path)])
    assert fingerprints([str(path)]) == before
    write(tmp_path, rest({}))
    assert fingerprints([str(path)]) != before
    path.unlink()
    assert fingerprints([str(path)]) == {str(path): (0, 0, 0)}
