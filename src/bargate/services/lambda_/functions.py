"""Functions: made, told, listed, changed and taken away."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from bargate.model.function import LATEST, UNQUALIFIED
from bargate.records.function import (
    LAMBDA_ALIAS,
    LAMBDA_FUNCTION,
    LAMBDA_POLICY,
    LAMBDA_VERSION,
    LambdaFunction,
    LambdaVersion,
    version_key,
)
from bargate.services.lambda_ import packages, pages
from bargate.services.lambda_.errors import conflict, invalid, stale
from bargate.services.lambda_.lookup import (
    check_changeable,
    numbered,
    the_function,
    the_version,
)
from bargate.services.lambda_.names import ref_of, unqualified
from bargate.services.lambda_.output import configuration, location
from bargate.services.lambda_.publishing import publish
from bargate.services.lambda_.roles import check_role
from bargate.services.lambda_.settings import check_supported, with_settings
from bargate.services.lambda_.tags import checked_tags
from bargate.services.operation import operation
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.lambda_.names import FunctionRef
    from bargate.services.operation import OperationCall, Params

MAX_FUNCTIONS: Final = 5_000  # of a region; each is a part that the host holds in memory


@operation(writes=True)
def create_function(call: OperationCall, request: Params) -> Params:
    """Make a function, and version 1 of it if that is asked for."""
    ref = unqualified(call, request)
    _check_new(call, ref)
    check_supported(request)
    if not request.get("Runtime") or not request.get("Handler"):
        raise invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment"
            " packages."
        )
    check_role(call, ref, request["Role"])
    tags = checked_tags({}, request.get("Tags") or {})
    first = LambdaVersion(
        account_id=ref.account_id,
        region=ref.region,
        name=ref.name,
        revision_id=str(uuid.uuid4()),
        modified_at=call.now,
        code=packages.taken(call, ref, request["Code"]),
    )
    function = LambdaFunction(
        account_id=ref.account_id,
        region=ref.region,
        name=ref.name,
        partition=ref.partition,
        tags=tags,
    )
    call.tx.create(LAMBDA_FUNCTION, function)
    latest = call.tx.create(LAMBDA_VERSION, with_settings(first, request))
    if not request.get("Publish"):
        return configuration(function, latest)
    return configuration(function, publish(call, function, latest))


def _check_new(call: OperationCall, ref: FunctionRef) -> None:
    if ref.account_id != call.account_id:
        raise AwsError("AccessDeniedException", f"{ref.arn} is of another account.", 403)
    if call.tx.find(LAMBDA_FUNCTION, ref.key) is not None:
        raise conflict(f"Function already exist: {ref.name}")
    if call.tx.count(LAMBDA_FUNCTION, (ref.account_id, ref.region)) >= MAX_FUNCTIONS:
        raise AwsError(
            "TooManyRequestsException", f"There are {MAX_FUNCTIONS} functions in this region."
        )


@operation()
def get_function(call: OperationCall, request: Params) -> Params:
    """Tell of a function, its tags and its concurrency."""
    ref = ref_of(call, request)
    function, version = the_function(call, ref), the_version(call, ref)
    output: Params = {
        "Configuration": configuration(function, version, ref.qualifier),
        "Code": location(version.code),
    }
    if function.tags:
        output["Tags"] = function.tags
    if function.reserved_concurrency is not None:
        output["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved_concurrency}
    return output


@operation()
def get_function_configuration(call: OperationCall, request: Params) -> Params:
    """Tell how a version is configured."""
    ref = ref_of(call, request)
    return configuration(the_function(call, ref), the_version(call, ref), ref.qualifier)


@operation()
def list_functions(call: OperationCall, request: Params) -> Params:
    """List the functions of a region, with `FunctionVersion` ALL each of their versions."""
    if "MasterRegion" in request and request["MasterRegion"] not in {"ALL", call.region}:
        return {"Functions": []}  # AWS [M]: functions of Lambda@Edge copied from there
    prefix = (call.account_id, call.region)
    if request.get("FunctionVersion") == "ALL":
        page = pages.page(call, request, LAMBDA_VERSION, prefix)
        found = [
            configuration(call.tx.get(LAMBDA_FUNCTION, (*prefix, each.name)), each, each.version)
            for each in page.items
        ]
        return page.output("Functions", found)
    functions = pages.page(call, request, LAMBDA_FUNCTION, prefix)
    told = [
        configuration(each, call.tx.get(LAMBDA_VERSION, version_key(*prefix, each.name, LATEST)))
        for each in functions.items
    ]
    return functions.output("Functions", told)


@operation(writes=True)
def update_function_code(call: OperationCall, request: Params) -> Params:
    """Give a function other code; a dry run only checks it."""
    ref = unqualified(call, request)
    function, old = _changed(call, ref, request)
    check_supported(request)
    is_dry = bool(request.get("DryRun"))
    new = replace(
        with_settings(old, {name: request[name] for name in _WITH_CODE if name in request}),
        code=packages.taken(call, ref, request, keep=not is_dry),
    )
    if is_dry:
        return configuration(function, new)
    new = _stored(call, new)
    if not request.get("Publish"):
        return configuration(function, new)
    published = publish(call, function, new)
    return configuration(function, published, published.version)


_WITH_CODE: Final = ("Architectures",)


@operation(writes=True)
def update_function_configuration(call: OperationCall, request: Params) -> Params:
    """Change how a function is run."""
    ref = unqualified(call, request)
    function, old = _changed(call, ref, request)
    new = with_settings(old, request)
    if not new.runtime or not new.handler:
        raise invalid("Runtime and Handler are mandatory parameters for functions.")
    if request.get("Role") is not None:
        check_role(call, ref, request["Role"])
    return configuration(function, _stored(call, new))


def _changed(
    call: OperationCall, ref: FunctionRef, request: Params
) -> tuple[LambdaFunction, LambdaVersion]:
    """Give what a request may change, if it is as the caller read it."""
    function, latest = the_function(call, ref), numbered(call, ref, LATEST)
    check_changeable(function)
    if request.get("RevisionId") not in {None, latest.revision_id}:
        raise stale("GetFunction/GetAlias")
    return function, latest


def _stored(call: OperationCall, version: LambdaVersion) -> LambdaVersion:
    new = replace(version, revision_id=str(uuid.uuid4()), modified_at=call.now)
    return call.tx.update(LAMBDA_VERSION, LAMBDA_VERSION.key_of(new), lambda _: new)


@operation(writes=True)
def delete_function(call: OperationCall, request: Params) -> Params:
    """Take a function away with all that is its own, or one of its versions."""
    ref = ref_of(call, request)
    function = the_function(call, ref)
    check_changeable(function)
    if ref.qualifier != UNQUALIFIED:
        _delete_version(call, ref)
    else:
        forget(call.tx, function)
    return {"StatusCode": 204}


def _delete_version(call: OperationCall, ref: FunctionRef) -> None:
    if ref.qualifier == LATEST:
        raise invalid("$LATEST version cannot be deleted without deleting the function.")
    if not ref.qualifier.isdigit():
        raise invalid("An alias is deleted by DeleteAlias, not by DeleteFunction.")
    version = numbered(call, ref, ref.qualifier)
    used = [
        each.name
        for each in call.tx.list(LAMBDA_ALIAS, ref.key)
        if version.version == each.version or version.version in each.weights
    ]
    if used:
        raise conflict(
            f"Version {version.version} of {ref.arn} cannot be deleted: the aliases"
            f" {', '.join(used[:10])} point to it."
        )
    call.tx.delete(LAMBDA_VERSION, LAMBDA_VERSION.key_of(version))
    _delete_policy(call.tx, (*ref.key, version.version))


def forget(tx: Any, function: LambdaFunction) -> None:
    """Delete a function with its versions, aliases and policies."""
    key = LAMBDA_FUNCTION.key_of(function)
    for kind in (LAMBDA_VERSION, LAMBDA_ALIAS, LAMBDA_POLICY):
        for each in tx.list(kind, key):
            tx.delete(kind, kind.key_of(each))
    tx.delete(LAMBDA_FUNCTION, key)


def _delete_policy(tx: Any, key: tuple[str, ...]) -> None:
    if tx.find(LAMBDA_POLICY, key) is not None:
        tx.delete(LAMBDA_POLICY, key)
