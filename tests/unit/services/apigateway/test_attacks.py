"""What an attacker sends: each must be a refusal with a 4xx code, and change nothing."""

from __future__ import annotations

import functools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bargate.services.paging import token_of
from bargate.wire.error import AwsError
from calling import REGION
from unit.services.apigateway.building_rest import LAMBDA, OTHER_ACCOUNT, Api, elsewhere, replace

CODES = {
    "BadRequestException",
    "NotFoundException",
    "ConflictException",
    "ValidationException",
    "AccessDeniedException",
}
WEIRD = [
    "",
    "/",
    "..",
    "../../x",
    "a/b",
    "%2e%2e%2f",
    "a\0b",
    "\0",
    "é",
    "\u202eabc",
    "😀" * 100,
    "x" * 100_000,
    "*",
    "{id}",
    "'; drop table record; --",
    " ",
    "a\n",
]


def full_api():
    api = Api()
    named = api.mock()
    api("PutMethodResponse", **named, statusCode="200")
    api("PutIntegrationResponse", **named, statusCode="200")
    validator = api("CreateRequestValidator", name="v")["id"]
    deployment = api.deploy()
    return api, {
        "restApiId": api.id,
        "resourceId": named["resourceId"],
        "httpMethod": "GET",
        "statusCode": "200",
        "requestValidatorId": validator,
        "deploymentId": deployment,
        "stageName": "dev",
        "modelName": "Empty",
        "responseType": "THROTTLED",
        "authorizerId": "nosuch",
    }


NAMED = {
    "RestApi": [],
    "Resource": ["resourceId"],
    "Method": ["resourceId", "httpMethod"],
    "MethodResponse": ["resourceId", "httpMethod", "statusCode"],
    "Integration": ["resourceId", "httpMethod"],
    "IntegrationResponse": ["resourceId", "httpMethod", "statusCode"],
    "Model": ["modelName"],
    "RequestValidator": ["requestValidatorId"],
    "Deployment": ["deploymentId"],
    "Stage": ["stageName"],
    "GatewayResponse": ["responseType"],
    "Authorizer": ["authorizerId"],
}


@pytest.mark.parametrize("noun", NAMED)
@pytest.mark.parametrize("verb", ["Get", "Update", "Delete"])
def test_ids_of_any_form_name_nothing(noun, verb):
    api, names = full_api()
    for broken in ("restApiId", *NAMED[noun]):
        for value in WEIRD:
            request = {each: names[each] for each in ("restApiId", *NAMED[noun])}
            request[broken] = value
            if verb == "Update":
                request["patchOperations"] = [replace("/description", "x")]
            error = api.calling.refused(f"{verb}{noun}", **request)
            assert error.code in CODES, (broken, value[:20])
            assert len(error.message) < 3_000


@pytest.mark.parametrize("noun", NAMED)
@pytest.mark.parametrize("verb", ["Get", "Update", "Delete"])
@pytest.mark.parametrize(("account", "region"), [(OTHER_ACCOUNT, REGION), (None, "eu-west-1")])
def test_another_account_or_region_sees_nothing(noun, verb, account, region):
    api, names = full_api()
    before = api.served()
    stranger = elsewhere(api, account or "123456789012", region)
    request = {each: names[each] for each in ("restApiId", *NAMED[noun])}
    if verb == "Update":
        request["patchOperations"] = [replace("/description", "x")]
    error = stranger.refused(f"{verb}{noun}", **request)
    assert error.code == "NotFoundException"
    assert error.message == (
        f"Invalid API identifier specified {account or '123456789012'}:{api.id}"
    )
    assert api.served() == before
    assert stranger("GetRestApis") == {"items": []}


def test_another_account_cannot_add_to_an_api_or_clone_it():
    api, _ = full_api()
    stranger = elsewhere(api, OTHER_ACCOUNT)
    for operation, request in {
        "CreateResource": {"parentId": api.root, "pathPart": "x"},
        "CreateDeployment": {"stageName": "dev"},
        "CreateModel": {"name": "M", "contentType": "a/b", "schema": "{}"},
        "PutGatewayResponse": {"responseType": "THROTTLED"},
        "CreateAuthorizer": {"name": "x", "type": "TOKEN"},
        "CreateRequestValidator": {},
        "FlushStageCache": {"stageName": "dev"},
        "FlushStageAuthorizersCache": {"stageName": "dev"},
    }.items():
        assert stranger.refused(operation, restApiId=api.id, **request).code in CODES
    assert stranger.refused("CreateRestApi", name="x", cloneFrom=api.id).code in CODES
    own = stranger("CreateRestApi", name="own")
    error = stranger.refused("CreateResource", restApiId=own["id"], parentId=api.root, pathPart="x")
    assert error.code == "NotFoundException"


