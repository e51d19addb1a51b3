"""Hostile values in the midst of real conversations: true tokens, sessions and codes beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest
import tests.endpoint
from msgspec.structs import replace
from tests.endpoint import Endpoint

from bargate.userpool.passwords import Cost, Hasher
from conformance.control.answers import check_answer
from conformance.control.fuzzing import model
from conformance.control.wrong_values import SENDABLE
from mfa_directory import FIRST, PASSWORD
from srp_client import SrpClient

QUIET_S = 1_000.0  # ends what was counted
TEXTS = (*SENDABLE, "ann", "nobody", "ann@example.org", "x" * 129, "0", "f" * 771, "A" * 70_000)
# Said before it is known what was called; AWS [O].
COMMON = {"SerializationException", "ValidationException", "InvalidParameterException"}
Texts: TypeAlias = tuple[str, ...]
FLOWS = [
    "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH", "ALLOW_CUSTOM_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]  # fmt: skip


class People:
    """A pool with users in every state that a conversation can be in."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.idp = endpoint.client("cognito-idp")
        factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
        self.id = self.idp.create_user_pool(
            PoolName="p",
            Policies=factors,
            AutoVerifiedAttributes=["email"],
            DeviceConfiguration={"ChallengeRequiredOnNewDevice": True},
        )["UserPool"]["Id"]
        self.idp.set_user_pool_mfa_config(
            UserPoolId=self.id,
            SoftwareTokenMfaConfiguration={"Enabled": True},
            MfaConfiguration="OPTIONAL",
        )
        self.client_id = self.idp.create_user_pool_client(
            UserPoolId=self.id,
            ClientName="c",
            ExplicitAuthFlows=FLOWS,
            PreventUserExistenceErrors="ENABLED",
        )["UserPoolClient"]["ClientId"]
        self.refused = self.fulfilled = 0
        self.count = 0

    def add(self, *, permanent: bool = True) -> str:
        self.count += 1
        skew_s, self.endpoint.skew_s = self.endpoint.skew_s, 0.0  # signatures are of now
        name = f"user{self.count}"
        mail = {"email": f"{name}@example.org", "email_verified": "true"}
        named = {"UserPoolId": self.id, "Username": name}
        self.idp.admin_create_user(
            **named,
            TemporaryPassword=FIRST,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": key, "Value": value} for key, value in mail.items()],
        )
        if permanent:
            self.idp.admin_set_user_password(**named, Password=PASSWORD, Permanent=True)
        self.endpoint.skew_s = skew_s
        return name

    def ask(self, operation: str, /, **asked: Any) -> dict[str, Any]:
        """Ask unsigned, as users do; refusals must be among the operation's own."""
        body = json.dumps(asked).encode("utf-8", "surrogatepass")
        headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", f"AWSCognitoIdentityProviderService.{operation}"),
        ]
        answered = self.endpoint.send("POST", "/", headers, body)
        is_fulfilled = check_answer(answered, "json", (operation, asked))
        told: dict[str, Any] = json.loads(answered.body)
        self.fulfilled += is_fulfilled
        self.refused += not is_fulfilled
        if not is_fulfilled:
            known = {
                each.name for each in model("cognito-idp").operation_model(operation).error_shapes
            }
            assert told["__type"] in known | COMMON, (operation, told, str(asked)[:300])
        return told

    def begin(self, flow: str, **parameters: str) -> dict[str, Any]:
        self.endpoint.skew_s += QUIET_S
        return self.ask(
            "InitiateAuth", ClientId=self.client_id, AuthFlow=flow, AuthParameters=parameters
        )

    def answer(self, posed: dict[str, Any], **responses: str) -> dict[str, Any]:
        session = {"Session": posed["Session"]} if "Session" in posed else {}
        return self.ask(
            "RespondToAuthChallenge",
            ClientId=self.client_id,
            ChallengeName=posed["ChallengeName"],
            ChallengeResponses=responses,
            **session,
        )

    def token(self, name: str) -> str:
        told = self.begin("USER_PASSWORD_AUTH", USERNAME=name, PASSWORD=PASSWORD)
        token: str = told["AuthenticationResult"]["AccessToken"]
        return token


