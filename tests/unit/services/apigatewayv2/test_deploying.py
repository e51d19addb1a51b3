import pytest

from http_apis import (
    calling,
    new_api,
    new_integration,
    new_jwt,
    new_route,
    new_stage,
    served,
    served_keys,
)


def test_a_change_is_served_by_a_stage_with_auto_deploy_at_once():
    call = calling()
    api = new_api(call)
    new_stage(call, api)
    assert served_keys(call, api) == []
    route = new_route(call, api)
    assert served_keys(call, api) == ["GET /pets"]
    before = call("GetStage", ApiId=api, StageName="$default")
    call("UpdateRoute", ApiId=api, RouteId=route, RouteKey="PUT /pets")
    after = call("GetStage", ApiId=api, StageName="$default")
    assert served_keys(call, api) == ["PUT /pets"]
    assert before["DeploymentId"] != after["DeploymentId"]
    assert after["LastDeploymentStatusMessage"] == (
        f"Successfully deployed stage with deployment ID '{after['DeploymentId']}'"
    )
    made = call("GetDeployment", ApiId=api, DeploymentId=after["DeploymentId"])
    assert made["AutoDeployed"] is True
    assert made["DeploymentStatus"] == "DEPLOYED"


def test_an_empty_api_says_on_its_stage_why_nothing_is_served():
    call = calling()
    stage = new_stage(call, new_api(call))
    assert "DeploymentId" not in stage
    assert stage["LastDeploymentStatusMessage"] == (
        "Deployment attempt failed: Unable to deploy API because no routes exist in this API"
    )


def test_what_does_not_compile_keeps_the_old_deployment_and_is_told_on_the_stage(
    caplog: pytest.LogCaptureFixture,
):
    call = calling()
    api = new_api(call)
    new_stage(call, api)
    new_route(call, api)
    assert not caplog.messages
    call("CreateRoute", ApiId=api, RouteKey="GET /unfinished")
    call("UpdateApi", ApiId=api, Description="the same is wrong")
    (told,) = caplog.messages
    assert told.startswith(f"API {api}: stage $default serves what it did before: ")
    stage = call("GetStage", ApiId=api, StageName="$default")
    assert served_keys(call, api) == ["GET /pets"]
    assert stage["LastDeploymentStatusMessage"].startswith("Deployment attempt failed: ")
    assert "no integration" in stage["LastDeploymentStatusMessage"]


def test_the_last_route_deleted_is_not_served_any_more():
    call = calling()
    api = new_api(call)
    new_stage(call, api)
    route = new_route(call, api)
    call("DeleteRoute", ApiId=api, RouteId=route)
    assert served(call, api) is not None
    assert served_keys(call, api) == []


def test_a_stage_without_auto_deploy_serves_what_was_deployed_to_it():
    call = calling()
    api = new_api(call)
    route = new_route(call, api)
    new_stage(call, api, "prod", AutoDeploy=False)
    assert served(call, api, "prod") is None
    first = call("CreateDeployment", ApiId=api, StageName="prod", Description="one")
    call("DeleteRoute", ApiId=api, RouteId=route)
    assert served_keys(call, api, "prod") == ["GET /pets"]
    assert call("GetStage", ApiId=api, StageName="prod")["DeploymentId"] == first["DeploymentId"]


def test_a_stage_can_be_put_back_to_an_older_deployment():
    call = calling()
    api = new_api(call)
    new_route(call, api)
    new_stage(call, api, "prod", AutoDeploy=False)
    first = call("CreateDeployment", ApiId=api, StageName="prod")["DeploymentId"]
    new_route(call, api, "GET /dogs")
    second = call("CreateDeployment", ApiId=api, StageName="prod")["DeploymentId"]
    assert served_keys(call, api, "prod") == ["GET /dogs", "GET /pets"]
    call("UpdateStage", ApiId=api, StageName="prod", DeploymentId=first)
    assert served_keys(call, api, "prod") == ["GET /pets"]
    in_use = call.refused("DeleteDeployment", ApiId=api, DeploymentId=first)
    assert in_use.message == ("Active stages pointing to this deployment must be moved or deleted")
    call("DeleteDeployment", ApiId=api, DeploymentId=second)
    gone = call.refused("GetDeployment", ApiId=api, DeploymentId=second)
    assert gone.code == "NotFoundException"


@pytest.mark.parametrize("operation", ["CreateDeployment", "UpdateStage", "CreateStage"])
def test_a_stage_with_auto_deploy_refuses_a_deployment_by_hand(operation):
    call = calling()
    api = new_api(call)
    new_route(call, api)
    made = call("CreateDeployment", ApiId=api)["DeploymentId"]
    new_stage(call, api)
    requests = {
        "CreateDeployment": {"StageName": "$default"},
        "UpdateStage": {"StageName": "$default", "DeploymentId": made},
        "CreateStage": {"StageName": "two", "DeploymentId": made, "AutoDeploy": True},
    }
    refused = call.refused(operation, ApiId=api, **requests[operation])
    assert refused.code == "BadRequestException"
    assert "because AutoDeploy is enabled" in refused.message


