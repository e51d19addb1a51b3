"""SignUp, ConfirmSignUp, ResendConfirmationCode, AdminConfirmSignUp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.services.cognito_idp.authentication import source_ip
from bargate.services.cognito_idp.lookup import pools_of, the_pool
from bargate.services.operation import Later, operation
from bargate.userpool import attributes, find
from bargate.userpool import sign_up as signing_up
from bargate.userpool.code_delivery import Named

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params


def named_by(call: OperationCall, request: Params) -> Named:
    """Read who is named through which client."""
    client = find.the_client(call.tx, request["ClientId"])
    return Named(
        pool=find.pool_of_id(call.tx, client.pool_id),
        client=client,
        username=request["Username"],
        secret_hash=request.get("SecretHash"),
        metadata=request.get("ClientMetadata") or {},
        source_ip=source_ip(call),
        now=call.now,
    )


@operation()
def sign_up(call: OperationCall, request: Params) -> Later:
    """Let a user come in by themself."""
    asked = signing_up.SignUp(
        named=named_by(call, request),
        attributes=attributes.given(request.get("UserAttributes")),
        password=request.get("Password"),
        validation=attributes.given(request.get("ValidationData")),
    )
    pools = pools_of(call)

    async def work() -> Params:
        signed_up = await signing_up.sign_up(pools, asked)
        output: Params = {
            "UserConfirmed": signed_up.user.status == "CONFIRMED",
            "UserSub": signed_up.user.sub,
        }
        if signed_up.to is not None:
            output["CodeDeliveryDetails"] = signed_up.to.details()
        if signed_up.session is not None:
            output["Session"] = signed_up.session
        return output

    return Later(work)


@operation()
def resend_confirmation_code(call: OperationCall, request: Params) -> Later:
    """Send another code to confirm a sign-up with."""
    pools, named = pools_of(call), named_by(call, request)

    async def work() -> Params:
        to = await signing_up.resend_code(pools, named)
        return {"CodeDeliveryDetails": to.details()}

    return Later(work)


@operation()
def confirm_sign_up(call: OperationCall, request: Params) -> Later:
    """Confirm a sign-up by the code that was sent."""
    pools, named, code = pools_of(call), named_by(call, request), request["ConfirmationCode"]
    moves_aliases, session = request.get("ForceAliasCreation", False), request.get("Session")

    async def work() -> Params:
        following = await signing_up.confirm_sign_up(
            pools, named, code, moves_aliases=moves_aliases, session=session
        )
        return {} if following is None else {"Session": following}

    return Later(work)


@operation()
def admin_confirm_sign_up(call: OperationCall, request: Params) -> Later:
    """Confirm a sign-up without a code."""
    pools, pool, name = pools_of(call), the_pool(call, request), request["Username"]
    metadata = request.get("ClientMetadata") or {}

    async def work() -> Params:
        await signing_up.admin_confirm(pools, pool, name, metadata, call.now)
        return {}

    return Later(work)
