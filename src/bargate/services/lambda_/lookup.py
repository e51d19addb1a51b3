"""Finding functions, versions and aliases.

INVARIANT: whoever is not asked for permissions (`--dev`) reaches the functions of its own account
alone; of others, only what the function's resource policy allows was let through before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.model.function import LATEST, UNQUALIFIED
from bargate.records.function import (
    LAMBDA_ALIAS,
    LAMBDA_FUNCTION,
    LAMBDA_VERSION,
    LambdaAlias,
    LambdaFunction,
    LambdaVersion,
    version_key,
)
from bargate.services.lambda_.errors import conflict, missing, not_found

if TYPE_CHECKING:
    from bargate.services.lambda_.names import FunctionRef
    from bargate.services.operation import OperationCall


def the_function(call: OperationCall, ref: FunctionRef) -> LambdaFunction:
    """Give a function; raises AwsError."""
    found = None
    if call.identity is not None or ref.account_id == call.account_id:
        found = call.tx.find(LAMBDA_FUNCTION, ref.key)
    if found is None:
        raise not_found(ref.qualified_arn)
    return found


def numbered(call: OperationCall, ref: FunctionRef, version: str) -> LambdaVersion:
    """Give a version by `$LATEST` or its number; raises AwsError."""
    found = None
    if version == LATEST or version.isdigit():
        found = call.tx.find(LAMBDA_VERSION, version_key(*ref.key, version))
    if found is None:
        raise not_found(f"{ref.arn}:{version}")
    return found


def the_alias(call: OperationCall, ref: FunctionRef, name: str) -> LambdaAlias:
    """Give an alias; raises AwsError."""
    the_function(call, ref)
    found = call.tx.find(LAMBDA_ALIAS, (*ref.key, name))
    if found is None:
        raise missing(f"Cannot find alias arn: {ref.arn}:{name}")
    return found


def the_version(call: OperationCall, ref: FunctionRef) -> LambdaVersion:
    """Give the version that a qualifier means, `$LATEST` without one; raises AwsError."""
    the_function(call, ref)
    if ref.qualifier in {UNQUALIFIED, LATEST} or ref.qualifier.isdigit():
        return numbered(call, ref, ref.qualifier or LATEST)
    alias = call.tx.find(LAMBDA_ALIAS, (*ref.key, ref.qualifier))
    if alias is None:
        raise not_found(ref.qualified_arn)
    return numbered(call, ref, alias.version)


def check_changeable(function: LambdaFunction) -> None:
    """Refuse a change of what the command line says; raises AwsError."""
    if function.is_local:
        raise conflict(
            f"The function {function.name} is given on the command line of bargate (--function)."
            " Change it there, or make one of another name."
        )
