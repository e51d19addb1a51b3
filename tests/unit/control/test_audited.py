"""What the hook notes, of whom, in which series; and what happens while nothing can be noted."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.endpoint import Endpoint

from bargate.audit.chain import Numbered
from bargate.audit.event import SERIES, Event
from bargate.audit.files import Series
from bargate.audit.reading import events_in
from bargate.userpool import auth_events

PASSWORD = "Right-password-1"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


class Pool:
    def __init__(self, endpoint: Endpoint, **more: Any) -> None:
        self.endpoint = endpoint
        self.idp = endpoint.client("cognito-idp")
        self.id = self.idp.create_user_pool(PoolName="p", **more)["UserPool"]["Id"]
        self.client = self.idp.create_user_pool_client(
            UserPoolId=self.id, ClientName="c", ExplicitAuthFlows=FLOWS
        )["UserPoolClient"]["ClientId"]

    def add(self, name: str) -> None:
        self.idp.admin_create_user(UserPoolId=self.id, Username=name, MessageAction="SUPPRESS")
        self.idp.admin_set_user_password(
            UserPoolId=self.id, Username=name, Password=PASSWORD, Permanent=True
        )

    def sign_in(self, name: str, password: str = PASSWORD) -> Any:
        return self.idp.initiate_auth(
            ClientId=self.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )["AuthenticationResult"]

    def events(self, name: str) -> list[dict[str, Any]]:
        found = self.idp.admin_list_user_auth_events(UserPoolId=self.id, Username=name)
        listed: list[dict[str, Any]] = found["AuthEvents"]
        return listed


def log(endpoint: Endpoint) -> list[Numbered]:
    return list(events_in(Path(endpoint.settings.folder) / "audit"))


def until(endpoint: Endpoint, operation: str, outcome: str) -> Numbered:
    """Give the newest event of an operation, once it is there."""
    for _ in range(500):
        found = [e for e in log(endpoint) if (e.operation, e.outcome) == (operation, outcome)]
        if found:
            return found[-1]
        time.sleep(0.02)
    raise AssertionError(f"{operation} is not noted")


def texts_of(endpoint: Endpoint) -> dict[str, bytes]:
    """Give what stands in the files of each series."""
    folder = Path(endpoint.settings.folder) / "audit"
    return {
        name: b"".join(path.read_bytes() for path in folder.glob(f"{name}-*")) for name in SERIES
    }


def code(call: Any, *arguments: Any, **more: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **more)
    found: str = caught.value.response["Error"]["Code"]
    return found


def test_a_change_is_noted_before_it_is_answered(endpoint: Endpoint) -> None:
    endpoint.client("iam").create_user(UserName="eve", Path="/staff/")
    found = log(endpoint)[-1]
    assert (found.service, found.operation, found.outcome) == ("iam", "CreateUser", "ok")
    assert found.caller.endswith(":root")
    assert found.access_key_id == endpoint.root.id
    assert found.resource.endswith(":user/staff/eve")
    assert found.address == "127.0.0.1"
    assert found.request_id


def test_what_was_made_is_named_and_no_secret_of_it(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    iam.create_user(UserName="keyed")
    key = iam.create_access_key(UserName="keyed")["AccessKey"]
    assert log(endpoint)[-1].made == key["AccessKeyId"]
    api = endpoint.client("apigateway").create_rest_api(name="pets")
    assert log(endpoint)[-1].made == api["id"]
    pool = Pool(endpoint)
    made = {each.operation: each.made for each in log(endpoint)}
    assert made["CreateUserPool"].endswith(pool.id)
    assert made["CreateUserPoolClient"] == pool.client
    assert key["SecretAccessKey"] not in str(log(endpoint))


def test_temporary_credentials_are_noted(endpoint: Endpoint) -> None:
    sts = endpoint.client("sts")
    sts.get_caller_identity()
    assert code(sts.assume_role, RoleArn="arn:aws:iam::1:role/x", RoleSessionName="ab")
    given = sts.get_federation_token(Name="bob")["Credentials"]
    assert log(endpoint)[-1].operation == "GetFederationToken"
    assert until(endpoint, "AssumeRole", "AccessDenied").resource == "arn:aws:iam::1:role/x"
    text = str(log(endpoint))
    assert given["SecretAccessKey"] not in text
    assert given["SessionToken"] not in text


def test_reads_are_not_noted_and_denied_ones_are(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam")
    before = len(log(endpoint))
    iam.list_users()
    assert code(iam.get_user, UserName="nobody") == "NoSuchEntity"
    iam.create_user(UserName="poor")
    assert len(log(endpoint)) == before + 1
    key = iam.create_access_key(UserName="poor")["AccessKey"]
    endpoint.published()
    poor = endpoint.client("iam", key["AccessKeyId"], key["SecretAccessKey"])
    assert code(poor.list_users) == "AccessDenied"
    found = until(endpoint, "ListUsers", "AccessDenied")
    assert found.caller.endswith(":user/poor")
    assert key["SecretAccessKey"] not in str(log(endpoint))


def test_a_bad_signature_names_the_key_that_was_claimed(endpoint: Endpoint) -> None:
    iam = endpoint.client("iam", endpoint.root.id, "wrong")
    assert code(iam.list_users) == "SignatureDoesNotMatch"
    found = until(endpoint, "ListUsers", "SignatureDoesNotMatch")
    assert (found.caller, found.access_key_id) == ("", endpoint.root.id)
    forged = endpoint.client("iam", "\x1b]0;owned\x07" * 4, "wrong")
    assert code(forged.list_users) in ("InvalidClientTokenId", "IncompleteSignature")
    assert "owned" not in str(log(endpoint))


def test_whose_sign_in_failed_is_named(endpoint: Endpoint) -> None:
    pool = Pool(endpoint)
    pool.add("ann")
    assert code(pool.sign_in, "ann", "Wrong-password-1") == "NotAuthorizedException"
    found = until(endpoint, "InitiateAuth", "NotAuthorizedException")
    assert (found.user, found.pool_id, found.client_id) == ("ann", pool.id, pool.client)
    assert found.sub
    assert code(pool.sign_in, "x" * 120 + "\u202e\x9b31m\n{}") == "UserNotFoundException"
    found = until(endpoint, "InitiateAuth", "UserNotFoundException")
    assert found.sub == ""
    assert found.user.isprintable()
    assert found.user.startswith("x" * 120 + "\\u202e\\x9b31m\\n")


def test_addresses_of_headers_and_context_are_claims(endpoint: Endpoint) -> None:
    pool = Pool(endpoint)
    pool.add("ann")
    code(
        pool.idp.admin_initiate_auth,
        UserPoolId=pool.id,
        ClientId=pool.client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD},
        ContextData={
            "IpAddress": "203.0.113.9",
            "ServerName": "s",
            "ServerPath": "/",
            "HttpHeaders": [],
        },
    )
    found = until(endpoint, "AdminInitiateAuth", "InvalidParameterException")
    assert (found.address, found.claimed.address) == ("127.0.0.1", "203.0.113.9")
    headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "AWSCognitoIdentityProviderService.GlobalSignOut"),
        ("x-forwarded-for", "203.0.113.9"),
        ("forwarded", "for=203.0.113.9"),
        ("user-agent", "evil\x1b[2J" + "a" * 4_000),
    ]
    endpoint.send("POST", "/", headers, b'{"AccessToken":"a.b.c"}', source_ip="192.0.2.7")
    found = until(endpoint, "GlobalSignOut", "NotAuthorizedException")
    assert found.address == "192.0.2.7"
    assert "203.0.113.9" not in str(found)
    assert found.claimed.agent.startswith("evil\\x1b[2J")
    assert len(found.claimed.agent) < 300


def test_the_series_hold_who_proved_how_much(endpoint: Endpoint) -> None:
    pool = Pool(endpoint)
    pool.add("ann")
    tokens = pool.sign_in("ann")
    pool.idp.get_user(AccessToken=tokens["AccessToken"])
    pool.idp.initiate_auth(
        ClientId=pool.client,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )
    assert code(pool.sign_in, "ann", "Wrong-password-1") == "NotAuthorizedException"
    until(endpoint, "InitiateAuth", "NotAuthorizedException")
    for _ in range(500):  # the series are written one after the other
        texts = texts_of(endpoint)
        if texts["refreshes"]:
            break
        time.sleep(0.02)
    assert b'"operation":"InitiateAuth","outcome":"ok"' in texts["users"]
    assert b'"operation":"InitiateAuth"' not in texts["changes"]
    assert b"REFRESH_TOKEN_AUTH" in texts["refreshes"]
    assert b"REFRESH_TOKEN_AUTH" not in texts["users"]
    assert b'"NotAuthorizedException"' in texts["refused"]
    assert b'"NotAuthorizedException"' not in texts["users"]
    assert b"GetUser" not in b"".join(texts.values())


def test_the_holder_of_a_refresh_token_is_found_without_it(endpoint: Endpoint) -> None:
    pool = Pool(endpoint)
    pool.add("ann")
    token = pool.sign_in("ann")["RefreshToken"]
    for _ in range(2):
        pool.idp.revoke_token(ClientId=pool.client, Token=token)
    found = until(endpoint, "RevokeToken", "ok")
    assert found.sub
    call = {"ClientId": pool.client, "AuthFlow": "REFRESH_TOKEN_AUTH"}
    refused = code(pool.idp.initiate_auth, **call, AuthParameters={"REFRESH_TOKEN": token})
    assert refused == "NotAuthorizedException"
    assert token not in str(log(endpoint))


def test_what_users_are_told_of_their_sign_ins(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth_events, "_EVERY_S", 0.0)
    pool = Pool(endpoint, UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"}, UserPoolTier="PLUS")
    pool.add("ann")
    pool.add("ben")
    assert code(pool.sign_in, "ann", "Wrong-password-1") == "NotAuthorizedException"
    token = pool.sign_in("ann")["AccessToken"]
    pool.sign_in("ben")
    for _ in range(500):
        if len(pool.events("ann")) == 2 and pool.events("ben"):
            break
        time.sleep(0.02)
    passed, failed = pool.events("ann")
    assert (passed["EventType"], passed["EventResponse"]) == ("SignIn", "Pass")
    assert (failed["EventType"], failed["EventResponse"]) == ("SignIn", "Fail")
    assert passed["CreationDate"] > failed["CreationDate"]
    assert failed["ChallengeResponses"] == [
        {"ChallengeName": "Password", "ChallengeResponse": "Failure"}
    ]
    assert passed["EventRisk"]["RiskDecision"] == "NoRisk"
    assert passed["EventContextData"]["IpAddress"] == "127.0.0.1"
    assert passed["EventContextData"]["DeviceName"].startswith("Boto3 1")
    whose = {"UserPoolId": pool.id, "Username": "ann"}
    first = pool.idp.admin_list_user_auth_events(**whose, MaxResults=1)
    rest = pool.idp.admin_list_user_auth_events(**whose, NextToken=first["NextToken"])
    assert first["AuthEvents"] + rest["AuthEvents"] == [passed, failed]
    others = {"UserPoolId": pool.id, "Username": "ben", "NextToken": first["NextToken"]}
    assert code(pool.idp.admin_list_user_auth_events, **others) == "InvalidParameterException"
    said = {**whose, "EventId": failed["EventId"], "FeedbackValue": "Invalid"}
    pool.idp.admin_update_auth_event_feedback(**said)
    feedback = pool.events("ann")[1]["EventFeedback"]
    assert (feedback["FeedbackValue"], feedback["Provider"]) == ("Invalid", "Admin")
    of_ben = {**said, "Username": "ben"}
    refused = code(pool.idp.admin_update_auth_event_feedback, **of_ben)
    assert refused == "InvalidParameterException"
    for name in ("ann", "nobody"):
        given = {**said, "Username": name, "FeedbackToken": token}
        refused = code(pool.idp.update_auth_event_feedback, **given)
        assert refused == "NotAuthorizedException"
    pool.idp.admin_delete_user(**whose)
    assert code(pool.events, "ann") == "UserNotFoundException"


def test_without_threat_protection_there_are_no_events(endpoint: Endpoint) -> None:
    pool = Pool(endpoint)
    pool.add("ann")
    assert code(pool.events, "ann") == "UserPoolAddOnNotEnabledException"
    assert code(pool.events, "nobody") == "UserPoolAddOnNotEnabledException"


def test_while_nothing_can_be_noted_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Series, events: Sequence[Event]) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with Endpoint() as endpoint:
        iam = endpoint.client("iam")
        iam.create_user(UserName="before")
        with monkeypatch.context() as patched:
            patched.setattr(Series, "append", full)
            # It was done before it could not be noted, and is not acknowledged.
            assert code(iam.create_user, UserName="during") == "ServiceUnavailable"
            assert code(iam.create_user, UserName="after") == "ServiceUnavailable"
            pool = {"ClientId": "a" * 26, "AuthFlow": "USER_PASSWORD_AUTH"}
            idp = endpoint.client("cognito-idp")
            assert code(idp.initiate_auth, **pool, AuthParameters={}) == "ServiceUnavailable"
            names = {each["UserName"] for each in iam.list_users()["Users"]}
            assert names == {"before", "during"}
        for _ in range(500):
            try:
                iam.create_user(UserName="later")
                break
            except iam.exceptions.ClientError:
                time.sleep(0.02)
        done = [
            e.resource for e in log(endpoint) if (e.operation, e.outcome) == ("CreateUser", "ok")
        ]
        assert [each.rpartition("/")[2] for each in done] == ["before", "during", "later"]
