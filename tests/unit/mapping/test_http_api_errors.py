import pytest

from bargate.access.verdict import Denial
from bargate.mapping.errors import ERROR_TYPES
from bargate.mapping.http_api_errors import HTTP_API_ERRORS, compile_http_api_errors
from bargate.model.http_api import HttpApi
from building import PLACE, STAGE, call


def render(response_type, **fields):
    refuser = compile_http_api_errors(HttpApi(id="a", name="n"), STAGE, PLACE)
    denial = Denial(response_type=response_type, reason="r", detail="d", **fields)
    return refuser.render(call(), None, None, denial)


@pytest.mark.parametrize(
    ("response_type", "status", "body"),
    [
        ("RESOURCE_NOT_FOUND", 404, b'{"message":"Not Found"}'),
        ("UNAUTHORIZED", 401, b'{"message":"Unauthorized"}'),
        ("ACCESS_DENIED", 403, b'{"message":"Forbidden"}'),
        ("AUTHORIZER_CONFIGURATION_ERROR", 500, b'{"message":"Internal Server Error"}'),
        ("THROTTLED", 429, b'{"message":"Too Many Requests"}'),
        ("INTEGRATION_FAILURE", 503, b'{"message":"Service Unavailable"}'),
        ("INTEGRATION_TIMEOUT", 504, b'{"message":"Gateway Timeout"}'),
        ("REQUEST_TOO_LARGE", 413, b'{"message":"Request Entity Too Large"}'),
    ],
)
def test_bodies_are_fixed(response_type, status, body):
    response = render(response_type, message="something only the operator reads")
    assert (response.status, response.body) == (status, body)
    assert response.headers == [(b"Content-Type", b"application/json")]


def test_the_challenge_is_one_line():
    response = render("UNAUTHORIZED", www_authenticate='Bearer error="x\r\nSet-Cookie: a"')
    assert response.headers[1] == (b"www-authenticate", b'Bearer error="x  Set-Cookie: a"')


def test_every_type_has_words():
    assert set(HTTP_API_ERRORS) == set(ERROR_TYPES)
