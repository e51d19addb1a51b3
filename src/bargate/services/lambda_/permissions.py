"""Resource policies, a statement at a time: who else may use a function, a version or an alias."""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, Any, Final

from bargate.arn import MalformedArn, parse_arn
from bargate.identity.find import role_named, role_of_arn, user_of_arn
from bargate.identity.policy_principals import with_arns, with_ids
from bargate.model.function import LATEST
from bargate.policy import MalformedPolicy, PolicyKind, parse_policy
from bargate.records.function import LAMBDA_ALIAS, LAMBDA_POLICY, LambdaPolicy
from bargate.services.lambda_.errors import conflict, invalid, missing, stale
from bargate.services.lambda_.lookup import the_version
from bargate.services.lambda_.names import ref_of
from bargate.services.operation import operation
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.lambda_.names import FunctionRef
    from bargate.services.operation import OperationCall, Params

MAX_POLICY_BYTES: Final = 20 * 1024  # AWS [D] Lambda quotas
INVOKE_BY_URL: Final = "lambda:InvokeFunctionUrl"
_SERVICE: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,127}\.[a-z]{2,16}", re.ASCII)


@operation(writes=True)
def add_permission(call: OperationCall, request: Params) -> Params:
    """Add a statement to the policy of a function, a version or an alias."""
    ref = ref_of(call, request)
    if ref.qualifier == LATEST:
        raise invalid("We currently do not support adding policies for $LATEST.")
    old = _policy(call, ref, request)
    statements = [] if old is None else _statements(call, old)
    sid = request["StatementId"]
    if any(each["Sid"] == sid for each in statements):
        raise conflict(
            f"The statement id ({sid}) provided already exists. Please provide a new statement id,"
            " or remove the existing statement."
        )
    statement = _statement(call, ref, request)
    _store(call, ref, old, [*statements, statement])
    return {"Statement": _text(statement)}


@operation()
def get_policy(call: OperationCall, request: Params) -> Params:
    """Give a policy as JSON."""
    ref = ref_of(call, request)
    found = _policy(call, ref, request)
    if found is None:
        raise missing("The resource you requested does not exist.")
    document = _document(_statements(call, found))
    return {"Policy": document, "RevisionId": found.revision_id}


@operation(writes=True)
def remove_permission(call: OperationCall, request: Params) -> Params:
    """Take a statement away."""
    ref = ref_of(call, request)
    old = _policy(call, ref, request)
    if old is None:
        raise missing("No policy is associated with the given resource.")
    statements, sid = _statements(call, old), request["StatementId"]
    kept = [each for each in statements if each["Sid"] != sid]
    if len(kept) == len(statements):
        raise missing(f"Statement {sid} is not found in resource policy.")
    _store(call, ref, old, kept)
    return {}


def _policy(call: OperationCall, ref: FunctionRef, request: Params) -> LambdaPolicy | None:
    """Give the policy of what a request names; raises AwsError if the caller knows another one."""
    version = the_version(call, ref)
    found = call.tx.find(LAMBDA_POLICY, (*ref.key, ref.qualifier))
    alias = call.tx.find(LAMBDA_ALIAS, (*ref.key, ref.qualifier)) if ref.qualifier else None
    current = next(each for each in (found, alias, version) if each is not None).revision_id
    if request.get("RevisionId") not in {None, current}:
        raise stale("GetPolicy")
    return found


def _statements(call: OperationCall, policy: LambdaPolicy) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(with_arns(call.tx, policy.document))["Statement"]
    return found


def _store(
    call: OperationCall,
    ref: FunctionRef,
    old: LambdaPolicy | None,
    statements: list[dict[str, Any]],
) -> None:
    if not statements:
        call.tx.delete(LAMBDA_POLICY, (*ref.key, ref.qualifier))
        return
    new = LambdaPolicy(
        account_id=ref.account_id,
        region=ref.region,
        function_name=ref.name,
        qualifier=ref.qualifier,
        revision_id=str(uuid.uuid4()),
        document=checked_document(call, _document(statements)),
    )
    if old is None:
        call.tx.create(LAMBDA_POLICY, new)
    else:
        call.tx.update(LAMBDA_POLICY, LAMBDA_POLICY.key_of(old), lambda _: new)


