"""What a function's process is told of AWS, and what it may not tell itself."""

from __future__ import annotations

import json

import pytest

from bargate.access.identities import Identity
from bargate.functions.credentials import (
    DURATION_S,
    ROTATE_AFTER_S,
    Credentials,
    RoleUnusable,
    environment_of,
)
from bargate.functions.registry import Found
from bargate.model.function import DirectoryCode, Function, FunctionVersion
from bargate.model.identity import Role
from bargate.secret import Secret
from bargate.snapshot.identities import CompiledIdentities
from bargate.snapshot.principals import Policies
from bargate.tokens.sealed import Sealer
from bargate.tokens.session import SealingKey

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/worker"
KEY = SealingKey(id="k1", key=Secret("a text that nobody can guess"))
NOW = 1_790_000_000.0


def trusting(service: str = "lambda.amazonaws.com", account: str = ACCOUNT) -> Role:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": {
            "ArnEquals": {"aws:SourceArn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"}
        },
    }
    return Role(
        arn=ROLE,
        role_id="AROAEXAMPLE",
        account_id=account,
        trust_policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


def given(
    role: Role | None, variables: dict[str, str] | None = None, sealer: Sealer | None = None
) -> Credentials:
    version = FunctionVersion(
        revision_id="r",
        code=DirectoryCode(path="/nowhere"),
        role_arn=ROLE,
        environment={name: Secret(value) for name, value in (variables or {}).items()},
    )
    function = Function(
        account_id=ACCOUNT,
        region="eu-west-1",
        name="f",
        arn=f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f",
        versions=(version,),
    )
    roles = {} if role is None else {role.arn: Policies(role)}
    sealer = sealer or Sealer((KEY,))
    return environment_of(Found(function, version, ""), roles, sealer, "http://127.0.0.1:4566", NOW)


def test_a_function_works_as_its_role_and_no_longer_than_it_may() -> None:
    credentials = given(trusting())
    environment = {name: value.reveal() for name, value in credentials.environment.items()}
    identities = CompiledIdentities(action=None)
    identities.put(KEY)
    identities.put(trusting())
    key, token = environment["AWS_ACCESS_KEY_ID"], environment["AWS_SESSION_TOKEN"]
    who = identities.find(key, token, NOW + DURATION_S - 1)
    assert isinstance(who, Identity)
    assert who.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/f"
    assert who.secret == Secret(environment["AWS_SECRET_ACCESS_KEY"])
    assert not isinstance(identities.find(key, token, NOW + DURATION_S + 1), Identity)
    assert credentials.rotate_after_s == ROTATE_AFTER_S == DURATION_S / 2
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    "role",
    [
        None,
        trusting("apigateway.amazonaws.com"),
        trusting(account="210987654321"),
        Role(arn=ROLE, role_id="AROAEXAMPLE", account_id=ACCOUNT),
    ],
)
def test_a_role_that_does_not_trust_lambda_is_not_assumed(role: Role | None) -> None:
    with pytest.raises(RoleUnusable):
        given(role)


def test_without_a_sealing_key_nobody_is_given_credentials() -> None:
    with pytest.raises(RoleUnusable):
        given(trusting(), sealer=Sealer(()))


@pytest.mark.parametrize(
    "name",
    [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "_HANDLER",
    ],
)
def test_a_function_does_not_set_what_is_reserved(name: str) -> None:
    environment = given(trusting(), {name: "evil", "TABLE": "users"}).environment
    assert environment["TABLE"] == Secret("users")
    assert environment.get(name) != Secret("evil")
