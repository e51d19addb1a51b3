"""AWS [R] apigw-errors §1: defaults, inheritance, customisation."""

from __future__ import annotations

import pytest

from unit.services.apigateway.building_rest import add, remove, replace

TEMPLATES = {"application/json": '{"message":$context.error.messageString}'}


def listed(api):
    return {each["responseType"]: each for each in api("GetGatewayResponses")["items"]}


def test_all_types_are_listed_in_alphabetical_order_as_defaults(api):
    found = listed(api)
    assert list(found) == sorted(found)
    assert len(found) == 21
    for name, response in found.items():
        assert response["defaultResponse"] is True
        assert response["responseParameters"] == {}
        assert response["responseTemplates"] == TEMPLATES
        assert ("statusCode" in response) == (not name.startswith("DEFAULT_"))
    assert found["WAF_FILTERED"]["statusCode"] == "403"
    assert found["INTEGRATION_TIMEOUT"]["statusCode"] == "504"


def test_pages_of_types(api):
    page = api("GetGatewayResponses", limit=20)
    rest = api("GetGatewayResponses", position=page["position"])
    assert [each["responseType"] for each in rest["items"]] == ["WAF_FILTERED"]
    assert api.refused("GetGatewayResponses", position="garbage")[0] == "BadRequestException"


def test_what_is_not_customised_keeps_its_default(api):
    put = api("PutGatewayResponse", responseType="THROTTLED", statusCode="503")
    assert put == {
        "responseType": "THROTTLED",
        "statusCode": "503",
        "responseParameters": {},
        "responseTemplates": TEMPLATES,
        "defaultResponse": False,
    }
    header = {"gatewayresponse.header.X": "'y'"}
    put = api("PutGatewayResponse", responseType="THROTTLED", responseParameters=header)
    assert put["statusCode"] == "429"
    assert put["responseParameters"] == header


def test_a_family_gives_to_those_that_have_nothing_of_their_own(api):
    api("PutGatewayResponse", responseType="THROTTLED", responseTemplates={"text/plain": "slow"})
    api("PutGatewayResponse", responseType="DEFAULT_5XX", statusCode="599")
    api("PutGatewayResponse", responseType="DEFAULT_4XX", statusCode="499")
    found = listed(api)
    assert found["INTEGRATION_TIMEOUT"]["statusCode"] == "599"
    assert found["INTEGRATION_TIMEOUT"]["defaultResponse"] is True
    assert found["UNAUTHORIZED"]["statusCode"] == "499"
    assert found["THROTTLED"]["statusCode"] == "429"
    assert api("DeleteGatewayResponse", responseType="DEFAULT_5XX") == {}
    assert listed(api)["INTEGRATION_TIMEOUT"]["statusCode"] == "504"


def test_a_type_is_patched(api):
    named = {"responseType": "UNAUTHORIZED"}
    changed = api.patch(
        "UpdateGatewayResponse",
        replace("/statusCode", "418"),
        add("/responseParameters/gatewayresponse.header.X", "'1'"),
        add("/responseTemplates/application~1json", '{"a":1}'),
        **named,
    )
    assert changed["statusCode"] == "418"
    assert changed["responseParameters"] == {"gatewayresponse.header.X": "'1'"}
    assert changed["responseTemplates"] == {"application/json": '{"a":1}'}
    changed = api.patch(
        "UpdateGatewayResponse", remove("/responseTemplates/application~1json"), **named
    )
    assert changed["responseTemplates"] == TEMPLATES
    assert changed["defaultResponse"] is False


@pytest.mark.parametrize(
    "settings",
    [
        {"statusCode": "099"},
        {"statusCode": "100"},
        {"statusCode": "600"},
        {"statusCode": "\u0664\u0660\u0660"},
        {"responseParameters": {"gatewayresponse.header.X": "y"}},
        {"responseParameters": {"gatewayresponse.header.a b": "'y'"}},
        {"responseType": "NOPE"},
    ],
)
def test_what_cannot_be_answered_is_not_kept(settings, api):
    request = {"responseType": "UNAUTHORIZED"} | settings
    assert api.refused("PutGatewayResponse", **request)[0] in {
        "BadRequestException",
        "ValidationException",
    }
    assert listed(api)["UNAUTHORIZED"]["defaultResponse"] is True