@pytest.fixture(scope="module")
def people() -> Iterator[People]:
    make = tests.endpoint.make_pools
    hasher = Hasher(Cost(memory_kib=64, passes=1))

    def made(*arguments: Any, **named: Any) -> Any:
        return replace(make(*arguments, **named), hasher=hasher)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tests.endpoint, "make_pools", made)
        with Endpoint() as endpoint:
            yield People(endpoint)
    hasher.close()


@pytest.fixture(params=[5, pytest.param(1, marks=pytest.mark.slow)])
def texts(request: pytest.FixtureRequest) -> Texts:
    """Every fifth of the texts, or all of them."""
    return TEXTS[:: request.param]


def with_each(
    texts: Texts, good: dict[str, str], more: tuple[str, ...] = ()
) -> Iterator[dict[str, str]]:
    """Give parameters with one of them, or one besides, hostile; and with one left out."""
    for name in (*good, *more):
        for text in texts:
            yield {**good, name: text}
    for name in good:
        yield {key: value for key, value in good.items() if key != name}


BESIDES = ("DEVICE_KEY", "SECRET_HASH", "PREFERRED_CHALLENGE", "CHALLENGE_NAME", "\0")


@pytest.mark.parametrize(
    ("flow", "more"),
    [
        ("USER_PASSWORD_AUTH", {"PASSWORD": PASSWORD}),
        ("USER_AUTH", {"PREFERRED_CHALLENGE": "EMAIL_OTP"}),
        ("USER_AUTH", {"PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": PASSWORD}),
        ("CUSTOM_AUTH", {}),
        ("REFRESH_TOKEN_AUTH", {"REFRESH_TOKEN": "x"}),
    ],
)
def test_beginnings(people: People, texts: Texts, flow: str, more: dict[str, str]) -> None:
    name = people.add()
    before = people.refused
    for parameters in with_each(texts, {"USERNAME": name, **more}, BESIDES):
        people.begin(flow, **parameters)
    assert people.refused > before


def test_srp(people: People, texts: Texts) -> None:
    name, client = people.add(), SrpClient(people.id, PASSWORD, a=12345)
    for parameters in with_each(texts, {"SRP_A": client.srp_a}):
        people.begin("USER_SRP_AUTH", USERNAME=name, **parameters)
    good = client.responses(
        people.begin("USER_SRP_AUTH", USERNAME=name, SRP_A=client.srp_a)["ChallengeParameters"]
    )
    for number, _ in enumerate(with_each(texts, good)):
        if number % 4:
            continue  # each costs a handshake
        posed = people.begin("USER_SRP_AUTH", USERNAME=name, SRP_A=client.srp_a)
        responses = list(with_each(texts, client.responses(posed["ChallengeParameters"])))[number]
        people.answer(posed, **responses)


def test_new_passwords(people: People, texts: Texts) -> None:
    name = people.add(permanent=False)
    attributes = tuple(f"userAttributes.{each}" for each in ("name", "email_verified", "sub", "\0"))
    posed: dict[str, Any] = {}
    for responses in with_each(texts, {"USERNAME": name, "NEW_PASSWORD": "short"}, attributes):
        posed = people.begin("USER_PASSWORD_AUTH", USERNAME=name, PASSWORD=FIRST)
        if "Session" not in posed:  # a hostile text was a good password
            name = people.add(permanent=False)
            continue
        people.answer(posed, **responses)


