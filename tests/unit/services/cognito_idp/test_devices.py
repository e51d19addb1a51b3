"""Devices through boto3 without a socket: named, confirmed, remembered, proven, forgotten."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.endpoint import Endpoint

from device_client import DeviceClient
from srp_client import SrpClient
from totp_client import totp

PASSWORD = "Right-password-1"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
WRONG = ("NotAuthorizedException", "Incorrect username or password.")
NO_DEVICE = ("ResourceNotFoundException", "Device does not exist.")
ALWAYS = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
ON_PROMPT = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True}
BESIDE_MFA = {"ChallengeRequiredOnNewDevice": False, "DeviceOnlyRememberedOnUserPrompt": False}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


class People:
    """A pool that tracks devices, with a client and one user."""

    def __init__(self, endpoint: Endpoint, devices: dict[str, bool] | None = None) -> None:
        self.idp = endpoint.client("cognito-idp")
        more = {"DeviceConfiguration": devices} if devices is not None else {}
        self.id = self.idp.create_user_pool(PoolName="p", **more)["UserPool"]["Id"]
        self.client = self.idp.create_user_pool_client(
            UserPoolId=self.id, ClientName="c", ExplicitAuthFlows=FLOWS
        )["UserPoolClient"]["ClientId"]
        self.add("ann")

    def add(self, name: str) -> None:
        self.idp.admin_create_user(UserPoolId=self.id, Username=name, MessageAction="SUPPRESS")
        self.idp.admin_set_user_password(
            UserPoolId=self.id, Username=name, Password=PASSWORD, Permanent=True
        )

    def answer(self, name: str, session: str | None = None, **responses: str) -> Any:
        more = {"Session": session} if session is not None else {}
        return self.idp.respond_to_auth_challenge(
            ClientId=self.client, ChallengeName=name, ChallengeResponses=responses, **more
        )

    def begin(self, name: str = "ann", **more: str) -> Any:
        """Prove the password by SRP."""
        srp = SrpClient(self.id, PASSWORD)
        posed = self.idp.initiate_auth(
            ClientId=self.client,
            AuthFlow="USER_SRP_AUTH",
            AuthParameters={"USERNAME": name, "SRP_A": srp.srp_a, **more},
        )
        answered = srp.responses(posed["ChallengeParameters"])
        return self.answer("PASSWORD_VERIFIER", **answered, **more)

    def new_device(self, name: str = "ann") -> tuple[DeviceClient, dict[str, Any]]:
        """Sign in without a device and confirm the one that is named."""
        result = self.begin(name)["AuthenticationResult"]
        device = DeviceClient.of(result)
        self.confirm(device, result)
        return device, result

    def confirm(self, device: DeviceClient, result: dict[str, Any], **more: Any) -> Any:
        given = {"DeviceSecretVerifierConfig": device.config(), "DeviceName": "phone", **more}
        return self.idp.confirm_device(
            AccessToken=result["AccessToken"], DeviceKey=device.key, **given
        )

    def prove(self, device: DeviceClient, session: str | None, name: str = "ann") -> Any:
        srp = device.srp()
        posed = self.answer(
            "DEVICE_SRP_AUTH", session, USERNAME=name, DEVICE_KEY=device.key, SRP_A=srp.srp_a
        )
        assert posed["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"
        answered = device.responses(srp, posed["ChallengeParameters"])
        return self.answer("DEVICE_PASSWORD_VERIFIER", **answered)

    def use_totp(self, token: str) -> str:
        secret = self.idp.associate_software_token(AccessToken=token)["SecretCode"]
        self.idp.verify_software_token(AccessToken=token, UserCode=totp(secret))
        wanted = {"Enabled": True, "PreferredMfa": True}
        self.idp.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings=wanted)
        return secret

    def allow_totp(self) -> None:
        self.idp.set_user_pool_mfa_config(
            UserPoolId=self.id,
            SoftwareTokenMfaConfiguration={"Enabled": True},
            MfaConfiguration="OPTIONAL",
        )

    def refresh(self, token: str, **more: str) -> Any:
        return self.idp.initiate_auth(
            ClientId=self.client,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": token, **more},
        )["AuthenticationResult"]


def refusal(call: Any, *arguments: Any, **more: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as met:
        call(*arguments, **more)
    told = met.value.response["Error"]
    return told["Code"], told["Message"]


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


@pytest.fixture
def people(endpoint: Endpoint) -> People:
    return People(endpoint, ALWAYS)


def test_pools_without_tracking_name_no_devices(endpoint: Endpoint) -> None:
    people = People(endpoint)
    result = people.begin(DEVICE_KEY="us-east-1_00000000-0000-0000-0000-000000000000")
    result = result["AuthenticationResult"]
    assert "NewDeviceMetadata" not in result
    assert "device_key" not in claims_of(result["AccessToken"])
    device = DeviceClient("us-east-1_0", "-group")
    code, _ = refusal(people.confirm, device, result)
    assert code == "InvalidUserPoolConfigurationException"


def test_a_remembered_device_proves_its_secret(people: People) -> None:
    device, first = people.new_device()
    assert claims_of(first["AccessToken"])["device_key"] == device.key
    assert device.key.startswith("us-east-1_")
    posed = people.begin(DEVICE_KEY=device.key)
    assert posed["ChallengeName"] == "DEVICE_SRP_AUTH"
    result = people.prove(device, posed["Session"])["AuthenticationResult"]
    assert claims_of(result["AccessToken"])["device_key"] == device.key
    assert "NewDeviceMetadata" not in result
    told = people.idp.get_device(AccessToken=result["AccessToken"], DeviceKey=device.key)["Device"]
    said = {each["Name"]: each["Value"] for each in told["DeviceAttributes"]}
    assert said["device_name"] == "phone"
    assert said["dev:device_remembered_status"] == "remembered"
    assert told["DeviceLastAuthenticatedDate"] >= told["DeviceCreateDate"]


def test_a_client_that_sends_no_session_is_known_by_its_password(people: People) -> None:
    device, _ = people.new_device()
    people.begin(DEVICE_KEY=device.key)
    assert people.prove(device, None)["AuthenticationResult"]
    again = refusal(people.prove, device, None)  # the password was proven for one sign-in
    assert again == ("InvalidParameterException", "Missing required parameter Session")


def test_the_device_alone_signs_nobody_in(people: People) -> None:
    device, _ = people.new_device()
    people.add("eve")
    assert refusal(people.prove, device, None)[0] == "InvalidParameterException"
    people.begin("eve")
    assert refusal(people.prove, device, None, "eve")[0] == "InvalidParameterException"
    assert refusal(people.begin, "eve", DEVICE_KEY=device.key) == NO_DEVICE


def test_another_secret_is_refused_and_a_proof_is_good_once(people: People) -> None:
    device, _ = people.new_device()
    posed = people.begin(DEVICE_KEY=device.key)
    thief = DeviceClient(device.key, device.group)
    assert refusal(people.prove, thief, posed["Session"]) == WRONG
    assert refusal(people.prove, device, posed["Session"])[0] == "NotAuthorizedException"
    posed = people.begin(DEVICE_KEY=device.key)
    srp = device.srp()
    asked = {"USERNAME": "ann", "DEVICE_KEY": device.key, "SRP_A": srp.srp_a}
    told = people.answer("DEVICE_SRP_AUTH", posed["Session"], **asked)["ChallengeParameters"]
    answered = device.responses(srp, told)
    assert refusal(people.answer, "PASSWORD_VERIFIER", **answered)[0] == "NotAuthorizedException"
    posed = people.begin(DEVICE_KEY=device.key)
    told = people.answer("DEVICE_SRP_AUTH", posed["Session"], **asked)["ChallengeParameters"]
    answered = device.responses(srp, told)
    assert people.answer("DEVICE_PASSWORD_VERIFIER", **answered)["AuthenticationResult"]
    code, _ = refusal(people.answer, "DEVICE_PASSWORD_VERIFIER", **answered)
    assert code == "NotAuthorizedException"


def test_hostile_public_values_are_refused(people: People) -> None:
    device, _ = people.new_device()
    for srp_a in ("0", "zz", f"{2 * int(SrpClient(people.id, '').n):x}", ""):
        posed = people.begin(DEVICE_KEY=device.key)
        asked = {"USERNAME": "ann", "DEVICE_KEY": device.key, "SRP_A": srp_a}
        code, _ = refusal(people.answer, "DEVICE_SRP_AUTH", posed["Session"], **asked)
        assert code == "InvalidParameterException"


def test_a_remembered_device_takes_the_place_of_mfa(people: People) -> None:
    people.allow_totp()
    device, first = people.new_device()
    people.use_totp(first["AccessToken"])
    assert people.begin()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    posed = people.begin(DEVICE_KEY=device.key)
    assert people.prove(device, posed["Session"])["AuthenticationResult"]
    by_password = people.idp.initiate_auth(
        ClientId=people.client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD, "DEVICE_KEY": device.key},
    )
    assert by_password["ChallengeName"] == "SOFTWARE_TOKEN_MFA"  # the device proved nothing


def test_mfa_stays_where_the_pool_does_not_say_so(endpoint: Endpoint) -> None:
    people = People(endpoint, BESIDE_MFA)
    people.allow_totp()
    device, first = people.new_device()
    secret = people.use_totp(first["AccessToken"])
    posed = people.prove(device, people.begin(DEVICE_KEY=device.key)["Session"])
    assert posed["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    code = totp(secret, time.time() + 30)
    done = people.answer(
        "SOFTWARE_TOKEN_MFA", posed["Session"], USERNAME="ann", SOFTWARE_TOKEN_MFA_CODE=code
    )
    token = done["AuthenticationResult"]["AccessToken"]
    assert claims_of(token)["device_key"] == device.key


def test_users_choose_which_devices_are_remembered(endpoint: Endpoint) -> None:
    people = People(endpoint, ON_PROMPT)
    result = people.begin()["AuthenticationResult"]
    device, token = DeviceClient.of(result), result["AccessToken"]
    assert people.confirm(device, result)["UserConfirmationNecessary"] is True
    assert "NewDeviceMetadata" not in people.begin(DEVICE_KEY=device.key)["AuthenticationResult"]
    status = {"AccessToken": token, "DeviceKey": device.key}
    people.idp.update_device_status(**status, DeviceRememberedStatus="remembered")
    assert people.begin(DEVICE_KEY=device.key)["ChallengeName"] == "DEVICE_SRP_AUTH"
    posed = people.begin(DEVICE_KEY=device.key)
    people.idp.admin_update_device_status(
        UserPoolId=people.id,
        Username="ann",
        DeviceKey=device.key,
        DeviceRememberedStatus="not_remembered",
    )
    assert refusal(people.prove, device, posed["Session"]) == NO_DEVICE
    assert people.begin(DEVICE_KEY=device.key)["AuthenticationResult"]


def test_a_token_confirms_its_own_device_once(people: People) -> None:
    result = people.begin()["AuthenticationResult"]
    other = DeviceClient.of(people.begin()["AuthenticationResult"])
    assert refusal(people.confirm, other, result) == NO_DEVICE
    device = DeviceClient.of(result)
    assert people.confirm(device, result)["UserConfirmationNecessary"] is False
    assert refusal(people.confirm, device, result)[0] == "DeviceKeyExistsException"


@pytest.mark.parametrize(
    "verifier", ["", "AA==", "AQ==", "no base64", base64.b64encode(b"x" * 386).decode()]
)
def test_verifiers_that_prove_nothing_are_refused(people: People, verifier: str) -> None:
    result = people.begin()["AuthenticationResult"]
    device = DeviceClient.of(result)
    config = device.config() | {"PasswordVerifier": verifier}
    code, _ = refusal(people.confirm, device, result, DeviceSecretVerifierConfig=config)
    assert code == "InvalidParameterException"
    assert refusal(people.begin, DEVICE_KEY=device.key) == NO_DEVICE


def test_refresh_tokens_are_good_on_their_device_alone(people: People) -> None:
    device, first = people.new_device()
    token = first["RefreshToken"]
    renewed = people.refresh(token, DEVICE_KEY=device.key)
    assert claims_of(renewed["AccessToken"])["device_key"] == device.key
    refused = ("NotAuthorizedException", "Invalid Refresh Token")
    assert refusal(people.refresh, token) == refused
    assert refusal(people.refresh, token, DEVICE_KEY=device.key + "0") == refused


def test_a_forgotten_device_takes_its_refresh_tokens_with_it(people: People) -> None:
    device, first = people.new_device()
    other, second = people.new_device()
    posed = people.begin(DEVICE_KEY=device.key)
    people.idp.forget_device(AccessToken=second["AccessToken"], DeviceKey=device.key)
    assert refusal(people.prove, device, posed["Session"]) == NO_DEVICE
    assert refusal(people.begin, DEVICE_KEY=device.key) == NO_DEVICE
    ended = refusal(people.refresh, first["RefreshToken"], DEVICE_KEY=device.key)
    assert ended == ("NotAuthorizedException", "Refresh Token has expired")
    assert people.refresh(second["RefreshToken"], DEVICE_KEY=other.key)["AccessToken"]
    people.idp.admin_forget_device(UserPoolId=people.id, Username="ann", DeviceKey=other.key)
    listed = people.idp.admin_list_devices(UserPoolId=people.id, Username="ann")
    assert listed["Devices"] == []


def test_lists_go_on_and_show_ones_own_alone(people: People) -> None:
    made = {people.new_device()[0].key for _ in range(3)}
    people.add("ben")
    _, bens = people.new_device("ben")
    token = people.begin()["AuthenticationResult"]["AccessToken"]
    seen, more = set(), {}
    for _ in range(3):
        page = people.idp.list_devices(AccessToken=token, Limit=1, **more)
        seen |= {each["DeviceKey"] for each in page["Devices"]}
        more = {"PaginationToken": page.get("PaginationToken", "")}
    assert seen == made
    assert more == {"PaginationToken": ""}
    for key in made:
        asked = {"AccessToken": bens["AccessToken"], "DeviceKey": key}
        assert refusal(people.idp.get_device, **asked) == NO_DEVICE
        assert refusal(people.idp.forget_device, **asked) == NO_DEVICE
