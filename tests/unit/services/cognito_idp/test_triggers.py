"""Triggers through boto3 without a socket: the events of a sign-in, of custom rounds, of senders."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace
from tests.endpoint import Endpoint

from bargate.model.invocation import Errored, Invocation, Outcome, Returned
from bargate.records.pool_refresh_token import REFRESH_FAMILY
from bargate.userpool.gates.custom_auth import MAX_ROUNDS

PASSWORD, FIRST = "Right-password-1", "Temporary-1"
ARN = "arn:aws:lambda:us-east-1:111111111111:function:f"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
CUSTOM = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
Event = dict[str, Any]


class Host:
    """Stands for the functions host: `answers` give the response of a trigger, or raise."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.queued: list[Event] = []
        self.answers: dict[str, Callable[[Event], Any]] = {}

    async def __call__(self, invocation: Invocation) -> Outcome:
        event = json.loads(invocation.payload)
        if invocation.is_event:
            self.queued.append(event)
            return Returned(payload=b"", version="1")
        self.events.append(event)
        answer = self.answers.get(event["triggerSource"].partition("_")[0])
        try:
            said = event if answer is None else {**event, "response": answer(event)}
        except ValueError as error:
            return Errored(payload=json.dumps({"errorMessage": str(error)}).encode(), version="1")
        return Returned(payload=json.dumps(said).encode(), version="1")

    def of(self, trigger: str) -> list[Event]:
        return [each for each in self.events if each["triggerSource"].startswith(trigger + "_")]


@pytest.fixture
def host() -> Host:
    return Host()


def running(host: Host, sender_codes: str) -> Endpoint:
    endpoint = Endpoint()
    pools = replace(endpoint.settings.pools, sender_codes=sender_codes)
    endpoint.settings = replace(endpoint.settings, pools=pools)
    endpoint.functions = host  # type: ignore[assignment]
    return endpoint


@pytest.fixture
def endpoint(host: Host) -> Iterator[Endpoint]:
    with running(host, "clear") as endpoint:
        yield endpoint


class People:
    """A pool whose triggers are all one function."""

    def __init__(self, endpoint: Endpoint, *triggers: str, **more: Any) -> None:
        self.endpoint = endpoint
        self.idp = endpoint.client("cognito-idp")
        config: dict[str, Any] = dict.fromkeys(triggers, ARN) | more.pop("config", {})
        client = more.pop("client", {})
        pool = self.idp.create_user_pool(PoolName="p", LambdaConfig=config, **more)["UserPool"]
        self.id = pool["Id"]
        settings = {"ClientName": "c", "ExplicitAuthFlows": FLOWS, **client}
        app = self.idp.create_user_pool_client(UserPoolId=self.id, **settings)
        self.client_id = app["UserPoolClient"]["ClientId"]

    def add(self, name: str, **attributes: str) -> str:
        user = self.idp.admin_create_user(
            UserPoolId=self.id,
            Username=name,
            TemporaryPassword=FIRST,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
        )["User"]
        self.idp.admin_set_user_password(
            UserPoolId=self.id, Username=name, Password=PASSWORD, Permanent=True
        )
        return next(str(each["Value"]) for each in user["Attributes"] if each["Name"] == "sub")

    def begin(self, flow: str, metadata: dict[str, str] | None = None, **parameters: str) -> Any:
        return self.idp.initiate_auth(
            ClientId=self.client_id,
            AuthFlow=flow,
            AuthParameters=parameters,
            ClientMetadata=metadata or {},
        )

    def answer(self, posed: Any, given: str, metadata: dict[str, str] | None = None) -> Any:
        name = posed["ChallengeParameters"]["USERNAME"]
        return self.idp.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName=posed["ChallengeName"],
            Session=posed["Session"],
            ChallengeResponses={"USERNAME": name, "ANSWER": given},
            ClientMetadata=metadata or {},
        )


