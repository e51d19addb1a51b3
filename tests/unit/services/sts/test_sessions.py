"""GetSessionToken, GetFederationToken, and what is told of callers, keys and refusals."""

import base64
import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.endpoint import ACCOUNT, Endpoint

from bargate.tokens.session_key import account_of_session_key, session_key_id


def code_of(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**request)
    return str(error.value.response["Error"]["Code"])


def session(endpoint: Endpoint, service: str, credentials: dict[str, str]) -> Any:
    return endpoint.client(
        service,
        credentials["AccessKeyId"],
        credentials["SecretAccessKey"],
        credentials["SessionToken"],
    )


@pytest.fixture
def alice(endpoint: Endpoint) -> Any:
    """Give alice's clients by service; she may do everything."""
    iam = endpoint.client("iam")
    iam.create_user(UserName="alice")
    iam.attach_user_policy(
        UserName="alice", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    return lambda service: endpoint.client(service, key["AccessKeyId"], key["SecretAccessKey"])


def test_a_session_of_a_user_is_the_user(endpoint: Endpoint, alice: Any) -> None:
    credentials = alice("sts").get_session_token()["Credentials"]
    own = session(endpoint, "sts", credentials).get_caller_identity()
    assert own["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/alice"
    session(endpoint, "apigateway", credentials).get_rest_apis()


def test_a_session_without_a_second_factor_reaches_neither_iam_nor_more_of_sts(
    endpoint: Endpoint, alice: Any
) -> None:
    credentials = alice("sts").get_session_token()["Credentials"]
    assert code_of(session(endpoint, "iam", credentials).list_users) == "InvalidClientTokenId"
    sts = session(endpoint, "sts", credentials)
    assert code_of(sts.get_session_token) == "InvalidClientTokenId"
    assert code_of(sts.get_federation_token, Name="bob") == "InvalidClientTokenId"


def test_a_federated_session_can_do_what_both_its_policy_and_its_user_allow(
    endpoint: Endpoint, alice: Any
) -> None:
    document = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "apigateway:GET", "Resource": "*"}],
        }
    )
    output = alice("sts").get_federation_token(Name="bob", Policy=document)
    assert output["FederatedUser"] == {
        "FederatedUserId": f"{ACCOUNT}:bob",
        "Arn": f"arn:aws:sts::{ACCOUNT}:federated-user/bob",
    }
    gateway = session(endpoint, "apigateway", output["Credentials"])
    gateway.get_rest_apis()
    assert "AccessDenied" in code_of(gateway.create_rest_api, name="x")
    iam = session(endpoint, "iam", output["Credentials"])
    assert code_of(iam.list_users) == "InvalidClientTokenId"


def test_a_federated_session_without_a_policy_can_do_nothing(
    endpoint: Endpoint, alice: Any
) -> None:
    credentials = alice("sts").get_federation_token(Name="bob")["Credentials"]
    gateway = session(endpoint, "apigateway", credentials)
    assert "AccessDenied" in code_of(gateway.get_rest_apis)
    own = session(endpoint, "sts", credentials).get_caller_identity()
    assert own["UserId"] == f"{ACCOUNT}:bob"


