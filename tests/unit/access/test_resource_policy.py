from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from bargate.access import resource_policy
from bargate.access.call import Call, Facts
from bargate.access.control import Step
from bargate.access.verdict import Denial
from bargate.model.invalid import InvalidConfiguration
from building import call, guarded, method, policy, rest_api

ALLOW = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "execute-api:Invoke",
    "Resource": "arn:aws:execute-api:us-east-1:123456789012:petstore/*",
}
DENIED = (
    "User: anonymous is not authorized to perform: execute-api:Invoke on resource:"
    " arn:aws:execute-api:us-east-1:********9012:petstore/prod/GET/pets"
)


def deny(**statement: Any) -> dict[str, Any]:
    return {**ALLOW, "Effect": "Deny", **statement}


def early(*statements: dict[str, Any]) -> Step:
    api = rest_api(("/{proxy+}", method()), policy=policy(*statements))
    step = resource_policy.EARLY.compile(guarded(api))
    assert step is not None
    return step


def refused(step: Step, made: Call) -> Denial:
    verdict = step(made, Facts({}))
    assert isinstance(verdict, Denial)
    return verdict


def passes(step: Step, made: Call) -> bool:
    return step(made, Facts({})) is None


def test_without_a_policy_there_is_no_step() -> None:
    assert resource_policy.EARLY.compile(guarded(rest_api(("/pets", method())))) is None


def test_a_policy_must_allow() -> None:
    assert passes(early(ALLOW), call())


def test_a_silent_policy_refuses_in_the_words_of_aws() -> None:
    denial = refused(early({**ALLOW, "Resource": f"{ALLOW['Resource'][:-1]}dev/*"}), call())
    assert denial.response_type == "ACCESS_DENIED"
    assert denial.reason == "resource_policy.implicit_deny"
    assert denial.message == (
        f"{DENIED} because no resource-based policy allows the execute-api:Invoke action"
    )


def test_an_explicit_deny_wins_and_names_its_statement() -> None:
    agents = {"StringLike": {"aws:UserAgent": "evil*"}}
    step = early(ALLOW, deny(Sid="NoEvil", Condition=agents))
    denial = refused(step, call(headers={"User-Agent": "evil/1"}))
    assert denial.reason == "resource_policy.explicit_deny"
    assert denial.message == f"{DENIED} with an explicit deny in a resource-based policy"
    assert "NoEvil" in denial.detail
    assert passes(step, call(headers={"User-Agent": "curl"}))