def checked_document(call: OperationCall, document: str) -> str:
    """Give a policy as it is stored; raises AwsError."""
    size_bytes = len(document.encode())
    if size_bytes > MAX_POLICY_BYTES:
        raise AwsError(
            "PolicyLengthExceededException",
            f"The final policy size ({size_bytes}) is bigger than the limit ({MAX_POLICY_BYTES}).",
        )
    try:
        parse_policy(document, PolicyKind.RESOURCE)
    except MalformedPolicy as error:
        raise invalid(f"The permission cannot be added: {error.message}") from error
    return with_ids(call.tx, document)


def _statement(call: OperationCall, ref: FunctionRef, request: Params) -> dict[str, Any]:
    """Write a statement as AWS does (AWS [R] apigw-objects §2)."""
    statement: dict[str, Any] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(call, request["Principal"]),
        "Action": request["Action"],
        "Resource": ref.qualified_arn,
    }
    condition = _condition(request)
    return statement | {"Condition": condition} if condition else statement


def _principal(call: OperationCall, principal: str) -> Any:
    if principal == "*":
        return "*"
    if re.fullmatch(r"\d{12}", principal, re.ASCII):
        return {"AWS": f"arn:{call.partition}:iam::{principal}:root"}
    if _SERVICE.fullmatch(principal):
        return {"Service": principal}
    if not _is_principal(call, principal):
        raise invalid(
            "The provided principal was invalid. Please check the principal and try again."
        )
    return {"AWS": principal}


def _is_principal(call: OperationCall, text: str) -> bool:
    """Say whether an ARN names an account, or somebody who exists: not one who may come later."""
    try:
        arn = parse_arn(text)
    except MalformedArn:
        return False
    if re.fullmatch(r"\d{12}", arn.account, re.ASCII) is None or arn.region:
        return False
    if arn.service == "sts":
        kind, _, rest = arn.resource.partition("/")
        role, _, session = rest.partition("/")
        return kind == "assumed-role" and bool(session) and _is_role(call, arn.account, role)
    if arn.service != "iam":
        return False
    found = user_of_arn(call.tx, text) or role_of_arn(call.tx, text)
    return arn.resource == "root" or found is not None


def _is_role(call: OperationCall, account_id: str, name: str) -> bool:
    return role_named(call.tx, account_id, name) is not None


def _condition(request: Params) -> dict[str, dict[str, str]]:
    equals = {
        key: request[member]
        for member, key in (
            ("SourceAccount", "AWS:SourceAccount"),
            ("EventSourceToken", "lambda:EventSourceToken"),
            ("PrincipalOrgID", "aws:PrincipalOrgID"),
            ("FunctionUrlAuthType", "lambda:FunctionUrlAuthType"),
        )
        if request.get(member) is not None
    }
    if "FunctionUrlAuthType" in request and request["Action"] != INVOKE_BY_URL:
        raise invalid(f"FunctionUrlAuthType is only supported for {INVOKE_BY_URL} action")
    condition = {"StringEquals": equals} if equals else {}
    if request.get("InvokedViaFunctionUrl") is not None:
        is_by_url = "true" if request["InvokedViaFunctionUrl"] else "false"
        condition["Bool"] = {"lambda:InvokedViaFunctionUrl": is_by_url}
    if request.get("SourceArn") is not None:
        condition["ArnLike"] = {"AWS:SourceArn": request["SourceArn"]}
    return condition


def _document(statements: list[dict[str, Any]]) -> str:
    return _text({"Version": "2012-10-17", "Id": "default", "Statement": statements})


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
