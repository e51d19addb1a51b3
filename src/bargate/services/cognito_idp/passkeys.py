"""Passkeys of one's own: registered in two calls, listed, and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.records.pool_passkey import POOL_PASSKEY
from bargate.services.cognito_idp.current_user import holder_in, the_holder
from bargate.services.cognito_idp.lookup import after_of, pools_of
from bargate.services.operation import Later, operation
from bargate.services.paging import token_of
from bargate.userpool import passkey_registration
from bargate.userpool.passkeys import MAX_PASSKEYS, delete_passkey, friendly_name

if TYPE_CHECKING:
    from bargate.records.pool_passkey import PoolPasskey
    from bargate.services.operation import OperationCall, Params


@operation()
def start_web_authn_registration(call: OperationCall, request: Params) -> Params:
    """Give what a browser needs to make a passkey."""
    holder = the_holder(call, request)
    options = passkey_registration.start(pools_of(call), call.tx, holder, call.now)
    return {"CredentialCreationOptions": options}


@operation()
def complete_web_authn_registration(call: OperationCall, request: Params) -> Later:
    """Store the passkey that was made."""
    pools, holder, credential = pools_of(call), holder_in(call, request), request["Credential"]
    holder(call.tx)

    async def work() -> Params:
        await passkey_registration.complete(pools, holder, credential, call.now)
        return {}

    return Later(work)


@operation()
def list_web_authn_credentials(call: OperationCall, request: Params) -> Params:
    """List one's own passkeys."""
    user = the_holder(call, request).user
    prefix, limit = (user.pool_id, user.sub), request.get("MaxResults") or MAX_PASSKEYS
    after = after_of(request.get("NextToken"), prefix)
    found = call.tx.list(POOL_PASSKEY, prefix, after=after, limit=limit + 1)
    output: Params = {"Credentials": [_output(each) for each in found[:limit]]}
    if len(found) > limit:
        output["NextToken"] = token_of(POOL_PASSKEY.key_of(found[limit - 1]))
    return output


@operation(writes=True)
def delete_web_authn_credential(call: OperationCall, request: Params) -> Params:
    """Delete a passkey of one's own."""
    delete_passkey(call.tx, the_holder(call, request).user, request["CredentialId"])
    return {}


def _output(passkey: PoolPasskey) -> Params:
    output: Params = {
        "CredentialId": passkey.id,
        "FriendlyCredentialName": friendly_name(passkey),
        "RelyingPartyId": passkey.rp_id,
        "AuthenticatorTransports": list(passkey.transports),
        "CreatedAt": passkey.created_at,
    }
    if passkey.attachment is not None:
        output["AuthenticatorAttachment"] = passkey.attachment
    return output
