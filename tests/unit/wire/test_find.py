import pytest

from bargate.wire.error import AwsError
from bargate.wire.find import find_operation, find_service
from bargate.wire.models import _TARGETS, ServiceModels
from bargate.wire.request import HttpRequest
from bargate.wire.uri_paths import UriPaths

MODELS = ServiceModels(("apigateway", "apigatewayv2", "iam", "sts", "dynamodb"))


def request(method="GET", path="/", query="", headers=None, body=b""):
    return HttpRequest(method, path, query, headers or {}, body)


def name(asked, signing_name):
    found = find_operation(asked, MODELS, signing_name)
    return found.service, found.operation.name


def refused(asked, signing_name):
    with pytest.raises(AwsError) as caught:
        find_operation(asked, MODELS, signing_name)
    return caught.value


@pytest.mark.parametrize(
    ("method", "path", "query", "operation"),
    [
        ("POST", "/restapis", "", "CreateRestApi"),
        ("POST", "/restapis", "mode=import", "ImportRestApi"),
        ("POST", "/restapis", "failonwarnings=true&mode=import", "ImportRestApi"),
        ("POST", "/restapis", "mode=other", "CreateRestApi"),
        ("PUT", "/restapis/a1", "mode=merge", "PutRestApi"),
        ("POST", "/apikeys", "mode=import&format=csv", "ImportApiKeys"),
        ("POST", "/apikeys", "", "CreateApiKey"),
        ("POST", "/restapis/a1/resources/r1/methods/GET", "", "TestInvokeMethod"),
        ("PUT", "/restapis/a1/resources/r1/methods/GET", "", "PutMethod"),
        ("GET", "/tags/arn%3Aaws%3Aapigateway%3A%3A%3A%2Frestapis%2Fx", "", "GetTags"),
    ],
)
def test_operations_of_api_gateway_are_found_by_method_path_and_query(
    method, path, query, operation
):
    assert name(request(method, path, query), "apigateway") == ("apigateway", operation)


def test_the_path_tells_the_two_api_gateways_apart():
    assert name(request("GET", "/v2/apis"), "apigateway") == ("apigatewayv2", "GetApis")
    assert name(request("GET", "/v2/apis"), None) == ("apigatewayv2", "GetApis")
    assert name(request("GET", "/restapis"), "apigateway") == ("apigateway", "GetRestApis")


def test_labels_are_captured_raw():
    found = find_operation(request("GET", "/restapis/a%2Fb/resources"), MODELS, "apigateway")
    assert found.uri == {"restapi_id": "a%2Fb"}


def test_actions_are_found_in_the_body_and_in_the_query_string():
    form = b"Action=GetUser&Version=2010-05-08"
    assert name(request("POST", body=form), "iam") == ("iam", "GetUser")
    presigned = "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256"
    assert name(request("GET", query=presigned), "sts") == ("sts", "GetCallerIdentity")


def test_an_unsigned_action_names_its_service():
    form = b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
    assert name(request("POST", body=form), None) == ("sts", "AssumeRoleWithWebIdentity")


def test_a_target_header_names_service_and_operation():
    target = {"x-amz-target": "DynamoDB_20120810.GetItem"}
    assert name(request("POST", headers=target), None) == ("dynamodb", "GetItem")
    assert name(request("POST", headers=target), "dynamodb") == ("dynamodb", "GetItem")


def test_the_signature_decides_before_the_target_header():
    asked = request("POST", headers={"x-amz-target": "DynamoDB_20120810.GetItem"}, body=b"a=b")
    assert refused(asked, "iam").code == "MissingAction"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("HEAD", "/restapis"),
        ("GET", "/restapis//resources"),
        ("GET", "/" + "a/" * 100),
        ("GET", ""),
    ],
)
def test_an_unknown_path_is_an_unknown_operation(method, path):
    error = refused(request(method, path), "apigateway")
    assert (error.code, error.status) == ("UnknownOperationException", 404)


def test_an_unknown_action_is_told_with_its_version():
    error = refused(request("POST", body=b"Action=Nope&Version=2010-05-08"), "iam")
    assert (error.code, error.status) == ("InvalidAction", 400)
    assert error.message == "Could not find operation Nope for version 2010-05-08"
    error = refused(request("POST", body=b"Action=GetUser&Version=2001-01-01"), "iam")
    assert error.message == "Could not find operation GetUser for version 2001-01-01"


def test_a_long_action_is_not_repeated_in_full():
    assert len(refused(request("POST", body=b"Action=" + b"a" * 9000), "iam").message) < 300


def test_two_actions_are_refused():
    asked = request("POST", query="Action=GetUser", body=b"Action=DeleteUser")
    assert refused(asked, "iam").code == "MalformedInput"


def test_a_service_that_is_not_served_is_unknown():
    asked = request("POST", body=b"Action=GetUser&Version=2010-05-08")
    error = refused(asked, "s3")
    assert error.code == "UnknownOperationException"
    assert error.message.startswith("Bargate does not serve s3; it serves ")
    assert "iam" in error.message
    assert len(refused(asked, "s" * 9000).message) < 400
    assert find_service(asked, MODELS, "s3") is None


def test_nothing_secret_is_in_what_is_printed():
    asked = request("POST", query="Signature=x", body=b"Action=GetUser&Password=hunter2")
    found = find_operation(asked, MODELS, "iam")
    assert "hunter2" not in repr(found) + repr(asked)


def test_a_greedy_label_takes_several_segments_and_leaves_what_follows():
    paths = UriPaths()
    paths.add("GET", "/a/{name}/b/{rest+}", "end")
    paths.add("GET", "/a/{rest+}/tail", "middle")
    match = paths.find("GET", "/a/x/b/c/d%2Fe", "")
    assert (match.value, match.labels) == ("end", {"name": "x", "rest": "c/d%2Fe"})
    match = paths.find("GET", "/a/x/y/tail", "")
    assert (match.value, match.labels) == ("middle", {"rest": "x/y"})
    assert paths.find("GET", "/a/x/b", "") is None


def test_targets_of_users_are_found_without_reading_other_models():
    models = ServiceModels(("apigateway", "cognito-idp"))
    asked = request("POST", headers={"x-amz-target": "AWSCognitoIdentityProviderService.SignUp"})
    assert find_operation(asked, models, None).operation.name == "SignUp"
    assert list(models._models) == ["cognito-idp"]


def test_a_known_prefix_is_that_of_its_model():
    for prefix, name in _TARGETS.items():
        assert ServiceModels((name,)).model(name).metadata["targetPrefix"] == prefix


def test_a_target_of_a_service_that_is_not_served_finds_nothing():
    asked = request("POST", headers={"x-amz-target": "AWSCognitoIdentityProviderService.SignUp"})
    assert find_service(asked, MODELS, None) is None
