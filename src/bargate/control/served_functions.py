"""What the functions host is told of a function, from what is stored of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.model import function as model
from bargate.records.function import (
    LAMBDA_ALIAS,
    LAMBDA_FUNCTION,
    LAMBDA_POLICY,
    LAMBDA_VERSION,
    StoredZip,
)

if TYPE_CHECKING:
    from bargate.records.function import LambdaAlias, LambdaVersion, StoredCode
    from bargate.store.interface import Reader
    from bargate.store.kind import Key

KINDS = frozenset(
    {LAMBDA_FUNCTION.name, LAMBDA_VERSION.name, LAMBDA_ALIAS.name, LAMBDA_POLICY.name}
)


def served_function(tx: Reader, key: Key, code_folder: str) -> model.Function | None:
    """Give the function of a key (account, region, name) as it is stored now."""
    function = tx.find(LAMBDA_FUNCTION, key)
    if function is None:
        return None
    events = function.events
    settings = (
        {} if events is None else {"max_retries": events.max_retries, "max_age_s": events.max_age_s}
    )
    return model.Function(
        account_id=function.account_id,
        region=function.region,
        name=function.name,
        arn=function.arn,
        versions=tuple(_version(each, code_folder) for each in tx.list(LAMBDA_VERSION, key)),
        aliases=tuple(_alias(each) for each in tx.list(LAMBDA_ALIAS, key)),
        policies={each.qualifier: each.document for each in tx.list(LAMBDA_POLICY, key)},
        reserved_concurrency=function.reserved_concurrency,
        **{name: value for name, value in settings.items() if value is not None},
    )


def _version(version: LambdaVersion, code_folder: str) -> model.FunctionVersion:
    return model.FunctionVersion(
        version=version.version,
        revision_id=version.revision_id,
        code=_code(version.code, code_folder),
        runtime=version.runtime,
        handler=version.handler,
        role_arn=version.role_arn,
        environment=version.environment,
        timeout_s=version.timeout_s,
        memory_mb=version.memory_mb,
    )


def _code(code: StoredCode, code_folder: str) -> model.Code:
    if isinstance(code, StoredZip):
        return model.ZipCode(path=f"{code_folder}/{code.sha256}.zip", sha256=code.sha256)
    return code


def _alias(alias: LambdaAlias) -> model.Alias:
    return model.Alias(name=alias.name, version=alias.version, weights=alias.weights)