def refusal(call: Any, *arguments: Any, **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(*arguments, **given)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def define(event: Event) -> Event:
    """Ask until an answer is right."""
    rounds = event["request"]["session"]
    if rounds and rounds[-1]["challengeResult"]:
        return {"issueTokens": True, "failAuthentication": False}
    return {"challengeName": "CUSTOM_CHALLENGE", "issueTokens": False, "failAuthentication": False}


def custom(host: Host) -> None:
    host.answers["DefineAuthChallenge"] = define
    host.answers["CreateAuthChallenge"] = lambda _: {
        "publicChallengeParameters": {"captchaUrl": "url/123.jpg"},
        "privateChallengeParameters": {"answer": "5"},
        "challengeMetadata": "CAPTCHA_CHALLENGE",
    }
    host.answers["VerifyAuthChallengeResponse"] = lambda event: {
        "answerCorrect": event["request"]["challengeAnswer"] == "5"
    }


def test_a_sign_in_tells_its_triggers_in_order(endpoint: Endpoint, host: Host) -> None:
    triggers = ("PreAuthentication", "PostAuthentication", "PreTokenGeneration")
    people = People(endpoint, *triggers)
    sub = people.add("ann", email="a@example.org")
    people.begin("USER_PASSWORD_AUTH", {"k": "v"}, USERNAME="ann", PASSWORD=PASSWORD)
    attributes = {"sub": sub, "cognito:user_status": "CONFIRMED", "email": "a@example.org"}
    common = {
        "version": "1",
        "region": "us-east-1",
        "userPoolId": people.id,
        "userName": "ann",
        "callerContext": {
            "awsSdkVersion": "aws-sdk-unknown-unknown",
            "clientId": people.client_id,
        },
    }
    assert host.events == [
        {
            **common,
            "triggerSource": "PreAuthentication_Authentication",
            "request": {"userAttributes": attributes, "validationData": {"k": "v"}},
            "response": {},
        },
        {
            **common,
            "triggerSource": "PostAuthentication_Authentication",
            "request": {"userAttributes": attributes, "newDeviceUsed": False},
            "response": {},
        },
        {
            **common,
            "triggerSource": "TokenGeneration_Authentication",
            "request": {
                "userAttributes": attributes,
                "groupConfiguration": {
                    "groupsToOverride": [],
                    "iamRolesToOverride": [],
                    "preferredRole": None,
                },
            },
            "response": {"claimsOverrideDetails": None},
        },
    ]


def test_custom_rounds_are_told_as_aws_tells_them(endpoint: Endpoint, host: Host) -> None:
    custom(host)
    people = People(endpoint, *CUSTOM)
    people.add("ann")
    posed = people.begin("CUSTOM_AUTH", {"k": "begin"}, USERNAME="ann")
    assert posed["ChallengeParameters"] == {"captchaUrl": "url/123.jpg", "USERNAME": "ann"}
    posed = people.answer(posed, "4", {"k": "later"})
    people.answer(posed, "5")
    wrong = {
        "challengeName": "CUSTOM_CHALLENGE",
        "challengeResult": False,
        "challengeMetadata": "CAPTCHA_CHALLENGE",
    }
    sessions = [each["request"]["session"] for each in host.of("DefineAuthChallenge")]
    assert sessions == [[], [wrong], [wrong, {**wrong, "challengeResult": True}]]
    assert host.of("DefineAuthChallenge")[0]["response"] == {
        "challengeName": None,
        "issueTokens": None,
        "failAuthentication": None,
    }
    created = host.of("CreateAuthChallenge")[1]["request"]
    assert (created["challengeName"], created["session"]) == ("CUSTOM_CHALLENGE", [wrong])
    assert created["clientMetadata"] == {"k": "later"}
    verified = host.of("VerifyAuthChallengeResponse")[0]
    assert verified["request"]["privateChallengeParameters"] == {"answer": "5"}
    assert verified["request"]["challengeAnswer"] == "4"
    assert verified["response"] == {"answerCorrect": None}
    assert "clientMetadata" not in host.of("DefineAuthChallenge")[0]["request"]
    assert all("userNotFound" not in each["request"] for each in host.events)


def test_strangers_are_marked_where_the_client_hides_users(endpoint: Endpoint, host: Host) -> None:
    custom(host)
    people = People(endpoint, *CUSTOM, client={"PreventUserExistenceErrors": "ENABLED"})
    people.add("ann")
    for name, is_unknown in (("ann", False), ("nobody", True)):
        host.events.clear()
        posed = people.begin("CUSTOM_AUTH", USERNAME=name)
        told = [each["request"]["userNotFound"] for each in host.events]
        assert told == [is_unknown, is_unknown]
        assert {each["userName"] for each in host.events} == {name}
    wrong = ("NotAuthorizedException", "Incorrect username or password.")
    assert refusal(people.answer, posed, "5") == wrong


def test_strangers_have_names_like_users(endpoint: Endpoint, host: Host) -> None:
    custom(host)
    hides = {"PreventUserExistenceErrors": "ENABLED"}
    people = People(endpoint, *CUSTOM, client=hides, UsernameAttributes=["email"])
    people.add("a@example.org")
    real = people.begin("CUSTOM_AUTH", USERNAME="a@example.org")["ChallengeParameters"]
    first, again = (
        people.begin("CUSTOM_AUTH", USERNAME="b@example.org")["ChallengeParameters"]
        for _ in range(2)
    )
    assert len(real["USERNAME"]) == len(first["USERNAME"]) == 36
    assert first == again


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, "InvalidLambdaResponseException"),
        ({"issueTokens": False}, "InvalidLambdaResponseException"),
        ({"challengeName": "PASSWORD_VERIFIER"}, "InvalidLambdaResponseException"),
        ({"challengeName": "SMS_MFA"}, "InvalidLambdaResponseException"),
        ({"failAuthentication": True, "issueTokens": True}, "NotAuthorizedException"),
    ],
)
def test_what_is_not_said_clearly_lets_nobody_in(
    endpoint: Endpoint, host: Host, said: Any, code: str
) -> None:
    host.answers["DefineAuthChallenge"] = lambda _: said
    people = People(endpoint, *CUSTOM)
    people.add("ann")
    assert refusal(people.begin, "CUSTOM_AUTH", USERNAME="ann")[0] == code