def test_a_deployment_that_does_not_compile_is_refused():
    call = calling()
    api = new_api(call)
    empty = call.refused("CreateDeployment", ApiId=api)
    assert empty.message == "Unable to deploy API because no routes exist in this API"
    call("CreateRoute", ApiId=api, RouteKey="GET /unfinished")
    unfinished = call.refused("CreateDeployment", ApiId=api)
    assert unfinished.code == "BadRequestException"
    assert "GET /unfinished" in unfinished.message
    assert call("GetDeployments", ApiId=api)["Items"] == []


def test_what_needs_a_stage_variable_is_tried_at_each_stage():
    call = calling()
    api = new_api(call)
    uri = "http://${stageVariables.host}/pets"
    integration = new_integration(call, api, IntegrationUri=uri)
    new_route(call, api, Target=f"integrations/{integration}")
    made = call("CreateDeployment", ApiId=api)["DeploymentId"]
    missing = call.refused("CreateStage", ApiId=api, StageName="a", DeploymentId=made)
    assert "stage variable 'host'" in missing.message
    variables = {"host": "127.0.0.1:9000"}
    call("CreateStage", ApiId=api, StageName="a", DeploymentId=made, StageVariables=variables)
    found = served(call, api, "a")
    assert found is not None
    assert found.stage.variables == variables
    removed = call.refused("UpdateStage", ApiId=api, StageName="a", StageVariables={"host": ""})
    assert "stage variable 'host'" in removed.message
    assert served(call, api, "a") == found


def test_a_missing_stage_variable_does_not_fail_an_automatic_deployment_but_is_told():
    call = calling()
    api = new_api(call)
    integration = new_integration(call, api, IntegrationUri="http://${stageVariables.host}/")
    new_stage(call, api)
    new_route(call, api, Target=f"integrations/{integration}")
    assert served(call, api) is None
    stage = call(
        "UpdateStage", ApiId=api, StageName="$default", StageVariables={"host": "127.0.0.1"}
    )
    assert stage["LastDeploymentStatusMessage"].startswith("Successfully deployed")
    assert served_keys(call, api) == ["GET /pets"]


def test_automatic_deployments_that_nobody_serves_are_let_go():
    call = calling()
    api = new_api(call)
    integration = new_integration(call, api)
    new_stage(call, api)
    new_route(call, api)
    for number in range(15):
        call(
            "UpdateIntegration", ApiId=api, IntegrationId=integration, TimeoutInMillis=100 + number
        )
    found = call("GetDeployments", ApiId=api)["Items"]
    assert len(found) == 10
    assert call("GetStage", ApiId=api, StageName="$default")["DeploymentId"] in {
        each["DeploymentId"] for each in found
    }


def test_two_stages_with_auto_deploy_are_deployed_to_as_their_variables_allow():
    call = calling()
    api = new_api(call)
    new_stage(call, api, "with", StageVariables={"host": "127.0.0.1"})
    new_stage(call, api, "without")
    integration = new_integration(call, api, IntegrationUri="http://${stageVariables.host}/")
    new_route(call, api, Target=f"integrations/{integration}")
    assert served_keys(call, api, "with") == ["GET /pets"]
    assert served(call, api, "without") is None


def test_settings_of_the_api_are_frozen_with_a_deployment():
    call = calling()
    api = new_api(call)
    new_route(call, api)
    new_stage(call, api)
    cors = {"AllowOrigins": ["https://a.example.com"], "AllowMethods": ["GET"]}
    call("UpdateApi", ApiId=api, CorsConfiguration=cors, DisableExecuteApiEndpoint=True)
    found = served(call, api)
    assert found is not None
    assert found.api.cors.allow_origins == ("https://a.example.com",)
    assert found.api.disable_execute_api_endpoint
    call("DeleteCorsConfiguration", ApiId=api)
    assert served(call, api).api.cors is None


def test_a_changed_authorizer_decides_at_once():
    call = calling()
    api = new_api(call)
    jwt = new_jwt(call, api)
    new_stage(call, api)
    new_route(call, api, AuthorizationType="JWT", AuthorizerId=jwt)
    assert served(call, api).api.authorizers[0].audience == ("pets",)
    configuration = {"Audience": ["dogs"]}
    call("UpdateAuthorizer", ApiId=api, AuthorizerId=jwt, JwtConfiguration=configuration)
    assert served(call, api).api.authorizers[0].audience == ("dogs",)


def test_a_route_is_still_tried_when_only_another_changed():
    call = calling()
    api = new_api(call)
    new_stage(call, api, StageVariables={"host": "127.0.0.1"})
    integration = new_integration(call, api, IntegrationUri="http://${stageVariables.host}/")
    new_route(call, api, Target=f"integrations/{integration}")
    kept = served(call, api)
    refused = call.refused(
        "UpdateStage", ApiId=api, StageName="$default", StageVariables={"host": ""}
    )
    assert refused.code == "BadRequestException"
    assert served(call, api) == kept
    new_route(call, api, "GET /more")
    assert served_keys(call, api) == ["GET /more", "GET /pets"]
    call(
        "UpdateIntegration",
        ApiId=api,
        IntegrationId=integration,
        IntegrationUri="http://${stageVariables.other}/",
    )
    stage = call("GetStage", ApiId=api, StageName="$default")
    assert "stage variable 'other'" in stage["LastDeploymentStatusMessage"]
    call("CreateRoute", ApiId=api, RouteKey="GET /third", Target=f"integrations/{integration}")
    assert served_keys(call, api) == ["GET /more", "GET /pets"]
