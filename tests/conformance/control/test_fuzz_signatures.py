"""Whatever a request claims about its signature: without the right one nothing is fulfilled."""

from __future__ import annotations

import pytest
from tests.endpoint import Endpoint

from bargate.wire.request import HttpRequest
from conformance.control.answers import check_answer
from conformance.control.fuzzing import protocol, signed_headers
from conformance.control.hostile import Hostile

COUNT = 400
ASKED = {
    "apigateway": HttpRequest("GET", "/restapis", "", {}, b""),
    "apigatewayv2": HttpRequest("GET", "/v2/apis", "", {}, b""),
    "iam": HttpRequest("GET", "/", "Action=ListUsers&Version=2010-05-08", {}, b""),
    "sts": HttpRequest("GET", "/", "Action=GetCallerIdentity&Version=2011-06-15", {}, b""),
}


@pytest.mark.parametrize("service", ASKED)
def test_no_broken_signature_is_taken(endpoint: Endpoint, service: str) -> None:
    asked = ASKED[service]
    target = asked.path + (f"?{asked.query}" if asked.query else "")
    valid = [("host", "127.0.0.1:4566"), *signed_headers(endpoint, service, asked)]
    assert endpoint.send("GET", target, valid).status == 200
    for number in range(COUNT):
        hostile = Hostile((service, number))
        headers = _broken(valid, hostile)
        answered = endpoint.send("GET", target, headers)
        if answered.status == 404 and protocol(service) == "query":
            assert b"Bargate does not serve" in answered.body  # the scope named another service
            continue
        style = "rest-json" if answered.body.startswith(b"{") else protocol(service)
        assert not check_answer(answered, style, headers), headers


def _broken(headers: list[tuple[str, str]], hostile: Hostile) -> list[tuple[str, str]]:
    """Break one header of a signed request, so that its signature cannot be right any more."""
    place = hostile.random.randrange(len(headers))
    name, value = headers[place]
    at = hostile.random.randrange(len(value))
    text = hostile.text().encode("utf-8", "replace").decode("latin-1")
    other = "0" if value[at] != "0" else "1"
    broken: list[list[tuple[str, str]]] = [
        [],
        [(name, f"x{text}")],
        [(name, value[:at] + other + value[at + 1 :])],
        [(name, value[:at])],
        [(name, f"{value[:at]}{text}x{value[at:]}")],
    ]
    return [*headers[:place], *hostile.one(broken), *headers[place + 1 :]]
