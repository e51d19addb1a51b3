import pytest

from http_apis import BACKEND, calling, new_api, new_integration

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:f"


def test_an_integration_is_given_back_with_its_defaults():
    call = calling()
    api = new_api(call)
    made = call(
        "CreateIntegration",
        ApiId=api,
        IntegrationType="HTTP_PROXY",
        IntegrationUri=BACKEND,
        IntegrationMethod="ANY",
        TlsConfig={"ServerNameToVerify": "backend.example.com"},
        RequestParameters={"append:header.x-who": "$context.authorizer.claims.sub"},
        ResponseParameters={"500": {"overwrite:statuscode": "503"}},
    )
    assert made == call("GetIntegration", ApiId=api, IntegrationId=made["IntegrationId"])
    assert made["ConnectionType"] == "INTERNET"
    assert made["PayloadFormatVersion"] == "1.0"
    assert made["TimeoutInMillis"] == 30_000
    assert made["TlsConfig"] == {"ServerNameToVerify": "backend.example.com"}


@pytest.mark.parametrize(
    "settings",
    [
        {"IntegrationType": "MOCK"},
        {"IntegrationType": "HTTP"},
        {"IntegrationType": "AWS"},
        {"IntegrationUri": ""},
        {"IntegrationUri": "example.com"},
        {"IntegrationUri": "ftp://example.com"},
        {"IntegrationUri": "http://user@example.com/"},
        {"IntegrationUri": "http://example.com:0/"},
        {"IntegrationUri": "http://example.com:99999/"},
        {"IntegrationUri": "http://{host}/"},
        {"IntegrationUri": "http://example.com/../x"},
        {"IntegrationUri": "http://example.com/a b"},
        {"IntegrationUri": "http://example.com/\r\nX: y"},
        {"IntegrationUri": "http://[::1"},
        {"IntegrationUri": "http://example.com/" + "a" * 2048},
        {"IntegrationMethod": "TRACE"},
        {"IntegrationMethod": "GET /"},
        {"TimeoutInMillis": 30_001},
        {"PayloadFormatVersion": "2.0"},
        {"PayloadFormatVersion": "3.0"},
        {"IntegrationType": "AWS_PROXY", "IntegrationUri": BACKEND},
        {
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": LAMBDA,
            "IntegrationSubtype": "SQS-Send",
        },
        {"IntegrationSubtype": "SQS-SendMessage"},
        {"CredentialsArn": "arn:aws:iam::1:role/x"},
        {"TlsConfig": {"ServerNameToVerify": "a b"}},
        {"TlsConfig": {"ServerNameToVerify": "a\r\nb"}},
        {"ConnectionType": "VPC_LINK"},
        {"ConnectionType": "VPC_LINK", "ConnectionId": "nope"},
        {"ConnectionId": "nope"},
        {"RequestTemplates": {"application/json": "{}"}},
        {"ContentHandlingStrategy": "CONVERT_TO_TEXT"},
    ],
)
def test_what_the_gateway_could_not_do_is_refused(settings):
    call = calling()
    api = new_api(call)
    base = {"ApiId": api, "IntegrationType": "HTTP_PROXY", "IntegrationUri": BACKEND}
    assert call.refused("CreateIntegration", **base | settings).code == "BadRequestException"
    assert call("GetIntegrations", ApiId=api)["Items"] == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("overwrite:header.Authorization", "x"),
        ("overwrite:header.authorization", "x"),
        ("append:header.Host", "x"),
        ("append:header.Content-Length", "0"),
        ("append:header.Transfer-Encoding", "chunked"),
        ("overwrite:header.X-Forwarded-For", "127.0.0.1"),
        ("append:header.x-amzn-anything", "x"),
        ("append:header.Access-Control-Allow-Origin", "*"),
        ("append:header.a b", "x"),
        ("append:header.a\r\nb", "x"),
        ("append:header.", "x"),
        ("append:header.ü", "x"),
        ("append:path", "/x"),
        ("overwrite:statuscode", "200"),
        ("method.request.header.x", "x"),
        ("overwrite:path", "/a b"),
        ("overwrite:path", "/a?b"),
        ("append:header.x", "$unknown.x"),
        ("append:header.x", "$request.nowhere.x"),
        ("append:header.x", "${request.header.x"),
        ("append:header.x", "$request.body.[?(@.x)]"),
        ("append:header.x", "x" * 513),
        ("append:querystring.a b", "x"),
    ],
)
def test_a_request_mapping_that_may_not_be_set_is_refused(key, value):
    call = calling()
    api = new_api(call)
    base = {"ApiId": api, "IntegrationType": "HTTP_PROXY", "IntegrationUri": BACKEND}
    refused = call.refused("CreateIntegration", RequestParameters={key: value}, **base)
    assert refused.code == "BadRequestException"
    made = new_integration(call, api)
    changed = call.refused(
        "UpdateIntegration", ApiId=api, IntegrationId=made, RequestParameters={key: value}
    )
    assert changed.code == "BadRequestException"


