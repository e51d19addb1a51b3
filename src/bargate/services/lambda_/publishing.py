"""A version: `$LATEST` as it is now, under a number that never means anything else."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.function import (
    LAMBDA_FUNCTION,
    LAMBDA_VERSION,
    LambdaFunction,
    LambdaVersion,
    version_key,
)
from bargate.services.lambda_.errors import conflict
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall

MAX_VERSIONS: Final = 1_000  # of a function: the host holds them all in memory
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def publish(
    call: OperationCall,
    function: LambdaFunction,
    latest: LambdaVersion,
    description: str | None = None,
) -> LambdaVersion:
    """Give the version that holds `$LATEST`: a new one, unless nothing changed since the last."""
    last = call.tx.find(LAMBDA_VERSION, version_key(*_key(function), str(function.last_version)))
    if last is not None and _content(last) == _content(latest):
        return last
    if call.tx.count(LAMBDA_VERSION, _key(function)) > MAX_VERSIONS:
        raise AwsError(
            "CodeStorageExceededException",
            f"The function {function.name} has {MAX_VERSIONS} versions. Delete some.",
        )
    number = function.last_version + 1
    counted = replace(function, last_version=number)
    call.tx.update(LAMBDA_FUNCTION, _key(function), lambda _: counted)
    return call.tx.create(
        LAMBDA_VERSION,
        replace(
            latest,
            version=str(number),
            revision_id=str(uuid.uuid4()),
            modified_at=call.now,
            description=latest.description if description is None else description,
        ),
    )


def check_publishable(function: LambdaFunction) -> None:
    """Refuse versions of code that may change at any time; raises AwsError."""
    if function.is_local:
        raise conflict(
            f"The function {function.name} is given on the command line of bargate (--function):"
            " its code may change, so that no version can be published."
        )


def _key(function: LambdaFunction) -> tuple[str, str, str]:
    return (function.account_id, function.region, function.name)


def _content(version: LambdaVersion) -> LambdaVersion:
    """Give what makes a version another one (AWS [D]: its description alone does not)."""
    return replace(version, version="", revision_id="", description="", modified_at=_NEVER)
