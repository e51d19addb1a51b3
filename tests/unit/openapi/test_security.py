"""What protects a method: schemes, requirements, and everything that must not be dropped."""

import pytest

from bargate.openapi import InvalidDocument
from unit.openapi.documents import HTTP, REST, http, imported, rest, spoiled

URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations"
ROOT = "security: [{pool: []}]\n"
SCHEMES = "  securitySchemes:\n"
OPEN = "      security: []\n"
KEY = "    key: {type: apiKey, name: X-API-Key, in: header}\n"
IAM = (
    "    iam: {type: apiKey, name: Authorization, in: header, "
    "x-amazon-apigateway-authtype: awsSigv4}\n"
)


def lambda_scheme(name: str, fields: str, header: str = "X-Api-Key", where: str = "header") -> str:
    return (
        f"    {name}:\n      type: apiKey\n      name: {header}\n      in: {where}\n"
        f"      x-amazon-apigateway-authorizer: {{authorizerUri: '{URI}', {fields}}}\n"
    )


def open_method(*edits: tuple[str, str]):
    """Give the method whose document line says `security: []`, after edits of it."""
    return rest(*edits).resources[1].methods[0]


def text_of(scheme: str, security: str) -> str:
    text = spoiled(REST, SCHEMES, SCHEMES + scheme)
    return spoiled(text, OPEN, f"      security: {security}\n" if security else "")


def test_root_security_reaches_every_operation_without_its_own():
    # AWS [R] apigw-objects §10
    api = rest()
    listing, adding = api.resources[0].methods
    assert listing.authorization_type == adding.authorization_type == "COGNITO_USER_POOLS"
    assert listing.authorizer_id == api.authorizers[0].id
    assert (listing.authorization_scopes, adding.authorization_scopes) == ((), ("pets/write",))


def test_an_empty_list_opens_an_operation():
    assert open_method().authorization_type == "NONE"
    assert open_method((OPEN, "      security: [{}]\n")).authorization_type == "NONE"


def test_without_any_security_methods_are_open():
    assert rest((ROOT, "")).resources[0].methods[0].authorization_type == "NONE"


def test_x_api_key_in_the_header_requires_a_key():
    method = open_method((SCHEMES, SCHEMES + KEY), (OPEN, "      security: [{key: []}]\n"))
    assert method.api_key_required
    assert method.authorization_type == "NONE"


def test_a_required_key_is_read_without_a_warning():
    found = imported(text_of(KEY, "[{key: []}]"))
    assert not any("key" in str(finding) for finding in found.findings)
    assert any(method.api_key_required for each in found.api.resources for method in each.methods)


def test_a_scheme_named_x_api_key_with_an_authorizer_is_no_api_key():
    # AWS [R] apigw-objects §10: openapi.spec.global-auth.json
    method = open_method(
        (SCHEMES, SCHEMES + lambda_scheme("fn", "type: token")),
        (OPEN, "      security: [{fn: []}]\n"),
    )
    assert method.authorization_type == "CUSTOM"
    assert not method.api_key_required


def test_sigv4_is_iam():
    method = open_method((SCHEMES, SCHEMES + IAM), (OPEN, "      security: [{iam: []}]\n"))
    assert method.authorization_type == "AWS_IAM"
    auth = "      security: []\n      x-amazon-apigateway-auth: {type: aws_iam}\n"
    assert open_method((OPEN, auth)).authorization_type == "AWS_IAM"


def test_declared_none_is_open():
    auth = "      security: []\n      x-amazon-apigateway-auth: {type: NONE}\n"
    assert open_method((OPEN, auth)).authorization_type == "NONE"


@pytest.mark.parametrize("security", ["[{pool: []}, {key: []}]", "[{pool: [], key: []}]"])
def test_an_authorizer_and_a_key_are_both_required(security: str):
    method = open_method((SCHEMES, SCHEMES + KEY), (OPEN, f"      security: {security}\n"))
    assert method.authorization_type == "COGNITO_USER_POOLS"
    assert method.api_key_required


def test_an_anonymous_alternative_does_not_open():
    found = imported(text_of(KEY, "[{}, {pool: []}]"))
    assert found.api.resources[1].methods[0].authorization_type == "COGNITO_USER_POOLS"
    assert any("alternatives are all required" in str(finding) for finding in found.findings)


def test_scopes_of_alternatives_are_joined():
    method = open_method((OPEN, "      security: [{pool: [a]}, {pool: [b, a]}]\n"))
    assert method.authorization_scopes == ("a", "b")


