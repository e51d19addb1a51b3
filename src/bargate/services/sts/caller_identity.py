"""Who is asking, and whose an access key is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.records.access_key import ACCESS_KEY
from bargate.services.operation import OperationCall, Params, Target, operation
from bargate.tokens.session_key import account_of_session_key
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable


def _nothing(call: OperationCall, request: Params) -> Iterable[Target]:  # noqa: ARG001  as others
    """AWS [D] iam-sts §7: GetCallerIdentity works even with an explicit deny."""
    return ()


@operation(targets=_nothing)
def get_caller_identity(call: OperationCall, request: Params) -> Params:  # noqa: ARG001
    """Say who signed the call."""
    caller = call.caller
    return {"UserId": caller.user_id, "Account": caller.account_id, "Arn": caller.arn}


@operation()
def get_access_key_info(call: OperationCall, request: Params) -> Params:
    """Give the account of an access key, whether or not the key works."""
    access_key_id = request["AccessKeyId"]
    account_id = account_of_session_key(access_key_id)
    if account_id is None:
        key = call.tx.find_by(ACCESS_KEY, "id", (access_key_id,))
        if key is None:
            raise AwsError("InvalidClientTokenId", "The AWS Access Key Id is not valid.", 403)
        account_id = key.account_id
    return {"Account": account_id}
