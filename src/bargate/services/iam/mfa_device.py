"""MFA devices of users: assigned and set by two consecutive codes."""

from msgspec import structs

from bargate.identity.find import user_of_id
from bargate.identity.mfa import synchronised
from bargate.records.iam_user import USER
from bargate.records.mfa_device import MFA_DEVICE, MfaDevice
from bargate.services.iam.errors import already_exists, limit_exceeded, no_such_entity
from bargate.services.iam.lookup import owner, the_user
from bargate.services.iam.pages import page, stored
from bargate.services.iam.virtual_mfa_device import the_device
from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError

MAX_DEVICES = 8


@operation(writes=True)
def enable_mfa_device(call: OperationCall, request: Params) -> Params:
    """Give a device to a user."""
    user = the_user(call, request["UserName"])
    device = the_device(call, request["SerialNumber"])
    if device.owner_id is not None:
        raise already_exists(f"MFA Device with serial number {device.arn} is already in use.")
    if len(call.tx.list_by(MFA_DEVICE, "owner", USER.key_of(user))) >= MAX_DEVICES:
        raise limit_exceeded("MFADevicesPerUser", MAX_DEVICES)
    enabled = structs.replace(
        _synchronised(call, device, request), owner_id=user.id, enabled_at=call.now
    )
    call.tx.update(MFA_DEVICE, MFA_DEVICE.key_of(device), lambda _: enabled)
    return {}


@operation(writes=True)
def resync_mfa_device(call: OperationCall, request: Params) -> Params:
    """Set a device's clock again."""
    user = the_user(call, request["UserName"])
    device = _device_of(call, user.id, request["SerialNumber"])
    changed = _synchronised(call, device, request)
    call.tx.update(MFA_DEVICE, MFA_DEVICE.key_of(device), lambda _: changed)
    return {}


@operation(writes=True)
def deactivate_mfa_device(call: OperationCall, request: Params) -> Params:
    """Take a device away from its user; codes that were used stay used."""
    device = _device_of(call, owner(call, request).id, request["SerialNumber"])
    call.tx.update(
        MFA_DEVICE,
        MFA_DEVICE.key_of(device),
        lambda device: structs.replace(device, owner_id=None, enabled_at=None),
    )
    return {}


@operation()
def list_mfa_devices(call: OperationCall, request: Params) -> Params:
    """List a user's devices."""
    of = owner(call, request)
    found = page(request, [stored(call.tx, MFA_DEVICE, (call.account_id, of.id), "owner")])
    shapes = [
        {"UserName": of.name or "root", "SerialNumber": each.arn, "EnableDate": each.enabled_at}
        for each in found.items
    ]
    return {"MFADevices": shapes, **found.tail}


@operation()
def get_mfa_device(call: OperationCall, request: Params) -> Params:
    """Give a device by its serial number; it must be the user's if one is named."""
    device = the_device(call, request["SerialNumber"])
    if request.get("UserName") is not None:
        device = _device_of(call, the_user(call, request["UserName"]).id, device.arn)
    shape: Params = {"SerialNumber": device.arn}
    if device.owner_id is not None:
        user = user_of_id(call.tx, device.owner_id)
        shape["UserName"] = "root" if user is None else user.name
        shape["EnableDate"] = device.enabled_at
    return shape


def _device_of(call: OperationCall, owner_id: str, serial_number: str) -> MfaDevice:
    device = the_device(call, serial_number)
    if device.owner_id != owner_id:
        raise no_such_entity("MFA Device invalid for user.")
    return device


def _synchronised(call: OperationCall, device: MfaDevice, request: Params) -> MfaDevice:
    codes = (request["AuthenticationCode1"], request["AuthenticationCode2"])
    changed = synchronised(device, codes, call.now)
    if changed is None:
        raise AwsError("InvalidAuthenticationCode", "Authentication code for device is not valid.")
    return changed