def test_srp_sent_with_an_answer_begins_no_password(endpoint: Endpoint, host: Host) -> None:
    custom(host)
    people = People(endpoint, *CUSTOM)
    people.add("ann")
    posed = people.begin("CUSTOM_AUTH", USERNAME="ann")
    host.answers["DefineAuthChallenge"] = lambda _: {"challengeName": "PASSWORD_VERIFIER"}
    code, _ = refusal(
        people.idp.respond_to_auth_challenge,
        ClientId=people.client_id,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=posed["Session"],
        ChallengeResponses={"USERNAME": "ann", "ANSWER": "5", "SRP_A": "ab"},
    )
    assert code == "InvalidLambdaResponseException"


def test_rounds_come_to_an_end(endpoint: Endpoint, host: Host) -> None:
    custom(host)
    host.answers["DefineAuthChallenge"] = lambda _: {"challengeName": "CUSTOM_CHALLENGE"}
    people = People(endpoint, *CUSTOM)
    people.add("ann")
    posed = people.begin("CUSTOM_AUTH", USERNAME="ann")
    for _ in range(MAX_ROUNDS):
        posed = people.answer(posed, "5")
    assert refusal(people.answer, posed, "5")[0] == "NotAuthorizedException"


def test_a_failing_verifier_uses_the_session_up(endpoint: Endpoint, host: Host) -> None:
    custom(host)
    people = People(endpoint, *CUSTOM)
    people.add("ann")
    posed = people.begin("CUSTOM_AUTH", USERNAME="ann")

    def fails(_: Event) -> Event:
        raise ValueError("broken")

    host.answers["VerifyAuthChallengeResponse"] = fails
    told = "VerifyAuthChallengeResponse failed with error broken."
    assert refusal(people.answer, posed, "5") == ("UserLambdaValidationException", told)
    assert refusal(people.answer, posed, "5")[0] == "NotAuthorizedException"


