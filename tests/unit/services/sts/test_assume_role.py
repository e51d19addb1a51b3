"""AssumeRole through real signatures: who may, for how long, with which tags and factors."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.endpoint import ACCOUNT, Endpoint

from bargate.identity.totp import code_of, step_at
from bargate.secret import Secret

ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/reader"
ALL_OF_STS = {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}


def trust(**statement: Any) -> str:
    default = {"Effect": "Allow", "Principal": {"AWS": ALICE}, "Action": "sts:AssumeRole"}
    return policy({**default, **statement})


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class World:
    """Alice, and a role that she may assume unless a test says otherwise."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.iam = endpoint.client("iam")
        self.iam.create_user(UserName="alice")
        self.key = self.iam.create_access_key(UserName="alice")["AccessKey"]

    def role(self, document: str, **options: Any) -> None:
        options = {"Path": "/team/", **options}
        self.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=document, **options)

    def allow(self, *statements: dict[str, Any]) -> None:
        document = policy(*statements)
        self.iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=document)

    @property
    def sts(self) -> Any:
        return self.endpoint.client("sts", self.key["AccessKeyId"], self.key["SecretAccessKey"])

    def with_session(self, credentials: dict[str, str], service: str = "sts") -> Any:
        return self.endpoint.client(
            service,
            credentials["AccessKeyId"],
            credentials["SecretAccessKey"],
            credentials["SessionToken"],
        )


@pytest.fixture
def world(endpoint: Endpoint) -> World:
    return World(endpoint)


def assume(client: Any, **options: Any) -> Any:
    return client.assume_role(**{"RoleArn": ROLE, "RoleSessionName": "work", **options})


def refused(client: Any, **options: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        assume(client, **options)
    found = error.value.response["Error"]
    return found["Code"], found["Message"].removesuffix(" (reached max retries: 0)")


DENIED = (
    "AccessDenied",
    f"User: {ALICE} is not authorized to perform: sts:AssumeRole on resource: {ROLE}",
)


def test_a_user_that_the_trust_policy_names_needs_no_policy_of_its_own(world: World) -> None:
    world.role(trust())
    output = assume(world.sts)
    assert output["AssumedRoleUser"]["Arn"] == (
        f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/work"  # the path is dropped
    )
    session = world.with_session(output["Credentials"])
    assert session.get_caller_identity()["Arn"] == output["AssumedRoleUser"]["Arn"]
    left_s = (output["Credentials"]["Expiration"] - datetime.now(UTC)).total_seconds()
    assert 3_590 < left_s <= 3_600


def test_an_account_in_the_trust_policy_only_delegates(world: World) -> None:
    world.role(trust(Principal={"AWS": ACCOUNT}))
    assert refused(world.sts) == DENIED
    world.allow({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ROLE})
    assume(world.sts)


def test_a_role_that_does_not_exist_reads_like_one_that_may_not_be_assumed(world: World) -> None:
    world.allow(ALL_OF_STS)
    assert refused(world.sts) == DENIED


def test_identity_policies_alone_open_no_role(world: World) -> None:
    world.role(trust(Principal={"Service": "lambda.amazonaws.com"}))
    world.allow(ALL_OF_STS)
    assert refused(world.sts) == DENIED


def test_an_explicit_deny_of_the_caller_wins(world: World) -> None:
    world.role(trust())
    world.allow({"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"})
    assert refused(world.sts) == DENIED


def test_the_root_user_assumes_no_role(world: World) -> None:
    world.role(trust(Principal={"AWS": ACCOUNT}))
    code, message = refused(world.endpoint.client("sts"))
    assert (code, message) == ("AccessDenied", "Roles may not be assumed by root accounts.")


@pytest.mark.parametrize(("sent", "passes"), [(None, False), ("wrong", False), ("s3cret", True)])
def test_an_external_id_is_held_against_the_trust_policy(
    world: World, sent: str | None, *, passes: bool
) -> None:
    world.role(trust(Condition={"StringEquals": {"sts:ExternalId": "s3cret"}}))
    options = {} if sent is None else {"ExternalId": sent}
    if passes:
        assume(world.sts, **options)
    else:
        assert refused(world.sts, **options) == DENIED


def test_a_user_made_again_under_its_name_is_another(world: World) -> None:
    world.role(trust())
    world.iam.delete_access_key(UserName="alice", AccessKeyId=world.key["AccessKeyId"])
    world.iam.delete_user(UserName="alice")
    again = World(world.endpoint)
    assert refused(again.sts) == DENIED


def test_tags_need_leave_of_their_own(world: World) -> None:
    world.role(trust())
    tags = [{"Key": "team", "Value": "blue"}]
    code, message = refused(world.sts, Tags=tags)
    assert code == "AccessDenied"
    assert "sts:TagSession" in message
    world.iam.update_assume_role_policy(
        RoleName="reader",
        PolicyDocument=trust(
            Action=["sts:AssumeRole", "sts:TagSession"],
            Condition={"StringEquals": {"aws:RequestTag/team": "blue"}},
        ),
    )
    assert assume(world.sts, Tags=tags)["PackedPolicySize"] >= 1
    assert refused(world.sts, Tags=[{"Key": "team", "Value": "red"}])[0] == "AccessDenied"


@pytest.mark.parametrize(
    ("tags", "transitive", "code"),
    [
        ([{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}], [], "InvalidParameterValue"),
        ([{"Key": "aws:x", "Value": "1"}], [], "InvalidParameterValue"),
        ([{"Key": "a", "Value": "1"}], ["b"], "InvalidParameterValue"),
    ],
)
def test_tags_that_cannot_be_are_refused(
    world: World, tags: list[dict[str, str]], transitive: list[str], code: str
) -> None:
    world.role(trust(Action=["sts:AssumeRole", "sts:TagSession"]))
    assert refused(world.sts, Tags=tags, TransitiveTagKeys=transitive)[0] == code


def test_transitive_tags_pass_along_a_chain_and_cannot_be_changed(world: World) -> None:
    world.role(trust(Action=["sts:AssumeRole", "sts:TagSession"]))
    first = assume(world.sts, Tags=[{"Key": "team", "Value": "blue"}], TransitiveTagKeys=["team"])[
        "Credentials"
    ]
    world.iam.create_role(
        RoleName="next",
        AssumeRolePolicyDocument=trust(
            Principal={"AWS": ROLE},
            Action=["sts:AssumeRole", "sts:TagSession"],
            Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}},
        ),
    )
    client, target = world.with_session(first), f"arn:aws:iam::{ACCOUNT}:role/next"
    assume(client, RoleArn=target)
    code, _ = refused(client, RoleArn=target, Tags=[{"Key": "TEAM", "Value": "red"}])
    assert code == "InvalidParameterValue"


