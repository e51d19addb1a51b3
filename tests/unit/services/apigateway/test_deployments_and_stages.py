from __future__ import annotations

import pytest

from unit.services.apigateway.building_rest import LAMBDA, Api, add, copy, remove, replace


def names(served):
    return [each.path for each in served.api.resources]


def test_what_is_served_changes_with_a_deployment_alone(api):
    named = api.mock()
    api.deploy(variables={"a": "1"})
    before = api.served()
    assert names(before) == ["/pets"]
    assert before.stage.variables == {"a": "1"}
    assert before.canary is None
    api.mock(api.resource("new"))
    api("DeleteMethod", **named)
    api("PutGatewayResponse", responseType="THROTTLED", statusCode="503")
    api.patch("UpdateRestApi", replace("/disableExecuteApiEndpoint", "true"))
    assert api.served() == before
    api.deploy()
    after = api.served()
    assert names(after) == ["/new"]
    assert after.api.disable_execute_api_endpoint is True
    assert [each.response_type for each in after.api.gateway_responses] == ["THROTTLED"]
    assert after.stage.variables == {"a": "1"}


def test_a_deployment_tells_what_it_froze(api):
    api.mock(api.root, "ANY", apiKeyRequired=True)
    deployment = api.deploy(description="first")
    shown = api("GetDeployment", deploymentId=deployment, embed=["apisummary"])
    assert shown["description"] == "first"
    assert shown["apiSummary"] == {
        "/": {"ANY": {"authorizationType": "NONE", "apiKeyRequired": True}}
    }
    changed = api.patch("UpdateDeployment", replace("/description", "x"), deploymentId=deployment)
    assert changed["description"] == "x"
    assert api("GetDeployments")["items"] == [changed]


def test_what_workers_could_not_enforce_is_not_deployed(api):
    named = api.mock()
    api.deploy()
    before = api.served()
    api.patch("UpdateIntegration", add("/requestTemplates/application~1json", "#if($x"), **named)
    code, message = api.refused("CreateDeployment", stageName="dev")
    assert code == "BadRequestException"
    assert message.startswith("Invalid configuration of pets/get/")
    assert api.served() == before
    assert len(api("GetDeployments")["items"]) == 1
    unstaged = api("CreateDeployment")["id"]
    assert api.refused("CreateStage", stageName="new", deploymentId=unstaged)[0] == code
    step = replace("/deploymentId", unstaged)
    assert api.patch_refused("UpdateStage", step, stageName="dev")[0] == code
    assert api.served() == before


def test_an_unknown_authorizer_is_not_deployed_open(api):
    made = api(
        "CreateAuthorizer",
        name="a",
        type="REQUEST",
        authorizerUri=LAMBDA,
        identitySource="method.request.header.A",
    )
    api.mock(authorizationType="CUSTOM", authorizerId=made["id"])
    api.deploy()
    (resource,) = api.served().api.resources
    assert resource.methods[0].authorization_type == "CUSTOM"
    assert resource.methods[0].authorizer_id == made["id"]
    assert api.served().api.authorizers[0].result_ttl_s == 300


def test_stages_live_and_die(api):
    api.mock()
    deployment = api("CreateDeployment")["id"]
    made = api(
        "CreateStage",
        stageName="dev",
        deploymentId=deployment,
        variables={"url": "a.example/x?y=1"},
        tags={"team": "blue"},
        cacheClusterEnabled=True,
        cacheClusterSize="0.5",
    )
    assert made["methodSettings"] == {}
    assert made["cacheClusterStatus"] == "AVAILABLE"
    assert made["tags"] == {"team": "blue"}
    assert api("GetStage", stageName="dev") == made
    assert api("GetStages") == {"item": [made]}
    assert api("GetStages", deploymentId="other") == {"item": []}
    again = {"stageName": "dev", "deploymentId": deployment}
    assert api.refused("CreateStage", **again) == ("ConflictException", "Stage already exists")
    assert api("DeleteStage", stageName="dev") == {}
    assert api.served() is None
    assert api.refused("GetStage", stageName="dev") == (
        "NotFoundException",
        "Invalid stage identifier specified",
    )


