import pytest

from http_apis import calling, new_api, new_route, new_stage, served


def test_a_stage_is_given_back_as_it_was_created():
    call = calling()
    api = new_api(call)
    new_route(call, api)
    log = {
        "DestinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:g",
        "Format": "$context.requestId",
    }
    made = call(
        "CreateStage",
        ApiId=api,
        StageName="prod",
        Description="d",
        StageVariables={"a": "1"},
        DefaultRouteSettings={"ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 2.5},
        RouteSettings={"GET /pets": {"DetailedMetricsEnabled": True}},
        AccessLogSettings=log,
        Tags={"team": "a"},
    )
    assert made == call("GetStage", ApiId=api, StageName="prod")
    assert made["AutoDeploy"] is False
    assert made["DefaultRouteSettings"]["ThrottlingBurstLimit"] == 5
    assert made["RouteSettings"] == {"GET /pets": {"DetailedMetricsEnabled": True}}
    assert made["AccessLogSettings"] == log
    assert call("GetStages", ApiId=api)["Items"] == [made]


@pytest.mark.parametrize(
    "settings",
    [
        {"StageName": "a b"},
        {"StageName": "$other"},
        {"StageName": "a/b"},
        {"StageName": "prod\n"},
        {"StageName": "x" * 129},
        {"StageName": "ü"},
        {"StageVariables": {"a-b": "1"}},
        {"StageVariables": {"a": "x y"}},
        {"StageVariables": {"a": "x\r\n"}},
        {"StageVariables": {"a": "{x}"}},
        {"StageVariables": {"a": "x" * 2049}},
        {"DefaultRouteSettings": {"LoggingLevel": "INFO"}},
        {"DefaultRouteSettings": {"DataTraceEnabled": True}},
        {"DefaultRouteSettings": {"ThrottlingBurstLimit": -1}},
        {"DefaultRouteSettings": {"ThrottlingBurstLimit": 2**63}},
        {"DefaultRouteSettings": {"ThrottlingRateLimit": -0.5}},
        {"DefaultRouteSettings": {"ThrottlingRateLimit": float("nan")}},
        {"DefaultRouteSettings": {"ThrottlingRateLimit": float("inf")}},
        {"AccessLogSettings": {"Format": "$context.status"}},
        {"AccessLogSettings": {"Format": "$context.requestId\n"}},
        {"AccessLogSettings": {"DestinationArn": "/var/log/x"}},
        {"ClientCertificateId": "abc"},
        {"Tags": {"aws:a": "b"}},
    ],
)
def test_settings_that_no_stage_can_have_are_refused(settings):
    call = calling()
    api = new_api(call)
    refused = call.refused("CreateStage", **{"ApiId": api, "StageName": "prod"} | settings)
    assert refused.code == "BadRequestException"
    assert call("GetStages", ApiId=api)["Items"] == []


def test_route_settings_name_routes_that_exist():
    call = calling()
    api = new_api(call)
    new_stage(call, api)
    for key in ("GET /nowhere", "", "\n", "$default"):
        refused = call.refused(
            "UpdateStage", ApiId=api, StageName="$default", RouteSettings={key: {}}
        )
        assert refused.code == "NotFoundException"
        assert "within the provided RouteSettings" in refused.message


def test_route_settings_are_added_one_by_one_and_removed():
    call = calling()
    api = new_api(call)
    new_stage(call, api)
    new_route(call, api, "GET /a")
    new_route(call, api, "GET /b")
    for key in ("GET /a", "GET /b"):
        limits = {key: {"ThrottlingBurstLimit": 1}}
        stage = call("UpdateStage", ApiId=api, StageName="$default", RouteSettings=limits)
    assert sorted(stage["RouteSettings"]) == ["GET /a", "GET /b"]
    call("DeleteRouteSettings", ApiId=api, StageName="$default", RouteKey="GET /a")
    again = call.refused("DeleteRouteSettings", ApiId=api, StageName="$default", RouteKey="GET /a")
    assert again.code == "NotFoundException"
    stage = call("GetStage", ApiId=api, StageName="$default")
    assert sorted(stage["RouteSettings"]) == ["GET /b"]


def test_variables_are_put_over_the_old_ones_and_an_empty_value_removes():
    call = calling()
    api = new_api(call)
    new_route(call, api)
    new_stage(call, api, StageVariables={"a": "1", "b": "2"})
    variables = {"a": "", "c": "3"}
    stage = call("UpdateStage", ApiId=api, StageName="$default", StageVariables=variables)
    assert stage["StageVariables"] == {"b": "2", "c": "3"}
    assert served(call, api).stage.variables == {"b": "2", "c": "3"}


def test_a_name_stands_once_in_an_api():
    call = calling()
    api = new_api(call)
    new_stage(call, api)
    again = call.refused("CreateStage", ApiId=api, StageName="$default")
    assert (again.code, again.message) == ("ConflictException", "Stage already exists")


def test_turning_auto_deploy_on_deploys_and_off_keeps_what_is_served():
    call = calling()
    api = new_api(call)
    new_stage(call, api, AutoDeploy=False)
    new_route(call, api)
    assert served(call, api) is None
    call("UpdateStage", ApiId=api, StageName="$default", AutoDeploy=True)
    first = served(call, api)
    assert first is not None
    call("UpdateStage", ApiId=api, StageName="$default", AutoDeploy=False)
    new_route(call, api, "GET /later")
    assert served(call, api) == first


def test_logging_and_remembered_results_are_let_go():
    call = calling()
    api = new_api(call)
    new_stage(call, api, AccessLogSettings={"Format": "$context.requestId"})
    call("DeleteAccessLogSettings", ApiId=api, StageName="$default")
    assert "AccessLogSettings" not in call("GetStage", ApiId=api, StageName="$default")
    changed = []
    call.store.subscribe(lambda changes: changed.extend(each.kind for each in changes))
    call("ResetAuthorizersCache", ApiId=api, StageName="$default")
    assert changed == ["http_stage"]


def test_a_stage_that_is_not_there_is_not_found():
    call = calling()
    api = new_api(call)
    for operation in (
        "GetStage", "DeleteStage", "UpdateStage", "ResetAuthorizersCache", "DeleteAccessLogSettings",
    ):  # fmt: skip
        refused = call.refused(operation, ApiId=api, StageName="$default")
        assert refused.code == "NotFoundException"
    deployment = call.refused("CreateStage", ApiId=api, StageName="a", DeploymentId="nope")
    assert deployment.code == "NotFoundException"
