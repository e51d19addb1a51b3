"""Resource policies: a statement at a time, in AWS's shape; and whom they let in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.endpoint import ACCOUNT, REGION, Endpoint

from bargate.control.first_start import make_keys
from bargate.records.access_key import ACCESS_KEY
from unit.services.lambda_.making import ARN, allow, asked, refused, user, with_role

INVALID = "InvalidParameterValueException"
API = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:abc/*/GET/pets"
OTHER = "210987654321"


@pytest.fixture
def greet(functions: Any) -> Any:
    functions.create_function(**asked())
    return functions


def permission(**more: Any) -> dict[str, Any]:
    return {
        "FunctionName": "greet",
        "StatementId": "s",
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        **more,
    }


def test_a_statement_is_written_as_aws_writes_it(greet: Any) -> None:
    added = greet.add_permission(**permission(SourceArn=API, SourceAccount=ACCOUNT))
    statement = {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": f"{ARN}:greet",
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": ACCOUNT},
            "ArnLike": {"AWS:SourceArn": API},
        },
    }
    assert json.loads(added["Statement"]) == statement
    found = greet.get_policy(FunctionName="greet")
    assert json.loads(found["Policy"]) == {
        "Version": "2012-10-17", "Id": "default", "Statement": [statement],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "element", "expected"),
    [
        ({"Principal": OTHER}, "Principal", {"AWS": f"arn:aws:iam::{OTHER}:root"}),
        ({"Principal": "*"}, "Principal", "*"),
        (
            {"PrincipalOrgID": "o-abcdefghij"},
            "Condition",
            {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}},
        ),
        (
            {"EventSourceToken": "t.1"},
            "Condition",
            {"StringEquals": {"lambda:EventSourceToken": "t.1"}},
        ),
        (
            {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
            "Condition",
            {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        ),
    ],
)
def test_principals_and_conditions(
    greet: Any, given: dict[str, Any], element: str, expected: Any
) -> None:
    statement = json.loads(greet.add_permission(**permission(**given))["Statement"])
    assert statement[element] == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Principal": f"arn:aws:iam::{ACCOUNT}:user/nobody"}, INVALID),
        ({"Principal": f"arn:aws:iam::{ACCOUNT}:role/*"}, INVALID),
        ({"Principal": "arn:aws:iam::*:root"}, INVALID),
        ({"Principal": "anybody"}, INVALID),
        ({"Principal": f"arn:aws:sts::{ACCOUNT}:assumed-role/nobody/session"}, INVALID),
        ({"Principal": f"arn:aws:sts::{ACCOUNT}:assumed-role/runs"}, INVALID),
        ({"Principal": "12345678901"}, INVALID),
        ({"FunctionUrlAuthType": "NONE"}, INVALID),
        ({"Qualifier": "$LATEST"}, INVALID),
        ({"Qualifier": "nothing"}, "ResourceNotFoundException"),
        ({"Action": "sqs:SendMessage"}, "ValidationException"),
        ({"RevisionId": "x"}, "PreconditionFailedException"),
    ],
)
def test_what_is_no_permission_is_refused(greet: Any, given: dict[str, Any], code: str) -> None:
    assert refused(greet.add_permission, **permission(**given))[0] == code


def test_a_policy_has_an_end(greet: Any) -> None:
    long = f"{API}{'x' * 9_000}"
    for number in range(2):
        greet.add_permission(**permission(SourceArn=long, StatementId=str(number)))
    code, message = refused(greet.add_permission, **permission(SourceArn=long))
    assert code == "PolicyLengthExceededException"
    assert "bigger than the limit (20480)" in message
    assert len(json.loads(greet.get_policy(FunctionName="greet")["Policy"])["Statement"]) == 2


def test_a_statement_is_added_once_and_taken_away(greet: Any) -> None:
    greet.add_permission(**permission())
    code, message = refused(greet.add_permission, **permission(Principal="*"))
    assert code == "ResourceConflictException"
    assert message.startswith("The statement id (s) provided already exists.")
    stale = {"FunctionName": "greet", "StatementId": "s", "RevisionId": "x"}
    assert refused(greet.remove_permission, **stale)[0] == "PreconditionFailedException"
    missing = {"FunctionName": "greet", "StatementId": "other"}
    assert refused(greet.remove_permission, **missing) == (
        "ResourceNotFoundException", "Statement other is not found in resource policy.",
    )  # fmt: skip
    revision = greet.get_policy(FunctionName="greet")["RevisionId"]
    greet.remove_permission(**{**stale, "RevisionId": revision})
    assert refused(greet.get_policy, FunctionName="greet")[0] == "ResourceNotFoundException"
    gone = {"FunctionName": "greet", "StatementId": "s"}
    assert refused(greet.remove_permission, **gone)[0] == "ResourceNotFoundException"


def test_a_user_of_the_account_may_what_the_policy_lets_it(endpoint: Endpoint, greet: Any) -> None:
    caller = user(endpoint, "caller")
    arn = f"arn:aws:iam::{ACCOUNT}:user/caller"
    code, message = refused(caller.invoke, FunctionName="greet")
    assert code == "AccessDeniedException"
    assert f"lambda:InvokeFunction on resource: {ARN}:greet because" in message
    greet.add_permission(**permission(Principal=arn))
    assert caller.invoke(FunctionName="greet", Payload=b"{}")["StatusCode"] == 200
    # what is about the function alone is about no version of it
    greet.publish_version(FunctionName="greet")
    code, _ = refused(caller.invoke, FunctionName="greet", Qualifier="1")
    assert code == "AccessDeniedException"
    assert refused(caller.get_function, FunctionName="greet")[0] == "AccessDeniedException"
    shown = json.loads(greet.get_policy(FunctionName="greet")["Policy"])["Statement"][0]
    assert shown["Principal"] == {"AWS": arn}


def test_a_user_made_again_under_its_name_is_another_one(endpoint: Endpoint, greet: Any) -> None:
    user(endpoint, "caller")
    greet.add_permission(**permission(Principal=f"arn:aws:iam::{ACCOUNT}:user/caller"))
    iam = endpoint.client("iam")
    for key in iam.list_access_keys(UserName="caller")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="caller", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="caller")
    again = user(endpoint, "caller")
    assert refused(again.invoke, FunctionName="greet")[0] == "AccessDeniedException"


def test_a_deny_of_the_callers_stands_above_the_policy(endpoint: Endpoint, greet: Any) -> None:
    denied = user(endpoint, "denied", {**allow("lambda:InvokeFunction"), "Effect": "Deny"})
    greet.add_permission(**permission(Principal="*"))
    assert refused(denied.invoke, FunctionName="greet")[0] == "AccessDeniedException"


def test_another_account_takes_both_policies(endpoint: Endpoint, greet: Any) -> None:
    endpoint.store.write(lambda tx: make_keys(tx, OTHER, datetime.now(UTC)))
    (key,) = endpoint.store.read(lambda tx: tx.list(ACCESS_KEY, (OTHER, OTHER)))
    endpoint.published()
    stranger = endpoint.client("lambda", key.id, key.secret.reveal())
    arn = f"{ARN}:greet"
    for call in (stranger.invoke, stranger.get_function, stranger.delete_function):
        assert refused(call, FunctionName=arn)[0] == "AccessDeniedException"
    code, _ = refused(stranger.create_function, **asked(arn.replace("greet", "new")))
    assert code == "AccessDeniedException"
    assert refused(stranger.get_function, FunctionName="greet")[0] == "ResourceNotFoundException"
    greet.add_permission(**permission(Principal=OTHER))
    assert stranger.invoke(FunctionName=arn, Payload=b"{}")["StatusCode"] == 200
    assert refused(stranger.get_function, FunctionName=arn)[0] == "AccessDeniedException"


def test_with_dev_an_account_reaches_its_own_functions_alone() -> None:
    with Endpoint(dev=True) as endpoint:
        with_role(endpoint).create_function(**asked())
        stranger = endpoint.client("lambda", OTHER, "x")
        for call in (stranger.get_function, stranger.invoke, stranger.delete_function):
            code, _ = refused(call, FunctionName=f"{ARN}:greet")
            assert code == "ResourceNotFoundException"
