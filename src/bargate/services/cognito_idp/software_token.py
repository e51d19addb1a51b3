"""Authenticators: associated and verified by access token or a sign-in's session, taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.identity.totp import new_seed
from bargate.services.cognito_idp.current_user import holder_in, the_holder
from bargate.services.cognito_idp.lookup import pools_of, the_user
from bargate.services.operation import Later, operation
from bargate.userpool import totp
from bargate.userpool.mfa_setup import associate_by_session, verify_by_session
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params


@operation(writes=True)
def associate_software_token(call: OperationCall, request: Params) -> Params:
    """Give a seed that waits for its first code."""
    if not _is_by_token(request):
        pools, text = pools_of(call), request["Session"]
        seed, session = associate_by_session(pools, call.tx, text, call.now)
        return {"SecretCode": seed.reveal(), "Session": session}
    holder = the_holder(call, request)
    totp.check_offered(holder.pool)
    seed = new_seed()
    totp.associate(call.tx, holder.user, seed)
    return {"SecretCode": seed.reveal()}


@operation()
def verify_software_token(call: OperationCall, request: Params) -> Later:
    """Make the seed the user's by its first code."""
    pools, code, name = pools_of(call), request["UserCode"], request.get("FriendlyDeviceName")
    totp.check_friendly_name(name)
    if _is_by_token(request):
        holder = holder_in(call, request)

        async def by_token() -> Params:
            await totp.verify(pools, holder, code, name, call.now)
            return {"Status": "SUCCESS"}

        return Later(by_token)

    async def by_session() -> Params:
        session = await verify_by_session(pools, request["Session"], code, name, call.now)
        return {"Status": "SUCCESS", "Session": session}

    return Later(by_session)


@operation(writes=True)
def admin_delete_software_token(call: OperationCall, request: Params) -> Params:
    """Take a user's authenticator away, with their choice of it."""
    pool, user = the_user(call, request)
    totp.forget(call.tx, pool, user, call.now)
    return {}


def _is_by_token(request: Params) -> bool:
    """Say which of the two is given; raises InvalidParameterException unless it is one."""
    names = [name for name in ("AccessToken", "Session") if request.get(name) is not None]
    if len(names) != 1:
        message = "Exactly one of AccessToken and Session must be given."
        raise AwsError("InvalidParameterException", message)
    return names == ["AccessToken"]