@pytest.mark.parametrize(
    ("condition", "fields", "holds"),
    [
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, {}, True),
        ({"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}, {}, False),
        ({"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}, {"source_ip": "2001:db8::1"}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}, {}, True),
        ({"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}, {}, False),
        ({"NumericLessThan": {"aws:EpochTime": "1800000000"}}, {}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, {}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, {"secure": True}, True),
        ({"StringEquals": {"aws:PrincipalType": "Anonymous"}}, {}, False),
        ({"Null": {"aws:PrincipalType": "true"}}, {}, True),
        ({"StringLike": {"aws:Referer": "https://example.com/*"}}, {}, False),
        ({"Null": {"aws:SourceVpce": "true"}}, {}, True),
        ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, {}, False),
    ],
)
def test_condition_keys(condition: dict[str, Any], fields: dict[str, Any], holds: bool) -> None:
    step = early({**ALLOW, "Condition": condition})
    assert passes(step, call(**fields)) is holds


def test_a_forged_address_header_changes_nothing() -> None:
    step = early({**ALLOW, "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}})
    headers = {"X-Forwarded-For": "10.0.0.1", "X-Real-Ip": "10.0.0.1", "Forwarded": "for=10.0.0.1"}
    assert not passes(step, call(headers=headers))


@pytest.mark.parametrize(
    "path",
    ["/admin/users", "/admin/users/", "/admin%2Fusers", "/admin%2Fa%20b", "/admin%5Cusers",
     "/admin\\users", "/admin;x/users", "/admin%3Bx/users"],
)  # fmt: skip
def test_no_spelling_of_a_path_escapes_a_deny(path: str) -> None:
    prefix = "arn:aws:execute-api:us-east-1:123456789012:petstore/prod/GET"
    step = early(ALLOW, deny(Resource=f"{prefix}/admin/*"))
    assert not passes(step, call(path=path))
    assert passes(step, call(path="/public/users"))


def test_a_trailing_slash_escapes_no_deny() -> None:
    prefix = "arn:aws:execute-api:us-east-1:123456789012:petstore/prod"
    step = early(ALLOW, deny(Resource=[f"{prefix}/GET/admin", f"{prefix}/GET/"]))
    assert not passes(step, call(path="/admin/"))
    assert not passes(step, call(path="/admin"))
    assert not passes(step, call(path="/"))


def test_path_parameters_escape_no_deny_and_earn_no_allow() -> None:
    prefix = "arn:aws:execute-api:us-east-1:123456789012:petstore/prod/GET"
    step = early(ALLOW, deny(Resource=f"{prefix}/admin"))
    assert not passes(step, call(path="/admin;x"))
    assert not passes(step, call(path="/admin;x%2Fy"))
    assert passes(step, call(path="/public;x"))
    step = early({**ALLOW, "Resource": f"{prefix}/*;x"})
    assert not passes(step, call(path="/admin;x"))


def test_named_aws_principals_are_nobody_anonymous() -> None:
    step = early({**ALLOW, "Principal": {"AWS": "arn:aws:iam::123456789012:root"}})
    assert not passes(step, call())


def test_only_invoke_counts() -> None:
    assert not passes(early({**ALLOW, "Action": "execute-api:ManageConnections"}), call())
    assert passes(early({**ALLOW, "Action": "execute-api:*"}), call())


def test_a_user_pool_method_meets_its_policy_after_the_authorizer() -> None:
    api = rest_api(("/pets", method(authorization_type="COGNITO_USER_POOLS")), policy=policy(ALLOW))
    assert resource_policy.EARLY.compile(guarded(api)) is None
    late = resource_policy.LATE.compile(guarded(api))
    assert late is not None
    assert passes(late, call())
    silent = structs.replace(api, policy=policy({**ALLOW, "Action": "execute-api:InvalidateCache"}))
    late = resource_policy.LATE.compile(guarded(silent))
    assert late is not None
    assert refused(late, call()).reason == "resource_policy.implicit_deny"


def test_the_policy_is_compiled_once_for_all_methods() -> None:
    seen = guarded(rest_api(("/pets", method()), policy=policy(ALLOW)))
    resource_policy.EARLY.compile(seen)
    first = seen.shared.once(resource_policy.EXTENSION, lambda: None)
    resource_policy.EARLY.compile(seen)
    assert seen.shared.once(resource_policy.EXTENSION, lambda: None) is first
    assert first is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "valid JSON"),
        (policy({**ALLOW, "Effect": "Maybe"}), "Effect|effect"),
        (policy({**ALLOW, "Condition": {"IpAdress": {"aws:SourceIp": "1.2.3.4"}}}), "IpAdress"),
        (policy({key: ALLOW[key] for key in ("Effect", "Action", "Resource")}), "[Pp]rincipal"),
        (" " * 8193, "8192 characters"),
    ],
)
def test_refuses_what_cannot_be_enforced(text: str, message: str) -> None:
    with pytest.raises(InvalidConfiguration, match=message) as refusal:
        resource_policy.compile_resource_policy(text)
    assert refusal.value.path[0] == resource_policy.EXTENSION


NOT_ANN = {
    "Condition": {"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:user/ann"}}
}
ONLY_ANN = {
    "Condition": {"StringNotEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:user/ann"}}
}


def test_a_document_may_deny_by_signer_only_where_calls_are_signed() -> None:
    text = policy(ALLOW, deny(**NOT_ANN))
    with pytest.raises(InvalidConfiguration):
        resource_policy.check_signed_keys(rest_api(("/pets", method()), policy=text))
    signed = method("POST", authorization_type="AWS_IAM")
    resource_policy.check_signed_keys(rest_api(("/pets", method()), ("/x", signed), policy=text))
    resource_policy.check_signed_keys(rest_api(("/pets", method())))


def test_who_is_nobody_is_not_the_signer_that_is_denied_and_not_the_one_excepted() -> None:
    assert passes(early(ALLOW, deny(**NOT_ANN)), call())
    assert not passes(early(ALLOW, deny(**ONLY_ANN)), call())
