"""Devices: what users do with theirs, and administrators with anybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.records.pool_device import POOL_DEVICE
from bargate.services.cognito_idp.current_user import the_holder
from bargate.services.cognito_idp.lookup import MAX_LISTED, after_of, pools_of, the_user
from bargate.services.operation import operation
from bargate.services.paging import token_of
from bargate.userpool import devices
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_device import PoolDevice
    from bargate.records.pool_user import PoolUser
    from bargate.services.operation import OperationCall, Params


@operation(writes=True)
def confirm_device(call: OperationCall, request: Params) -> Params:
    """Store the device that a token was got on, with the verifier of its secret."""
    must_choose = devices.confirm(
        pools_of(call),
        call.tx,
        the_holder(call, request),
        devices.Confirmation(
            key=request["DeviceKey"],
            verifier=request.get("DeviceSecretVerifierConfig") or {},
            name=request.get("DeviceName"),
        ),
        call.now,
    )
    return {"UserConfirmationNecessary": must_choose}


@operation()
def get_device(call: OperationCall, request: Params) -> Params:
    """Give a device of one's own."""
    return _get(call, request, _owner(call, request))


@operation()
def admin_get_device(call: OperationCall, request: Params) -> Params:
    """Give a user's device."""
    return _get(call, request, the_user(call, request)[1])


@operation()
def list_devices(call: OperationCall, request: Params) -> Params:
    """List one's own devices."""
    return _list(call, request, _owner(call, request))


@operation()
def admin_list_devices(call: OperationCall, request: Params) -> Params:
    """List a user's devices."""
    return _list(call, request, the_user(call, request)[1])


@operation(writes=True)
def update_device_status(call: OperationCall, request: Params) -> Params:
    """Let a device of one's own be remembered, or not."""
    return _update(call, request, _owner(call, request))


@operation(writes=True)
def admin_update_device_status(call: OperationCall, request: Params) -> Params:
    """Let a user's device be remembered, or not."""
    return _update(call, request, the_user(call, request)[1])


@operation(writes=True)
def forget_device(call: OperationCall, request: Params) -> Params:
    """Forget a device of one's own."""
    devices.forget(call.tx, _owner(call, request), request["DeviceKey"], call.now)
    return {}


@operation(writes=True)
def admin_forget_device(call: OperationCall, request: Params) -> Params:
    """Forget a user's device."""
    devices.forget(call.tx, the_user(call, request)[1], request["DeviceKey"], call.now)
    return {}


def _owner(call: OperationCall, request: Params) -> PoolUser:
    """Give who holds the access token, which the model of some operations lets be left out."""
    if request.get("AccessToken") is None:
        message = "Missing required parameter AccessToken"
        raise AwsError("InvalidParameterException", message)
    return the_holder(call, request).user


def _get(call: OperationCall, request: Params, user: PoolUser) -> Params:
    return {"Device": _output(devices.find_device(call.tx, user, request["DeviceKey"]))}


def _list(call: OperationCall, request: Params, user: PoolUser) -> Params:
    prefix, limit = (user.pool_id, user.sub), request.get("Limit") or MAX_LISTED
    after = after_of(request.get("PaginationToken"), prefix)
    found = call.tx.list(POOL_DEVICE, prefix, after=after, limit=limit + 1)
    output: Params = {"Devices": [_output(each) for each in found[:limit]]}
    if len(found) > limit:
        output["PaginationToken"] = token_of(POOL_DEVICE.key_of(found[limit - 1]))
    return output


def _update(call: OperationCall, request: Params, user: PoolUser) -> Params:
    status = request.get("DeviceRememberedStatus")
    if status is None:
        message = "Missing required parameter DeviceRememberedStatus"
        raise AwsError("InvalidParameterException", message)
    is_remembered = status == "remembered"
    key = request["DeviceKey"]
    devices.remember(call.tx, user, key, call.now, is_remembered=is_remembered)
    return {}


def _output(device: PoolDevice) -> Params:
    """Write a device; its verifier and salt are never told."""
    said = {
        "device_status": "valid",
        "device_name": device.name,
        "dev:device_remembered_status": "remembered" if device.remembered else "not_remembered",
        "last_ip_used": device.last_ip,
    }
    return {
        "DeviceKey": device.key,
        "DeviceAttributes": [{"Name": k, "Value": v} for k, v in said.items() if v is not None],
        "DeviceCreateDate": device.created_at,
        "DeviceLastModifiedDate": device.modified_at,
        "DeviceLastAuthenticatedDate": device.last_authenticated_at,
    }
