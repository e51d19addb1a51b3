from datetime import timedelta

import pytest

from bargate.identity.mfa import accept_code, device_of
from bargate.identity.totp import code_of, step_at
from bargate.secret import Secret
from bargate.services.iam.virtual_mfa_device import otpauth_uri
from calling import ACCOUNT, Calling


def device(iam: Calling, name: str = "phone") -> tuple[str, Secret]:
    made = iam("CreateVirtualMFADevice", VirtualMFADeviceName=name)["VirtualMFADevice"]
    return made["SerialNumber"], Secret(made["Base32StringSeed"].decode())


def codes(iam: Calling, seed: Secret, steps_ago: int = 1) -> dict[str, str]:
    step = step_at(iam.now.timestamp()) - steps_ago
    return {
        "AuthenticationCode1": code_of(seed, step),
        "AuthenticationCode2": code_of(seed, step + 1),
    }


def enabled(iam: Calling) -> tuple[str, Secret, str]:
    user_id = iam("CreateUser", UserName="u")["User"]["UserId"]
    serial, seed = device(iam)
    iam("EnableMFADevice", UserName="u", SerialNumber=serial, **codes(iam, seed))
    return serial, seed, user_id


def accepts(iam: Calling, serial: str, owner: str, code: str) -> bool:
    return iam.store.write(lambda tx: accept_code(tx, serial, owner, code, iam.now))


def test_a_device_is_enabled_by_two_consecutive_codes(iam: Calling) -> None:
    serial, _seed, _ = enabled(iam)
    assert serial == f"arn:aws:iam::{ACCOUNT}:mfa/phone"
    found = iam("ListMFADevices", UserName="u")["MFADevices"]
    assert [each["SerialNumber"] for each in found] == [serial]
    assert iam("GetMFADevice", SerialNumber=serial)["UserName"] == "u"
    assigned = iam("ListVirtualMFADevices", AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert assigned[0]["User"]["UserName"] == "u"
    assert "Base32StringSeed" not in assigned[0]
    assert iam("ListVirtualMFADevices", AssignmentStatus="Unassigned")["VirtualMFADevices"] == []


def test_codes_that_do_not_fit_enable_nothing(iam: Calling) -> None:
    iam("CreateUser", UserName="u")
    serial, seed = device(iam)
    right = codes(iam, seed)
    wrong = [
        {"AuthenticationCode1": right["AuthenticationCode1"], "AuthenticationCode2": "000000"},
        {
            "AuthenticationCode1": right["AuthenticationCode2"],
            "AuthenticationCode2": right["AuthenticationCode1"],
        },
        {
            "AuthenticationCode1": right["AuthenticationCode1"],
            "AuthenticationCode2": right["AuthenticationCode1"],
        },
        {"AuthenticationCode1": "٣٣٣٣٣٣", "AuthenticationCode2": "\ud800" * 6},
        codes(iam, seed, steps_ago=100),
    ]
    for given in wrong:
        error = iam.refused("EnableMFADevice", UserName="u", SerialNumber=serial, **given)
        assert error.code == "InvalidAuthenticationCode"
    assert iam("ListMFADevices", UserName="u")["MFADevices"] == []


def test_a_code_is_accepted_once(iam: Calling) -> None:
    serial, seed, owner = enabled(iam)
    now = step_at(iam.now.timestamp())
    # Both codes of the enabling are used up.
    assert not accepts(iam, serial, owner, code_of(seed, now))
    iam.now += timedelta(seconds=60)
    code = code_of(seed, now + 2)
    assert accepts(iam, serial, owner, code)
    assert not accepts(iam, serial, owner, code)
    # An earlier code that was never used is not accepted after a later one either.
    assert not accepts(iam, serial, owner, code_of(seed, now + 1))


def test_a_code_stays_used_when_the_device_is_enabled_again(iam: Calling) -> None:
    serial, seed, _ = enabled(iam)
    used = codes(iam, seed)
    iam("DeactivateMFADevice", UserName="u", SerialNumber=serial)
    error = iam.refused("EnableMFADevice", UserName="u", SerialNumber=serial, **used)
    assert error.code == "InvalidAuthenticationCode"


def test_a_device_serves_its_owner_alone(iam: Calling) -> None:
    serial, seed, _ = enabled(iam)
    other = iam("CreateUser", UserName="v")["User"]["UserId"]
    iam.now += timedelta(seconds=90)
    code = code_of(seed, step_at(iam.now.timestamp()))
    assert not accepts(iam, serial, other, code)
    assert not accepts(iam, serial + "x", other, code)
    for operation, more in (
        ("DeactivateMFADevice", {}),
        ("ResyncMFADevice", codes(iam, seed)),
    ):
        error = iam.refused(operation, UserName="v", SerialNumber=serial, **more)
        assert error.code == "NoSuchEntity"
    error = iam.refused("EnableMFADevice", UserName="v", SerialNumber=serial, **codes(iam, seed))
    assert error.code == "EntityAlreadyExists"
    assert iam.refused("DeleteVirtualMFADevice", SerialNumber=serial).code == "DeleteConflict"
    assert iam.refused("DeleteUser", UserName="u").code == "DeleteConflict"


def test_a_clock_that_is_off_is_synchronised(iam: Calling) -> None:
    serial, seed, owner = enabled(iam)
    iam.now += timedelta(seconds=600)
    now = step_at(iam.now.timestamp())
    assert not accepts(iam, serial, owner, code_of(seed, now - 4))
    iam("ResyncMFADevice", UserName="u", SerialNumber=serial, **codes(iam, seed, steps_ago=6))
    assert accepts(iam, serial, owner, code_of(seed, now - 4))
    assert not accepts(iam, serial, owner, code_of(seed, now))


@pytest.mark.parametrize(
    "serial",
    ["x" * 9, "GAHT12345678", f"arn:aws:iam::{ACCOUNT}:mfa/none", "arn:aws:iam::1:mfa/a\0b"],
)
def test_devices_that_are_not_there(iam: Calling, serial: str) -> None:
    assert iam.refused("DeleteVirtualMFADevice", SerialNumber=serial).code == "NoSuchEntity"
    assert not accepts(iam, serial, ACCOUNT, "123456")


def test_what_a_qr_code_would_say(iam: Calling) -> None:
    serial, seed = device(iam, "phone+1")
    found = iam.store.read(lambda tx: device_of(tx, serial))
    assert found is not None
    uri = otpauth_uri(found)
    assert uri == f"otpauth://totp/phone%2B1@{ACCOUNT}?secret={seed.reveal()}"
