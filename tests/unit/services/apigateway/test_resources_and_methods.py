from __future__ import annotations

import pytest

from unit.services.apigateway.building_rest import Api, add, remove, replace


def test_paths_grow_along_the_tree(api):
    pets = api.resource("pets")
    pet = api.resource("{petId}", pets)
    assert api("GetResource", resourceId=pet) == {
        "id": pet,
        "parentId": pets,
        "pathPart": "{petId}",
        "path": "/pets/{petId}",
    }
    toys = api.resource("toys", pet)
    api.patch("UpdateResource", replace("/pathPart", "animals"), resourceId=pets)
    assert api("GetResource", resourceId=toys)["path"] == "/animals/{petId}/toys"
    api.patch("UpdateResource", replace("/parentId", api.root), resourceId=toys)
    assert api("GetResource", resourceId=toys)["path"] == "/toys"


def test_a_move_keeps_the_rules_of_the_tree(api):
    first = api.resource("{a}")
    second = api.resource("b")
    child = api.resource("{a}", second)
    refused = api.patch_refused("UpdateResource", replace("/parentId", first), resourceId=second)
    assert refused[0] == "BadRequestException"
    assert "stands twice" in refused[1]
    refused = api.patch_refused("UpdateResource", replace("/parentId", api.root), resourceId=child)
    assert refused[0] == "ConflictException"
    refused = api.patch_refused("UpdateResource", replace("/pathPart", "x"), resourceId=api.root)
    assert refused[0] == "BadRequestException"


def test_a_sibling_may_be_variable_again_once_the_other_is_gone(api):
    first = api.resource("{a}")
    api("DeleteResource", resourceId=first)
    api.resource("{b}")


def test_deleting_a_resource_deletes_what_is_below_and_nothing_else(api):
    top = api.resource("top")
    kept = api.resource("kept")
    below = top
    for number in range(30):
        for leaf in range(3):
            api.resource(f"leaf{leaf}", below)
        below = api.resource(f"n{number}", below)
    assert api("DeleteResource", resourceId=top) == {}
    assert {each["id"] for each in api("GetResources")["items"]} == {api.root, kept}
    assert api.refused("DeleteResource", resourceId=api.root)[0] == "BadRequestException"


def test_methods_are_embedded_when_asked_for(api):
    named = api.mock()
    shown = api("GetResource", resourceId=named["resourceId"])
    assert shown["resourceMethods"] == {"GET": {}}
    shown = api("GetResources", embed=["methods"])["items"]
    method = next(each for each in shown if "pathPart" in each)["resourceMethods"]["GET"]
    assert method["methodIntegration"]["type"] == "MOCK"
    assert method == api("GetMethod", **named)


def test_a_method_is_put_once_patched_and_deleted(api):
    named = api.method(
        requestParameters={"method.request.header.X": True},
        requestModels={"application/json": "Empty"},
        apiKeyRequired=True,
    )
    again = {"authorizationType": "NONE"}
    assert api.refused("PutMethod", **named, **again)[0] == "ConflictException"
    changed = api.patch(
        "UpdateMethod",
        add("/requestParameters/method.request.querystring.q", "true"),
        replace("/requestParameters/method.request.header.X", "false"),
        remove("/requestModels/application~1json"),
        replace("/authorizationType", "aws_iam"),
        replace("/apiKeyRequired", "False"),
        replace("/operationName", "list"),
        **named,
    )
    assert changed == {
        "httpMethod": "GET",
        "authorizationType": "AWS_IAM",
        "apiKeyRequired": False,
        "operationName": "list",
        "requestParameters": {
            "method.request.header.X": False,
            "method.request.querystring.q": True,
        },
    }
    assert api("DeleteMethod", **named) == {}
    assert api.refused("GetMethod", **named) == (
        "NotFoundException",
        "Invalid Method identifier specified",
    )


def test_a_patched_method_meets_the_checks_of_a_new_one(api):
    named = api.method()
    for step in (
        replace("/authorizationType", "EVERYBODY"),
        add("/authorizationScopes", "a,b"),
        replace("/requestValidatorId", "nosuch"),
        add("/requestModels/application~1json", "Nope"),
        add("/requestParameters/method.request.cookie.x", "true"),
        replace("/apiKeyRequired", "perhaps"),
    ):
        assert api.patch_refused("UpdateMethod", step, **named)[0] == "BadRequestException"
    assert api("GetMethod", **named)["authorizationType"] == "NONE"