@pytest.mark.parametrize("name", ["", "a b", "a/b", "$default", "é", "x" * 129, "a\0"])
def test_a_stage_name_has_few_characters(name, api):
    api.mock()
    deployment = api("CreateDeployment")["id"]
    refused = api.refused("CreateStage", stageName=name, deploymentId=deployment)
    assert refused == ("BadRequestException", "Stage name only allows a-zA-Z0-9_-")


@pytest.mark.parametrize(
    "variables", [{"a-b": "x"}, {"": "x"}, {"a": "<x>"}, {"a": "x" * 513}, {"a": "x\n"}]
)
def test_stage_variables_have_awss_form(variables, api):
    api.mock()
    refused = api.refused("CreateDeployment", stageName="dev", variables=variables)
    assert refused[0] == "BadRequestException"
    assert api("GetStages") == {"item": []}


def test_method_settings_keep_their_keys_and_awss_defaults(api):
    api.mock()
    api.deploy()
    changed = api.patch(
        "UpdateStage",
        replace("/*/*/throttling/rateLimit", "5.5"),
        replace("/~1pets~1{id}/GET/logging/loglevel", "INFO"),
        replace("/pets/{id}/GET/metrics/enabled", "true"),
        stageName="dev",
    )
    assert list(changed["methodSettings"]) == ["*/*", "~1pets~1{id}/GET"]
    assert changed["methodSettings"]["*/*"] == {
        "metricsEnabled": False,
        "loggingLevel": "OFF",
        "dataTraceEnabled": False,
        "throttlingBurstLimit": 5000,
        "throttlingRateLimit": 5.5,
        "cachingEnabled": False,
        "cacheTtlInSeconds": 300,
        "cacheDataEncrypted": False,
        "requireAuthorizationForCacheControl": True,
        "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
    }
    assert changed["methodSettings"]["~1pets~1{id}/GET"]["metricsEnabled"] is True
    changed = api.patch("UpdateStage", remove("/~1pets~1{id}/GET"), stageName="dev")
    assert list(changed["methodSettings"]) == ["*/*"]
    for step in (
        replace("/~1pets/ANY/caching/enabled", "true"),
        replace("/*/*/throttling/rateLimit", "fast"),
        replace("/*/*/throttling/rateLimit", "nan"),
        replace("/*/*/throttling/burstLimit", "1e3"),
        replace("/*/*/throttling/burstLimit", "9" * 5000),
        replace("/*/*/caching/ttlInSeconds", "3601"),
        add("/*/*/caching/enabled", "true"),
        replace("/*/GET/caching/enabled", "true"),
        replace("/webAclArn", "arn:aws:wafv2:x"),
    ):
        assert api.patch_refused("UpdateStage", step, stageName="dev")[0] == "BadRequestException"


def test_settings_of_a_stage_are_patched(api):
    api.mock()
    api.deploy()
    logs = "arn:aws:logs:us-east-1:123456789012:log-group:access"
    changed = api.patch(
        "UpdateStage",
        replace("/description", "d"),
        replace("/variables/a", "1"),
        replace("/variables/b", "2"),
        remove("/variables/a"),
        replace("/tracingEnabled", "true"),
        replace("/cacheClusterEnabled", "true"),
        replace("/cacheClusterSize", "6.1"),
        replace("/accessLogSettings/destinationArn", logs),
        replace("/accessLogSettings/format", "$context.requestId"),
        stageName="dev",
    )
    assert changed["variables"] == {"b": "2"}
    assert changed["tracingEnabled"] is True
    assert changed["cacheClusterSize"] == "6.1"
    assert changed["accessLogSettings"] == {"destinationArn": logs, "format": "$context.requestId"}
    assert changed["lastUpdatedDate"] > changed["createdDate"]
    assert api.served().stage.variables == {"b": "2"}
    changed = api.patch("UpdateStage", remove("/accessLogSettings"), stageName="dev")
    assert "accessLogSettings" not in changed
    for step in (
        replace("/clientCertificateId", "nosuch"),
        replace("/documentationVersion", "nosuch"),
        replace("/documentationVersion", "a\0b"),
        replace("/variables/x y", "1"),
        replace("/accessLogSettings/destinationArn", "arn:aws:s3:::bucket"),
        replace("/tracingEnabled", "maybe"),
    ):
        assert api.patch_refused("UpdateStage", step, stageName="dev")[0] in {
            "BadRequestException",
            "NotFoundException",
        }


