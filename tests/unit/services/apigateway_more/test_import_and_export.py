from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from bargate.records.rest_api import REST_API
from bargate.services.apigateway import SERVICE
from bargate.services.apigateway.deployed import frozen_api
from bargate.services.apigateway.from_model import Beside, store_rest_api
from bargate.services.place import Place
from calling import ACCOUNT, NOW, REGION, Calling, root
from unit.openapi.documents import REST
from unit.openapi.test_write_rest import DOCUMENT, comparable, read
from unit.services.apigateway_more.building_apis import api_with_stages

BODY = json.dumps(DOCUMENT).encode()


def live(api: Calling, rest: str) -> Any:
    return api.store.read(lambda tx: frozen_api(tx, tx.get(REST_API, (ACCOUNT, REGION, rest))))


def document(**members: Any) -> bytes:
    made = {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {}} | members
    return json.dumps(made).encode()


MOCK = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
GET = {"get": {"responses": {}, "x-amazon-apigateway-integration": MOCK}}


def test_an_imported_api_is_what_its_document_says(api: Calling) -> None:
    made = api("ImportRestApi", body=BODY)
    assert (made["name"], made["version"], made["apiKeySource"]) == ("pets", "2", "AUTHORIZER")
    assert made["disableExecuteApiEndpoint"] is True
    paths = {each["path"] for each in api("GetResources", restApiId=made["id"])["items"]}
    assert paths == {"/", "/pets", "/pets/{id}", "/files", "/files/{proxy+}"}
    names = (
        {each["name"]: each for each in api("GetAuthorizers", restApiId=made["id"])["items"]}
        if "get_authorizers" in SERVICE.operations
        else None
    )
    assert names is None or set(names) == {"pool", "token", "request"}
    wanted, models, _ = comparable(read(BODY.decode()))
    found, live_models, policy = comparable(live(api, made["id"]))
    assert {each.path for each in found.resources} == {each.path for each in wanted.resources}
    assert live_models["Pet"] == models["Pet"]
    assert made["id"] in policy["Statement"][0]["Resource"]


def test_yaml_is_imported_too(api: Calling) -> None:
    made = api("ImportRestApi", body=REST.encode())
    assert made["name"] == "Petstore"
    api("CreateDeployment", restApiId=made["id"], stageName="prod")


def test_methods_may_still_lack_integrations(api: Calling) -> None:
    made = api("ImportRestApi", body=document(paths={"/a": {"get": {"responses": {}}}}))
    refused = api.refused("CreateDeployment", restApiId=made["id"])
    assert refused.message == "No integration defined for method"


@pytest.mark.parametrize("kind", ["oas30", "swagger"])
@pytest.mark.parametrize("accepts", ["application/json", "application/yaml"])
def test_what_is_exported_is_imported_as_the_same(api: Calling, kind: str, accepts: str) -> None:
    first = api("ImportRestApi", body=BODY)["id"]
    api("CreateDeployment", restApiId=first, stageName="prod")
    exported = api(
        "GetExport", restApiId=first, stageName="prod", exportType=kind, accepts=accepts,
        parameters={"extensions": "integrations,authorizers,apigateway"},
    )  # fmt: skip
    assert exported["contentType"] == accepts
    api("PutRestApi", restApiId=first, mode="overwrite", body=exported["body"])
    before = live(api, first)
    again = api(
        "GetExport", restApiId=first, stageName="prod", exportType=kind, accepts=accepts,
        parameters={"extensions": "apigateway"},
    )  # fmt: skip
    api("PutRestApi", restApiId=first, mode="overwrite", body=again["body"])
    assert comparable(live(api, first)) == comparable(before)
    deployed = read(exported["body"].decode())
    policy_apart = replace(
        comparable(before)[0], id="", authorizers=(), request_validators=(), resources=()
    )
    assert policy_apart == replace(
        comparable(deployed)[0], id="", authorizers=(), request_validators=(), resources=()
    )