@pytest.mark.parametrize(
    ("scheme", "security", "message"),
    [
        ("    x: {type: http, scheme: basic}\n", "[{x: []}]", "would be open"),
        ("    x: {type: http, scheme: bearer}\n", "[{x: []}]", "would be open"),
        ("    x: {type: oauth2, flows: {}}\n", "[{x: [a]}]", "would be open"),
        ("    x: {type: openIdConnect, openIdConnectUrl: 'https://i/'}\n", "[{x: []}]",
         "would be open"),
        ("    x: {type: mutualTLS}\n", "[{x: []}]", "would be open"),
        ("    x: {type: apiKey, name: Authorization, in: header}\n", "[{x: []}]", "would be open"),
        ("    x: {type: apiKey, name: x-api-key, in: query}\n", "[{x: []}]", "would be open"),
        ("    x: {type: apiKey, name: x-api-key, in: cookie}\n", "[{x: []}]", "would be open"),
        ("    x: {type: apiKey, name: x-api-key, in: header, x-amazon-apigateway-authtype: z}\n",
         "[{x: []}]", "would be open"),
        ("    x: {type: apiKey, name: A, in: header, x-amazon-apigateway-authtype: awsSigv5}\n",
         "[{x: []}]", "authtype 'awsSigv5'"),
        ("    x: {type: http, scheme: basic}\n", "[{pool: []}, {x: []}]", "would be open"),
        ("    x: {type: http, scheme: basic}\n", "[{pool: [], x: []}]", "would be open"),
        (KEY, "[{key: [scope]}]", "scopes are enforced only by cognito_user_pools"),
        (IAM, "[{iam: [], pool: []}]", "not both"),
        (lambda_scheme("fn", "type: token"), "[{fn: []}, {pool: []}]", "one authorizer"),
        (lambda_scheme("fn", "type: token"), "[{fn: [a]}]", "scopes are enforced only"),
        (lambda_scheme("fn", "type: request", where="cookie"), "[{fn: []}]", "identitySource"),
        (lambda_scheme("fn", "type: request, identitySource: 'method.request.path.a'"),
         "[{fn: []}]", "no identity source"),
        (lambda_scheme("fn", "type: request, identityValidationExpression: a"), "[{fn: []}]",
         "not known here"),
        (lambda_scheme("fn", "type: request, enableSimpleResponses: true"), "[{fn: []}]",
         "not known here"),
        (lambda_scheme("fn", "type: token, authorizerCredentials: x"), "[{fn: []}]", "no role"),
        ("    x: {$ref: '#/components/securitySchemes/y'}\n", "[]", "leads nowhere"),
        ("    x: {name: a, in: header}\n", "[]", "type is missing"),
        ("    x: {type: apiKey, name: a}\n", "[]", "in is missing"),
        ("    x: {type: apiKey, name: a, in: header, x-amazon-apigateway-authoriser: {}}\n",
         "[]", "is not known"),
    ],
)  # fmt: skip
def test_what_cannot_be_enforced_is_refused(scheme: str, security: str, message: str):
    with pytest.raises(InvalidDocument, match=message):
        imported(text_of(scheme, security))


def test_an_unenforceable_scheme_that_nobody_asks_for_is_no_error():
    imported(text_of("    x: {type: http, scheme: basic}\n", "[]"))


@pytest.mark.parametrize(
    ("fields", "where", "source", "ttl_s"),
    [
        ("type: token", "header", "method.request.header.X-Api-Key", 300),
        ("type: TOKEN, authorizerResultTtlInSeconds: 0", "header",
         "method.request.header.X-Api-Key", 0),
        ("type: request", "query", "method.request.querystring.X-Api-Key", 300),
        ("type: request, identitySource: 'method.request.header.A, context.stage'", "header",
         "method.request.header.A,context.stage", 300),
        ("type: request, authorizerResultTtlInSeconds: 0", "cookie", None, 0),
    ],
)  # fmt: skip
def test_lambda_authorizers(fields: str, where: str, source: str | None, ttl_s: int):
    api = rest((SCHEMES, SCHEMES + lambda_scheme("fn", fields, where=where)))
    (authorizer,) = [each for each in api.authorizers if each.name == "fn"]
    assert authorizer.identity_source == source
    assert authorizer.result_ttl_s == ttl_s
    assert authorizer.authorizer_uri == URI


def test_ids_stay_the_same_and_differ():
    first, second = rest(), rest()
    assert first == second
    ids = [first.authorizers[0].id, *(resource.id for resource in first.resources)]
    assert len(set(ids)) == len(ids)


def test_jwt_routes_with_scopes():
    api = http()
    route, default = api.routes
    assert route.route_key == "GET /pets/{id}"
    assert (route.authorization_type, route.authorization_scopes) == ("JWT", ("pets/read",))
    assert route.authorizer_id == api.authorizers[0].id
    assert (default.route_key, default.authorization_type) == ("$default", "NONE")


def test_the_issuer_may_come_from_discovery():
    api = http(
        ("          issuer: https://issuer.example.com\n", ""),
        (
            "      type: oauth2\n",
            (
                "      type: openIdConnect\n"
                "      openIdConnectUrl: https://i.example/x/.well-known/openid-configuration\n"
            ),
        ),
    )
    assert api.authorizers[0].issuer == "https://i.example/x"


@pytest.mark.parametrize(
    ("scheme", "security", "message"),
    [
        (KEY, "[{key: []}]", "no API keys: the route would be open"),
        ("    x: {type: oauth2}\n", "[{x: []}]", "would be open"),
        (IAM, "[{iam: [], jwt: []}]", "not both"),
        (lambda_scheme("fn", "type: request"), "[{fn: []}]", "authorizerPayloadFormatVersion"),
        (lambda_scheme("fn", "type: request, authorizerPayloadFormatVersion: '2.0'"),
         "[{fn: [a]}]", "scopes are enforced only by jwt"),
        (lambda_scheme("fn", "type: request, authorizerPayloadFormatVersion: '1.0', "
                       "enableSimpleResponses: true"), "[{fn: []}]", "payload format 2.0"),
    ],
)  # fmt: skip
def test_what_an_http_api_cannot_enforce_is_refused(scheme: str, security: str, message: str):
    text = spoiled(HTTP, SCHEMES, SCHEMES + scheme)
    with pytest.raises(InvalidDocument, match=message):
        imported(spoiled(text, OPEN, f"      security: {security}\n"), "HTTP")


def test_a_route_may_have_a_lambda_authorizer():
    scheme = lambda_scheme("fn", "type: request, authorizerPayloadFormatVersion: '2.0'")
    text = spoiled(HTTP, SCHEMES, SCHEMES + scheme)
    found = imported(spoiled(text, OPEN, "      security: [{fn: []}]\n"), "HTTP")
    assert found.api.routes[1].authorization_type == "CUSTOM"
    assert found.findings == ()
