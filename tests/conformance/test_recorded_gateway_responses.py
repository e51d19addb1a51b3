"""Every row of AWS's recorded refusals that this version can give, from the real process.

AWS [R]/[D]/[O] apigw-errors §1, §2 and §4. `NOT_YET` names the rows that need a control which this
version does not have; a row that is neither there nor in `ROWS` fails the first test.
"""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from bargate.mapping.errors import ERROR_TYPES
from documents import POOL, operation, proxy, rest, write
from issuing import AUDIENCE, Issuer, issuer
from serving import Answer, Backend, Gateway, backend, serve

NOT_YET = {
    "AUTHORIZER_FAILURE", "EXPIRED_TOKEN", "QUOTA_EXCEEDED",
    "RESOURCE_NOT_FOUND", "THROTTLED", "WAF_FILTERED",
}  # fmt: skip
ARN = "arn:aws:execute-api:us-east-1:********9489:default/prod"
DENIED = (
    '{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: %s"}'
)


class Row(NamedTuple):
    """What is sent, and what AWS answers; `body` None is plain text of the front door."""

    response_type: str
    request: tuple[str, str, dict[str, str], bytes | None]
    status: int
    error_type: str
    body: str
    content_type: str = "application/json"


def message(text: str) -> str:
    return f'{{"message":"{text}"}}'


JSON = {"Content-Type": "application/json"}
ROWS = [
    Row("ACCESS_DENIED", ("GET", "/silent", {}, None), 403, "AccessDeniedException",
        DENIED % f"{ARN}/GET/silent because no resource-based policy allows the execute-api:Invoke action"),
    Row("ACCESS_DENIED", ("GET", "/denied", {}, None), 403, "AccessDeniedException",
        DENIED % f"{ARN}/GET/denied with an explicit deny in a resource-based policy"),
    Row("ACCESS_DENIED", ("GET", "/", {}, None), 403, "AccessDeniedException",
        DENIED % f"{ARN}/GET/ because no resource-based policy allows the execute-api:Invoke action"),
    Row("API_CONFIGURATION_ERROR", ("GET", "/broken", {}, None), 500, "InternalServerErrorException",
        message("Internal server error")),
    Row("MISSING_AUTHENTICATION_TOKEN", ("GET", "/iam", {}, None), 403,
        "MissingAuthenticationTokenException", message("Missing Authentication Token")),
    Row("INVALID_SIGNATURE", ("GET", "/iam", {"Authorization": "AWS4-HMAC-SHA256 abc"}, None), 403,
        "IncompleteSignatureException",
        message("Invalid key=value pair (missing equal-sign) in Authorization header (hashed with"
                " SHA-256 and encoded with Base64): 'lG16lHCW13VwWhdUYyTnGvdXPJnZ1pK+2ibHcoxYd1o='.")),
    Row("AUTHORIZER_CONFIGURATION_ERROR", ("GET", "/custom", {"Authorization": "x"}, None), 500,
        "AuthorizerConfigurationException", '{"message":null}'),
    Row("BAD_REQUEST_PARAMETERS", ("POST", "/valid", JSON, b"{}"), 400, "BadRequestException",
        message("Missing required request parameters: [x-header-param, qs1]")),
    Row("BAD_REQUEST_BODY", ("POST", "/valid?qs1=1", JSON | {"x-header-param": "1"}, b"[]"), 400,
        "BadRequestException", message("Invalid request body")),
    Row("INTEGRATION_FAILURE", ("GET", "/dead", {}, None), 504, "InternalServerErrorException",
        message("Internal server error")),
    Row("INTEGRATION_TIMEOUT", ("GET", "/slow", {}, None), 504, "InternalServerErrorException",
        message("Endpoint request timed out")),
    Row("INVALID_API_KEY", ("GET", "/key", {}, None), 403, "ForbiddenException", message("Forbidden")),
    Row("INVALID_API_KEY", ("GET", "/key", {"x-api-key": "wrong" * 5}, None), 403,
        "ForbiddenException", message("Forbidden")),
    Row("MISSING_AUTHENTICATION_TOKEN", ("GET", "/nothing", {}, None), 403,
        "MissingAuthenticationTokenException", message("Missing Authentication Token")),
    Row("MISSING_AUTHENTICATION_TOKEN", ("PATCH", "/silent", {}, None), 403,
        "MissingAuthenticationTokenException", message("Missing Authentication Token")),
    Row("REQUEST_TOO_LARGE", ("POST", "/valid", {"Content-Length": "10485761"}, None), 413,
        "RequestEntityTooLargeException", "HTTP content length exceeded 10485760 bytes.", "text/plain"),
    Row("UNAUTHORIZED", ("GET", "/user", {}, None), 401, "UnauthorizedException", message("Unauthorized")),
    Row("UNAUTHORIZED", ("GET", "/user", {"Authorization": "<expired>"}, None), 401,
        "UnauthorizedException", message("The incoming token has expired")),
    Row("UNSUPPORTED_MEDIA_TYPE", ("POST", "/never", {"Content-Type": "text/plain"}, b"x"), 415,
        "BadRequestException", message("Unsupported Media Type")),
]  # fmt: skip