def test_codes_and_choices(people: People, texts: Texts) -> None:
    name = people.add()
    for responses in with_each(texts, {"USERNAME": name, "EMAIL_OTP_CODE": "1"}):
        people.answer(
            people.begin("USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="EMAIL_OTP"), **responses
        )
    for responses in with_each(
        texts, {"USERNAME": name, "ANSWER": "PASSWORD"}, ("PASSWORD", "SRP_A")
    ):
        people.answer(people.begin("USER_AUTH", USERNAME=name), **responses)


def test_sessions_are_no_one_elses(people: People, texts: Texts) -> None:
    name = people.add()
    session = people.begin("USER_AUTH", USERNAME=name)["Session"]
    for text in (*texts, session[:-1], session + "A", session[1:], session.swapcase()):
        people.ask(
            "RespondToAuthChallenge",
            ClientId=people.client_id,
            ChallengeName="SELECT_CHALLENGE",
            Session=text,
            ChallengeResponses={"USERNAME": name, "ANSWER": "PASSWORD"},
        )
        people.ask("AssociateSoftwareToken", Session=text)


WITH_TOKEN: tuple[tuple[str, str, Any], ...] = (
    ("UpdateUserAttributes", "UserAttributes", lambda t: [{"Name": t, "Value": "x"}]),
    ("UpdateUserAttributes", "UserAttributes", lambda t: [{"Name": "email", "Value": t}]),
    ("UpdateUserAttributes", "UserAttributes", lambda t: [{"Name": "birthdate", "Value": t}]),
    ("DeleteUserAttributes", "UserAttributeNames", lambda t: [t]),
    ("GetUserAttributeVerificationCode", "AttributeName", lambda t: t),
    ("VerifyUserAttribute", "Code", lambda t: t),
    ("ChangePassword", "ProposedPassword", lambda t: t),
    ("ChangePassword", "PreviousPassword", lambda t: t),
    ("VerifySoftwareToken", "UserCode", lambda t: t),
    ("VerifySoftwareToken", "FriendlyDeviceName", lambda t: t),
    ("GetDevice", "DeviceKey", lambda t: t),
    ("ForgetDevice", "DeviceKey", lambda t: t),
    ("ConfirmDevice", "DeviceSecretVerifierConfig", lambda t: {"Salt": t, "PasswordVerifier": t}),
    ("ListDevices", "PaginationToken", lambda t: t),
    ("GetUser", "AccessToken", lambda t: t),
)
GOOD: dict[str, dict[str, Any]] = {
    "VerifyUserAttribute": {"AttributeName": "email", "Code": "123456"},
    "ChangePassword": {"PreviousPassword": PASSWORD, "ProposedPassword": PASSWORD},
    "VerifySoftwareToken": {"UserCode": "123456"},
    "ConfirmDevice": {"DeviceKey": "us-east-1_12345678-1234-1234-1234-123456789012"},
}


@pytest.mark.parametrize(("operation", "member", "value"), WITH_TOKEN)
def test_what_is_asked_with_a_token(
    people: People, texts: Texts, operation: str, member: str, value: Any
) -> None:
    name = people.add()
    token = people.token(name)
    for number, text in enumerate(texts):
        if number % 3 == 0:
            told = people.begin("USER_PASSWORD_AUTH", USERNAME=name, PASSWORD=PASSWORD)
            if "AuthenticationResult" not in told:  # a hostile text was a good password
                name = people.add()
            token = people.token(name)
        asked = {"AccessToken": token, **GOOD.get(operation, {}), member: value(text)}
        people.ask(operation, **asked)


@pytest.mark.parametrize("operation", ["ConfirmSignUp", "ConfirmForgotPassword"])
@pytest.mark.parametrize("member", ["Username", "ConfirmationCode", "Password", "SecretHash"])
def test_codes_that_were_sent(people: People, texts: Texts, operation: str, member: str) -> None:
    name = people.add()
    people.ask("ForgotPassword", ClientId=people.client_id, Username=name)
    good = {"ClientId": people.client_id, "Username": name, "ConfirmationCode": "123456"}
    if operation == "ConfirmForgotPassword":
        good["Password"] = PASSWORD
    for text in texts:
        people.endpoint.skew_s += 4 * QUIET_S
        people.ask(operation, **{**good, member: text})


def test_most_was_refused_and_not_all(people: People) -> None:
    assert people.refused > 300
    assert people.fulfilled > 60
