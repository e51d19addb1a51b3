"""Ending tokens before their time: RevokeToken, GlobalSignOut, AdminUserGlobalSignOut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.services.cognito_idp.current_user import the_holder
from bargate.services.cognito_idp.lookup import the_user
from bargate.services.operation import operation
from bargate.userpool import find
from bargate.userpool.refresh import revoke_token as end_family_of
from bargate.userpool.secret_hash import check_client_secret
from bargate.userpool.users import sign_out
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params


@operation(writes=True)
def revoke_token(call: OperationCall, request: Params) -> Params:
    """End a refresh token, and every access token that came of the same sign-in."""
    client = find.the_client(call.tx, request["ClientId"])
    check_client_secret(client, request.get("ClientSecret"))
    if not client.revocation:
        message = "Token revocation is not enabled for this client."
        raise AwsError("UnsupportedOperationException", message)
    end_family_of(call.tx, client, request["Token"], call.now)
    return {}


@operation(writes=True)
def global_sign_out(call: OperationCall, request: Params) -> Params:
    """End every session of the user whose token this is."""
    sign_out(call.tx, the_holder(call, request).user, call.now)
    return {}


@operation(writes=True)
def admin_user_global_sign_out(call: OperationCall, request: Params) -> Params:
    """End every session of a user."""
    _, user = the_user(call, request)
    sign_out(call.tx, user, call.now)
    return {}