def test_a_chain_lasts_an_hour_at_most(world: World) -> None:
    world.role(trust(), MaxSessionDuration=43_200)
    first = assume(world.sts, DurationSeconds=43_200)["Credentials"]
    world.iam.create_role(RoleName="next", AssumeRolePolicyDocument=trust(Principal={"AWS": ROLE}))
    client, target = world.with_session(first), f"arn:aws:iam::{ACCOUNT}:role/next"
    assert refused(client, RoleArn=target, DurationSeconds=3_601)[0] == "ValidationError"
    assume(client, RoleArn=target)


def test_a_session_lasts_no_longer_than_the_role_allows(world: World) -> None:
    world.role(trust())
    assert refused(world.sts, DurationSeconds=3_601) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )


def test_a_source_identity_needs_leave_and_never_changes(world: World) -> None:
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    world.role(trust(Action=actions))
    output = assume(world.sts, SourceIdentity="alice-laptop")
    assert output["SourceIdentity"] == "alice-laptop"
    world.iam.create_role(
        RoleName="next",
        AssumeRolePolicyDocument=trust(Principal={"AWS": ROLE}, Action=actions),
    )
    client, target = world.with_session(output["Credentials"]), f"arn:aws:iam::{ACCOUNT}:role/next"
    assert refused(client, RoleArn=target, SourceIdentity="mallory")[0] == "AccessDenied"
    assert assume(client, RoleArn=target)["SourceIdentity"] == "alice-laptop"


def test_session_policies_narrow_what_the_role_may_do(world: World) -> None:
    world.role(trust())
    everything = policy({"Effect": "Allow", "Action": "iam:*", "Resource": "*"})
    world.iam.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=everything)
    only_list = policy({"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"})
    credentials = assume(world.sts, Policy=only_list)["Credentials"]
    iam = world.with_session(credentials, "iam")
    iam.list_users()
    with pytest.raises(ClientError, match="because no session policy allows the iam:ListRoles"):
        iam.list_roles()


def test_malformed_and_foreign_session_policies_are_refused(world: World) -> None:
    world.role(trust())
    assert refused(world.sts, Policy="{")[0] == "MalformedPolicyDocument"
    assert refused(world.sts, Policy=" " * 2_049)[0] == "ValidationError"
    foreign = [{"arn": "arn:aws:iam::999999999999:policy/mine"}]
    assert refused(world.sts, PolicyArns=foreign)[0] == "NoSuchEntity"


class TestSecondFactor:
    @pytest.fixture
    def seed(self, world: World) -> Secret:
        world.role(trust(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
        device = world.iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
        self.serial = device["VirtualMFADevice"]["SerialNumber"]
        seed = Secret(device["VirtualMFADevice"]["Base32StringSeed"].decode())
        step = step_at(datetime.now(UTC).timestamp())
        world.iam.enable_mfa_device(
            UserName="alice",
            SerialNumber=self.serial,
            AuthenticationCode1=code_of(seed, step - 2),
            AuthenticationCode2=code_of(seed, step - 1),
        )
        return seed

    def code(self, seed: Secret) -> str:
        return code_of(seed, step_at(datetime.now(UTC).timestamp()))

    def test_opens_the_role_once(self, world: World, seed: Secret) -> None:
        assert refused(world.sts) == DENIED
        code = self.code(seed)
        assume(world.sts, SerialNumber=self.serial, TokenCode=code)
        again = refused(world.sts, SerialNumber=self.serial, TokenCode=code)
        assert again[0] == "AccessDenied"
        assert "MultiFactorAuthentication failed" in again[1]

    def test_cannot_be_guessed(self, world: World, seed: Secret) -> None:
        right = self.code(seed)
        wrong = f"{(int(right) + 500_000) % 1_000_000:06d}"
        for _ in range(5):
            refused(world.sts, SerialNumber=self.serial, TokenCode=wrong)
        code, _ = refused(world.sts, SerialNumber=self.serial, TokenCode=self.code(seed))
        assert code == "AccessDenied"  # even the right one, for a while

    def test_of_somebody_else_proves_nothing(self, world: World, seed: Secret) -> None:
        world.iam.create_user(UserName="mallory")
        key = world.iam.create_access_key(UserName="mallory")["AccessKey"]
        mallory = world.endpoint.client("sts", key["AccessKeyId"], key["SecretAccessKey"])
        code, _ = refused(mallory, SerialNumber=self.serial, TokenCode=self.code(seed))
        assert code == "AccessDenied"