def test_a_session_ends_with_its_user(endpoint: Endpoint, alice: Any) -> None:
    credentials = alice("sts").get_session_token()["Credentials"]
    gateway = session(endpoint, "apigateway", credentials)
    gateway.get_rest_apis()
    iam = endpoint.client("iam")
    for key in iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="alice", AccessKeyId=key["AccessKeyId"])
    iam.detach_user_policy(
        UserName="alice", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    iam.delete_user(UserName="alice")
    assert code_of(gateway.get_rest_apis) == "UnrecognizedClientException"


def test_a_session_ends_when_its_time_is_over(endpoint: Endpoint, alice: Any) -> None:
    endpoint.skew_s = -600  # signatures are good for 15 minutes, so the session begins in the past
    credentials = alice("sts").get_session_token(DurationSeconds=900)["Credentials"]
    sts = session(endpoint, "sts", credentials)
    endpoint.skew_s = 290
    sts.get_caller_identity()
    endpoint.skew_s = 310
    assert code_of(sts.get_caller_identity) == "ExpiredToken"


@pytest.mark.parametrize(
    "token", ["", "x", "A" * 4_096, base64.b64encode(b"\0" * 200).decode(), "é"]
)
def test_a_token_that_was_not_given_out_is_refused(
    endpoint: Endpoint, alice: Any, token: str
) -> None:
    credentials = alice("sts").get_session_token()["Credentials"]
    forged = {**credentials, "SessionToken": token}
    if token.isascii() and token:
        sts = session(endpoint, "sts", forged)
        assert code_of(sts.get_caller_identity) == "InvalidClientTokenId"


def test_a_token_fits_its_own_key_alone(endpoint: Endpoint, alice: Any) -> None:
    one = alice("sts").get_session_token()["Credentials"]
    other = alice("sts").get_session_token()["Credentials"]
    mixed = {**one, "SessionToken": other["SessionToken"]}
    sts = session(endpoint, "sts", mixed)
    assert code_of(sts.get_caller_identity) == "InvalidClientTokenId"


def test_a_key_tells_its_account(endpoint: Endpoint, alice: Any) -> None:
    sts = alice("sts")
    temporary = sts.get_session_token()["Credentials"]["AccessKeyId"]
    for key_id in (temporary, endpoint.root.id):
        assert sts.get_access_key_info(AccessKeyId=key_id)["Account"] == ACCOUNT
    assert code_of(sts.get_access_key_info, AccessKeyId="AKIA" + "X" * 16)


@pytest.mark.parametrize("account_id", ["000000000000", "999999999999", ACCOUNT])
def test_a_session_key_holds_its_account(account_id: str) -> None:
    key_id = session_key_id(account_id)
    assert re.fullmatch(r"ASIA[A-Z2-7]{16}", key_id)
    assert account_of_session_key(key_id) == account_id


@pytest.mark.parametrize(
    "key_id", ["ASIA" + "7" * 16, "ASIA" + "!" * 16, "ASIAA", "AKIA" + "A" * 16]
)
def test_what_is_no_session_key_has_no_account(key_id: str) -> None:
    assert account_of_session_key(key_id) is None


class TestAuthorizationMessage:
    def refusal(self, endpoint: Endpoint) -> str:
        iam = endpoint.client("iam")
        iam.create_user(UserName="eve")
        key = iam.create_access_key(UserName="eve")["AccessKey"]
        eve = endpoint.client("iam", key["AccessKeyId"], key["SecretAccessKey"])
        with pytest.raises(ClientError) as error:
            eve.list_users()
        headers = error.value.response["ResponseMetadata"]["HTTPHeaders"]
        return str(headers["x-bargate-authorization-message"])

    def test_tells_why_to_who_may_read_it(self, endpoint: Endpoint, alice: Any) -> None:
        encoded = self.refusal(endpoint)
        decoded = alice("sts").decode_authorization_message(EncodedMessage=encoded)
        message = json.loads(decoded["DecodedMessage"])
        assert message["allowed"] is False
        assert message["explicitDeny"] is False
        assert message["context"]["action"] == "iam:ListUsers"
        assert message["context"]["principal"]["arn"].endswith(":user/eve")

    def test_that_was_tampered_with_is_refused(self, endpoint: Endpoint, alice: Any) -> None:
        encoded = self.refusal(endpoint)
        sts = alice("sts")
        for forged in (encoded[:-8] + "AAAAAAA=", "x", "é" * 10, encoded[4:]):
            code = code_of(sts.decode_authorization_message, EncodedMessage=forged)
            assert code == "InvalidAuthorizationMessageException"


def test_it_is_told_when_keys_and_roles_were_last_used(endpoint: Endpoint, alice: Any) -> None:
    iam = endpoint.client("iam")
    (key,) = iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]
    alice("apigateway").get_rest_apis()
    endpoint.run(endpoint.uses.write())
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert used["UserName"] == "alice"
    assert used["AccessKeyLastUsed"]["ServiceName"] == "apigateway"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
        ],
    }
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    assert "LastUsedDate" not in iam.get_role(RoleName="r")["Role"].get("RoleLastUsed", {})
    alice("sts").assume_role(RoleArn=arn, RoleSessionName="work")
    assert "LastUsedDate" in iam.get_role(RoleName="r")["Role"]["RoleLastUsed"]
