import pytest

from http_apis import ISSUER, calling, new_api, new_jwt, new_request_authorizer, new_route


def test_authorizers_are_given_back_as_they_were_created():
    call = calling()
    api = new_api(call)
    jwt = call("GetAuthorizer", ApiId=api, AuthorizerId=new_jwt(call, api))
    assert jwt["JwtConfiguration"] == {"Issuer": ISSUER, "Audience": ["pets"]}
    asks = new_request_authorizer(call, api, AuthorizerResultTtlInSeconds=60)
    assert asks == call("GetAuthorizer", ApiId=api, AuthorizerId=asks["AuthorizerId"])
    assert asks["AuthorizerResultTtlInSeconds"] == 60
    assert len(call("GetAuthorizers", ApiId=api)["Items"]) == 2


@pytest.mark.parametrize(
    "settings",
    [
        {"Name": ""},
        {"Name": "a\n"},
        {"IdentitySource": []},
        {"IdentitySource": ["$request.header.A", "$request.header.B"]},
        {"IdentitySource": ["$request.header."]},
        {"IdentitySource": ["$request.header.a b"]},
        {"IdentitySource": ["$request.header.a\r\n"]},
        {"IdentitySource": ["$request.cookie.a"]},
        {"IdentitySource": ["$context.x"]},
        {"IdentitySource": ["Authorization"]},
        {"JwtConfiguration": {"Issuer": ISSUER}},
        {"JwtConfiguration": {"Issuer": ISSUER, "Audience": []}},
        {"JwtConfiguration": {"Issuer": ISSUER, "Audience": [""]}},
        {"JwtConfiguration": {"Issuer": ISSUER, "Audience": [str(n) for n in range(51)]}},
        {"JwtConfiguration": {"Audience": ["pets"]}},
        {"JwtConfiguration": {"Issuer": "", "Audience": ["pets"]}},
        {"JwtConfiguration": {"Issuer": "file:///etc/passwd", "Audience": ["pets"]}},
        {"JwtConfiguration": {"Issuer": "https://", "Audience": ["pets"]}},
        {"JwtConfiguration": {"Issuer": "https://a.test/?x", "Audience": ["pets"]}},
        {"JwtConfiguration": {"Issuer": "https://a.test/#x", "Audience": ["pets"]}},
        {"JwtConfiguration": {"Issuer": "https://a.test:99999", "Audience": ["pets"]}},
        {"JwtConfiguration": {"Issuer": "https://a.test/\n", "Audience": ["pets"]}},
        {"JwtConfiguration": {"Issuer": "https://ä.test/", "Audience": ["pets"]}},
        {"EnableSimpleResponses": True},
        {"AuthorizerUri": "arn:aws:lambda:us-east-1:123456789012:function:f"},
        {"AuthorizerResultTtlInSeconds": 5},
    ],
)
def test_a_jwt_authorizer_that_could_not_decide_is_refused(settings):
    call = calling()
    api = new_api(call)
    base = {
        "ApiId": api,
        "AuthorizerType": "JWT",
        "Name": "tokens",
        "IdentitySource": ["$request.header.Authorization"],
        "JwtConfiguration": {"Issuer": ISSUER, "Audience": ["pets"]},
    }
    assert call.refused("CreateAuthorizer", **base | settings).code == "BadRequestException"


@pytest.mark.parametrize(
    "settings",
    [
        {"AuthorizerUri": ""},
        {"AuthorizerUri": "https://example.com"},
        {"AuthorizerPayloadFormatVersion": "3.0"},
        {"AuthorizerPayloadFormatVersion": "1.0", "EnableSimpleResponses": True},
        {"IdentitySource": ["$request.path.x"]},
        {"IdentitySource": ["$request.header.a,b"]},
        {"IdentitySource": [], "AuthorizerResultTtlInSeconds": 1},
        {"AuthorizerResultTtlInSeconds": 3601},
        {"AuthorizerCredentialsArn": "role"},
        {"JwtConfiguration": {"Issuer": ISSUER}},
    ],
)
def test_a_request_authorizer_that_could_not_decide_is_refused(settings):
    call = calling()
    api = new_api(call)
    good = new_request_authorizer(call, api)
    base = {
        "ApiId": api,
        "AuthorizerType": "REQUEST",
        "Name": "another",
        "IdentitySource": good["IdentitySource"],
        "AuthorizerUri": good["AuthorizerUri"],
        "AuthorizerPayloadFormatVersion": "2.0",
    }
    assert call.refused("CreateAuthorizer", **base | settings).code == "BadRequestException"


def test_an_authorizer_keeps_its_type_and_its_name_is_its_own():
    call = calling()
    api = new_api(call)
    jwt = new_jwt(call, api)
    second = new_jwt(call, api, "second")
    retyped = call.refused(
        "UpdateAuthorizer", ApiId=api, AuthorizerId=jwt, AuthorizerType="REQUEST"
    )
    assert retyped.code == "BadRequestException"
    renamed = call.refused("UpdateAuthorizer", ApiId=api, AuthorizerId=second, Name="tokens")
    assert renamed.code == "ConflictException"
    assert call.refused("UpdateAuthorizer", ApiId=api, AuthorizerId=jwt, Name="").code == (
        "BadRequestException"
    )
    new = call(
        "UpdateAuthorizer", ApiId=api, AuthorizerId=jwt, JwtConfiguration={"Audience": ["dogs"]}
    )
    assert new["JwtConfiguration"] == {"Issuer": ISSUER, "Audience": ["dogs"]}


def test_a_route_of_another_type_is_not_left_with_an_authorizer_that_cannot_decide():
    call = calling()
    api = new_api(call)
    jwt = new_jwt(call, api)
    route = new_route(call, api, AuthorizationType="JWT", AuthorizerId=jwt)
    refused = call.refused("UpdateRoute", ApiId=api, RouteId=route, AuthorizationType="CUSTOM")
    assert refused.code == "BadRequestException"
    assert call("GetRoute", ApiId=api, RouteId=route)["AuthorizationType"] == "JWT"
