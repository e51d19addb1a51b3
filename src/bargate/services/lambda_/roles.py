"""The role that a function works as: handed on by the caller, and trusting Lambda."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.functions.permission import may_assume
from bargate.identity.find import role_of_arn
from bargate.identity.resolve import resolve_role
from bargate.records.iam_role import ROLE
from bargate.services.further_permissions import require_pass_role
from bargate.services.lambda_.errors import invalid

if TYPE_CHECKING:
    from bargate.services.lambda_.names import FunctionRef
    from bargate.services.operation import OperationCall

LAMBDA: Final = "lambda.amazonaws.com"


def check_role(call: OperationCall, ref: FunctionRef, role_arn: str) -> None:
    """Refuse a role that the caller may not hand on, or that Lambda cannot assume."""
    if not role_arn.partition(":role")[2].startswith("/"):
        raise _not_assumable()
    # Before it is said whether there is such a role.
    require_pass_role(call, (role_arn,), LAMBDA)
    role = role_of_arn(call.tx, role_arn)
    resolved = None if role is None else resolve_role(call.tx, ROLE.key_of(role))
    source = {"aws:sourcearn": ref.arn, "aws:sourceaccount": ref.account_id}
    if resolved is None or not may_assume(resolved, LAMBDA, {**source}, call.now.timestamp()):
        raise _not_assumable()


def _not_assumable() -> Exception:
    return invalid(
        "The role defined for the function cannot be assumed by Lambda. There is no such role in"
        f" this account, or its trust policy does not let {LAMBDA} assume it."
    )
