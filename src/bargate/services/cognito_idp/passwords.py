"""ForgotPassword, ConfirmForgotPassword, AdminResetUserPassword, ChangePassword."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.services.cognito_idp.current_user import holder_in
from bargate.services.cognito_idp.lookup import pools_of, the_pool
from bargate.services.cognito_idp.sign_up import named_by
from bargate.services.operation import Later, operation
from bargate.userpool import own_password, recovery

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params


@operation()
def forgot_password(call: OperationCall, request: Params) -> Later:
    """Send a code for a new password."""
    pools, named = pools_of(call), named_by(call, request)

    async def work() -> Params:
        to = await recovery.forgot_password(pools, named)
        return {"CodeDeliveryDetails": to.details()}

    return Later(work)


@operation()
def confirm_forgot_password(call: OperationCall, request: Params) -> Later:
    """Set a new password for a code."""
    pools, named = pools_of(call), named_by(call, request)
    code, password = request["ConfirmationCode"], request["Password"]

    async def work() -> Params:
        await recovery.confirm_forgot_password(pools, named, code, password)
        return {}

    return Later(work)


@operation()
def admin_reset_user_password(call: OperationCall, request: Params) -> Later:
    """End a user's password and send them a code for a new one."""
    pools, pool, name = pools_of(call), the_pool(call, request), request["Username"]
    metadata = request.get("ClientMetadata") or {}

    async def work() -> Params:
        await recovery.admin_reset(pools, pool, name, metadata, call.now)
        return {}

    return Later(work)


@operation()
def change_password(call: OperationCall, request: Params) -> Later:
    """Let a user who knows their password take another."""
    pools, holder = pools_of(call), holder_in(call, request)
    previous, proposed = request.get("PreviousPassword"), request["ProposedPassword"]

    async def work() -> Params:
        await own_password.change_password(pools, holder, previous, proposed, call.now)
        return {}

    return Later(work)
