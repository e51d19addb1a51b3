"""The control-plane errors that were recorded from AWS (apigw-errors §5), for REST APIs."""

from __future__ import annotations

import pytest

from unit.services.apigateway.building_rest import (
    LAMBDA,
    POOL,
    Api,
    add,
    copy,
    remove,
    replace,
)

BAD, MISSING, CONFLICT = "BadRequestException", "NotFoundException", "ConflictException"
AUTHORIZER = (
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or"
    " COGNITO_USER_POOLS requires a valid authorizer."
)


@pytest.mark.parametrize(
    ("operation", "request_", "code", "message"),
    [
        ("GetRestApi", {}, MISSING, "Invalid API identifier specified 123456789012:{id}"),
        ("GetResources", {}, MISSING, "Invalid API identifier specified 123456789012:{id}"),
        ("DeleteRestApi", {}, MISSING, "Invalid API identifier specified 123456789012:{id}"),
        ("CreateDeployment", {}, MISSING, "Invalid API identifier specified 123456789012:{id}"),
        (
            "CreateAuthorizer",
            {"name": "a", "type": "TOKEN"},
            CONFLICT,
            "Unable to complete operation due to concurrent modification. Please try again later.",
        ),
        ("CreateRequestValidator", {}, BAD, "Invalid REST API identifier specified"),
    ],
)
@pytest.mark.parametrize("api_id", ["abcdefghij", "", "UPPER"])
def test_an_api_that_is_not_there(operation, request_, code, message, api_id, api):
    error = api.calling.refused(operation, restApiId=api_id, **request_)
    assert (error.code, error.message) == (code, message.replace("{id}", api_id))


def test_api_ids_are_case_sensitive(api):
    error = api.calling.refused("GetRestApi", restApiId=api.id.upper())
    assert api.id != api.id.upper()
    assert error.code == MISSING


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"description": ""}, "Description cannot be an empty string"),
        (
            {"minimumCompressionSize": -1},
            "Invalid minimum compression size, must be between 0 and 10485760",
        ),
        (
            {"minimumCompressionSize": 10485761},
            "Invalid minimum compression size, must be between 0 and 10485760",
        ),
        (
            {"endpointConfiguration": {"types": ["EDGE", "REGIONAL"]}},
            "Cannot create an api with multiple Endpoint Types.",
        ),
        (
            {"endpointConfiguration": {"types": ["PRIVATE"], "ipAddressType": "ipv4"}},
            "Only dualstack ipAddressType is supported for Private APIs.",
        ),
    ],
)
def test_an_api_that_cannot_be_created(settings, message, api):
    error = api.calling.refused("CreateRestApi", name="x", **settings)
    assert (error.code, error.message) == (BAD, message)


@pytest.mark.parametrize("part", ["", "a b", "a/b", "{", "{}", "a{b}", "{a}b", "{+}", "é", "a\0b"])
def test_a_path_part_of_wrong_characters(part, api):
    code, message = api.refused("CreateResource", parentId=api.root, pathPart=part)
    assert code == BAD
    assert message.startswith("Resource's path part only allow a-zA-Z0-9._-:")


