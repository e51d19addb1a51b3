"""Tags of functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.model.function import UNQUALIFIED
from bargate.records.function import LAMBDA_FUNCTION, LambdaFunction
from bargate.services.lambda_.errors import invalid, missing
from bargate.services.lambda_.lookup import the_function
from bargate.services.lambda_.names import FunctionRef, named
from bargate.services.operation import operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.services.operation import OperationCall, Params

MAX_TAGS: Final = 50


@operation(writes=True)
def tag_resource(call: OperationCall, request: Params) -> Params:
    """Add tags, or give them other values."""
    function = the_function(call, tagged(call, request))
    _store(call, function, checked_tags(function.tags, request["Tags"]))
    return {}


@operation(writes=True)
def untag_resource(call: OperationCall, request: Params) -> Params:
    """Take tags away."""
    function, gone = the_function(call, tagged(call, request)), set(request["TagKeys"])
    _store(call, function, {k: v for k, v in function.tags.items() if k not in gone})
    return {}


@operation()
def list_tags(call: OperationCall, request: Params) -> Params:
    """Give the tags."""
    return {"Tags": the_function(call, tagged(call, request)).tags}


def tagged(call: OperationCall, request: Params) -> FunctionRef:
    """Read the ARN of what has tags; raises AwsError."""
    arn: str = request["Resource"]
    if ":function:" not in arn or not arn.startswith("arn:"):
        raise missing(f"The resource does not exist: {arn[:256]}")
    ref = named(call, arn)
    if ref.qualifier != UNQUALIFIED:
        raise invalid(
            "Tags on function aliases and versions are not supported. Please specify a function"
            " ARN."
        )
    return ref


def checked_tags(old: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """Give tags with those added; raises AwsError."""
    if any(key.lower().startswith("aws:") for key in added):
        raise invalid("Tag keys may not begin with aws:, which is reserved.")
    tags = {**old, **added}
    if len(tags) > MAX_TAGS:
        raise invalid(f"A function has at most {MAX_TAGS} tags.")
    return tags


def _store(call: OperationCall, function: LambdaFunction, tags: dict[str, str]) -> None:
    new = replace(function, tags=tags)
    call.tx.update(LAMBDA_FUNCTION, LAMBDA_FUNCTION.key_of(new), lambda _: new)
