"""What users change of themselves: attributes, their verification, and leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.services.cognito_idp.current_user import holder_in, the_holder
from bargate.services.cognito_idp.lookup import pools_of
from bargate.services.operation import Later, operation
from bargate.userpool import attributes, users
from bargate.userpool import own_attributes as own

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params


@operation()
def update_user_attributes(call: OperationCall, request: Params) -> Later:
    """Change attributes."""
    pools, holder = pools_of(call), holder_in(call, request)
    changes = attributes.given(request["UserAttributes"])
    metadata = request.get("ClientMetadata") or {}

    async def work() -> Params:
        sent = await own.update_own(pools, holder, changes, metadata, call.now)
        return {"CodeDeliveryDetailsList": [to.details() for to in sent]}

    return Later(work)


@operation(writes=True)
def delete_user_attributes(call: OperationCall, request: Params) -> Params:
    """Take attributes away."""
    names = tuple(request["UserAttributeNames"])
    own.delete_own(call.tx, the_holder(call, request), names, call.now)
    return {}


@operation()
def get_user_attribute_verification_code(call: OperationCall, request: Params) -> Later:
    """Send a code that verifies an address."""
    pools, holder, name = pools_of(call), holder_in(call, request), request["AttributeName"]
    metadata = request.get("ClientMetadata") or {}

    async def work() -> Params:
        to = await own.send_verification(pools, holder, name, metadata, call.now)
        return {"CodeDeliveryDetails": to.details()}

    return Later(work)


@operation()
def verify_user_attribute(call: OperationCall, request: Params) -> Later:
    """Verify an address by the code that went there."""
    pools, holder = pools_of(call), holder_in(call, request)
    name, code = request["AttributeName"], request["Code"]

    async def work() -> Params:
        await own.verify_attribute(pools, holder, name, code, call.now)
        return {}

    return Later(work)


@operation(writes=True)
def delete_user(call: OperationCall, request: Params) -> Params:
    """Let a user go, with all that is theirs."""
    users.delete_user(call.tx, the_holder(call, request).user)
    return {}
