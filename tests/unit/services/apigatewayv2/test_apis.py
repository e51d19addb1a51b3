from types import SimpleNamespace

import pytest

from bargate.services.paging import token_of
from calling import ACCOUNT, root
from http_apis import BACKEND, calling, new_api, new_route, new_stage, served, served_keys

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


def test_an_api_is_given_back_as_it_was_created():
    call = calling()
    made = call(
        "CreateApi",
        Name="pets",
        ProtocolType="HTTP",
        Description="all pets",
        Version="v1",
        Tags={"team": "a"},
        DisableExecuteApiEndpoint=True,
    )
    assert made == call("GetApi", ApiId=made["ApiId"])
    assert made["ApiEndpoint"] == f"https://{made['ApiId']}.execute-api.us-east-1.amazonaws.com"
    assert made["ApiKeySelectionExpression"] == "$request.header.x-api-key"
    assert made["RouteSelectionExpression"] == "$request.method $request.path"
    assert made["IpAddressType"] == "ipv4"
    assert made["Tags"] == {"team": "a"}


def test_the_endpoint_is_the_gateways_where_there_is_one():
    environment = SimpleNamespace(api_endpoint=lambda api, region: f"http://{api}.{region}.test")
    call = calling(environment=environment)
    made = call("CreateApi", Name="pets", ProtocolType="HTTP")
    assert made["ApiEndpoint"] == f"http://{made['ApiId']}.us-east-1.test"


def test_a_web_socket_api_is_refused_in_clear_words():
    refused = calling().refused("CreateApi", Name="chat", ProtocolType="WEBSOCKET")
    assert refused.code == "BadRequestException"
    assert "WebSocket APIs are not supported" in refused.message


def test_another_account_or_region_does_not_see_an_api():
    mine = calling()
    api = new_api(mine)
    other = calling(store=mine.store, caller=root("210987654321"))
    abroad = calling(store=mine.store, region="eu-west-1")
    for call in (other, abroad):
        for operation in (
            "GetApi",
            "DeleteApi",
            "UpdateApi",
            "GetRoutes",
            "DeleteCorsConfiguration",
        ):
            assert call.refused(operation, ApiId=api).code == "NotFoundException"
        assert call("GetApis") == {"Items": []}
    assert other.refused("GetApi", ApiId=api).message == (
        f"Invalid API identifier specified 210987654321:{api}"
    )
    assert mine("GetApi", ApiId=api)["Name"] == "pets"


@pytest.mark.parametrize(
    "settings",
    [
        {"Name": ""},
        {"Name": "x" * 129},
        {"Name": "nul\0"},
        {"Name": "half\ud800"},
        {"Description": "x" * 1025},
        {"Version": "x" * 65},
        {"IpAddressType": "ipv6"},
        {"RouteSelectionExpression": "$request.body.action"},
        {"RouteKey": "GET /"},
        {"CredentialsArn": "arn:aws:iam::123456789012:role/r"},
        {"Tags": {"aws:x": "1"}},
        {"Tags": {str(n): "1" for n in range(51)}},
        {"Tags": {"k" * 129: "1"}},
        {"Target": "ftp://example.com"},
        {"Target": "http://exa mple.com"},
        {"Target": BACKEND, "RouteKey": "GET pets"},
        {"Target": BACKEND, "CredentialsArn": "me"},
        {"Target": "arn:aws:sqs:us-east-1:123456789012:q"},
    ],
)
def test_settings_that_no_api_can_have_are_refused_and_nothing_is_left(settings):
    call = calling()
    refused = call.refused("CreateApi", **{"Name": "n", "ProtocolType": "HTTP"} | settings)
    assert refused.code == "BadRequestException"
    assert call("GetApis")["Items"] == []


def test_quick_create_makes_integration_route_and_stage():
    call = calling()
    api = new_api(call, Target=BACKEND)
    assert served_keys(call, api) == ["$default"]
    (route,) = call("GetRoutes", ApiId=api)["Items"]
    (integration,) = call("GetIntegrations", ApiId=api)["Items"]
    (stage,) = call("GetStages", ApiId=api)["Items"]
    assert route["Target"] == f"integrations/{integration['IntegrationId']}"
    assert integration["IntegrationUri"] == BACKEND
    assert stage["StageName"] == "$default"
    assert stage["AutoDeploy"]
    assert route["ApiGatewayManaged"]
    assert integration["ApiGatewayManaged"]
    assert stage["ApiGatewayManaged"]
    refused = call.refused(
        "DeleteIntegration", ApiId=api, IntegrationId=integration["IntegrationId"]
    )
    assert refused.code == "BadRequestException"
    refused = call.refused("UpdateRoute", ApiId=api, RouteId=route["RouteId"], RouteKey="GET /a")
    assert refused.code == "BadRequestException"