@pytest.mark.parametrize(
    ("status", "key", "value"),
    [
        ("99", "append:header.x", "y"),
        ("600", "append:header.x", "y"),
        ("٢٠٠", "append:header.x", "y"),
        ("9" * 4000, "append:header.x", "y"),
        ("200", "append:header.connection", "close"),
        ("200", "append:querystring.x", "y"),
        ("200", "append:header.x", "$request.header.x"),
    ],
)
def test_a_response_mapping_that_may_not_be_set_is_refused(status, key, value):
    call = calling()
    api = new_api(call)
    refused = call.refused(
        "CreateIntegration",
        ApiId=api,
        IntegrationType="HTTP_PROXY",
        IntegrationUri=BACKEND,
        ResponseParameters={status: {key: value}},
    )
    assert refused.code == "BadRequestException"


def test_an_update_puts_mappings_over_the_old_ones_and_empty_values_remove():
    call = calling()
    api = new_api(call)
    made = new_integration(
        call,
        api,
        RequestParameters={"append:header.a": "1", "append:header.b": "2"},
        ResponseParameters={"200": {"append:header.a": "1"}, "404": {"remove:header.b": "''"}},
        Description="first",
    )
    changed = call(
        "UpdateIntegration",
        ApiId=api,
        IntegrationId=made,
        RequestParameters={"append:header.a": "", "append:header.c": "3"},
        ResponseParameters={"404": {}},
    )
    assert changed["RequestParameters"] == {"append:header.b": "2", "append:header.c": "3"}
    assert changed["ResponseParameters"] == {"200": {"append:header.a": "1"}}
    assert changed["Description"] == "first"
    assert changed["IntegrationUri"] == BACKEND


def test_functions_and_service_actions_are_recorded():
    call = calling()
    api = new_api(call)
    function = call(
        "CreateIntegration",
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=LAMBDA,
        PayloadFormatVersion="2.0",
    )
    assert function["IntegrationMethod"] == "POST"
    action = call(
        "CreateIntegration",
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationSubtype="SQS-SendMessage",
        CredentialsArn="arn:aws:iam::123456789012:role/r",
        RequestParameters={"QueueUrl": "$request.header.q", "MessageBody": "$request.body"},
    )
    assert action["RequestParameters"]["QueueUrl"] == "$request.header.q"


def test_a_vpc_link_in_use_is_not_deleted():
    call = calling()
    api = new_api(call)
    link = call("CreateVpcLink", Name="l", SubnetIds=["subnet-1"])["VpcLinkId"]
    made = new_integration(call, api, ConnectionType="VPC_LINK", ConnectionId=link)
    assert call.refused("DeleteVpcLink", VpcLinkId=link).code == "BadRequestException"
    call("UpdateIntegration", ApiId=api, IntegrationId=made, ConnectionType="INTERNET")
    call("DeleteVpcLink", VpcLinkId=link)
    assert call.refused("GetVpcLink", VpcLinkId=link).code == "NotFoundException"
    assert call.refused("CreateVpcLink", Name="l", SubnetIds=[]).code == "BadRequestException"