@pytest.mark.parametrize("kind", ["oas30", "swagger"])
def test_what_is_exported_is_imported_without_a_warning(api: Calling, kind: str) -> None:
    first = api("ImportRestApi", body=document(paths={"/": GET}))["id"]
    api("CreateDeployment", restApiId=first, stageName="prod")
    exported = api(
        "GetExport", restApiId=first, stageName="prod", exportType=kind,
        parameters={"extensions": "apigateway"},
    )  # fmt: skip
    assert b"/prod" in exported["body"]
    assert "warnings" not in api("ImportRestApi", body=exported["body"], failOnWarnings=True)


def test_exports_say_no_more_than_is_asked(api: Calling) -> None:
    rest = api("ImportRestApi", body=BODY)["id"]
    api("CreateDeployment", restApiId=rest, stageName="prod")
    ids = {"restApiId": rest, "stageName": "prod", "exportType": "oas30"}
    plain = api("GetExport", **ids)["body"].decode()
    assert "x-amazon-apigateway-integration" not in plain
    assert "providerARNs" not in plain
    for parameters in ({"extensions": "secrets"}, {"nonsense": "x"}):
        assert api.refused("GetExport", **ids, parameters=parameters).code == "BadRequestException"
    assert api.refused("GetExport", **ids, accepts="text/html").code == "BadRequestException"
    assert api.refused("GetExport", **(ids | {"exportType": "raml"})).code == "BadRequestException"
    assert api.refused("GetExport", **(ids | {"stageName": "x"})).code == "NotFoundException"
    stranger = Calling(SERVICE, api.store, caller=root("210987654321"))
    assert stranger.refused("GetExport", **ids).code == "NotFoundException"


class TestPutting:
    def test_merging_keeps_what_is_not_named(self, api: Calling) -> None:
        rest = api_with_stages(api)
        before = {each["path"]: each["id"] for each in api("GetResources", restApiId=rest)["items"]}
        made = api(
            "PutRestApi",
            restApiId=rest,
            body=document(paths={"/new": GET, "/": {"put": GET["get"]}}),
        )
        assert made["name"] == "t"
        after = {each["path"]: each for each in api("GetResources", restApiId=rest)["items"]}
        assert after["/"]["id"] == before["/"]
        assert set(after["/"]["resourceMethods"]) == {"GET", "PUT"}
        assert set(after["/new"]["resourceMethods"]) == {"GET"}

    def test_overwriting_keeps_nothing_else_but_ids(self, api: Calling) -> None:
        rest = api("ImportRestApi", body=BODY)["id"]
        before = {each["path"]: each["id"] for each in api("GetResources", restApiId=rest)["items"]}
        api(
            "PutRestApi",
            restApiId=rest,
            mode="overwrite",
            body=document(paths={"/pets/{name}": GET, "/files": GET}),
        )
        after = {each["path"]: each for each in api("GetResources", restApiId=rest)["items"]}
        assert set(after) == {"/", "/pets", "/pets/{name}", "/files"}
        assert {path: after[path]["id"] for path in ("/", "/pets", "/files")} == {
            path: before[path] for path in ("/", "/pets", "/files")
        }
        found = live(api, rest)
        assert (found.policy, found.authorizers, found.models, found.gateway_responses) == (
            None,
            (),
            (),
            (),
        )

    def test_merging_never_opens_what_was_closed(self, api: Calling) -> None:
        rest = api("ImportRestApi", body=BODY)["id"]
        made = api("PutRestApi", restApiId=rest, mode="merge", body=document(paths={"/a": GET}))
        assert made["disableExecuteApiEndpoint"] is True
        assert "Deny" in made["policy"]
        assert made["apiKeySource"] == "AUTHORIZER"

    def test_authorizers_are_known_by_their_names(self, api: Calling) -> None:
        rest = api("ImportRestApi", body=BODY)["id"]
        before = {each.name: each.id for each in live(api, rest).authorizers}
        api("PutRestApi", restApiId=rest, mode="overwrite", body=BODY)
        assert {each.name: each.id for each in live(api, rest).authorizers} == before

    def test_two_variables_do_not_merge_below_one_parent(self, api: Calling) -> None:
        rest = api("ImportRestApi", body=document(paths={"/a/{x}": GET}))["id"]
        refused = api.refused("PutRestApi", restApiId=rest, body=document(paths={"/a/{y}": GET}))
        assert "variable path part" in refused.message
        assert {each["path"] for each in api("GetResources", restApiId=rest)["items"]} == {
            "/",
            "/a",
            "/a/{x}",
        }

    def test_another_accounts_api_is_not_there(self, api: Calling) -> None:
        rest = api_with_stages(api)
        stranger = Calling(SERVICE, api.store, caller=root("210987654321"))
        refused = stranger.refused("PutRestApi", restApiId=rest, body=document(paths={"/a": GET}))
        assert refused.message == f"Invalid API identifier specified 210987654321:{rest}"


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"{", b"[]", b"x", b"{}", b'{"info": {}}', b'{"a": "\\ud800"}', b"{" * 3000, b"a: &a [*a]", b" " * (6 * 1024 * 1024 + 1)],
)  # fmt: skip
def test_what_is_no_document_is_refused(api: Calling, body: bytes) -> None:
    refused = api.refused("ImportRestApi", body=body)
    assert (refused.code, refused.message) == ("BadRequestException", "Invalid OpenAPI input.")
    assert api("GetRestApis")["items"] == []


