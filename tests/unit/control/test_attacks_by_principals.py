"""What somebody with few permissions may try on the AWS endpoint to come by more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from endpoint import ACCOUNT, Endpoint

HERE = f"arn:aws:iam::{ACCOUNT}"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as made:
        iam = made.client("iam")
        for name in ("boss", "bob"):
            iam.create_user(UserName=name)
        trust = statement("Allow", "sts:AssumeRole", Principal={"AWS": ACCOUNT})
        iam.create_role(RoleName="admin", AssumeRolePolicyDocument=policy(trust))
        yield made


def statement(effect: str, action: str, **rest: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, **rest}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def user(endpoint: Endpoint, name: str, *statements: dict[str, Any]) -> Callable[..., Any]:
    """Make a user with a policy; gives what makes its clients."""
    iam = endpoint.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(*statements))
    key = iam.create_access_key(UserName=name)["AccessKey"]

    def client(service: str, region: str = "us-east-1") -> Any:
        return endpoint.client(service, key["AccessKeyId"], key["SecretAccessKey"], region=region)

    return client


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as error:
        call()
    code: str = error.value.response["Error"]["Code"]
    return code


def test_no_spelling_of_a_name_escapes_a_deny(endpoint: Endpoint) -> None:
    client = user(
        endpoint,
        "speller",
        statement("Allow", "*", Resource="*"),
        statement("Deny", "*", Resource=[f"{HERE}:user/boss", f"{HERE}:role/admin"]),
    )
    for name in ("boss", "BOSS", "boss ", "/boss", "boss\0", "x/boss", "bo\u017fs", "b%6fss"):
        code = refused(partial(client("iam").get_user, UserName=name))
        assert code in {"AccessDenied", "NoSuchEntity", "ValidationError"}, name
    for role in ("role/admin", "role/ADMIN", "role//admin", "role/x/admin", "Role/admin"):
        code = refused(
            partial(client("sts").assume_role, RoleArn=f"{HERE}:{role}", RoleSessionName="me")
        )
        assert code in {"AccessDenied", "ValidationError"}, role


def test_no_region_escapes_a_deny_on_apis_of_another(endpoint: Endpoint) -> None:
    client = user(
        endpoint,
        "traveller",
        statement("Allow", "*", Resource="*"),
        statement("Deny", "*", Resource="arn:aws:apigateway:us-east-1::/restapis/*"),
    )
    api = endpoint.client("apigateway").create_rest_api(name="pets")["id"]
    for region in ("us-east-1", "us-east-2", "eu-west-1"):
        for spelling in (api, api.upper(), f"{api}/", f"x/../{api}", f"./{api}", f"{api}%2f"):
            code = refused(
                partial(client("apigateway", region).delete_rest_api, restApiId=spelling)
            )
            assert code in {"AccessDeniedException", "NotFoundException"}, (region, spelling)
    assert endpoint.client("apigateway").get_rest_api(restApiId=api)["id"] == api


def test_rights_on_oneself_are_none_on_others(endpoint: Endpoint) -> None:
    mine = statement("Allow", "iam:*", Resource=f"{HERE}:user/alice")
    alice = user(endpoint, "alice", mine)("iam")
    root = endpoint.client("iam")
    key = root.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"]
    for attempt in (
        lambda: alice.delete_access_key(AccessKeyId=key),
        lambda: alice.delete_access_key(UserName="alice", AccessKeyId=key),
        lambda: alice.delete_access_key(AccessKeyId=endpoint.root.id),
        lambda: alice.update_access_key(AccessKeyId=key, Status="Inactive"),
        lambda: alice.get_access_key_last_used(AccessKeyId=key),
        lambda: alice.update_user(UserName="alice", NewUserName="carol"),
        lambda: alice.update_user(UserName="alice", NewPath="/admins/"),
    ):
        assert refused(attempt) in {"AccessDenied", "NoSuchEntity"}
    assert root.list_access_keys(UserName="bob")["AccessKeyMetadata"][0]["Status"] == "Active"


def test_a_duty_of_boundaries_cannot_be_evaded(endpoint: Endpoint) -> None:
    boundary = f"{HERE}:policy/bound"
    condition = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    eve = user(endpoint, "eve", statement("Allow", "iam:*", Resource="*", Condition=condition))(
        "iam"
    )
    root = endpoint.client("iam")
    allowed = policy(statement("Allow", "apigateway:*", Resource="*"))
    root.create_policy(PolicyName="bound", PolicyDocument=allowed)
    eve.create_user(UserName="bounded", PermissionsBoundary=boundary)
    everything = policy(statement("Allow", "*", Resource="*"))
    for attempt in (
        lambda: eve.create_user(UserName="free"),
        lambda: eve.put_user_permissions_boundary(
            UserName="bounded", PermissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess"
        ),
        lambda: eve.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=everything),
        lambda: eve.create_policy_version(
            PolicyArn=boundary, PolicyDocument=everything, SetAsDefault=True
        ),
    ):
        assert refused(attempt) == "AccessDenied"
