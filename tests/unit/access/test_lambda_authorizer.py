"""Lambda authorizers of REST APIs: what is asked, what is remembered, what decides."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from msgspec import structs

from authorizing import (
    ALLOW,
    FUNCTION,
    METHODS,
    URI,
    Functions,
    answer,
    authorizer,
    decide,
    decided,
    failed,
    rest,
    rest_step,
    statement,
)
from bargate.access import authorizer_decision, lambda_authorizer, resource_policy
from bargate.access.authorizer_answer import AuthorizerAsk
from bargate.access.call import Call, Facts
from bargate.access.verdict import Denial, Need
from bargate.gateway.needs import Needs
from bargate.model.invalid import InvalidConfiguration
from bargate.model.invocation import ByRole, ByService, Refused
from building import STAGE, call, policy

IMPLICIT = (
    "User is not authorized to access this resource because no identity-based policy allows the"
    " execute-api:Invoke action"
)
EXPLICIT = (
    "User is not authorized to access this resource with an explicit deny in an identity-based"
    " policy"
)


def with_token(token: str = "t1", path: str = "/pets", **fields: Any) -> Call:
    return call(path=path, headers={"Authorization": token}, **fields)


def refusal(step: Any, made: Call, functions: Functions) -> Denial:
    verdict, _ = decide(step, made, functions)
    assert isinstance(verdict, Denial)
    return verdict


def test_a_token_authorizer_is_sent_the_raw_header_and_the_method_arn_alone() -> None:
    functions = Functions(lambda _: ALLOW)
    verdict, facts = decide(rest_step(authorizer()), with_token("Bearer  X "), functions)
    assert verdict is None
    assert functions.events == [
        {
            "type": "TOKEN",
            "authorizationToken": "Bearer  X ",
            "methodArn": f"{METHODS}/GET/pets",
        }
    ]
    assert facts.principal_id == "ann"
    (invocation,) = functions.invocations
    assert invocation.function == FUNCTION
    assert invocation.timeout_s == 29
    assert invocation.invoker == ByService(
        source_arn="arn:aws:execute-api:us-east-1:123456789012:petstore/authorizers/a1",
        source_account="123456789012",
    )


def test_credentials_make_the_gateway_invoke_as_a_role() -> None:
    role = "arn:aws:iam::123456789012:role/doorman"
    functions = Functions(lambda _: ALLOW)
    decide(rest_step(authorizer(authorizer_credentials=role)), with_token(), functions)
    invoker = functions.invocations[0].invoker
    assert isinstance(invoker, ByRole)
    assert invoker.role_arn == role


@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}, {"Token": "t1"}])
def test_without_a_token_the_function_is_not_asked(headers: dict[str, str]) -> None:
    functions = Functions(lambda _: ALLOW)
    denial = refusal(rest_step(authorizer(result_ttl_s=0)), call(headers=headers), functions)
    assert denial.response_type == "UNAUTHORIZED"
    assert functions.events == []


@pytest.mark.parametrize(
    ("token", "is_asked"),
    [("Bearer abc", True), ("Bearer abc!", False), ("x Bearer abc", False), ("bearer abc", False)],
)
def test_the_whole_token_must_match_the_expression(token: str, is_asked: bool) -> None:
    functions = Functions(lambda _: ALLOW)
    step = rest_step(authorizer(identity_validation_expression="Bearer [a-z]+"))
    verdict, _ = decide(step, with_token(token), functions)
    assert bool(functions.events) is is_asked
    assert (verdict is None) is is_asked


def test_an_expression_that_takes_too_long_refuses() -> None:
    functions = Functions(lambda _: ALLOW)
    step = rest_step(authorizer(identity_validation_expression="(a|a|aa)+$"))
    denial = refusal(step, with_token("a" * 4000 + "!"), functions)
    assert denial.reason == "authorizer.invalid_token"
    assert functions.events == []


def test_a_remembered_policy_is_held_against_each_new_method_arn() -> None:
    functions = Functions(lambda _: answer(statement(f"{METHODS}/GET/pets/*")))
    step = rest_step(authorizer())
    assert decide(step, with_token(path="/pets/1"), functions)[0] is None
    assert decide(step, with_token(path="/pets/2"), functions)[0] is None
    denial = refusal(step, with_token(path="/shops"), functions)
    assert (denial.response_type, denial.message) == ("ACCESS_DENIED", IMPLICIT)
    assert refusal(step, with_token(path="/pets/1", method="POST"), functions).message == IMPLICIT
    assert len(functions.events) == 1


def test_a_denying_policy_is_remembered_as_well() -> None:
    functions = Functions(lambda _: answer(statement(), statement(effect="Deny")))
    step = rest_step(authorizer())
    for _ in range(3):
        assert refusal(step, with_token(), functions).message == EXPLICIT
    assert len(functions.events) == 1


@pytest.mark.parametrize("ttl_s", [0, 300])
def test_failures_are_asked_again(ttl_s: int) -> None:
    functions = Functions(lambda _: failed("Unauthorized"))
    step = rest_step(authorizer(result_ttl_s=ttl_s))
    for _ in range(2):
        assert refusal(step, with_token(), functions).response_type == "UNAUTHORIZED"
    assert len(functions.events) == 2


def test_without_a_time_to_live_every_call_asks() -> None:
    functions = Functions(lambda _: ALLOW)
    step = rest_step(authorizer(result_ttl_s=0))
    for _ in range(3):
        assert decide(step, with_token(), functions)[0] is None
    assert len(functions.events) == 3


@pytest.mark.parametrize(
    "other", ["T1", "t1 ", " t1", "t1\t", "t1,", "t1, t1", "t", "t11", "Bearer t1"]
)
def test_tokens_that_differ_in_anything_share_nothing(other: str) -> None:
    denying = answer(statement(effect="Deny"))
    functions = Functions(lambda event: ALLOW if event["authorizationToken"] == "t1" else denying)
    step = rest_step(authorizer())
    assert decide(step, with_token("t1"), functions)[0] is None
    assert refusal(step, with_token(other), functions).message == EXPLICIT
    assert len(functions.events) == 2


@pytest.mark.parametrize(
    ("outcome", "response_type"),
    [
        (failed("Unauthorized"), "UNAUTHORIZED"),
        (failed("unauthorized"), "AUTHORIZER_FAILURE"),
        (failed("Unauthorized "), "AUTHORIZER_FAILURE"),
        (failed("boom"), "AUTHORIZER_FAILURE"),
        (Refused(reason="denied", message="no"), "AUTHORIZER_CONFIGURATION_ERROR"),
        (Refused(reason="not_found", message="no"), "AUTHORIZER_CONFIGURATION_ERROR"),
        (Refused(reason="timed_out", message="no"), "AUTHORIZER_CONFIGURATION_ERROR"),
        (Refused(reason="throttled", message="no"), "AUTHORIZER_FAILURE"),
        (Refused(reason="unavailable", message="no"), "AUTHORIZER_FAILURE"),
    ],
)
def test_a_function_that_fails_lets_nobody_in(outcome: Any, response_type: str) -> None:
    denial = refusal(rest_step(authorizer()), with_token(), Functions(lambda _: outcome))
    assert denial.response_type == response_type
    assert denial.message is None


def test_a_gateway_without_functions_refuses() -> None:
    needs = Needs(None)  # type: ignore[arg-type]  # no key set is asked for
    verdict, _ = asyncio.run(decided(rest_step(authorizer()), with_token(), needs))
    assert verdict is not None
    assert verdict.reason == "authorizer.unavailable"


def test_a_thousand_calls_with_one_new_token_ask_once() -> None:
    functions = Functions(lambda _: ALLOW)
    step = rest_step(authorizer())

    async def stampede() -> list[Denial | None]:
        needs = Needs(None, None, functions)  # type: ignore[arg-type]
        calls = (decided(step, with_token(), needs) for _ in range(1000))
        return [verdict for verdict, _ in await asyncio.gather(*calls)]

    assert asyncio.run(stampede()) == [None] * 1000
    assert len(functions.events) == 1


def test_a_client_that_leaves_takes_the_answer_from_nobody() -> None:
    functions = Functions(lambda _: ALLOW)
    step = rest_step(authorizer())

    async def leave() -> Denial | None:
        needs = Needs(None, None, functions)  # type: ignore[arg-type]
        first = asyncio.create_task(decided(step, with_token(), needs))
        second = asyncio.create_task(decided(step, with_token(), needs))
        await asyncio.sleep(0)
        first.cancel()
        return (await second)[0]

    assert asyncio.run(leave()) is None
    assert len(functions.events) == 1


def test_the_methods_of_a_stage_share_what_is_remembered_and_apis_do_not() -> None:
    functions = Functions(lambda _: ALLOW)
    of_one = [lambda_authorizer.CONTROL.compile(each) for each in rest(authorizer(), "/pets", "/a")]
    other = rest_step(authorizer(), id="other")
    for step in (*of_one, other):
        assert step is not None
        assert decide(step, with_token(), functions)[0] is None
    assert len(functions.events) == 2


def allowing(effect: str, **more: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Principal": "*", "Action": "execute-api:Invoke"}
    return {**statement, "Resource": f"{METHODS}/*", **more}


SILENT = allowing("Allow", Resource=f"{METHODS}/PUT/else")
TABLE_A = [
    # authorizer, resource policy, outcome: AWS [D] apigw-evaluation §2
    ([statement()], [allowing("Allow")], None),
    ([statement()], [SILENT], None),
    ([statement()], [allowing("Deny")], "resource_policy.explicit_deny"),
    ([statement(f"{METHODS}/PUT/else")], [allowing("Allow")], None),
    ([statement(f"{METHODS}/PUT/else")], [SILENT], "authorizer.implicit_deny"),
    ([statement(f"{METHODS}/PUT/x")], [allowing("Deny")], "resource_policy.explicit_deny"),
    ([statement(effect="Deny")], [allowing("Allow")], "authorizer.explicit_deny"),
    ([statement(effect="Deny")], [SILENT], "authorizer.explicit_deny"),
    ([statement(effect="Deny")], [allowing("Deny")], "resource_policy.explicit_deny"),
]


@pytest.mark.parametrize(("returned", "resource", "reason"), TABLE_A)
def test_table_a(returned: Any, resource: Any, reason: str | None) -> None:
    functions = Functions(lambda _: answer(*returned))
    (method,) = rest(authorizer(), policy=policy(*resource))
    early = resource_policy.EARLY.compile(method)
    step = lambda_authorizer.CONTROL.compile(method)
    assert early is not None
    assert step is not None
    verdict = early(with_token(), Facts({}))
    if verdict is None:
        verdict = decide(step, with_token(), functions)[0]
    else:
        assert functions.events == []
    assert (verdict and verdict.reason) == reason  # type: ignore[union-attr]


def test_every_reading_of_a_path_must_be_allowed() -> None:
    functions = Functions(
        lambda _: answer(statement(), statement(f"{METHODS}/GET/admin/*", effect="Deny"))
    )
    step = rest_step(authorizer())
    assert decide(step, with_token(path="/adminx"), functions)[0] is None
    for path in ("/admin%2Fusers", "/admin/users", "/admin;x/users"):
        assert refusal(step, with_token(path=path), functions).message == EXPLICIT


def test_an_overridden_method_is_the_one_that_counts() -> None:
    functions = Functions(lambda _: answer(statement(f"{METHODS}/GET/*")))
    step = rest_step(authorizer())
    sent = with_token(method="DELETE", sent_method="GET")
    assert refusal(step, sent, functions).message == IMPLICIT
    assert functions.events[0]["methodArn"].endswith("/DELETE/pets")


def test_conditions_of_the_returned_policy_see_the_call() -> None:
    condition = {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}
    functions = Functions(lambda _: answer(statement(Condition=condition)))
    step = rest_step(authorizer())
    assert decide(step, with_token(source_ip="198.51.100.9"), functions)[0] is None
    forged = call(headers={"Authorization": "t1", "X-Forwarded-For": "198.51.100.9"})
    assert refusal(step, forged, functions).message == IMPLICIT
    assert len(functions.events) == 1


def test_what_policies_say_is_remembered_within_bounds_and_never_mixed_up() -> None:
    """More callers and paths than are remembered, each of whom may use one path alone, twice."""
    step = rest_step(authorizer())
    others = authorizer_decision.MAX_ARNS + 3

    async def calling() -> None:
        functions = Functions(
            lambda event: answer(statement(f"{METHODS}/GET/{event['authorizationToken']}"))
        )
        needs = Needs(None, None, functions)  # type: ignore[arg-type]
        for token in (f"u{at}" for at in range(authorizer_decision.MAX_POLICIES + 3)):
            for _ in range(2):
                assert (await decided(step, with_token(token, f"/{token}"), needs))[0] is None
                denied, _ = await decided(step, with_token(token, f"/{token}x"), needs)
                assert denied is not None
        for path in (f"/u0/{at}" for at in range(others)):
            assert (await decided(step, with_token("u0", path), needs))[0] is not None
        assert (await decided(step, with_token("u0", "/u0"), needs))[0] is None

    asyncio.run(calling())


def test_a_policy_with_a_condition_or_a_variable_is_evaluated_for_each_call() -> None:
    of_agent = statement(f"{METHODS}/*", Condition={"StringEquals": {"aws:UserAgent": "good"}})
    of_referer = statement(f"{METHODS}/*/${{aws:Referer}}")
    for returned, header in ((of_agent, "User-Agent"), (of_referer, "Referer")):
        step = rest_step(authorizer())
        functions = Functions(lambda _, returned=returned: answer(returned))
        for value, passes in (("good", True), ("bad", False), ("good", True)):
            made = call(path="/good", headers={"Authorization": "t", header: value})
            verdict, _ = decide(step, made, functions)
            assert (verdict is None) is passes, (header, value)
        assert len(functions.events) == 1


def test_a_resource_policy_is_asked_anew_where_the_returned_one_is_remembered() -> None:
    denying = statement("*", "Deny", Condition={"StringEquals": {"aws:UserAgent": "bad"}})
    step = rest_step(authorizer(), policy=policy(denying | {"Principal": "*"}))
    functions = Functions(lambda _: ALLOW)
    for agent, passes in (("good", True), ("bad", False), ("good", True)):
        made = call(path="/pets", headers={"Authorization": "t", "User-Agent": agent})
        verdict, _ = decide(step, made, functions)
        assert (verdict is None) is passes, agent


@pytest.mark.parametrize(
    "resource",
    ["*", "arn:aws:execute-api:*:*:petstore/*", f"{METHODS}/*/pets", f"{METHODS}/GET/p?ts"],
)
def test_wildcards(resource: str) -> None:
    functions = Functions(lambda _: answer(statement(resource)))
    assert decide(rest_step(authorizer()), with_token(), functions)[0] is None


def test_not_action_and_not_resource() -> None:
    denying = {"Effect": "Deny", "Action": "*", "NotResource": f"{METHODS}/GET/*"}
    allowing = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    functions = Functions(lambda _: answer(allowing, denying))
    step = rest_step(authorizer())
    assert decide(step, with_token(), functions)[0] is None
    assert refusal(step, with_token(method="POST"), functions).message == EXPLICIT


def test_context_becomes_text_and_the_key_goes_to_the_plan() -> None:
    context = {"text": "x", "number": 123, "real": 1.5, "yes": True, "__proto__": "p"}
    functions = Functions(
        lambda _: answer(statement(), context=context, usageIdentifierKey="k" * 20)
    )
    step = rest_step(authorizer())
    for _ in range(2):
        _, facts = decide(step, with_token(), functions)
        assert facts.authorizer_context == {
            "text": "x",
            "number": "123",
            "real": "1.5",
            "yes": "true",
            "__proto__": "p",
        }
        assert facts.usage_identifier_key == "k" * 20


def test_the_pitfall_is_told_once_and_when_it_denies(caplog: Any) -> None:
    functions = Functions(lambda event: answer(statement(event["methodArn"])))
    step = rest_step(authorizer())
    with caplog.at_level(logging.WARNING):
        assert decide(step, with_token(), functions)[0] is None
        assert decide(step, with_token("t2"), functions)[0] is None
    assert [f"{METHODS}/GET/pets alone" in each.message for each in caplog.records] == [True]
    denial = refusal(step, with_token(path="/shops"), functions)
    assert f"returned for {METHODS}/GET/pets" in denial.detail
    assert "…/*" in denial.detail


def test_no_pitfall_without_a_time_to_live(caplog: Any) -> None:
    functions = Functions(lambda event: answer(statement(event["methodArn"])))
    step = rest_step(authorizer(result_ttl_s=0))
    assert decide(step, with_token(), functions)[0] is None
    assert decide(step, with_token(path="/shops"), functions)[0] is None
    assert not caplog.records


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions//invocations",
        URI.replace("door", "${stageVariables.missing}"),
        URI.replace("door", "${stageVariables.twisted}"),
        URI.replace("/2015-03-31", ""),
        URI.replace("lambda:path", "s3:path"),
    ],
)
def test_a_uri_that_names_no_function_refuses_every_call(uri: str | None) -> None:
    functions = Functions(lambda _: ALLOW)
    denial = refusal(rest_step(authorizer(authorizer_uri=uri)), with_token(), functions)
    assert denial.reason == "authorizer.no_function"


def test_stage_variables_choose_the_function_and_no_header_does() -> None:
    (method,) = rest(authorizer(authorizer_uri=URI.replace("door", "${stageVariables.fn}")))
    method = structs.replace(method, stage=structs.replace(STAGE, variables={"fn": "gate:live"}))
    step = lambda_authorizer.CONTROL.compile(method)
    assert step is not None
    need = step(call(headers={"Authorization": "t", "stageVariables.fn": "evil"}), Facts({}))
    assert isinstance(need, Need)
    assert isinstance(need.source, AuthorizerAsk)
    assert need.source.invocation.function.endswith(":function:gate:live")


def test_what_cannot_be_enforced_is_refused_at_the_start() -> None:
    for broken in (
        authorizer(identity_source="method.request.querystring.t"),
        authorizer(identity_source="method.request.header.a,method.request.header.b"),
        authorizer(identity_validation_expression="("),
        authorizer("REQUEST"),
        authorizer("REQUEST", identity_source="method.request.path.x"),
    ):
        with pytest.raises(InvalidConfiguration):
            rest_step(broken)
