"""Aliases: names for versions, two of which may share the calls."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from bargate.model.function import LATEST
from bargate.records.function import LAMBDA_ALIAS, LAMBDA_POLICY, LambdaAlias
from bargate.services.lambda_ import pages
from bargate.services.lambda_.errors import conflict, invalid, stale
from bargate.services.lambda_.lookup import numbered, the_alias, the_function
from bargate.services.lambda_.names import unqualified
from bargate.services.operation import operation
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.lambda_.names import FunctionRef
    from bargate.services.operation import OperationCall, Params

MAX_ALIASES: Final = 1_000  # of a function: the host holds them all in memory


@operation(writes=True)
def create_alias(call: OperationCall, request: Params) -> Params:
    """Name a version."""
    ref, name = unqualified(call, request), request["Name"]
    the_function(call, ref)
    if call.tx.find(LAMBDA_ALIAS, (*ref.key, name)) is not None:
        raise conflict(f"Alias already exists: {ref.arn}:{name}")
    if call.tx.count(LAMBDA_ALIAS, ref.key) >= MAX_ALIASES:
        raise AwsError(
            "AliasLimitExceededException", f"{ref.name} has {MAX_ALIASES} aliases already."
        )
    version = request["FunctionVersion"]
    alias = LambdaAlias(
        account_id=ref.account_id,
        region=ref.region,
        function_name=ref.name,
        name=name,
        version=numbered(call, ref, version).version,
        weights=_weights(call, ref, version, request),
        description=request.get("Description") or "",
        revision_id=str(uuid.uuid4()),
    )
    return _told(ref, call.tx.create(LAMBDA_ALIAS, alias))


@operation()
def get_alias(call: OperationCall, request: Params) -> Params:
    """Tell of an alias."""
    ref = unqualified(call, request)
    return _told(ref, the_alias(call, ref, request["Name"]))


@operation()
def list_aliases(call: OperationCall, request: Params) -> Params:
    """List the aliases, those of one version only if it is named."""
    ref = unqualified(call, request)
    the_function(call, ref)
    page = pages.page(call, request, LAMBDA_ALIAS, ref.key)
    version = request.get("FunctionVersion")
    told = [_told(ref, each) for each in page.items if version in {None, each.version}]
    return page.output("Aliases", told)


@operation(writes=True)
def update_alias(call: OperationCall, request: Params) -> Params:
    """Let an alias name another version, or share its calls otherwise."""
    ref = unqualified(call, request)
    old = the_alias(call, ref, request["Name"])
    if request.get("RevisionId") not in {None, old.revision_id}:
        raise stale("GetFunction/GetAlias")
    version = request.get("FunctionVersion") or old.version
    changed: dict[str, Any] = {"version": numbered(call, ref, version).version}
    if "Description" in request:
        changed["description"] = request["Description"]
    if "RoutingConfig" in request:
        changed["weights"] = _weights(call, ref, version, request)
    elif old.weights:
        _check_shared(version, old.weights)
    new = replace(old, revision_id=str(uuid.uuid4()), **changed)
    call.tx.update(LAMBDA_ALIAS, LAMBDA_ALIAS.key_of(old), lambda _: new)
    return _told(ref, new)


@operation(writes=True)
def delete_alias(call: OperationCall, request: Params) -> Params:
    """Take an alias away with its policy; one that is not there is gone already (AWS [O])."""
    ref = unqualified(call, request)
    the_function(call, ref)
    key = (*ref.key, request["Name"])
    if call.tx.find(LAMBDA_ALIAS, key) is not None:
        call.tx.delete(LAMBDA_ALIAS, key)
    if call.tx.find(LAMBDA_POLICY, key) is not None:
        call.tx.delete(LAMBDA_POLICY, key)
    return {}


def _weights(
    call: OperationCall, ref: FunctionRef, version: str, request: Params
) -> dict[str, float]:
    routing = request.get("RoutingConfig") or {}
    weights: dict[str, float] = routing.get("AdditionalVersionWeights") or {}
    if not weights:
        return {}
    _check_shared(version, weights)
    return {numbered(call, ref, each).version: share for each, share in weights.items()}


def _check_shared(version: str, weights: dict[str, float]) -> None:
    """Refuse what cannot share calls: AWS [D] two published versions at most."""
    if len(weights) > 1:
        raise invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    if version == LATEST:
        raise invalid("$LATEST is not supported for an alias pointing to more than 1 version")
    if version in weights:
        raise invalid(
            f"Invalid function version {version}. Function version {version} is already included"
            " in routing configuration."
        )


def _told(ref: FunctionRef, alias: LambdaAlias) -> dict[str, Any]:
    output: dict[str, Any] = {
        "AliasArn": f"{ref.arn}:{alias.name}",
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision_id,
    }
    if alias.weights:
        output["RoutingConfig"] = {"AdditionalVersionWeights": alias.weights}
    return output
