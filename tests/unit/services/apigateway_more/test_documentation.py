from __future__ import annotations

import json
from typing import Any

import pytest

from bargate.services.apigateway import SERVICE
from calling import Calling, root
from unit.services.apigateway_more.building_apis import api_with_stages, patch


@pytest.fixture
def rest(api: Calling) -> str:
    return api_with_stages(api, "prod")


def part(
    api: Calling, rest: str, location: dict[str, str], text: str = '{"description": "d"}'
) -> Any:
    return api("CreateDocumentationPart", restApiId=rest, location=location, properties=text)


def test_a_location_is_filled_with_its_defaults(api: Calling, rest: str) -> None:
    made = part(api, rest, {"type": "RESPONSE"})
    assert made["location"] == {"type": "RESPONSE", "path": "/", "method": "*", "statusCode": "*"}
    assert part(api, rest, {"type": "API"})["location"] == {"type": "API"}
    found = api("GetDocumentationPart", restApiId=rest, documentationPartId=made["id"])
    assert found == made


@pytest.mark.parametrize(
    "location",
    [{"type": "API", "path": "/"}, {"type": "MODEL"}, {"type": "METHOD", "name": "x"}, {"type": "X"}, {"type": "MODEL", "name": "a\0"}, {"type": "MODEL", "name": "x" * 3000}],
)  # fmt: skip
def test_locations_that_are_none_are_refused(
    api: Calling, rest: str, location: dict[str, str]
) -> None:
    refused = api.refused(
        "CreateDocumentationPart", restApiId=rest, location=location, properties="{}"
    )
    assert refused.code == "BadRequestException"


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"a": 1} x', "[" * 5000, "x" * 70_000])
def test_properties_are_a_json_object(api: Calling, rest: str, text: str) -> None:
    location = {"type": "API"}
    refused = api.refused(
        "CreateDocumentationPart", restApiId=rest, location=location, properties=text
    )
    assert refused.code == "BadRequestException"


def test_one_location_has_one_part(api: Calling, rest: str) -> None:
    part(api, rest, {"type": "RESOURCE"})
    again = {"type": "RESOURCE", "path": "/"}
    refused = api.refused(
        "CreateDocumentationPart", restApiId=rest, location=again, properties="{}"
    )
    assert refused.code == "ConflictException"


def test_parts_are_picked(api: Calling, rest: str) -> None:
    part(api, rest, {"type": "API"})
    part(api, rest, {"type": "MODEL", "name": "Pet"})
    part(api, rest, {"type": "RESOURCE", "path": "/pets"})

    def count(**more: str) -> int:
        return len(api("GetDocumentationParts", restApiId=rest, **more)["items"])

    assert (count(), count(type="API"), count(nameQuery="Pet"), count(path="/pets")) == (3, 1, 1, 1)
    assert count(locationStatus="UNDOCUMENTED") == 0


def test_a_part_is_changed_and_goes(api: Calling, rest: str) -> None:
    made = part(api, rest, {"type": "API"})
    ids = {"restApiId": rest, "documentationPartId": made["id"]}
    changed = api(
        "UpdateDocumentationPart",
        **ids,
        patchOperations=[patch("replace", "/properties", '{"a": 1}')],
    )
    assert changed["properties"] == '{"a": 1}'
    for operation in (patch("replace", "/properties", "x"), patch("replace", "/location", "{}")):
        assert (
            api.refused("UpdateDocumentationPart", **ids, patchOperations=[operation]).code
            == "BadRequestException"
        )
    stranger = Calling(SERVICE, api.store, caller=root("210987654321"))
    assert stranger.refused("GetDocumentationPart", **ids).code == "NotFoundException"
    api("DeleteDocumentationPart", **ids)
    assert api.refused("GetDocumentationPart", **ids).code == "NotFoundException"


def document(*parts: object) -> bytes:
    extension = {"version": "1", "documentationParts": list(parts)}
    return json.dumps({"x-amazon-apigateway-documentation": extension}).encode()


def test_parts_are_imported(api: Calling, rest: str) -> None:
    former = part(api, rest, {"type": "API"})
    body = document(
        {"location": {"type": "API"}, "properties": {"a": 1}},
        {"location": {"type": "MODEL"}, "properties": {}},
    )
    made = api("ImportDocumentationParts", restApiId=rest, body=body)
    assert len(made["ids"]) == len(made["warnings"]) == 1
    items = api("GetDocumentationParts", restApiId=rest)["items"]
    assert [each["properties"] for each in items] == ['{"a": 1}']
    assert items[0]["id"] != former["id"]
    refused = api.refused(
        "ImportDocumentationParts", restApiId=rest, body=body, failOnWarnings=True
    )
    assert refused.code == "BadRequestException"
    assert len(api("GetDocumentationParts", restApiId=rest)["items"]) == 1
    other = document({"location": {"type": "RESOURCE"}, "properties": {}})
    api("ImportDocumentationParts", restApiId=rest, body=other, mode="overwrite")
    items = api("GetDocumentationParts", restApiId=rest)["items"]
    assert [each["location"]["type"] for each in items] == ["RESOURCE"]


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"[]", b"{", b'{"x-amazon-apigateway-documentation": []}', document(1), document({"location": 1}),
     document({"location": {"type": 1}, "properties": {}}), document({"location": {"type": "API"}, "properties": "x"}),
     document(*[{"location": {"type": "API"}, "properties": {}}] * 2001), b"a: &a [*a]"],
)  # fmt: skip
def test_documents_that_are_none_are_refused(api: Calling, rest: str, body: bytes) -> None:
    refused = api.refused("ImportDocumentationParts", restApiId=rest, body=body)
    assert refused.code == "BadRequestException"


def test_a_version_is_made_shown_and_goes(api: Calling, rest: str) -> None:
    made = api(
        "CreateDocumentationVersion",
        restApiId=rest,
        documentationVersion="1.0",
        stageName="prod",
        description="d",
    )
    assert made["version"] == "1.0"
    assert api("GetStage", restApiId=rest, stageName="prod")["documentationVersion"] == "1.0"
    ids = {"restApiId": rest, "documentationVersion": "1.0"}
    assert api("GetDocumentationVersion", **ids) == made
    assert api("GetDocumentationVersions", restApiId=rest)["items"] == [made]
    assert api.refused("CreateDocumentationVersion", **ids).code == "ConflictException"
    assert api.refused("DeleteDocumentationVersion", **ids).code == "BadRequestException"
    changed = api(
        "UpdateDocumentationVersion", **ids, patchOperations=[patch("replace", "/description", "e")]
    )
    assert changed["description"] == "e"
    api("DeleteStage", restApiId=rest, stageName="prod")
    api("DeleteDocumentationVersion", **ids)
    assert api.refused("GetDocumentationVersion", **ids).code == "NotFoundException"
    for name in ("", "a b", "a\0", "x" * 65):
        refused = api.refused(
            "CreateDocumentationVersion", restApiId=rest, documentationVersion=name
        )
        assert refused.code == "BadRequestException"
    refused = api.refused(
        "CreateDocumentationVersion", restApiId=rest, documentationVersion="2", stageName="x"
    )
    assert refused.code == "NotFoundException"
    assert api("GetDocumentationVersions", restApiId=rest)["items"] == []
