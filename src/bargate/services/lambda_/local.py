"""Functions of the operator's command line (`--function`): code in a folder, or behind a URL.

functions given now ──► what is new or other is stored ──► those of a former start are removed
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bargate.arn import parse_arn
from bargate.model.function import LATEST, ZipCode
from bargate.records.function import (
    LAMBDA_FUNCTION,
    LAMBDA_POLICY,
    LAMBDA_VERSION,
    LambdaFunction,
    LambdaPolicy,
    LambdaVersion,
    version_key,
)
from bargate.services.lambda_.errors import conflict
from bargate.services.lambda_.functions import forget
from bargate.services.lambda_.settings import checked_variables

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bargate.model.function import Function, FunctionVersion
    from bargate.store.interface import Transaction


def store_local(tx: Transaction, functions: Iterable[Function], now: datetime) -> None:
    """Store what the command line gives; raises AwsError. What is stored already is left alone."""
    given = {LAMBDA_FUNCTION.key_of(_record(each)): each for each in functions}
    for stored in tx.list(LAMBDA_FUNCTION):
        if stored.is_local and LAMBDA_FUNCTION.key_of(stored) not in given:
            forget(tx, stored)
    for function in given.values():
        _store(tx, function, now)


def _store(tx: Transaction, function: Function, now: datetime) -> None:
    key = (function.account_id, function.region, function.name)
    stored = tx.find(LAMBDA_FUNCTION, key)
    if stored is None:
        tx.create(LAMBDA_FUNCTION, _record(function))
    elif not stored.is_local:
        raise conflict(
            f"There is a function {function.name} already, which an AWS client made: give the one"
            " of the command line another name, or delete that one (aws lambda delete-function)."
        )
    _store_version(tx, function, now)
    _store_policies(tx, function)


def _store_version(tx: Transaction, function: Function, now: datetime) -> None:
    (given,) = function.versions
    key = version_key(function.account_id, function.region, function.name, LATEST)
    new, old = _version(function, given, now), tx.find(LAMBDA_VERSION, key)
    if old is None:
        tx.create(LAMBDA_VERSION, new)
    elif replace(new, revision_id=old.revision_id, modified_at=old.modified_at) != old:
        tx.update(LAMBDA_VERSION, key, lambda _: new)


def _version(function: Function, given: FunctionVersion, now: datetime) -> LambdaVersion:
    if isinstance(given.code, ZipCode):
        raise TypeError("a local function is a folder or a URL")
    variables = {name: value.reveal() for name, value in given.environment.items()}
    return LambdaVersion(
        account_id=function.account_id,
        region=function.region,
        name=function.name,
        revision_id=str(uuid.uuid4()),
        modified_at=now,
        code=given.code,
        runtime=given.runtime,
        handler=given.handler,
        role_arn=given.role_arn,
        environment=checked_variables(variables),
        timeout_s=given.timeout_s,
        memory_mb=given.memory_mb,
    )


def _store_policies(tx: Transaction, function: Function) -> None:
    """Set the policies that are given; those that clients added stay."""
    for qualifier, document in function.policies.items():
        new = LambdaPolicy(
            account_id=function.account_id,
            region=function.region,
            function_name=function.name,
            qualifier=qualifier,
            revision_id=str(uuid.uuid4()),
            document=document,
        )
        old = tx.find(LAMBDA_POLICY, LAMBDA_POLICY.key_of(new))
        if old is None:
            tx.create(LAMBDA_POLICY, new)


def _record(function: Function) -> LambdaFunction:
    return LambdaFunction(
        account_id=function.account_id,
        region=function.region,
        name=function.name,
        partition=parse_arn(function.arn).partition,
        is_local=True,
    )
