"""Devices of a running installation: a remembered one proves itself."""

from __future__ import annotations

from typing import Any

import pytest

from device_client import DeviceClient
from e2e.control.installation import Running
from e2e.userpools.directory import PASSWORD, Directory, claims_of, refusal
from e2e.userpools.test_clients import python
from srp_client import SrpClient

TRACKED = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}


@pytest.fixture(scope="module")
def people(bargate: Running) -> Directory:
    directory = Directory.of(bargate, DeviceConfiguration=TRACKED)
    directory.add("ann")
    return directory


def begin(people: Directory, **more: str) -> Any:
    srp = SrpClient(people.id, PASSWORD)
    posed = people.begin_srp("ann", srp)
    return people.answer("PASSWORD_VERIFIER", **srp.responses(posed), **more)


def test_a_device_is_confirmed_proven_and_forgotten(people: Directory) -> None:
    first = begin(people)["AuthenticationResult"]
    device = DeviceClient.of(first)
    said = people.public.confirm_device(
        AccessToken=first["AccessToken"],
        DeviceKey=device.key,
        DeviceSecretVerifierConfig=device.config(),
        DeviceName="laptop",
    )
    assert said["UserConfirmationNecessary"] is False
    assert begin(people, DEVICE_KEY=device.key)["ChallengeName"] == "DEVICE_SRP_AUTH"
    srp = device.srp()
    posed = people.answer("DEVICE_SRP_AUTH", USERNAME="ann", DEVICE_KEY=device.key, SRP_A=srp.srp_a)
    answered = device.responses(srp, posed["ChallengeParameters"])
    result = people.answer("DEVICE_PASSWORD_VERIFIER", **answered)["AuthenticationResult"]
    assert claims_of(result["AccessToken"])["device_key"] == device.key
    assert people.refresh(result["RefreshToken"], DEVICE_KEY=device.key)["AccessToken"]
    listed = people.public.list_devices(AccessToken=result["AccessToken"])["Devices"]
    attributes = {each["Name"]: each["Value"] for each in listed[0]["DeviceAttributes"]}
    assert attributes["last_ip_used"] == "127.0.0.1"
    people.public.forget_device(AccessToken=result["AccessToken"], DeviceKey=device.key)
    ended = refusal(people.refresh, result["RefreshToken"], DEVICE_KEY=device.key)
    assert ended == ("NotAuthorizedException", "Refresh Token has expired")
    gone = refusal(begin, people, DEVICE_KEY=device.key)
    assert gone == ("ResourceNotFoundException", "Device does not exist.")


def test_pycognito_signs_in_on_its_device(bargate: Running, people: Directory) -> None:
    people.add("py")
    place = (bargate.endpoint, people.id, people.client_id)
    told = python("device.py", *place, "py", PASSWORD)
    assert told["result"] is True
    listed = people.admin.admin_list_devices(UserPoolId=people.id, Username="py")["Devices"]
    assert [each["DeviceKey"] for each in listed] == [told["device"]]
    assert listed[0]["DeviceLastAuthenticatedDate"] > listed[0]["DeviceCreateDate"]
