from __future__ import annotations

import json

import pytest

from unit.services.apigateway.building_rest import LAMBDA, POOL, Api, add, remove, replace

REFERENCE = "https://apigateway.amazonaws.com/restapis/{}/models/{}"
SOURCE = "method.request.header.Authorization"


def model(api, name, schema, **settings):
    return api(
        "CreateModel",
        name=name,
        contentType="application/json",
        schema=schema if isinstance(schema, str) else json.dumps(schema),
        **settings,
    )


def test_models_that_refer_to_each_other_are_deployed_whole(api):
    pet = {
        "type": "object",
        "properties": {"name": {"$ref": "#/definitions/name"}, "id": {"type": "integer"}},
        "definitions": {"name": {"type": "string"}},
    }
    model(api, "Pet", pet)
    reference = REFERENCE.format(api.id, "Pet")
    model(api, "Pets", {"type": "array", "items": {"$ref": reference}})
    api("CreateRequestValidator", name="v", validateRequestBody=True)
    validator = api("GetRequestValidators")["items"][0]["id"]
    api.mock(requestModels={"application/json": "Pets"}, requestValidatorId=validator)
    api.deploy()
    (deployed,) = api.served().api.models
    schema = json.loads(deployed.schema)
    assert schema["items"] == {"$ref": "#/definitions/model:Pet"}
    inner = schema["definitions"]["model:Pet"]
    assert inner["properties"]["name"] == {"$ref": "#/definitions/model:Pet/definitions/name"}
    assert inner["properties"]["id"] == {"type": "integer"}
    flat = api("GetModel", modelName="Pets", flatten=True)["schema"]
    assert json.loads(flat) == schema
    assert api.refused("DeleteModel", modelName="Pet")[0] == "ConflictException"


def test_a_model_may_refer_to_itself(api):
    reference = REFERENCE.format(api.id, "Tree")
    schema = {"type": "object", "properties": {"left": {"$ref": reference}}}
    model(api, "Tree", schema)
    api.mock(requestModels={"application/json": "Tree"})
    api.deploy()


@pytest.mark.parametrize(
    "schema",
    [
        "{",
        "[]",
        '"text"',
        '{"type":"object","type":"object"}',
        '{"type":"nonsense"}',
        '{"properties":{"a":{"$ref":"https://apigateway.amazonaws.com/restapis/x/models/Nope"}}}',
        '{"$ref":"file:///etc/passwd"}',
        '{"$ref":"http://169.254.169.254/latest"}',
        '{"$ref":"#/nowhere"}',
        '{"pattern":"("}',
        "[" * 3_000,
        '{"a":' * 3_000,
        '{"items":' * 900 + "{}" + "}" * 900,
        '{"title":"' + "x" * 500_000 + '"}',
        '{"minimum":NaN}',
        '{"minimum":' + "9" * 5_000 + "}",
    ],
)
def test_a_schema_that_cannot_be_enforced_is_never_kept(schema, api):
    refused = api.refused("CreateModel", name="New", contentType="application/json", schema=schema)
    assert refused[0] == "BadRequestException"
    assert refused[1].startswith("Invalid model specified: Validation Result: warnings : [], ")
    assert api.patch_refused("UpdateModel", replace("/schema", schema), modelName="Empty")[0] == (
        "BadRequestException"
    )


def test_a_template_follows_the_schema(api):
    template = api("GetModelTemplate", modelName="Error")["value"]
    assert template.startswith("#set($inputRoot = $input.path('$'))\n{")
    assert '"message" : "foo"' in template


def test_validators_live_and_die(api):
    made = api("CreateRequestValidator", name="v", validateRequestParameters=True)
    assert made == {
        "id": made["id"],
        "name": "v",
        "validateRequestBody": False,
        "validateRequestParameters": True,
    }
    named = {"requestValidatorId": made["id"]}
    changed = api.patch("UpdateRequestValidator", replace("/validateRequestBody", "true"), **named)
    assert changed["validateRequestBody"] is True
    method = api.mock(requestValidatorId=made["id"])
    assert api.refused("DeleteRequestValidator", **named)[0] == "ConflictException"
    api.patch("UpdateMethod", replace("/requestValidatorId", ""), **method)
    assert api("DeleteRequestValidator", **named) == {}
    assert api.refused("GetRequestValidator", **named) == (
        "NotFoundException",
        "Invalid Request Validator identifier specified",
    )


def test_authorizers_have_awss_defaults(api):
    token = api(
        "CreateAuthorizer", name="t", type="TOKEN", authorizerUri=LAMBDA, identitySource=SOURCE
    )
    assert token == {
        "id": token["id"],
        "name": "t",
        "type": "TOKEN",
        "authType": "custom",
        "authorizerUri": LAMBDA,
        "identitySource": SOURCE,
    }
    pool = api(
        "CreateAuthorizer",
        name="p",
        type="COGNITO_USER_POOLS",
        providerARNs=[POOL],
        identitySource=SOURCE,
    )
    assert pool["authType"] == "cognito_user_pools"
    assert api("GetAuthorizers") == {"items": sorted([token, pool], key=lambda each: each["id"])}


