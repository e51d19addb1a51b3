"""What an operation of Lambda needs: `lambda:Action` on the ARN of a function.

Who may is decided by the caller's policies and, as AWS does, by the function's resource policy: in
the same account either is enough, for another account it takes both.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from bargate.policy import PolicyKind
from bargate.records.function import LAMBDA_FUNCTION, LAMBDA_POLICY
from bargate.services.lambda_.names import named, ref_of
from bargate.services.lambda_.tags import tagged
from bargate.services.operation import OperationCall, Params, Target
from bargate.snapshot.identities import MAX_REMEMBERED_POLICIES, compile_or_deny

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.policy import CompiledPolicy
    from bargate.services.lambda_.names import FunctionRef

    Context = dict[str, str | tuple[str, ...]]

_OF_NO_FUNCTION: Final = frozenset({"ListFunctions", "GetAccountSettings"})
_OF_TAGS: Final = frozenset({"TagResource", "UntagResource", "ListTags"})
# AWS [D] service authorization reference: asked for with the qualifier that is named.
_QUALIFIED: Final = frozenset(
    {
        "AddPermission",
        "GetFunction",
        "GetFunctionConfiguration",
        "GetPolicy",
        "Invoke",
        "InvokeAsync",
        "RemovePermission",
    }
)
_ACTIONS: Final = {"Invoke": "InvokeFunction"}


def targets_of(name: str, call: OperationCall, request: Params) -> Iterable[Target]:
    """Give the permissions that a call of an operation needs."""
    action = f"lambda:{_ACTIONS.get(name, name)}"
    if name in _OF_NO_FUNCTION:
        yield Target(action=action, resource="*")
        return
    ref = _ref(name, call, request)
    yield _on(call, action, ref, name, _asked(request))
    if name == "CreateFunction" and request.get("Tags"):
        # AWS [D] "Using tags on Lambda functions": it takes both.
        yield _on(call, "lambda:TagResource", ref, name, _asked(request))
    yield from _code(call, request.get("Code") or request)


def _ref(name: str, call: OperationCall, request: Params) -> FunctionRef:
    if name in _OF_TAGS:
        return tagged(call, request)
    if name in _QUALIFIED:
        return ref_of(call, request)
    return named(call, request["FunctionName"])


def _on(call: OperationCall, action: str, ref: FunctionRef, name: str, asked: Context) -> Target:
    function = call.tx.find(LAMBDA_FUNCTION, ref.key)
    tags = {} if function is None else function.tags
    resource = ref.qualified_arn if name in _QUALIFIED else ref.arn
    return Target(
        action=action,
        resource=resource,
        context={**{f"aws:ResourceTag/{key}": value for key, value in tags.items()}, **asked},
        resource_policy=_resource_policy(call, ref),
        resource_account=ref.account_id,
    )


def _resource_policy(call: OperationCall, ref: FunctionRef) -> CompiledPolicy | None:
    """Give the policy of the very qualifier: AWS keeps one for each, and one for the bare ARN."""
    found = call.tx.find(LAMBDA_POLICY, (*ref.key, ref.qualifier))
    return None if found is None else _compiled(found.document)


@lru_cache(MAX_REMEMBERED_POLICIES)
def _compiled(document: str) -> CompiledPolicy:
    return compile_or_deny(None, document, PolicyKind.RESOURCE)


def _code(call: OperationCall, code: Params) -> Iterable[Target]:
    """Ask for the object that code is taken from: else a function would read what its maker may not."""
    bucket, key = code.get("S3Bucket"), code.get("S3Key")
    if isinstance(bucket, str) and isinstance(key, str):
        action = "s3:GetObject" if code.get("S3ObjectVersion") is None else "s3:GetObjectVersion"
        yield Target(action=action, resource=f"arn:{call.partition}:s3:::{bucket}/{key}")


def _asked(request: Params) -> Context:
    """Give the condition keys of what a request asks for."""
    context: Context = {}
    tags = request.get("Tags") or {}
    for key, value in tags.items():
        context[f"aws:RequestTag/{key}"] = value
    keys = (*tags, *(request.get("TagKeys") or ()))
    if keys:
        context["aws:TagKeys"] = keys
    if request.get("Principal") is not None:
        context["lambda:Principal"] = request["Principal"]
    if request.get("FunctionUrlAuthType") is not None:
        context["lambda:FunctionUrlAuthType"] = request["FunctionUrlAuthType"]
    return context