def test_a_canary_is_served_beside_its_stage_and_promoted(api):
    api.mock()
    first = api.deploy(variables={"a": "1", "b": "1"})
    api.mock(api.resource("new"))
    second = api.deploy(
        canarySettings={"percentTraffic": 12.5, "stageVariableOverrides": {"b": "2"}}
    )
    served = api.served()
    assert names(served) == ["/pets"]
    assert [each.path for each in served.canary.api.resources] == ["/new", "/pets"]
    assert served.canary.percent_traffic == 12.5
    assert served.canary.variables == {"a": "1", "b": "2"}
    assert served.stage.variables == {"a": "1", "b": "1"}
    stage = api("GetStage", stageName="dev")
    assert stage["deploymentId"] == first
    assert stage["canarySettings"] == {
        "percentTraffic": 12.5,
        "deploymentId": second,
        "stageVariableOverrides": {"b": "2"},
        "useStageCache": False,
    }
    stage = api.patch(
        "UpdateStage",
        copy("/deploymentId", "/canarySettings/deploymentId"),
        copy("/variables", "/canarySettings/stageVariableOverrides"),
        remove("/canarySettings"),
        stageName="dev",
    )
    assert stage["deploymentId"] == second
    assert stage["variables"] == {"a": "1", "b": "2"}
    assert "canarySettings" not in stage
    assert names(api.served()) == ["/new", "/pets"]
    assert api.served().canary is None


def test_the_share_of_a_canary_is_a_percentage(api):
    api.mock()
    api.deploy()
    for value in ("101", "-0.1", "nan", "inf", "lots", ""):
        step = replace("/canarySettings/percentTraffic", value)
        assert api.patch_refused("UpdateStage", step, stageName="dev")[0] == "BadRequestException"
    for share in (100.5, -1.0, float("nan")):
        refused = api.refused(
            "CreateDeployment", stageName="dev", canarySettings={"percentTraffic": share}
        )
        assert refused[0] == "BadRequestException"
    changed = api.patch(
        "UpdateStage", replace("/canarySettings/percentTraffic", "10.0"), stageName="dev"
    )
    assert changed["canarySettings"]["deploymentId"] == changed["deploymentId"]


def test_flushes_are_seen_as_changes_of_the_stage(api):
    api.mock()
    api.deploy()
    changes = []
    api.calling.store.subscribe(changes.append)
    assert api("FlushStageAuthorizersCache", stageName="dev") == {}
    assert api("FlushStageCache", stageName="dev") == {}
    kinds = [(each.kind, each.key[-1]) for change in changes for each in change]
    assert kinds == [("rest_stage", "dev"), ("rest_stage", "dev")]
    assert api.served().stage.authorizer_flushes == 1


def test_a_stage_of_another_api_is_never_pointed_to(api):
    api.mock()
    api.deploy()
    other = Api(api.calling)
    other.mock()
    theirs = other.deploy()
    step = replace("/deploymentId", theirs)
    assert api.patch_refused("UpdateStage", step, stageName="dev")[0] == "BadRequestException"
    refused = api.refused("CreateStage", stageName="x", deploymentId=theirs)
    assert refused[0] == "NotFoundException"
