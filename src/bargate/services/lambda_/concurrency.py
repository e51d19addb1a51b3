"""Reserved concurrency, and what an account may have and has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.functions.concurrency import ACCOUNT_CONCURRENCY
from bargate.functions.zip_package import MAX_UNZIPPED_BYTES, MAX_ZIPPED_BYTES
from bargate.records.function import LAMBDA_FUNCTION
from bargate.services.lambda_.errors import invalid
from bargate.services.lambda_.lookup import the_function
from bargate.services.lambda_.names import FunctionRef, unqualified
from bargate.services.lambda_.packages import MAX_STORED_BYTES, stored_bytes
from bargate.services.operation import operation

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

MIN_UNRESERVED: Final = 100  # AWS [D] Lambda quotas


@operation(writes=True)
def put_function_concurrency(call: OperationCall, request: Params) -> Params:
    """Keep a share of the account's concurrency for a function; with 0 it does not run at all."""
    ref, reserved = unqualified(call, request), request["ReservedConcurrentExecutions"]
    function = the_function(call, ref)
    others = _reserved(call, ref.key[:2]) - (function.reserved_concurrency or 0)
    if reserved and ACCOUNT_CONCURRENCY - others - reserved < MIN_UNRESERVED:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's"
            f" UnreservedConcurrentExecution below its minimum value of [{MIN_UNRESERVED}]."
        )
    _store(call, ref, reserved)
    return {"ReservedConcurrentExecutions": reserved}


@operation()
def get_function_concurrency(call: OperationCall, request: Params) -> Params:
    """Give what is reserved for a function."""
    reserved = the_function(call, unqualified(call, request)).reserved_concurrency
    return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


@operation(writes=True)
def delete_function_concurrency(call: OperationCall, request: Params) -> Params:
    """Let a function share the account's concurrency again."""
    ref = unqualified(call, request)
    the_function(call, ref)
    _store(call, ref, None)
    return {}


@operation()
def get_account_settings(call: OperationCall, request: Params) -> Params:  # noqa: ARG001
    """Tell the limits of the account in this region, and what it uses."""
    place = (call.account_id, call.region)
    here = FunctionRef(
        account_id=call.account_id, region=call.region, partition=call.partition, name=""
    )
    return {
        "AccountLimit": {
            "TotalCodeSize": MAX_STORED_BYTES,
            "CodeSizeUnzipped": MAX_UNZIPPED_BYTES,
            "CodeSizeZipped": MAX_ZIPPED_BYTES,
            "ConcurrentExecutions": ACCOUNT_CONCURRENCY,
            "UnreservedConcurrentExecutions": ACCOUNT_CONCURRENCY - _reserved(call, place),
        },
        "AccountUsage": {
            "TotalCodeSize": stored_bytes(call, here),
            "FunctionCount": call.tx.count(LAMBDA_FUNCTION, place),
        },
    }


def _reserved(call: OperationCall, place: tuple[str, ...]) -> int:
    return sum(each.reserved_concurrency or 0 for each in call.tx.list(LAMBDA_FUNCTION, place))


def _store(call: OperationCall, ref: FunctionRef, reserved: int | None) -> None:
    call.tx.update(
        LAMBDA_FUNCTION, ref.key, lambda old: replace(old, reserved_concurrency=reserved)
    )
