from __future__ import annotations

from typing import Any

import pytest

from bargate.access import endpoint_policy, iam_credentials, iam_signature, resource_policy
from bargate.access.arrival import DIRECT, Arrival
from bargate.access.call import Call, Facts
from bargate.access.context_keys import compile_context
from bargate.access.endpoint_policy import compile_endpoint_policy
from bargate.access.verdict import Denial
from bargate.model.invalid import InvalidConfiguration
from building import call, guarded, method, policy, rest_api

ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
PRIVATE = rest_api(("/{proxy+}", method()), policy=policy(ALLOW), endpoint_type="PRIVATE")
GUARDED = guarded(PRIVATE)


def through(*statements: dict[str, Any]) -> Arrival:
    compiled = compile_endpoint_policy(policy(*statements))
    return Arrival(
        vpc_endpoint_id="vpce-1", vpc_id="vpc-1", vpc_endpoint_policy=compiled, name="vpce-1"
    )


def decide(made: Call) -> Denial | None:
    step = endpoint_policy.UNSIGNED.compile(GUARDED)
    assert step is not None
    verdict = step(made, Facts({}))
    assert verdict is None or isinstance(verdict, Denial)
    return verdict


def reason(made: Call) -> str:
    verdict = decide(made)
    return "" if verdict is None else verdict.reason


def test_a_public_api_has_no_such_step() -> None:
    public = guarded(rest_api(("/pets", method())))
    for control in (endpoint_policy.UNSIGNED, endpoint_policy.SIGNED):
        assert control.compile(public) is None


def test_the_policy_of_the_endpoint_decides() -> None:
    assert reason(call(arrival=through(ALLOW))) == ""
    other = {**ALLOW, "Action": "s3:*"}
    assert reason(call(arrival=through(other))) == "endpoint_policy.implicit_deny"
    deny = {**ALLOW, "Effect": "Deny", "Resource": "arn:aws:execute-api:*:*:*/prod/GET/pets"}
    assert reason(call(arrival=through(ALLOW, deny))) == "endpoint_policy.explicit_deny"


def test_a_path_that_a_backend_may_read_as_another_must_be_allowed_as_that_too() -> None:
    deny = {**ALLOW, "Effect": "Deny", "Resource": "arn:aws:execute-api:*:*:*/GET/admin*"}
    assert reason(call(path="/%61dmin", arrival=through(ALLOW, deny))) != ""


def test_it_refuses_in_the_words_of_aws() -> None:
    denial = decide(call(arrival=through({**ALLOW, "Effect": "Deny"})))
    assert denial is not None
    assert denial.message == (
        "User: anonymous is not authorized to perform: execute-api:Invoke on resource:"
        " arn:aws:execute-api:us-east-1:********9012:petstore/prod/GET/pets"
        " with an explicit deny in a VPC endpoint policy"
    )


def test_a_call_through_no_endpoint_is_refused() -> None:
    assert reason(call(arrival=DIRECT)) == "endpoint_policy.no_endpoint"


def test_a_claimed_signature_is_not_anonymous_and_never_passes_unproven() -> None:
    signed = {"authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20261127/us-east-1/x"}
    step = iam_credentials.REST_CONTROL.compile(GUARDED)
    assert step is not None
    for headers, query in ((signed, ""), ({}, "X-Amz-Algorithm=AWS4-HMAC-SHA256")):
        made = call(arrival=through(ALLOW), headers=headers, query=query)
        assert isinstance(step(made, Facts({})), Denial)
    for headers in ({}, {"authorization": "Bearer AWS4"}, {"authorization": "Basic YTpi"}):
        assert step(call(arrival=through(ALLOW), headers=headers), Facts({})) is None
    late = endpoint_policy.SIGNED.compile(GUARDED)
    assert late is not None
    unproven = Facts({}, signer=object())  # type: ignore[arg-type]  # only whether there is one
    assert isinstance(late(call(arrival=through(ALLOW)), unproven), Denial)
    assert iam_signature.REST_CONTROL.compile(GUARDED) is not None
    assert iam_credentials.REST_CONTROL.compile(guarded(rest_api(("/p", method())))) is None


def test_the_keys_of_a_call_say_its_door() -> None:
    keys = ("aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip")
    inside = call(arrival=through(ALLOW), source_ip="10.0.0.7")
    assert compile_context(keys)(inside) == {
        "aws:sourceip": None,
        "aws:sourcevpc": "vpc-1",
        "aws:sourcevpce": "vpce-1",
        "aws:vpcsourceip": "10.0.0.7",
    }
    outside = compile_context(keys)(call(source_ip="10.0.0.7"))
    assert {key: value for key, value in outside.items() if value} == {"aws:sourceip": "10.0.0.7"}


@pytest.mark.parametrize("private", [False, True])
def test_a_deny_by_the_keys_of_the_other_door_is_refused(private: bool) -> None:
    def deny(key: str) -> str:
        operator = "IpAddress" if key.endswith("Ip") else "StringEquals"
        value = "10.0.0.0/8" if key.endswith("Ip") else "vpce-1"
        return policy(ALLOW, {**ALLOW, "Effect": "Deny", "Condition": {operator: {key: value}}})

    there = ["aws:VpcSourceIp", "aws:SourceVpce", "aws:SourceVpc"]
    absent = ["aws:SourceIp"]
    if not private:
        there, absent = absent, there
    for key in there:
        resource_policy.compile_resource_policy(deny(key), private=private)
    for key in absent:
        with pytest.raises(InvalidConfiguration, match="never apply"):
            resource_policy.compile_resource_policy(deny(key), private=private)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"Statement": [{"Effect": "Allow"}]}'])
def test_a_broken_policy_is_refused(text: str) -> None:
    with pytest.raises(InvalidConfiguration):
        compile_endpoint_policy(text)
