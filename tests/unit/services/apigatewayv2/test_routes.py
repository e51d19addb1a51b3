import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.services.apigatewayv2.route_keys import pattern_of
from bargate.wire.error import AwsError
from calling import root
from http_apis import (
    calling,
    new_api,
    new_integration,
    new_jwt,
    new_request_authorizer,
    new_route,
)


def test_a_route_is_given_back_as_it_was_created():
    call = calling()
    api = new_api(call)
    jwt = new_jwt(call, api)
    integration = new_integration(call, api)
    made = call(
        "CreateRoute",
        ApiId=api,
        RouteKey="GET /pets/{id}",
        AuthorizationType="JWT",
        AuthorizerId=jwt,
        AuthorizationScopes=["pets/read"],
        OperationName="getPet",
        Target=f"integrations/{integration}",
    )
    assert made == call("GetRoute", ApiId=api, RouteId=made["RouteId"])
    assert made["AuthorizationScopes"] == ["pets/read"]
    assert made["ApiKeyRequired"] is False


@pytest.mark.parametrize(
    "key",
    [
        "", "GET", "GET ", "get /pets", "GET pets", "GET  /pets", "TRACE /pets", "$connect",
        "$Default", "ANY $default", "GET /$default", "GET /pets/", "GET //pets", "GET /a b",
        "GET /a?b", "GET /a#b", "GET /a\t", "GET /a\n", "GET /{}", "GET /{a", "GET /a}",
        "GET /x{a}", "GET /{a}x", "GET /{a+}/b", "GET /{a}/{a}", "GET /{+}", "GET /{a b}",
        "GET /\u00a0", "GET /" + "/".join("a" * 101), "GET /" + "a" * 5000, " GET /pets",
    ],
)  # fmt: skip
def test_a_key_that_is_none_is_refused(key):
    call = calling()
    api = new_api(call)
    refused = call.refused("CreateRoute", ApiId=api, RouteKey=key)
    assert refused.code == "BadRequestException"
    assert call("GetRoutes", ApiId=api)["Items"] == []


@pytest.mark.parametrize(
    "key",
    [
        "$default",
        "GET /",
        "ANY /{proxy+}",
        "DELETE /a/{b}/{c+}",
        "GET /a.b~c-d_e:f@g;h=1,2!$&'()*+",
    ],
)
def test_a_key_of_the_form_is_taken(key):
    call = calling()
    assert new_route(call, new_api(call), key)


def test_the_same_key_twice_is_a_conflict():
    call = calling()
    api = new_api(call)
    new_route(call, api)
    refused = call.refused("CreateRoute", ApiId=api, RouteKey="GET /pets")
    assert refused.code == "ConflictException"
    assert refused.message == "Route with key GET /pets already exists for this API"


def test_routes_that_take_the_same_calls_conflict_whatever_their_variables_are_called():
    call = calling()
    api = new_api(call)
    new_route(call, api, "GET /pets/{id}")
    refused = call.refused("CreateRoute", ApiId=api, RouteKey="GET /pets/{name}")
    assert refused.code == "ConflictException"
    assert 'conflicting variable on the same hierarchical level as "GET /pets/{id}"' in (
        refused.message
    )
    other = new_route(call, api, "PUT /pets/{name}")
    moved = call.refused("UpdateRoute", ApiId=api, RouteId=other, RouteKey="GET /pets/{x}")
    assert moved.code == "ConflictException"
    new_route(call, api, "GET /pets/{rest+}")


def test_a_protected_route_needs_an_authorizer_of_its_type():
    call = calling()
    api, foreign = new_api(call), new_api(call)
    jwt = new_jwt(call, api)
    asks = new_request_authorizer(call, api)["AuthorizerId"]
    elsewhere = new_jwt(call, foreign)
    wrong = [
        {"AuthorizationType": "JWT"},
        {"AuthorizationType": "JWT", "AuthorizerId": "nope"},
        {"AuthorizationType": "JWT", "AuthorizerId": asks},
        {"AuthorizationType": "JWT", "AuthorizerId": elsewhere},
        {"AuthorizationType": "CUSTOM", "AuthorizerId": jwt},
        {"AuthorizationType": "NONE", "AuthorizerId": jwt},
        {"AuthorizerId": jwt},
        {"AuthorizationType": "AWS_IAM", "AuthorizerId": jwt},
        {"AuthorizationType": "COGNITO_USER_POOLS", "AuthorizerId": jwt},
        {"AuthorizationScopes": ["a"]},
        {"AuthorizationType": "JWT", "AuthorizerId": jwt, "AuthorizationScopes": ["a b"]},
        {"AuthorizationType": "JWT", "AuthorizerId": jwt, "AuthorizationScopes": ['a"']},
        {
            "AuthorizationType": "JWT",
            "AuthorizerId": jwt,
            "AuthorizationScopes": [str(n) for n in range(11)],
        },
    ]
    for settings in wrong:
        refused = call.refused("CreateRoute", ApiId=api, RouteKey="GET /a", **settings)
        assert refused.code == "BadRequestException", settings
    first = call.refused("CreateRoute", ApiId=api, RouteKey="GET /a", **wrong[0])
    assert first.message == (
        "Invalid authorizer ID specified. Setting the authorization type to JWT requires a valid"
        " JWT authorizer."
    )
    call("CreateRoute", ApiId=api, RouteKey="GET /a", AuthorizationType="CUSTOM", AuthorizerId=asks)