def test_resources_that_do_not_fit_into_the_tree(api):
    pets = api.resource("pets")
    greedy = api.resource("{proxy+}")
    cases = [
        ({"parentId": "nosuch", "pathPart": "x"}, MISSING, "Invalid Resource identifier specified"),
        (
            {"parentId": api.root, "pathPart": "pets"},
            CONFLICT,
            "Another resource with the same parent already has this name: pets",
        ),
        (
            {"parentId": api.root, "pathPart": "{id}"},
            BAD,
            (
                "A sibling ({proxy+}) of this resource already has a variable path part -- only one is"
                " allowed"
            ),
        ),
        (
            {"parentId": greedy, "pathPart": "below"},
            BAD,
            "Cannot create a child of a resource with a greedy path variable: {proxy+}",
        ),
    ]
    for request, code, message in cases:
        assert api.refused("CreateResource", **request) == (code, message)
    child = api.resource("child", pets)
    named = {"resourceId": pets}
    assert api.patch_refused("UpdateResource", replace("/parentId", child), **named) == (
        BAD,
        "Resources cannot be cyclical.",
    )
    assert api.patch_refused("UpdateResource", replace("/parentId", pets), **named) == (
        BAD,
        "Resources cannot be cyclical.",
    )
    assert api.patch_refused("UpdateResource", replace("/parentId", "none"), **named) == (
        MISSING,
        "Invalid Resource identifier specified",
    )
    assert api.patch_refused("UpdateResource", replace("/parentId", greedy), **named) == (
        BAD,
        "Cannot create a child of a resource with a greedy path variable: {proxy+}",
    )


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        ({"authorizationType": "CUSTOM"}, BAD, AUTHORIZER),
        ({"authorizationType": "COGNITO_USER_POOLS"}, BAD, AUTHORIZER),
        ({"authorizationType": "CUSTOM", "authorizerId": "nosuch"}, BAD, AUTHORIZER),
        ({"authorizationType": "CUSTOM", "authorizerId": "{pool}"}, BAD, AUTHORIZER),
        ({"authorizationType": "COGNITO_USER_POOLS", "authorizerId": "{token}"}, BAD, AUTHORIZER),
        (
            {"httpMethod": "TRACE"},
            BAD,
            (
                "Invalid HttpMethod specified. Valid options are"
                " GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"
            ),
        ),
        (
            {"httpMethod": "get"},
            BAD,
            (
                "Invalid HttpMethod specified. Valid options are"
                " GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"
            ),
        ),
        (
            {"requestValidatorId": "nosuch"},
            BAD,
            "Invalid Request Validator identifier specified",
        ),
        (
            {"requestModels": {"application/json": "Nope"}},
            BAD,
            "Invalid model identifier specified: Nope",
        ),
        (
            {
                "requestParameters": {
                    "method.request.header.a": True,
                    "method.request.querystring.a": True,
                }
            },
            BAD,
            "Parameter names must be unique across querystring, header and path",
        ),
        ({"resourceId": "nosuch"}, MISSING, "Invalid Resource identifier specified"),
    ],
)
def test_a_method_that_cannot_be_put(settings, code, message, api):
    source = "method.request.header.A"
    ids = {
        "{token}": api(
            "CreateAuthorizer",
            name="t",
            type="TOKEN",
            authorizerUri=LAMBDA,
            identitySource=source,
        )["id"],
        "{pool}": api(
            "CreateAuthorizer",
            name="p",
            type="COGNITO_USER_POOLS",
            providerARNs=[POOL],
            identitySource=source,
        )["id"],
    }
    if "authorizerId" in settings:
        settings = settings | {"authorizerId": ids.get(settings["authorizerId"], "nosuch")}
    request = {"resourceId": api.root, "httpMethod": "GET", "authorizationType": "NONE"} | settings
    assert api.refused("PutMethod", **request) == (code, message)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"type": "HTTP"}, "Enumeration value for HttpMethod must be non-empty"),
        (
            {"type": "AWS_PROXY", "uri": LAMBDA},
            "Enumeration value for HttpMethod must be non-empty",
        ),
        (
            {"type": "HTTP", "integrationHttpMethod": "GET"},
            "Invalid HTTP endpoint specified for URI",
        ),
        (
            {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "ftp://x/"},
            "Invalid HTTP endpoint specified for URI",
        ),
        (
            {"type": "AWS", "integrationHttpMethod": "POST", "uri": "not-an-arn"},
            "Invalid ARN specified in the request",
        ),
        (
            {"type": "AWS", "integrationHttpMethod": "POST"},
            "Invalid ARN specified in the request",
        ),
        (
            {
                "type": "AWS",
                "integrationHttpMethod": "POST",
                "uri": "arn:aws:apigateway:us-east-1:lambda:test",
            },
            "AWS ARN for integration must contain path or action",
        ),
        (
            {
                "type": "AWS_PROXY",
                "integrationHttpMethod": "POST",
                "uri": "arn:aws:apigateway:us-east-1:s3:path/bucket",
                "credentials": "arn:aws:iam::123456789012:role/r",
            },
            (
                "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose"
                " stream invocations."
            ),
        ),
        (
            {
                "type": "AWS",
                "integrationHttpMethod": "POST",
                "uri": "arn:aws:apigateway:us-east-1:s3:path/bucket",
            },
            "Role ARN must be specified for AWS integrations",
        ),
        ({"type": "MOCK", "timeoutInMillis": 49}, "Timeout should be between 50 ms and 29000 ms"),
        (
            {"type": "MOCK", "timeoutInMillis": 29001},
            "Timeout should be between 50 ms and 29000 ms",
        ),
    ],
)
def test_an_integration_that_cannot_be_put(settings, message, api):
    assert api.refused("PutIntegration", **api.method(), **settings) == (BAD, message)