def test_responses_of_methods_and_integrations(api):
    named = api.mock()
    status = {"statusCode": "200"}
    mapping = {"method.response.header.X": "integration.response.header.Y"}
    refused = api.refused("PutIntegrationResponse", **named, **status)
    assert refused == ("NotFoundException", "Invalid Response status code specified")
    header = {"method.response.header.X": True}
    api("PutMethodResponse", **named, **status, responseParameters=header)
    assert api.refused("PutMethodResponse", **named, **status)[0] == "ConflictException"
    undeclared = {"method.response.header.Z": "'a'"}
    for wrong in (undeclared, {"x": "'a'"}, {"method.response.header.X": "what.ever"}):
        refused = api.refused("PutIntegrationResponse", **named, **status, responseParameters=wrong)
        assert refused[0] == "BadRequestException"
    api("PutIntegrationResponse", **named, **status, responseParameters=mapping)
    changed = api.patch(
        "UpdateIntegrationResponse",
        replace("/selectionPattern", r"2\d\d"),
        add("/responseTemplates/application~1json", "#set($a=1)"),
        **named,
        **status,
    )
    assert changed == {
        "statusCode": "200",
        "selectionPattern": r"2\d\d",
        "responseParameters": mapping,
        "responseTemplates": {"application/json": "#set($a=1)"},
    }
    wrong = replace("/selectionPattern", "(")
    assert api.patch_refused("UpdateIntegrationResponse", wrong, **named, **status)[0] == (
        "BadRequestException"
    )
    method = api("GetMethod", **named)
    assert method["methodIntegration"]["integrationResponses"] == {"200": changed}
    assert method["methodResponses"]["200"]["responseParameters"] == header
    api.patch(
        "UpdateMethodResponse",
        replace("/responseParameters/method.response.header.X", "false"),
        add("/responseModels/application~1json", "Error"),
        **named,
        **status,
    )
    assert api("GetMethodResponse", **named, **status)["responseModels"] == {
        "application/json": "Error"
    }
    assert api("DeleteIntegrationResponse", **named, **status) == {}
    assert api("DeleteMethodResponse", **named, **status) == {}
    for operation in ("GetMethodResponse", "GetIntegrationResponse"):
        assert api.refused(operation, **named, **status)[0] == "NotFoundException"


def test_an_integration_keeps_what_aws_keeps(api):
    named = api.method(requestParameters={"method.request.header.X": False})
    put = api(
        "PutIntegration",
        **named,
        type="HTTP",
        integrationHttpMethod="POST",
        uri="https://backend.example/x",
        connectionType="VPC_LINK",
        connectionId="link1",
        requestParameters={"integration.request.header.Y": "method.request.header.X"},
        cacheKeyParameters=["method.request.header.X"],
        tlsConfig={"insecureSkipVerification": True},
    )
    assert put == api("GetIntegration", **named)
    assert put["passthroughBehavior"] == "WHEN_NO_MATCH"
    assert put["timeoutInMillis"] == 29000
    assert put["cacheNamespace"] == named["resourceId"]
    changed = api.patch(
        "UpdateIntegration",
        replace("/timeoutInMillis", "50"),
        replace("/uri", "http://other.example/"),
        add("/requestParameters/integration.request.querystring.q", "'1'"),
        add("/requestTemplates/application~1json", "{}"),
        replace("/tlsConfig/insecureSkipVerification", "false"),
        add("/cacheKeyParameters/method.request.header.Z", ""),
        **named,
    )
    assert changed["timeoutInMillis"] == 50
    assert "tlsConfig" not in changed
    assert len(changed["cacheKeyParameters"]) == 2
    for step in (
        replace("/timeoutInMillis", "49"),
        replace("/timeoutInMillis", "\u0665\u0660\u0660"),
        replace("/uri", "nowhere"),
        replace("/type", "AWS_PROXY"),
        replace("/type", "MAGIC"),
        add("/requestParameters/integration.request.header.A", "method.request.header.None"),
        replace("/passthroughBehavior", "SOMETIMES"),
    ):
        assert api.patch_refused("UpdateIntegration", step, **named)[0] in {
            "BadRequestException",
            "ValidationException",
        }
    assert api("GetIntegration", **named) == changed
    assert api("DeleteIntegration", **named) == {}
    assert api.refused("GetIntegration", **named)[0] == "NotFoundException"


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_holds_something(limit, api):
    assert api.refused("GetResources", limit=limit)[0] == "BadRequestException"


def test_a_page_never_holds_more_than_500():
    api = Api()
    for number in range(510):
        api.resource(f"p{number}")
    assert len(api("GetResources")["items"]) == 25
    assert len(api("GetResources", limit=100_000)["items"]) == 500
