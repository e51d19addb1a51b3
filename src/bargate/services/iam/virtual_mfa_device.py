"""Virtual MFA devices before they belong to a user."""

import io
import re
from typing import Any
from urllib.parse import quote

from bargate.identity.find import user_of_id
from bargate.identity.mfa import device_of
from bargate.identity.totp import new_seed
from bargate.records.mfa_device import MFA_DEVICE, MfaDevice
from bargate.services.iam.documents import tag_list
from bargate.services.iam.errors import already_exists, no_such_entity, validation_error
from bargate.services.iam.lookup import root_created_at
from bargate.services.iam.naming import checked_name, checked_path
from bargate.services.iam.pages import page, stored
from bargate.services.iam.tagging import new_tags
from bargate.services.iam.user import user_shape
from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError

_SERIAL_NUMBER = re.compile(r"[A-Za-z0-9_+=/:,.@-]{9,256}")


@operation(writes=True)
def create_virtual_mfa_device(call: OperationCall, request: Params) -> Params:
    """Make a device; its seed is given this once."""
    device = MfaDevice(
        account_id=call.account_id,
        name=checked_name(request, "VirtualMFADeviceName"),
        path=checked_path(request),
        seed=new_seed(),
        created_at=call.now,
        partition=call.partition,
        tags=new_tags(request),
    )
    if not _SERIAL_NUMBER.fullmatch(device.arn):
        # AWS [M]: what a serial number may look like is narrower than a path.
        raise validation_error("The specified value for path is invalid.")
    if call.tx.find(MFA_DEVICE, MFA_DEVICE.key_of(device)) is not None:
        raise already_exists("MFADevice entity at the same path and name already exists.")
    call.tx.create(MFA_DEVICE, device)
    shape: Params = {
        "SerialNumber": device.arn,
        "Base32StringSeed": device.seed.reveal().encode("ascii"),
        "QRCodePNG": _qr_code(device),
    }
    if device.tags:
        shape["Tags"] = tag_list(device.tags)
    return {"VirtualMFADevice": shape}


def _qr_code(device: MfaDevice) -> bytes:
    """Draw what an authenticator app reads with its camera."""
    import segno  # noqa: PLC0415  loaded by the few calls that need it

    image = io.BytesIO()
    segno.make(otpauth_uri(device), micro=False).save(image, kind="png", scale=4)
    return image.getvalue()


@operation(writes=True)
def delete_virtual_mfa_device(call: OperationCall, request: Params) -> Params:
    """Delete a device that belongs to nobody."""
    device = the_device(call, request["SerialNumber"])
    if device.owner_id is not None:
        raise AwsError("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first.")
    call.tx.delete(MFA_DEVICE, MFA_DEVICE.key_of(device))
    return {}


@operation()
def list_virtual_mfa_devices(call: OperationCall, request: Params) -> Params:
    """List devices, those in use or not, without their seeds."""
    status = request.get("AssignmentStatus") or "Any"
    keep = {
        "Any": None,
        "Assigned": lambda device: device.owner_id is not None,
        "Unassigned": lambda device: device.owner_id is None,
    }[status]
    found = page(request, [stored(call.tx, MFA_DEVICE, (call.account_id,))], keep)
    return {"VirtualMFADevices": [_shape(call, each) for each in found.items], **found.tail}


def _shape(call: OperationCall, device: MfaDevice) -> Params:
    shape: Params = {"SerialNumber": device.arn}
    if device.owner_id is not None:
        shape["EnableDate"] = device.enabled_at
        shape["User"] = _owner_shape(call, device.owner_id)
    return shape


def _owner_shape(call: OperationCall, owner_id: str) -> Params:
    user = user_of_id(call.tx, owner_id)
    if user is not None:
        return user_shape(user)
    root: dict[str, Any] = {
        "UserId": owner_id,
        "Arn": f"arn:{call.partition}:iam::{call.account_id}:root",
        "CreateDate": root_created_at(call),
    }
    return root


def the_device(call: OperationCall, serial_number: str) -> MfaDevice:
    """Find a device of the caller's account. Raises AwsError."""
    device = device_of(call.tx, serial_number)
    if device is None or device.account_id != call.account_id:
        raise no_such_entity(f"VirtualMFADevice with serial number {serial_number} doesn't exist.")
    return device


def otpauth_uri(device: MfaDevice) -> str:
    """Write what a device's QR code says (AWS [M] VirtualMFADevice); it holds the seed."""
    label = quote(f"{device.name}@{device.account_id}", safe="@")
    return f"otpauth://totp/{label}?secret={device.seed.reveal()}"