def test_a_role_of_another_account_cannot_be_passed(api):
    role = "arn:aws:iam::999988887777:role/theirs"
    refused = api.refused("PutIntegration", **api.method(), type="MOCK", credentials=role)
    assert refused == ("AccessDeniedException", "Cross-account pass role is not allowed.")


def test_models_that_cannot_be_created_or_deleted(api):
    json = {"contentType": "application/json"}
    cases = [
        ({"name": "", "schema": "{}"}, BAD, "Model name must be non-empty"),
        (
            {"name": "Empty", "schema": "{}"},
            CONFLICT,
            "Model name already exists for this REST API",
        ),
        (
            {"name": "New", "schema": ""},
            BAD,
            "Model schema must have at least 1 property or array items defined",
        ),
        (
            {"name": "New"},
            BAD,
            "Model schema must have at least 1 property or array items defined",
        ),
    ]
    for request, code, message in cases:
        assert api.refused("CreateModel", **request, **json) == (code, message)
    api.method(requestModels={"application/json": "Error"})
    assert api.refused("DeleteModel", modelName="Error") == (
        CONFLICT,
        "Cannot delete model 'Error', is referenced in method request: /pets/GET",
    )
    assert api.refused("GetModel", modelName="Nope")[0] == MISSING


def test_deployments_that_stages_point_to_stay(api):
    api.mock()
    first, second = api.deploy(), api.deploy(canarySettings={"percentTraffic": 10.0})
    message = "Active stages pointing to this deployment must be moved or deleted"
    for deployment in (first, second):
        assert api.refused("DeleteDeployment", deploymentId=deployment) == (BAD, message)
    api.patch("UpdateStage", remove("/canarySettings"), stageName="dev")
    assert api("DeleteDeployment", deploymentId=second) == {}


def test_canaries_need_a_stage(api):
    api.mock()
    start = "Invalid deployment content specified."
    assert api.refused("CreateDeployment", canarySettings={}) == (
        BAD,
        start + "Non null and non empty stageName must be provided for canary deployment."
        " Provided value is null",
    )
    assert api.refused("CreateDeployment", stageName="x", canarySettings={}) == (
        BAD,
        start + "Stage x must already be created before making a canary release deployment",
    )
    api.deploy()
    wrong = replace("/canarySettings/deploymentId", "nosuch")
    message = "Deployment id does not exist"
    assert api.patch_refused("UpdateStage", wrong, stageName="dev") == (BAD, message)
    wrong = replace("/deploymentId", "nosuch")
    assert api.patch_refused("UpdateStage", wrong, stageName="dev") == (BAD, message)
    promotion = copy("/deploymentId", "/canarySettings/deploymentId")
    assert api.patch_refused("UpdateStage", promotion, stageName="dev") == (
        BAD,
        "Promotion not available. Canary does not exist.",
    )


def test_gateway_responses(api):
    assert api.refused("DeleteGatewayResponse", responseType="THROTTLED") == (
        MISSING,
        "Gateway response type not defined on api",
    )
    named = {"responseType": "THROTTLED"}
    cases = [
        ({"op": "add", "value": "x"}, "Invalid patch path null"),
        (add("/responseTemplates", ""), "Invalid null or empty value in responseTemplates"),
        (replace("/responseParameters", ""), "Invalid null or empty value in responseParameters"),
        (add("/responseParameters/method.x", "'a'"), "Invalid parameter name specified"),
    ]
    for operation, message in cases:
        assert api.patch_refused("UpdateGatewayResponse", operation, **named) == (BAD, message)