def test_an_answer_is_wanted_before_anything_is_asked(endpoint: Endpoint, host: Host) -> None:
    custom(host)
    people = People(endpoint, *CUSTOM)
    people.add("ann")
    posed = people.begin("CUSTOM_AUTH", USERNAME="ann")
    assert refusal(people.answer, posed, "")[0] == "InvalidParameterException"
    assert people.answer(posed, "5")["AuthenticationResult"]


def test_who_forgot_their_password_may_come_from_elsewhere(endpoint: Endpoint, host: Host) -> None:
    host.answers["UserMigration"] = lambda _: {
        "userAttributes": {"email": "old@example.org", "email_verified": "true"},
        "messageAction": "SUPPRESS",
    }
    people = People(endpoint, "UserMigration")
    people.idp.forgot_password(ClientId=people.client_id, Username="old", ClientMetadata={"k": "v"})
    (event,) = host.events
    assert event["triggerSource"] == "UserMigration_ForgotPassword"
    assert event["request"] == {"validationData": None, "clientMetadata": {"k": "v"}}
    status = people.idp.admin_get_user(UserPoolId=people.id, Username="old")["UserStatus"]
    assert status == "RESET_REQUIRED"
    people.idp.confirm_forgot_password(
        ClientId=people.client_id,
        Username="old",
        ConfirmationCode=endpoint.code_to("old@example.org"),
        Password=PASSWORD,
    )
    assert people.begin("USER_PASSWORD_AUTH", USERNAME="old", PASSWORD=PASSWORD)
    assert len(host.of("UserMigration")) == 1


def test_a_sign_in_tells_the_password_to_the_directory_alone(
    endpoint: Endpoint, host: Host
) -> None:
    host.answers["UserMigration"] = lambda _: {
        "userAttributes": {"email": "old@example.org", "sub": "forged"},
        "finalUserStatus": "RESET_REQUIRED",
    }
    people = People(endpoint, "UserMigration", "PreAuthentication")
    code, _ = refusal(
        people.begin, "USER_PASSWORD_AUTH", {"k": "v"}, USERNAME="old", PASSWORD="weak"
    )
    assert code == "PasswordResetRequiredException"
    assert host.of("UserMigration")[0]["request"] == {
        "password": "weak",
        "validationData": {"k": "v"},
    }
    assert "weak" not in json.dumps(host.of("PreAuthentication"))


@pytest.mark.parametrize(
    "said",
    [
        {"userAttributes": {"nickname_not_there": "x"}},
        {"userAttributes": {"email": "no address"}},
        {"userAttributes": {"email": "a@example.org"}, "finalUserStatus": "UNCONFIRMED"},
        {},
    ],
)
def test_a_user_who_does_not_fit_the_pool_does_not_come(
    endpoint: Endpoint, host: Host, said: Any
) -> None:
    host.answers["UserMigration"] = lambda _: said
    people = People(endpoint, "UserMigration")
    told = refusal(people.begin, "USER_PASSWORD_AUTH", USERNAME="old", PASSWORD=PASSWORD)
    assert told == ("UserNotFoundException", "User does not exist.")
    assert people.idp.list_users(UserPoolId=people.id)["Users"] == []


def test_a_trigger_that_fails_costs_nobody_their_next_token(endpoint: Endpoint, host: Host) -> None:
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    client = {"RefreshTokenRotation": rotation, "ExplicitAuthFlows": flows}
    people = People(endpoint, "PreTokenGeneration", client=client)
    people.add("ann")
    begun = people.begin("USER_PASSWORD_AUTH", USERNAME="ann", PASSWORD=PASSWORD)
    token = begun["AuthenticationResult"]["RefreshToken"]
    asked = {"ClientId": people.client_id, "RefreshToken": token, "ClientMetadata": {"k": "v"}}

    def fails(_: Event) -> Event:
        raise ValueError("not now")

    host.answers["TokenGeneration"] = fails
    told = refusal(people.idp.get_tokens_from_refresh_token, **asked)
    assert told == (
        "UserLambdaValidationException",
        "PreTokenGeneration failed with error not now.",
    )
    del host.answers["TokenGeneration"]
    assert people.idp.get_tokens_from_refresh_token(**asked)["AuthenticationResult"]
    assert host.events[-1]["triggerSource"] == "TokenGeneration_RefreshTokens"
    assert host.events[-1]["request"]["clientMetadata"] == {"k": "v"}