@pytest.mark.parametrize(
    "members",
    [
        {"paths": {"a": GET}},
        {"paths": {"/{a}/{a}": GET}},
        {"x-amazon-apigateway-polisy": {}},
        {"x-amazon-apigateway-policy": {"Statement": [{"Effect": "Maybe"}]}},
        {"x-amazon-apigateway-endpoint-configuration": {"types": ["INTERNAL"]}},
        {"x-amazon-apigateway-endpoint-configuration": {"types": ["EDGE", "REGIONAL"]}},
        {"x-amazon-apigateway-minimum-compression-size": -1},
        {"x-amazon-apigateway-minimum-compression-size": "1"},
        {"x-amazon-apigateway-documentation": []},
        {"paths": {"/": {"get": {"responses": {}, "security": [{"nobody": []}]}}}},
    ],
)
def test_what_cannot_be_enforced_is_refused(api: Calling, members: dict[str, Any]) -> None:
    assert api.refused("ImportRestApi", body=document(**members)).code == "BadRequestException"
    assert api("GetRestApis")["items"] == []


@pytest.mark.parametrize("at_server", [False, True])
@pytest.mark.parametrize("types", [{}, {"types": ["PRIVATE"]}])
def test_what_names_vpc_endpoints_is_private(
    api: Calling,
    types: dict[str, Any],
    at_server: bool,
) -> None:
    extension = {
        "x-amazon-apigateway-endpoint-configuration": {"vpcEndpointIds": ["vpce-1"], **types}
    }
    members = {"servers": [{"url": "https://e.com", **extension}]} if at_server else extension
    made = api("ImportRestApi", body=document(**members))
    assert made["endpointConfiguration"] == {
        "types": ["PRIVATE"],
        "ipAddressType": "dualstack",
        "vpcEndpointIds": ["vpce-1"],
    }
    body = document(**members)
    parameters = {"endpointConfigurationTypes": "REGIONAL"}
    refused = api.refused("ImportRestApi", body=body, parameters=parameters)
    assert "only be specified with PRIVATE" in refused.message


