"""What an attacker tries with what they have: tokens, sessions, secrets, codes, and words."""

from __future__ import annotations

import base64
import hmac
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from tests.endpoint import Endpoint

from bargate.userpool import srp
from bargate.userpool.secret_hash import secret_hash
from mfa_directory import FIRST, FLOWS, PASSWORD, People, refusal
from srp_client import SrpClient

INVALID = ("NotAuthorizedException", "Invalid session for the user.")
NO_TOKEN = ("NotAuthorizedException", "Invalid Access Token")
UNWRITABLE = ("NotAuthorizedException", "A client attempted to write unauthorized attribute")
PHONE = "+15555550123"
GATE = "arn:aws:lambda:us-east-1:123456789012:function:gate"

SRP_TOO: dict[str, Any] = {"ExplicitAuthFlows": [*FLOWS, "ALLOW_USER_SRP_AUTH"]}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def people(endpoint: Endpoint) -> People:
    people = People(endpoint, **SRP_TOO)
    for name in ("ann", "bob"):
        people.add_known(name)
    return people


def initiate(people: People, flow: str, client_id: str = "", /, **parameters: str) -> Any:
    return people.idp.initiate_auth(
        ClientId=client_id or people.client_id, AuthFlow=flow, AuthParameters=parameters
    )


# Sessions


def test_a_session_is_good_for_its_user_client_pool_and_challenge(
    endpoint: Endpoint, people: People
) -> None:
    respond = people.idp.respond_to_auth_challenge
    other_client = people.idp.create_user_pool_client(
        UserPoolId=people.id, ClientName="o", ExplicitAuthFlows=FLOWS
    )["UserPoolClient"]["ClientId"]
    other_pool = People(endpoint)
    other_pool.add("ann")
    responses = {"USERNAME": "ann", "ANSWER": "PASSWORD"}

    def asked(**changes: Any) -> dict[str, Any]:
        posed = people.choose("ann")
        return {
            "ClientId": people.client_id,
            "ChallengeName": posed["ChallengeName"],
            "Session": posed["Session"],
            "ChallengeResponses": responses,
            **changes,
        }

    wrong: tuple[dict[str, Any], ...] = (
        {"ClientId": other_client},
        {"ClientId": other_pool.client_id},
        {"ChallengeName": "MFA_SETUP"},
        {"ChallengeName": "NEW_PASSWORD_REQUIRED"},
        {"ChallengeResponses": {**responses, "USERNAME": "bob"}},
        {"ChallengeResponses": {**responses, "USERNAME": "nobody"}},
    )
    for changes in wrong:
        assert refusal(respond, **asked(**changes)) == INVALID, changes
    assert refusal(people.idp.associate_software_token, Session=asked()["Session"]) == INVALID
    admin = {"UserPoolId": other_pool.id, "ClientId": other_pool.client_id}
    told = refusal(people.idp.admin_respond_to_auth_challenge, **asked(**admin))
    assert told == INVALID
    assert respond(**asked())["ChallengeName"] == "PASSWORD"


# SRP


@pytest.mark.parametrize("name", ["ann", "nobody"])
@pytest.mark.parametrize(
    "srp_a",
    ["0", "00", f"{srp.N:x}", f"{2 * srp.N:x}", f"0{srp.N:X}", "-1", "0x5", " 5", "5_0", "f" * 771],
)
def test_no_key_is_agreed_on_by_a_value_that_says_nothing(
    people: People, name: str, srp_a: str
) -> None:
    people.idp.update_user_pool_client(
        UserPoolId=people.id,
        ClientId=people.client_id,
        PreventUserExistenceErrors="ENABLED",
        **SRP_TOO,
    )
    told = refusal(initiate, people, "USER_SRP_AUTH", USERNAME=name, SRP_A=srp_a)
    assert told[0] == "InvalidParameterException"


def test_a_scrambler_of_zero_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(srp, "_hash", lambda *_: 0)
    with pytest.raises(srp.UnusableValue):
        srp.begin("5", SrpClient("us-east-1_a", PASSWORD).srp_a)


@pytest.mark.parametrize("parameter", ["USERNAME", "DEVICE_KEY"])
def test_nobody_is_remembered_by_a_name_without_end(people: People, parameter: str) -> None:
    given = {"USERNAME": "ann", "PASSWORD": PASSWORD, parameter: "x" * 129}
    code, message = refusal(initiate, people, "USER_PASSWORD_AUTH", **given)
    assert code == "InvalidParameterException"
    assert "length less than or equal to" in message


# Tokens