FUNCTION = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
)


def document(api_id: str, origin: Backend, silent: str, **fields: Any) -> dict[str, Any]:
    base = f"http://127.0.0.1:{origin.port}"
    allowed = ["broken", "iam", "custom", "valid", "dead", "slow", "key", "user", "never"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke",
             "Resource": [f"execute-api:/*/*/{path}" for path in allowed]},
            {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke",
             "Resource": "execute-api:/*/GET/denied"},
        ],
    }  # fmt: skip
    schemes = {
        "pool": {
            "type": "apiKey", "name": "Authorization", "in": "header",
            "x-amazon-apigateway-authtype": "cognito_user_pools",
            "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": [POOL]},
        },
        "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
        "custom": {
            "type": "apiKey", "name": "Authorization", "in": "header",
            "x-amazon-apigateway-authtype": "custom",
            "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": FUNCTION},
        },
    }  # fmt: skip
    needed = [
        {"name": "qs1", "in": "query", "required": True, "schema": {"type": "string"}},
        {"name": "x-header-param", "in": "header", "required": True, "schema": {"type": "string"}},
    ]
    content = {"content": {"application/json": {"schema": {"type": "object"}}}}
    to = proxy(base)
    never = {
        "type": "http", "httpMethod": "POST", "uri": base, "passthroughBehavior": "never",
        "responses": {"default": {"statusCode": "200"}},
    }  # fmt: skip
    valid = operation(
        proxy(base, "POST"), parameters=needed, requestBody=content,
        **{"x-amazon-apigateway-request-validator": "all"},
    )  # fmt: skip
    paths = {
        "/": {"get": operation(to)},
        "/silent": {"get": operation(to)},
        "/denied": {"get": operation(to)},
        "/broken": {"get": operation({"type": "mock", "responses": {}})},
        "/iam": {"get": operation(to, **{"x-amazon-apigateway-auth": {"type": "AWS_IAM"}})},
        "/custom": {"get": operation(to, security=[{"custom": []}])},
        "/valid": {"post": valid},
        "/dead": {"get": operation(proxy("http://127.0.0.1:9/"))},
        "/slow": {"get": operation(proxy(silent, timeoutInMillis=50))},
        "/key": {"get": operation(to, security=[{"key": []}])},
        "/user": {"get": operation(to, security=[{"pool": []}])},
        "/never": {"post": operation(never)},
    }
    validators = {"all": {"validateRequestBody": True, "validateRequestParameters": True}}
    return rest(
        paths,
        components={"securitySchemes": schemes},
        **{
            "x-bargate-api-id": api_id,
            "x-amazon-apigateway-policy": policy,
            "x-amazon-apigateway-request-validators": validators,
            **fields,
        },
    )


RESPONSES = "x-amazon-apigateway-gateway-responses"
HEADER = "gatewayresponse.header.X-Custom"
FAMILIES = {
    "DEFAULT_4XX": {"statusCode": "444", "responseParameters": {HEADER: "'four'"}},
    "DEFAULT_5XX": {
        "statusCode": "555",
        "responseTemplates": {"application/json": '{"five":$context.error.messageString}'},
    },
}
OWN = {
    name: {
        "statusCode": "460",
        "responseParameters": {HEADER: f"'{name}'"},
        "responseTemplates": {"text/plain": "$context.error.responseType"},
    }
    for name in set(ERROR_TYPES) - NOT_YET
}


def http_document(origin: Backend, silent: str, keys: Issuer) -> dict[str, Any]:
    base = f"http://127.0.0.1:{origin.port}"
    authorizer = {
        "type": "jwt",
        "identitySource": "$request.header.Authorization",
        "jwtConfiguration": {"issuer": keys.url, "audience": [AUDIENCE]},
    }
    scheme = {"type": "oauth2", "flows": {}, "x-amazon-apigateway-authorizer": authorizer}
    paths = {
        "/jwt": {"post": operation(proxy(base, "POST"), security=[{"jwt": ["a"]}])},
        "/slow": {"get": operation(proxy(silent, timeoutInMillis=50))},
        "/iam": {
            "get": operation(proxy(base), **{"x-amazon-apigateway-auth": {"type": "AWS_IAM"}})
        },
    }
    fields = {"x-bargate-api-id": "plain"}
    return rest(paths, components={"securitySchemes": {"jwt": scheme}}, **fields)


@pytest.fixture(scope="module")
def keys() -> Iterator[Issuer]:
    with issuer("pool-1") as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, keys: Issuer) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("recorded")
    folder.chmod(0o700)
    with backend() as origin, socket.create_server(("127.0.0.1", 0)) as listening:
        silent = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        documents = [
            document("default", origin, silent),
            document("families", origin, silent, **{RESPONSES: FAMILIES}),
            document("own", origin, silent, **{RESPONSES: FAMILIES | OWN}),
            http_document(origin, silent, keys),
        ]
        files = [str(write(folder, each, f"{at}.json")) for at, each in enumerate(documents)]
        options = ("--account", "123456789489", "--issuer", f"{POOL}={keys.url}", "--workers", "1")
        with serve(*files, *options, run_dir=folder) as running:
            yield running
        assert not origin.received, "a refused call reached the backend"