def test_a_token_revoked_while_a_function_is_asked_is_not_renewed(
    endpoint: Endpoint, host: Host
) -> None:
    people = People(endpoint, "PreTokenGeneration")
    people.add("ann")
    begun = people.begin("USER_PASSWORD_AUTH", USERNAME="ann", PASSWORD=PASSWORD)
    token = begun["AuthenticationResult"]["RefreshToken"]

    def revokes(event: Event) -> Any:
        now = endpoint.now()

        def work(tx: Any) -> None:
            (family,) = tx.list(REFRESH_FAMILY, (people.id,))
            key = REFRESH_FAMILY.key_of(family)
            tx.update(REFRESH_FAMILY, key, lambda old: replace(old, revoked_at=now))

        endpoint.store.write(work)
        return event["response"]

    host.answers["TokenGeneration"] = revokes
    told = refusal(people.begin, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token)
    assert told == ("NotAuthorizedException", "Refresh Token has been revoked")


SENDERS = {
    "CustomEmailSender": {"LambdaArn": ARN, "LambdaVersion": "V1_0"},
    "KMSKeyID": "arn:aws:kms:us-east-1:111111111111:key/k",
}


def test_a_custom_sender_gets_the_code_in_the_place_of_the_pool(
    endpoint: Endpoint, host: Host
) -> None:
    people = People(endpoint, config=SENDERS)
    sub = people.add("ann", email="a@example.org", email_verified="true")
    people.idp.forgot_password(ClientId=people.client_id, Username="ann", ClientMetadata={"k": "v"})
    (event,) = host.queued
    code = event["request"].pop("code")
    assert event == {
        "version": "1",
        "triggerSource": "CustomEmailSender_ForgotPassword",
        "region": "us-east-1",
        "userPoolId": people.id,
        "userName": "ann",
        "callerContext": {
            "awsSdkVersion": "aws-sdk-unknown-unknown",
            "clientId": people.client_id,
        },
        "request": {
            "type": "customEmailSenderRequestV1",
            "clientMetadata": {"k": "v"},
            "userAttributes": {
                "sub": sub,
                "cognito:user_status": "CONFIRMED",
                "email": "a@example.org",
                "email_verified": "true",
            },
        },
        "response": {},
    }
    assert list(endpoint.delivery.outbox.after()) == []
    people.idp.confirm_forgot_password(
        ClientId=people.client_id,
        Username="ann",
        ConfirmationCode=code,
        Password="Other-password-2",
    )


def test_a_custom_sender_invites(endpoint: Endpoint, host: Host) -> None:
    people = People(endpoint, config=SENDERS)
    people.idp.admin_create_user(
        UserPoolId=people.id,
        Username="new",
        TemporaryPassword=FIRST,
        DesiredDeliveryMediums=["EMAIL"],
        UserAttributes=[{"Name": "email", "Value": "n@example.org"}],
    )
    (event,) = host.queued
    assert event["triggerSource"] == "CustomEmailSender_AdminCreateUser"
    assert event["request"]["code"] == FIRST


def test_no_code_leaves_in_clear_unless_the_operator_said_so(host: Host) -> None:
    with running(host, "refuse") as endpoint:
        people = People(endpoint, config=SENDERS)
        people.add("ann", email="a@example.org", email_verified="true")
        code, _ = refusal(people.idp.forgot_password, ClientId=people.client_id, Username="ann")
        assert code == "CodeDeliveryFailureException"
        assert host.queued == []
        assert list(endpoint.delivery.outbox.after()) == []
