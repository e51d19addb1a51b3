"""Requests to every operation, broken in seeded ways: each is refused or fulfilled, none fails."""

from __future__ import annotations

import pytest
from tests.endpoint import Endpoint

from conformance.control.answers import check_answer
from conformance.control.fuzzing import (
    broken_request,
    operations,
    protocol,
    send,
    valid_request,
)
from conformance.control.hostile import Hostile

OPERATIONS = {
    "apigateway": 124,
    "apigatewayv2": 72,
    "iam": 151,
    "sts": 6,
    "ec2": 21,
    "acm": 8,
    "lambda": 31,
    "cognito-idp": 115,
}


def fuzz(endpoint: Endpoint, service: str, count: int, seed: int) -> int:
    """Send `count` broken requests to each operation of a service; give how many it has."""
    fuzzed = refused = 0
    for operation in operations(service):
        for number in range(count):
            hostile = Hostile((seed, operation.name, number))
            request = broken_request(operation, valid_request(operation, number), hostile)
            if number % 4 == 3:
                request = broken_request(operation, request, hostile)
            answered = send(endpoint, service, request)
            asked = (operation.name, number, request.method, request.path, request.query,
                     request.headers, request.body)  # fmt: skip
            if request.method != "HEAD":
                refused += not check_answer(answered, protocol(service), asked)
        fuzzed += 1
    assert refused > fuzzed * count / 3  # else the requests were hardly broken
    return fuzzed


@pytest.mark.parametrize("service", OPERATIONS)
def test_broken_requests_to_every_operation_are_refused(service: str) -> None:
    with Endpoint(dev=True) as endpoint:
        assert fuzz(endpoint, service, 20, seed=1) == OPERATIONS[service]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("service", OPERATIONS)
@pytest.mark.parametrize("seed", range(2, 6))
def test_many_more_broken_requests_are_refused(service: str, seed: int) -> None:
    with Endpoint(dev=True) as endpoint:
        assert fuzz(endpoint, service, 100, seed=seed) == OPERATIONS[service]