def test_quick_created_parts_follow_update_api():
    call = calling()
    api = new_api(call, Target=BACKEND)
    call("UpdateApi", ApiId=api, RouteKey="GET /pets", Target="http://127.0.0.1:9001/")
    found = served(call, api)
    assert [route.route_key for route in found.api.routes] == ["GET /pets"]
    assert found.api.routes[0].integration.uri == "http://127.0.0.1:9001/"
    call("UpdateApi", ApiId=api, Target=FUNCTION)
    integration = served(call, api).api.routes[0].integration
    assert (integration.type, integration.payload_format_version) == ("AWS_PROXY", "2.0")
    plain = new_api(call)
    assert call.refused("UpdateApi", ApiId=plain, Target=BACKEND).code == "BadRequestException"
    (route,) = call("GetRoutes", ApiId=api)["Items"]
    call("DeleteRoute", ApiId=api, RouteId=route["RouteId"])
    assert call.refused("UpdateApi", ApiId=api, RouteKey="GET /a").code == "BadRequestException"


def test_a_deleted_api_leaves_nothing_behind():
    call = calling()
    api = new_api(call, Target=BACKEND)
    call("DeleteApi", ApiId=api)
    rows = call.store.read(
        lambda tx: [tx.count(kind, (ACCOUNT, "us-east-1", api)) for kind in _kinds()]
    )
    assert rows == [0] * len(rows)


def _kinds():
    from bargate.records.deployed_http_api import DEPLOYED_HTTP_API
    from bargate.records.http_api import HTTP_API
    from bargate.records.http_deployment import HTTP_DEPLOYMENT
    from bargate.records.http_integration import HTTP_INTEGRATION
    from bargate.records.http_route import HTTP_ROUTE
    from bargate.records.http_stage import HTTP_STAGE

    return (
        HTTP_API, DEPLOYED_HTTP_API, HTTP_DEPLOYMENT, HTTP_INTEGRATION, HTTP_ROUTE, HTTP_STAGE,
    )  # fmt: skip


def test_a_list_is_read_page_by_page():
    call = calling()
    ids = {new_api(call) for _ in range(7)}
    seen: list[str] = []
    token = None
    while True:
        asked = {} if token is None else {"NextToken": token}
        found = call("GetApis", MaxResults="3", **asked)
        seen += [item["ApiId"] for item in found["Items"]]
        token = found.get("NextToken")
        if token is None:
            break
    assert len(seen) == 7
    assert set(seen) == ids


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "🙂",
        "A" * 5000,
        token_of(()),
        token_of(("210987654321", "us-east-1", "a")),
        token_of((ACCOUNT, "eu-west-1", "a")),
        token_of((ACCOUNT, "us-east-1", "a", "b")),
        token_of((ACCOUNT, "us-east-1", "a\0b")),
    ],
)
def test_a_forged_position_is_refused(token):
    refused = calling().refused("GetApis", NextToken=token)
    assert refused.code == "BadRequestException"


@pytest.mark.parametrize("number", ["0", "-1", "x", "1e3", "٣", "9" * 5000, " 1"])
def test_a_wrong_number_of_results_is_refused(number):
    assert calling().refused("GetApis", MaxResults=number).code == "BadRequestException"


def test_models_and_responses_are_for_web_socket_apis_only():
    call = calling()
    api = new_api(call)
    refused = call.refused("CreateModel", ApiId=api, Name="m", Schema="{}")
    assert refused.code == "BadRequestException"
    assert "WebSocket" in refused.message
    assert call("GetModels", ApiId=api) == {"Items": []}
    assert call.refused("GetModel", ApiId=api, ModelId="m").code == "NotFoundException"
    assert call.refused("GetModels", ApiId="nope").code == "NotFoundException"


def test_an_api_that_a_domain_name_serves_is_not_deleted():
    call = calling()
    api = new_api(call)
    new_route(call, api)
    new_stage(call, api)
    configuration = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/c"}
    call(
        "CreateDomainName",
        DomainName="API.example.com",
        DomainNameConfigurations=[configuration],
    )
    call("CreateApiMapping", DomainName="api.example.com", ApiId=api, Stage="$default")
    assert call.refused("DeleteApi", ApiId=api).code == "BadRequestException"
    stage = call.refused("DeleteStage", ApiId=api, StageName="$default")
    assert stage.code == "BadRequestException"
    call("DeleteDomainName", DomainName="api.example.com")
    call("DeleteApi", ApiId=api)