@pytest.mark.parametrize(
    ("mode", "path"), [("ignore", "/a"), ("prepend", "/x/y/a"), ("split", "/y/a")]
)
def test_a_base_path_goes_where_it_is_asked(api: Calling, mode: str, path: str) -> None:
    for members in (
        {"servers": [{"url": "https://e.com/x/y"}]},
        {
            "servers": [
                {"url": "https://e.com/{basePath}", "variables": {"basePath": {"default": "/x/y"}}}
            ]
        },
    ):
        body = document(paths={"/a": GET}, **members)
        rest = api("ImportRestApi", body=body, parameters={"basepath": mode})["id"]
        assert [each.path for each in live(api, rest).resources] == [path]
    swagger = {
        "swagger": "2.0",
        "info": {"title": "t", "version": "1"},
        "basePath": "/x/y",
        "paths": {"/a": GET},
    }
    rest = api("ImportRestApi", body=json.dumps(swagger).encode(), parameters={"basepath": mode})[
        "id"
    ]
    assert [each.path for each in live(api, rest).resources] == [path]


@pytest.mark.parametrize("base", ["/a b", "/{v}", "/é", "/a%00\x01"])
def test_a_base_path_is_made_of_path_parts(api: Calling, base: str) -> None:
    body = document(paths={"/a": GET}, servers=[{"url": f"https://e.com{base}"}])
    refused = api.refused("ImportRestApi", body=body, parameters={"basepath": "prepend"})
    assert refused.code == "BadRequestException"


def test_parameters_that_are_none_are_refused(api: Calling) -> None:
    for parameters in (
        {"basepath": "drop"},
        {"ignore": "security"},
        {"Basepath": "split"},
        {"endpointConfigurationTypes": "X"},
    ):
        refused = api.refused(
            "ImportRestApi", body=document(paths={"/": GET}), parameters=parameters
        )
        assert refused.code in {"BadRequestException", "ValidationException"}
    made = api(
        "ImportRestApi",
        body=document(paths={"/": GET}),
        parameters={"endpointConfigurationTypes": "REGIONAL"},
    )
    assert made["endpointConfiguration"]["types"] == ["REGIONAL"]


def test_warnings_are_given_and_undo_all_if_asked(api: Calling) -> None:
    parts = {
        "version": "1",
        "documentationParts": [
            {"location": {"type": "MODEL"}, "properties": {}},
            {"location": {"type": "API"}, "properties": {"a": 1}},
        ],
    }
    body = document(paths={"/": GET}, **{"x-amazon-apigateway-documentation": parts})
    made = api("ImportRestApi", body=body)
    assert len(made["warnings"]) == 1
    assert len(api("GetDocumentationParts", restApiId=made["id"])["items"]) == 1
    assert (
        api.refused("ImportRestApi", body=body, failOnWarnings=True).code == "BadRequestException"
    )
    assert len(api("GetRestApis")["items"]) == 1
    quiet = api(
        "ImportRestApi", body=body, failOnWarnings=True, parameters={"ignore": "documentation"}
    )
    assert "warnings" not in quiet
    assert api("GetDocumentationParts", restApiId=quiet["id"])["items"] == []


def test_a_file_is_stored_as_an_import_is(api: Calling) -> None:
    model = read(BODY.decode())
    place = Place(account_id=ACCOUNT, region=REGION, now=NOW)
    for _ in range(2):
        api.store.write(lambda tx: store_rest_api(tx, place, model, Beside()))
        used = replace(model, models=tuple(each for each in model.models if each.name == "Pet"))
        found = live(api, model.id)
        by_path = sorted(used.resources, key=lambda each: each.path)
        order = lambda each: each.id  # noqa: E731
        assert comparable(
            replace(
                found,
                authorizers=tuple(sorted(found.authorizers, key=order)),
                request_validators=tuple(sorted(found.request_validators, key=order)),
            )
        ) == comparable(
            replace(
                used,
                resources=tuple(by_path),
                authorizers=tuple(sorted(used.authorizers, key=order)),
                request_validators=tuple(sorted(used.request_validators, key=order)),
            )
        )