def test_opening_a_route_leaves_authorizer_and_scopes_behind():
    call = calling()
    api = new_api(call)
    jwt = new_jwt(call, api)
    route = new_route(
        call, api, AuthorizationType="JWT", AuthorizerId=jwt, AuthorizationScopes=["a"]
    )
    kept = call("UpdateRoute", ApiId=api, RouteId=route, OperationName="x")
    assert (kept["AuthorizationType"], kept["AuthorizationScopes"]) == ("JWT", ["a"])
    opened = call("UpdateRoute", ApiId=api, RouteId=route, AuthorizationType="NONE")
    assert "AuthorizerId" not in opened
    assert "AuthorizationScopes" not in opened


def test_what_only_web_socket_routes_have_is_refused_rather_than_forgotten():
    call = calling()
    api = new_api(call)
    for settings in (
        {"ApiKeyRequired": True},
        {"RequestParameters": {"route.request.header.x": {"Required": True}}},
        {"RequestModels": {"$default": "m"}},
    ):
        refused = call.refused("CreateRoute", ApiId=api, RouteKey="GET /a", **settings)
        assert refused.code == "BadRequestException"


def test_a_target_is_an_integration_of_the_same_api():
    call = calling()
    api, foreign = new_api(call), new_api(call)
    elsewhere = new_integration(call, foreign)
    for target in (f"integrations/{elsewhere}", "integrations/", "nope", "integrations/../x"):
        refused = call.refused("CreateRoute", ApiId=api, RouteKey="GET /a", Target=target)
        assert refused.code == "BadRequestException"


def test_an_integration_or_authorizer_in_use_is_not_deleted():
    call = calling()
    api = new_api(call)
    jwt = new_jwt(call, api)
    integration = new_integration(call, api)
    route = new_route(
        call,
        api,
        Target=f"integrations/{integration}",
        AuthorizationType="JWT",
        AuthorizerId=jwt,
    )
    used = call.refused("DeleteIntegration", ApiId=api, IntegrationId=integration)
    asked = call.refused("DeleteAuthorizer", ApiId=api, AuthorizerId=jwt)
    assert (used.code, asked.code) == ("ConflictException", "ConflictException")
    call("DeleteRoute", ApiId=api, RouteId=route)
    call("DeleteIntegration", ApiId=api, IntegrationId=integration)
    call("DeleteAuthorizer", ApiId=api, AuthorizerId=jwt)


def test_routes_of_another_account_are_not_found():
    mine = calling()
    api = new_api(mine)
    route = new_route(mine, api)
    other = calling(store=mine.store, caller=root("210987654321"))
    theirs = new_api(other)
    for where in (api, theirs):
        refused = other.refused("DeleteRoute", ApiId=where, RouteId=route)
        assert refused.code == "NotFoundException"


@given(st.text(max_size=40).map(lambda path: f"GET /{path}"))
def test_any_key_has_a_pattern_or_is_refused(key):
    try:
        pattern = pattern_of(key)
    except AwsError as error:
        refused = error.code
    else:
        refused = ""
        assert pattern.count("/") == key.count("/")
    assert refused in {"", "BadRequestException"}


def test_a_route_that_could_never_be_served_is_refused():
    """Not served, its calls would fall through to `$default`, which nothing protects."""
    call = calling()
    api = new_api(call)
    integration = call(
        "CreateIntegration",
        ApiId=api,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="GET",
        IntegrationUri="http://127.0.0.1:9/{nowhere}",
        PayloadFormatVersion="1.0",
    )["IntegrationId"]
    target = f"integrations/{integration}"
    refused = call.refused("CreateRoute", ApiId=api, RouteKey="GET /admin", Target=target)
    assert refused.code == "BadRequestException"
    assert "nowhere" in refused.message
    route = call("CreateRoute", ApiId=api, RouteKey="GET /{nowhere}", Target=target)["RouteId"]
    refused = call.refused("UpdateRoute", ApiId=api, RouteId=route, RouteKey="GET /admin")
    assert refused.code == "BadRequestException"
    assert call("GetRoute", ApiId=api, RouteId=route)["RouteKey"] == "GET /{nowhere}"