def _part(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def test_no_other_token_passes_for_an_access_token(endpoint: Endpoint, people: People) -> None:
    result = people.begin("ann")["AuthenticationResult"]
    access, identity = result["AccessToken"], result["IdToken"]
    head, body, signature = access.split(".")
    other = People(endpoint)
    other.add("ann")
    foreign = other.token("ann")
    read = json.loads(base64.urlsafe_b64decode(head + "=="))
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    key_set = json.loads(endpoint.send("GET", f"/{people.id}/.well-known/jwks.json").body)
    tried = [identity, foreign.replace(foreign.split(".")[1], body), f"{head}.{body}."]
    tried += [f"{_part({**read, 'alg': none})}.{body}." for none in ("none", "None", "NONE", "")]
    for key in key_set["keys"]:  # the public key as a shared secret
        start = f"{_part({**read, 'alg': 'HS256', 'kid': key['kid']})}.{body}"
        signed = hmac.digest(key["n"].encode(), start.encode(), "sha256")
        tried.append(f"{start}.{base64.urlsafe_b64encode(signed).decode().rstrip('=')}")
        tried.append(f"{_part({**read, 'kid': key['kid'], 'jwk': key})}.{body}.{signature}"[:-2])
    for claim, value in (
        ("iss", f"http://evil.example/{people.id}"),
        ("iss", f"https://evil.example/{other.id}"),
        ("iss", None),
        ("sub", "somebody"),
        ("exp", 2**40),
        ("scope", "aws.cognito.signin.user.admin"),
    ):
        tried.append(f"{head}.{_part({**claims, claim: value})}.{signature}")
    for token in tried:
        assert refusal(people.idp.get_user, AccessToken=token) == NO_TOKEN, token
    assert people.idp.get_user(AccessToken=access)["Username"] == "ann"


def test_a_token_ends_with_its_client_and_its_pool(endpoint: Endpoint) -> None:
    people = People(endpoint)
    people.add("ann")
    token = people.token("ann")
    people.idp.delete_user_pool_client(UserPoolId=people.id, ClientId=people.client_id)
    told = refusal(people.idp.get_user, AccessToken=token)
    assert told == ("NotAuthorizedException", "Access Token has been revoked")
    people.idp.delete_user_pool(UserPoolId=people.id)
    assert refusal(people.idp.get_user, AccessToken=token) == NO_TOKEN


@pytest.mark.parametrize("ended", ["disabled", "deleted"])
def test_who_is_gone_gets_no_further_at_any_step(endpoint: Endpoint, ended: str) -> None:
    people = People(endpoint, first=("PASSWORD", "EMAIL_OTP"), **SRP_TOO)
    people.add_known("ann")
    people.add("new", None)
    client = SrpClient(people.id, PASSWORD)
    first = people.begin("ann")["AuthenticationResult"]
    posed = people.choose("ann")
    temporary = people.begin("new", FIRST)
    proof = initiate(people, "USER_SRP_AUTH", USERNAME="ann", SRP_A=client.srp_a)
    for name in ("ann", "new"):
        named = {"UserPoolId": people.id, "Username": name}
        end = people.idp.admin_disable_user if ended == "disabled" else people.idp.admin_delete_user
        end(**named)
    refused = [
        refusal(people.begin, "ann"),
        refusal(people.answer, posed, "ann", ANSWER="PASSWORD", PASSWORD=PASSWORD),
        refusal(people.answer, temporary, "new", NEW_PASSWORD="Next-password-1"),
        refusal(
            people.idp.respond_to_auth_challenge,
            ClientId=people.client_id,
            ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses=client.responses(proof["ChallengeParameters"]),
        ),
        refusal(initiate, people, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=first["RefreshToken"]),
        refusal(people.idp.get_user, AccessToken=first["AccessToken"]),
        refusal(people.idp.delete_user, AccessToken=first["AccessToken"]),
        refusal(people.idp.associate_software_token, AccessToken=first["AccessToken"]),
    ]
    assert {code for code, _ in refused} <= {"NotAuthorizedException", "UserNotFoundException"}


# Attributes


@pytest.mark.parametrize(
    "name",
    ["email_verified", "phone_number_verified", "sub", "custom:tier", "identities", "dev:custom:x"],
)
def test_nobody_writes_of_themself_what_others_vouch_for(people: People, name: str) -> None:
    token = people.token("ann")
    given = [{"Name": name, "Value": "true"}]
    own = people.idp.update_user_attributes
    assert refusal(own, AccessToken=token, UserAttributes=given) == UNWRITABLE
    delete = people.idp.delete_user_attributes
    assert refusal(delete, AccessToken=token, UserAttributeNames=[name]) == UNWRITABLE
    signed_up = refusal(
        people.idp.sign_up,
        ClientId=people.client_id,
        Username="eve",
        Password=PASSWORD,
        UserAttributes=given,
    )
    assert signed_up == UNWRITABLE


def test_a_temporary_password_writes_no_more_than_its_user_may(people: People) -> None:
    people.add("temp", None, email="temp@example.org")
    for name in ("email_verified", "sub", "custom:tier"):
        posed = people.begin("temp", FIRST)
        more = {"NEW_PASSWORD": "Next-password-1", f"userAttributes.{name}": "true"}
        assert refusal(people.answer, posed, "temp", **more) == UNWRITABLE
    posed = people.begin("temp", FIRST)
    more = {"NEW_PASSWORD": "Next-password-1", "userAttributes.email": "eve@example.org"}
    assert refusal(people.answer, posed, "temp", **more)[0] == "NotAuthorizedException"


# Secrets of clients


def test_a_secret_is_good_until_it_is_taken_away(people: People) -> None:
    idp, pool = people.idp, people.id
    made = idp.create_user_pool_client(
        UserPoolId=pool, ClientName="s", ExplicitAuthFlows=FLOWS, GenerateSecret=True
    )["UserPoolClient"]
    named = {"UserPoolId": pool, "ClientId": made["ClientId"]}
    added = idp.add_user_pool_client_secret(**named)["ClientSecretDescriptor"]
    old, new = made["ClientSecret"], added["ClientSecretValue"]

    def sign_in(secret: str, name: str = "ann", client: str = made["ClientId"]) -> Any:
        parameters = {"USERNAME": "ann", "PASSWORD": PASSWORD}
        hashed = secret_hash(secret, name, client)
        return initiate(
            people, "USER_PASSWORD_AUTH", made["ClientId"], SECRET_HASH=hashed, **parameters
        )

    unable = (
        "NotAuthorizedException",
        f"Unable to verify secret hash for client {made['ClientId']}",
    )
    for secret in (old, new):
        assert sign_in(secret)["AuthenticationResult"]
        assert refusal(sign_in, secret, "bob") == unable
        assert refusal(sign_in, secret, "ann", people.client_id) == unable
    for secret in ("", old[:-1], old + new):
        assert refusal(sign_in, secret) == unable
    first = idp.list_user_pool_client_secrets(**named)["ClientSecrets"][0]["ClientSecretId"]
    idp.delete_user_pool_client_secret(**named, ClientSecretId=first)
    assert refusal(sign_in, old) == unable
    assert sign_in(new)["AuthenticationResult"]


# Codes


def test_codes_are_not_guessed_across_resends(endpoint: Endpoint) -> None:
    people = People(endpoint)
    people.add_known("ann")
    named = {"ClientId": people.client_id, "Username": "ann"}
    told = []
    for _ in range(5):
        people.idp.forgot_password(**named)
        code = endpoint.code_to(PHONE)
        for number in range(4):
            guess = f"{(int(code) + 1 + number) % 10**6:06d}"
            confirm = people.idp.confirm_forgot_password
            told.append(refusal(confirm, **named, ConfirmationCode=guess, Password=PASSWORD)[0])
    assert told == ["CodeMismatchException"] * 15 + ["LimitExceededException"] * 5
    right = refusal(
        people.idp.confirm_forgot_password, **named, ConfirmationCode=code, Password=PASSWORD
    )
    assert right[0] == "LimitExceededException"
    assert refusal(people.idp.forgot_password, **named)[0] == "LimitExceededException"


# Words


def test_what_a_client_says_of_itself_stays_in_its_place(endpoint: Endpoint) -> None:
    people = People(endpoint)
    people.add("ann")
    people.idp.update_user_pool(UserPoolId=people.id, LambdaConfig={"PreAuthentication": GATE})
    said = {"userAttributes": "x", "userName": "root", "triggerSource": "y", "userNotFound": "z"}
    endpoint.functions.asked.clear()
    people.idp.initiate_auth(
        ClientId=people.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD},
        ClientMetadata=said,
    )
    event = json.loads(endpoint.functions.asked[0].payload)
    assert event["userName"] == "ann"
    assert event["triggerSource"] == "PreAuthentication_Authentication"
    assert event["request"]["validationData"] == said
    assert event["request"]["userAttributes"]["cognito:user_status"] == "CONFIRMED"
    assert set(event["request"]) == {"userAttributes", "validationData"}


def test_secrets_and_line_ends_are_never_logged(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    people = People(endpoint, first=("PASSWORD", "EMAIL_OTP"), kinds="email")
    people.add_known("ann")
    secret, evil = "Secret-of-ann-1", "eve\r\nERROR all is lost"
    with caplog.at_level(logging.DEBUG, "bargate"):
        refusal(people.begin, "ann", secret)
        refusal(people.begin, evil, secret)
        posed = people.choose("ann", "EMAIL_OTP")
        code = endpoint.code_to("ann@example.org")
        refusal(people.answer, posed, "ann", EMAIL_OTP_CODE=f"{code}1")
        refusal(people.answer, posed, evil, EMAIL_OTP_CODE=code)
        result = people.begin("ann")["AuthenticationResult"]
        people.idp.forgot_password(ClientId=people.client_id, Username="ann")
        reset = endpoint.code_to(PHONE)
    kept = [secret, PASSWORD, code, reset, posed["Session"], *map(str, result.values())]
    told = [each.getMessage() for each in caplog.records if each.name.startswith("bargate")]
    for text in told:
        assert "\n" not in text
        assert not [each for each in kept if len(each) > 5 and each in text]