def ask(gateway: Gateway, keys: Issuer, base: str, row: Row) -> Answer:
    method, path, headers, body = row.request
    tokens = {"<expired>": keys.id_token(exp=1)}
    filled = {name: tokens.get(value, value) for name, value in headers.items()}
    if "Content-Length" not in filled:
        return gateway.call(method, base + path, filled, body)
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    connection.request(method, base + path, headers=filled)  # the head alone is refused
    response = connection.getresponse()
    found = {name.lower(): value for name, value in response.getheaders()}
    answer = Answer(response.status, found, response.read())
    connection.close()
    return answer


def test_no_row_is_forgotten() -> None:
    assert {row.response_type for row in ROWS} | NOT_YET == set(ERROR_TYPES)
    assert not {row.response_type for row in ROWS} & NOT_YET
    assert len(ROWS) == 19


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.response_type} {row.request[1]}" for row in ROWS])
def test_defaults(gateway: Gateway, keys: Issuer, row: Row) -> None:
    answer = ask(gateway, keys, "/_api/default/prod", row)
    assert (answer.status, answer.body.decode()) == (row.status, row.body)
    assert answer.headers["x-amzn-errortype"] == row.error_type
    assert answer.headers["content-type"] == row.content_type
    assert re.fullmatch(
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.headers["x-amzn-requestid"]
    )
    assert re.fullmatch(r"[\w-]{15}=", answer.headers["x-amz-apigw-id"])
    # AWS [R]: absent on errors; nothing says what the gateway is.
    assert set(answer.headers) - {"connection"} == {
        "date", "content-type", "content-length", "x-amzn-requestid", "x-amz-apigw-id",
        "x-amzn-errortype",
    }  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.response_type} {row.request[1]}" for row in ROWS])
def test_a_customised_family_is_inherited(gateway: Gateway, keys: Issuer, row: Row) -> None:
    answer = ask(gateway, keys, "/_api/families/prod", row)
    assert answer.headers["x-amzn-errortype"] == row.error_type
    if row.status >= 500:
        assert answer.status == 555
        assert answer.body.decode() == row.body.replace('"message"', '"five"')
        assert "x-custom" not in answer.headers
        return
    assert answer.status == 444
    assert answer.headers["x-custom"] == "four"
    if row.response_type == "REQUEST_TOO_LARGE":
        assert answer.body == b'{"message":"Request Too Long"}'
    else:
        assert answer.body.decode() == row.body.replace(":default/", ":families/")


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.response_type} {row.request[1]}" for row in ROWS])
def test_a_customised_type_inherits_nothing(gateway: Gateway, keys: Issuer, row: Row) -> None:
    answer = ask(gateway, keys, "/_api/own/prod", row)
    assert (answer.status, answer.body.decode()) == (460, row.response_type)
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["x-custom"] == row.response_type
    assert answer.headers["x-amzn-errortype"] == row.error_type


INVALID = 'Bearer scope="" error="invalid_token" error_description="%s"'
HTTP_ROWS: list[tuple[str, str, dict[str, str], int, str, str | None]] = [
    ("GET", "/nothing", {}, 404, "Not Found", None),
    ("GET", "/jwt", {}, 404, "Not Found", None),
    ("POST", "/jwt", {}, 401, "Unauthorized", "Bearer"),
    ("POST", "/jwt", {"Authorization": "x"}, 401, "Unauthorized",
     INVALID % "token contains an invalid number of segments"),
    ("POST", "/jwt", {"Authorization": "<other>"}, 401, "Unauthorized",
     INVALID % "the token does not have a valid audience"),
    ("POST", "/jwt", {"Authorization": "<jwt>"}, 403, "Forbidden",
     'Bearer scope="a" error="insufficient_scope" error_description="expected scopes: [a]"'),
    ("GET", "/iam", {}, 403, "Forbidden", None),
    ("GET", "/slow", {}, 504, "Gateway Timeout", None),
    ("POST", "/jwt", {"Content-Length": "10485761"}, 413, "Request Entity Too Large", None),
]  # fmt: skip


@pytest.mark.parametrize("row", HTTP_ROWS, ids=[f"{row[0]} {row[1]} {row[3]}" for row in HTTP_ROWS])
def test_http_apis(gateway: Gateway, keys: Issuer, row: tuple[Any, ...]) -> None:
    method, path, headers, status, text, challenge = row
    tokens = {"<jwt>": keys.jwt("b"), "<other>": keys.jwt(aud="other")}
    filled = {name: tokens.get(value, value) for name, value in headers.items()}
    asked = Row("", (method, path, filled, None), status, "", "")
    answer = ask(gateway, keys, "/_api/plain", asked)
    assert (answer.status, answer.body.decode()) == (status, message(text))
    assert answer.headers.get("www-authenticate") == challenge
    assert re.fullmatch(r"[\w-]{15}=", answer.headers["apigw-requestid"])
    assert set(answer.headers) - {"connection", "www-authenticate"} == {
        "date", "content-type", "content-length", "apigw-requestid",
    }  # fmt: skip