@pytest.mark.parametrize(
    ("operation", "named", "step", "message"),
    [
        (
            "UpdateResource",
            {"resourceId": "{resource}"},
            add("/pathPart", "x"),
            (
                "Invalid patch path  '/pathPart' specified for op 'add'. Please choose supported"
                " operations"
            ),
        ),
        (
            "UpdateResource",
            {"resourceId": "{resource}"},
            replace("/x", "x"),
            (
                "Invalid patch path  '/x' specified for op 'replace'. Must be one of:"
                " [/parentId, /pathPart]"
            ),
        ),
        (
            "UpdateResource",
            {"resourceId": "{resource}"},
            remove("/x"),
            (
                "Invalid patch path  '/x' specified for op 'remove'. Must be one of:"
                " [/parentId, /pathPart]"
            ),
        ),
        (
            "UpdateRestApi",
            {},
            add("/name", "x"),
            (
                "Invalid patch path  '/name' specified for op 'add'. Please choose supported"
                " operations"
            ),
        ),
        (
            "UpdateRestApi",
            {},
            add("/x", "x"),
            (
                "Invalid patch path  '/x' specified for op 'add'. Must be one of:"
                " [/binaryMediaTypes/{media_type}, /endpointConfiguration/vpcEndpointIds]"
            ),
        ),
        (
            "UpdateRestApi",
            {},
            add("/minimumCompressionSize", "1"),
            "Invalid patch operation specified. Must be one of: [replace]",
        ),
        (
            "UpdateRestApi",
            {},
            replace("/minimumCompressionSize", "many"),
            "Invalid minimum compression size, must be between 0 and 10485760",
        ),
        (
            "UpdateRestApi",
            {},
            add("/binaryMediaTypes", "a/b"),
            "Invalid patch path /binaryMediaTypes",
        ),
        (
            "UpdateMethod",
            {"resourceId": "{resource}", "httpMethod": "GET"},
            replace("/nope", "x"),
            "Invalid patch path /nope",
        ),
        (
            "UpdateMethod",
            {"resourceId": "{resource}", "httpMethod": "GET"},
            add("/operationName", "x"),
            "Invalid patch operation specified. Must be one of: [replace]",
        ),
        (
            "UpdateMethod",
            {"resourceId": "{resource}", "httpMethod": "GET"},
            replace("/authorizationType", "CUSTOM"),
            AUTHORIZER,
        ),
        (
            "UpdateModel",
            {"modelName": "Error"},
            add("/schema", "{}"),
            (
                "Invalid patch path  '/schema' specified for op 'add'. Please choose supported"
                " operations"
            ),
        ),
        (
            "UpdateModel",
            {"modelName": "Error"},
            replace("/schema", ""),
            "Model schema must have at least 1 property or array items defined",
        ),
    ],
)
def test_patches_that_no_noun_takes(operation, named, step, message, api):
    resource = api.method()["resourceId"]
    named = {key: resource if value == "{resource}" else value for key, value in named.items()}
    assert api.patch_refused(operation, step, **named) == (BAD, message)


def test_an_operation_that_is_no_operation(api):
    step = {"op": "destroy", "path": "/name"}
    assert api.refused("UpdateRestApi", patchOperations=[step]) == (
        "ValidationException",
        (
            "1 validation error detected: Value 'destroy' at 'patchOperations.1.member.op' failed to"
            " satisfy constraint: Member must satisfy enum value set:"
            " [add, remove, move, test, replace, copy]"
        ),
    )


def test_stage_paths_are_listed_as_aws_lists_them(api):
    api.mock()
    api.deploy()
    code, message = api.patch_refused("UpdateStage", replace("/foo", "x"), stageName="dev")
    each = "{resourcePath}/{httpMethod}"
    assert code == BAD
    assert message.startswith(
        (
            "Invalid method setting path: /foo. Must be one of: [/deploymentId, /description,"
            " /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings,"
            " /accessLogSettings/destinationArn, /accessLogSettings/format,"
            f" /{each}/metrics/enabled, /{each}/logging/dataTrace, /{each}/logging/loglevel,"
            f" /{each}/throttling/burstLimit/{each}/throttling/rateLimit/{each}/caching/ttlInSeconds,"
            f" /{each}/caching/enabled"
        ),
    )
    assert " /*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlIn" in message
    assert message.endswith(", /variables/{variable_name}, /tracingEnabled]")
    assert api.patch_refused("UpdateStage", remove("/*/*"), stageName="dev") == (
        BAD,
        "Cannot remove method setting */* because there is no method setting for this method ",
    )
    wrong = copy("/canarySettings/stageVariableOverrides", "/variables")
    assert api.patch_refused("UpdateStage", wrong, stageName="dev") == (
        BAD,
        (
            "Invalid copy operation with path: /canarySettings/stageVariableOverrides and from"
            " /variables. Valid copy:path are [/deploymentId, /variables] and valid copy:from are"
            " [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]"
        ),
    )


def test_nothing_is_deployed_that_leads_nowhere():
    api = Api()
    assert api.refused("CreateDeployment") == (BAD, "The REST API doesn't contain any methods")
    api.method()
    assert api.refused("CreateDeployment") == (BAD, "No integration defined for method")
    assert api("GetDeployments") == {"items": []}
