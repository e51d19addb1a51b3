"""Who may invoke a function: what each invoker needs, and what must not be enough."""

from __future__ import annotations

import json
import shlex
from typing import Any

import msgspec
import pytest

from bargate.functions.permission import grant, may_assume, refusal
from bargate.functions.registry import Found
from bargate.model.function import DirectoryCode, Function, FunctionVersion
from bargate.model.identity import Role
from bargate.model.invocation import ByRole, ByService, Invocation, Invoker, Permitted
from bargate.snapshot.principals import Policies

ACCOUNT, OTHER = "123456789012", "210987654321"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
API = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:abc123/prod/GET/pets"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/api/invoker"
NOW = 1_790_000_000.0


def policy(**statement: Any) -> str:
    whole = {"Effect": "Allow", "Action": "lambda:InvokeFunction", **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": [whole]})


def by_api(resource: str = ARN, **statement: Any) -> str:
    return policy(Principal={"Service": "apigateway.amazonaws.com"}, Resource=resource, **statement)


def trust(service: str = "apigateway.amazonaws.com", **statement: Any) -> str:
    return policy(Principal={"Service": service}, Action="sts:AssumeRole", **statement)


def found(qualifier: str = "", **policies: str) -> Found:
    version = FunctionVersion(revision_id="r", code=DirectoryCode(path="/nowhere"))
    made = Function(
        account_id=ACCOUNT,
        region="us-east-1",
        name="f",
        arn=ARN,
        versions=(version,),
        policies={name.replace("bare", ""): text for name, text in policies.items()},
    )
    return Found(made, version, qualifier)


def role(trust_policy: str, *policies: str, account: str = ACCOUNT, **more: Any) -> Policies:
    arn = ROLE.replace(ACCOUNT, account)
    return Policies(
        Role(
            arn=arn,
            role_id="AROAEXAMPLE",
            account_id=account,
            policies=policies,
            trust_policy=trust_policy,
            **more,
        )
    )


SERVICE = ByService(source_arn=API, source_account=ACCOUNT)
AS_ROLE = ByRole(role_arn=ROLE, source_arn=API, source_account=ACCOUNT)


def is_let(what: Found, invoker: Invoker, *roles: Policies) -> bool:
    refused = refusal(
        what,
        Invocation(function=what.arn, payload=b"{}", invoker=invoker),
        {each.record.arn: each for each in roles},
        NOW,
    )
    assert refused is None or refused.reason == "denied"
    return refused is None


def test_who_was_permitted_before_is_let_in() -> None:
    assert is_let(found(), Permitted())


@pytest.mark.parametrize(
    "statement",
    [
        {},
        {"Condition": {"ArnLike": {"AWS:SourceArn": f"arn:aws:execute-api:*:{ACCOUNT}:abc123/*"}}},
        {"Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}},
        {"Condition": {"Bool": {"aws:PrincipalIsAWSService": "true"}}},
    ],
)
def test_a_service_is_let_in_by_the_resource_policy(statement: dict[str, Any]) -> None:
    assert is_let(found(bare=by_api(**statement)), SERVICE)


@pytest.mark.parametrize(
    "text",
    [
        policy(Principal={"Service": "s3.amazonaws.com"}, Resource=ARN),
        policy(Principal={"AWS": ACCOUNT}, Resource=ARN),
        by_api(ARN + "x"),
        by_api(ARN + ":live"),
        by_api(Action="lambda:GetFunction"),
        by_api(
            Condition={"ArnLike": {"AWS:SourceArn": f"arn:aws:execute-api:*:{ACCOUNT}:other/*"}}
        ),
        by_api(Condition={"StringEquals": {"AWS:SourceAccount": OTHER}}),
        by_api(Condition={"StringEquals": {"unknown:key": "x"}}),
        "{this is no policy",
        "",
    ],
)
def test_anything_else_in_the_policy_lets_no_service_in(text: str) -> None:
    assert not is_let(found(bare=text), SERVICE)


def test_without_a_policy_no_service_is_let_in() -> None:
    assert not is_let(found(), SERVICE)


def test_an_explicit_deny_wins() -> None:
    both = json.loads(by_api())
    both["Statement"].append({**both["Statement"][0], "Effect": "Deny"})
    assert not is_let(found(bare=json.dumps(both)), SERVICE)


def test_each_qualifier_has_a_policy_of_its_own() -> None:
    bare, live = by_api(), by_api(f"{ARN}:live")
    assert is_let(found("live", live=live), SERVICE)
    assert not is_let(found("live", bare=bare), SERVICE)
    assert not is_let(found("", live=live), SERVICE)
    assert not is_let(found("live", live=bare), SERVICE), "of the bare ARN, wherever it is kept"


def test_the_refusal_has_the_command_that_gives_the_permission() -> None:
    evil = ByService(source_arn=f"{API}/'; rm -rf ~ #$(id)", source_account=ACCOUNT)
    words = shlex.split(grant(found("live"), evil))
    assert words[:3] == ["aws", "lambda", "add-permission"]
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert options["--function-name"] == ARN
    assert options["--qualifier"] == "live"
    assert options["--principal"] == "apigateway.amazonaws.com"
    assert options["--source-arn"] == evil.source_arn
    refused = refusal(found("live"), Invocation(function=ARN, payload=b"", invoker=evil), {}, NOW)
    assert refused is not None
    assert grant(found("live"), evil) in refused.message


MAY_INVOKE = policy(Resource=ARN)


def test_a_role_that_trusts_the_service_and_may_invoke_is_enough() -> None:
    assert is_let(found(), AS_ROLE, role(trust(), MAY_INVOKE))


def test_in_one_account_the_resource_policy_may_name_the_role_instead() -> None:
    named = policy(Principal={"AWS": ROLE}, Resource=ARN)
    assert is_let(found(bare=named), AS_ROLE, role(trust()))


@pytest.mark.parametrize(
    "held",
    [
        (),
        (role(""),),
        (role("", MAY_INVOKE),),
        (role(trust("lambda.amazonaws.com"), MAY_INVOKE),),
        (role("{no policy", MAY_INVOKE),),
        (role(trust()),),
        (role(trust(), policy(Resource=ARN + "x")),),
        (role(trust(), "{no policy", MAY_INVOKE),),
        (role(trust(), MAY_INVOKE, boundary=policy(Action="s3:*", Resource="*")),),
        (role(trust(), MAY_INVOKE, policy(Effect="Deny", Resource="*")),),
        (
            role(
                trust(Condition={"StringEquals": {"aws:SourceAccount": OTHER}}),
                MAY_INVOKE,
            ),
        ),
    ],
)
def test_a_role_that_lacks_anything_is_not_enough(held: tuple[Policies, ...]) -> None:
    assert not is_let(found(), AS_ROLE, *held)
    # The service's own permission is no help to an invoker that comes as a role.
    assert not is_let(found(bare=by_api()), AS_ROLE, *held)


def test_a_role_of_another_account_than_the_api_is_not_used() -> None:
    foreign = role(trust(), MAY_INVOKE, account=OTHER)
    invoker = msgspec.structs.replace(AS_ROLE, role_arn=foreign.record.arn)
    assert not is_let(found(), invoker, foreign)


def test_across_accounts_both_sides_must_allow() -> None:
    foreign = role(trust(), MAY_INVOKE, account=OTHER)
    invoker = ByRole(role_arn=foreign.record.arn, source_arn=API, source_account=OTHER)
    named = policy(Principal={"AWS": foreign.record.arn}, Resource=ARN)
    assert is_let(found(bare=named), invoker, foreign)
    assert not is_let(found(), invoker, foreign)
    assert not is_let(found(bare=named), invoker, role(trust(), account=OTHER))


def test_a_trust_policy_may_ask_for_what_is_acted_for() -> None:
    only = trust(Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:lambda:*:{ACCOUNT}:*"}})
    record = role(only).record
    assert isinstance(record, Role)
    assert may_assume(record, "apigateway.amazonaws.com", {"aws:sourcearn": ARN}, NOW)
    assert not may_assume(record, "apigateway.amazonaws.com", {"aws:sourcearn": API}, NOW)
    assert not may_assume(record, "apigateway.amazonaws.com", {}, NOW)


def test_what_is_remembered_of_one_invoker_or_policy_lets_in_no_other() -> None:
    lets = by_api(Condition={"ArnLike": {"aws:SourceArn": API}})
    denies = by_api(Condition={"ArnLike": {"aws:SourceArn": API}}, Effect="Deny")
    api = ByService(source_arn=API, source_account=ACCOUNT)
    other = ByService(source_arn=f"{API}/toys", source_account=ACCOUNT)
    for _ in range(2):
        assert is_let(found(bare=lets), api)
        assert not is_let(found(bare=lets), other)
        assert not is_let(found(bare=denies), api)
        assert not is_let(found(), api)


def test_a_permission_ends_when_it_says() -> None:
    ends = by_api(Condition={"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}})
    what = found(bare=ends)
    api = ByService(source_arn=API, source_account=ACCOUNT)
    invocation = Invocation(function=what.arn, payload=b"{}", invoker=api)
    day_s, end_s = 86_400, 1_767_225_600
    assert refusal(what, invocation, {}, end_s - day_s) is None
    assert refusal(what, invocation, {}, end_s + day_s) is not None
    assert refusal(what, invocation, {}, end_s - day_s) is None
