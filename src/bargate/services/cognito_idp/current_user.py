"""What users do with their own access token: GetUser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.services.cognito_idp.lookup import pools_of
from bargate.services.cognito_idp.user_output import profile_output
from bargate.services.operation import operation
from bargate.userpool.access_tokens import holder_of
from bargate.userpool.attributes import readable

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.services.operation import OperationCall, Params
    from bargate.store.interface import Reader
    from bargate.userpool.access_tokens import Holder


def the_holder(call: OperationCall, request: Params) -> Holder:
    """Give who holds the access token of a request; raises NotAuthorizedException."""
    return holder_of(pools_of(call), call.tx, request["AccessToken"], call.now)


def holder_in(call: OperationCall, request: Params) -> Callable[[Reader], Holder]:
    """Give what finds the holder in a later transaction, where things may have changed."""
    pools, token, now = pools_of(call), request["AccessToken"], call.now
    return lambda tx: holder_of(pools, tx, token, now)


@operation()
def get_user(call: OperationCall, request: Params) -> Params:
    """Give the user whose token this is, with the attributes that the client may read."""
    holder = the_holder(call, request)
    return profile_output(holder.user, readable(holder.client, holder.user.attributes))