@pytest.mark.parametrize(
    "settings",
    [
        {"type": "JWT"},
        {"type": "TOKEN"},
        {"type": "TOKEN", "authorizerUri": "arn:aws:lambda:us-east-1:1:function:f"},
        {"type": "TOKEN", "authorizerUri": LAMBDA, "identitySource": "method.request.body"},
        {"type": "TOKEN", "authorizerUri": LAMBDA, "identitySource": f"{SOURCE},{SOURCE}2"},
        {"type": "TOKEN", "authorizerUri": LAMBDA, "identityValidationExpression": "("},
        {"type": "TOKEN", "authorizerUri": LAMBDA, "authorizerResultTtlInSeconds": 3601},
        {"type": "TOKEN", "authorizerUri": LAMBDA, "authorizerResultTtlInSeconds": -1},
        {"type": "TOKEN", "authorizerUri": LAMBDA, "providerARNs": [POOL]},
        {"type": "TOKEN", "authorizerUri": LAMBDA, "authorizerCredentials": "role"},
        {
            "type": "TOKEN",
            "authorizerUri": LAMBDA,
            "authorizerCredentials": "arn:aws:iam::999988887777:role/r",
        },
        {"type": "REQUEST", "authorizerUri": LAMBDA, "identitySource": ""},
        {"type": "REQUEST", "authorizerUri": LAMBDA, "identityValidationExpression": ".*"},
        {"type": "COGNITO_USER_POOLS"},
        {"type": "COGNITO_USER_POOLS", "providerARNs": []},
        {"type": "COGNITO_USER_POOLS", "providerARNs": ["arn:aws:cognito-idp:x:1:userpool/y"]},
        {"type": "COGNITO_USER_POOLS", "providerARNs": [POOL], "authorizerUri": LAMBDA},
    ],
)
def test_an_authorizer_that_cannot_be_enforced_is_never_kept(settings, api):
    request = {"name": "a", "identitySource": SOURCE} | settings
    code, _ = api.refused("CreateAuthorizer", **request)
    assert code in {"BadRequestException", "ValidationException", "AccessDeniedException"}
    assert api("GetAuthorizers") == {"items": []}


def test_an_authorizer_in_use_stays_and_keeps_its_kind(api):
    token = api(
        "CreateAuthorizer", name="t", type="TOKEN", authorizerUri=LAMBDA, identitySource=SOURCE
    )
    named = {"authorizerId": token["id"]}
    method = api.mock(authorizationType="CUSTOM", **named)
    assert api.refused("DeleteAuthorizer", **named)[0] == "ConflictException"
    steps = (
        replace("/type", "COGNITO_USER_POOLS"),
        replace("/authorizerUri", ""),
        add("/providerARNs", POOL),
    )
    assert api.patch_refused("UpdateAuthorizer", *steps, **named)[0] == "BadRequestException"
    changed = api.patch(
        "UpdateAuthorizer",
        replace("/authorizerResultTtlInSeconds", "0"),
        replace("/identityValidationExpression", "^Bearer .+$"),
        **named,
    )
    assert changed["authorizerResultTtlInSeconds"] == 0
    api.patch("UpdateMethod", replace("/authorizationType", "NONE"), **method)
    assert "authorizerId" not in api("GetMethod", **method)
    assert api("DeleteAuthorizer", **named) == {}
    assert api.refused("GetAuthorizer", **named)[0] == "NotFoundException"


def test_a_user_pool_method_keeps_its_scopes(api):
    pool = api(
        "CreateAuthorizer",
        name="p",
        type="COGNITO_USER_POOLS",
        providerARNs=[POOL],
        identitySource=SOURCE,
    )
    method = api.mock(
        authorizationType="COGNITO_USER_POOLS",
        authorizerId=pool["id"],
        authorizationScopes=["a/r"],
    )
    changed = api.patch("UpdateMethod", add("/authorizationScopes", "a/w"), **method)
    assert changed["authorizationScopes"] == ["a/r", "a/w"]
    changed = api.patch("UpdateMethod", remove("/authorizationScopes") | {"value": "a/r"}, **method)
    assert changed["authorizationScopes"] == ["a/w"]
    api.deploy()
    (resource,) = api.served().api.resources
    assert resource.methods[0].authorization_scopes == ("a/w",)


def test_names_of_authorizers_are_unique_in_an_api(api):
    request = {"name": "t", "type": "TOKEN", "authorizerUri": LAMBDA, "identitySource": SOURCE}
    api("CreateAuthorizer", **request)
    assert api.refused("CreateAuthorizer", **request)[0] == "BadRequestException"
    Api(api.calling)("CreateAuthorizer", **request)