def test_positions_that_were_made_up():
    api, _ = full_api()
    other = Api(api.calling)
    forged = [
        token_of(()),
        token_of(("123456789012",)),
        token_of(("123456789012", REGION, other.id, "a")),
        token_of((OTHER_ACCOUNT, REGION, api.id, "")),
        token_of(("123456789012", REGION, api.id, "a\0b")),
        token_of(("123456789012", REGION, api.id, "a", "b")),
        "x",
        "!!!!",
        "é",
        "A" * 5_000,
        "kw==",
        "\0",
    ]
    for operation in ("GetResources", "GetModels", "GetDeployments", "GetRequestValidators"):
        for position in forged:
            code, message = api.refused(operation, position=position)
            assert (code, message) == (
                "BadRequestException",
                "Invalid position parameter specified",
            )
    for position in forged[3:]:
        assert api.calling.refused("GetRestApis", position=position).code == "BadRequestException"


UPDATES = sorted(f"Update{noun}" for noun in NAMED)


TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
HEADS = (
    "", "/", "/name", "/variables/", "/responseParameters/", "/requestModels/", "/schema",
    "/canarySettings/", "/*/*/", "/policy", "/binaryMediaTypes/", "/timeoutInMillis",
    "/endpointConfiguration/types/", "/requestParameters/", "/pathPart", "/parentId",
    "/description", "/selectionPattern", "/statusCode", "/uri", "/type", "/apiKeyRequired",
)  # fmt: skip
the_full_api = functools.cache(full_api)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    operation=st.sampled_from(UPDATES),
    op=st.sampled_from(["add", "remove", "replace", "copy", "move", "test"]),
    head=st.sampled_from(HEADS),
    tail=st.just("") | TEXT,
    value=st.none() | TEXT,
)
def test_a_patch_of_any_form_is_taken_or_refused(operation, op, head, tail, value):
    api, names = the_full_api()
    noun = operation.removeprefix("Update")
    request = {each: names[each] for each in ("restApiId", *NAMED[noun])}
    step = {"op": op, "path": head + tail, "from": tail}
    if value is not None:
        step["value"] = value
    code = None
    try:
        api.calling(operation, **request, patchOperations=[step])
    except AwsError as error:
        code = error.code
    assert code in {None, *CODES}


def test_patches_without_bounds_are_refused():
    api, _ = full_api()
    many = [replace("/description", "x")] * 1_001
    assert api.refused("UpdateRestApi", patchOperations=many)[0] == "BadRequestException"
    long = replace("/" + "a/" * 100_000, "x")
    code, message = api.refused("UpdateRestApi", patchOperations=[long])
    assert code == "BadRequestException"
    assert len(message) < 500


def test_a_selection_pattern_cannot_hang_the_control_plane():
    api, names = full_api()
    request = {each: names[each] for each in ("resourceId", "httpMethod", "statusCode")}
    refused = api.refused("PutIntegrationResponse", **request, selectionPattern="(" * 5_000)
    assert refused[0] == "BadRequestException"


def test_a_value_that_was_forgotten_takes_no_control_away():
    api, names = full_api()
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",'
        '"Action":"execute-api:Invoke","Resource":"execute-api:/*"}]}'
    )
    api.patch("UpdateRestApi", replace("/policy", policy))
    forgotten = {"op": "replace", "path": "/policy"}
    assert api.patch_refused("UpdateRestApi", forgotten)[0] == "BadRequestException"
    assert "policy" in api("GetRestApi")
    method = {each: names[each] for each in ("resourceId", "httpMethod")}
    validator = names["requestValidatorId"]
    api.patch("UpdateMethod", replace("/requestValidatorId", validator), **method)
    forgotten = {"op": "replace", "path": "/requestValidatorId"}
    assert api.patch_refused("UpdateMethod", forgotten, **method)[0] == "BadRequestException"
    assert api("GetMethod", **method)["requestValidatorId"] == validator


@pytest.mark.parametrize("name", ["", " ", "a\0b", "a\n", "\u202e", "x" * 129])
def test_names_of_authorizers_are_printable(name):
    api = Api()
    request = {
        "type": "TOKEN",
        "authorizerUri": LAMBDA,
        "identitySource": "method.request.header.A",
    }
    assert api.refused("CreateAuthorizer", name=name, **request)[0] == "BadRequestException"
