"""The policies and tags that a caller gives a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.arn import MalformedArn, parse_arn
from bargate.identity.find import document_of
from bargate.policy import MalformedPolicy, PolicyKind, parse_policy
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

MAX_POLICY_CHARACTERS = 2_048  # AWS [D] iam-sts §7
MAX_POLICY_ARNS = 10


def session_policies(
    call: OperationCall, request: Params, account_id: str
) -> tuple[str, ...] | None:
    """Give the documents of `Policy` and `PolicyArns`, None when neither was passed.

    Managed policies are read now: a later change of one does not reach the session [I].
    Raises AwsError for what is malformed, too large, or not of `account_id` or AWS.
    """
    documents = [_managed(call, each, account_id) for each in _arns(request)]
    text = request.get("Policy")
    if text is not None:
        documents.append(_checked(text))
    return tuple(documents) if "Policy" in request or "PolicyArns" in request else None


def _arns(request: Params) -> list[str]:
    listed = request.get("PolicyArns", [])
    if len(listed) > MAX_POLICY_ARNS:
        raise AwsError(
            "ValidationError", f"at most {MAX_POLICY_ARNS} managed policies may be passed"
        )
    return [each.get("arn", "") for each in listed]


def _managed(call: OperationCall, arn: str, account_id: str) -> str:
    """Read a managed policy of AWS, or of the account that the session belongs to."""
    try:
        owner = parse_arn(arn).account
    except MalformedArn as error:
        raise AwsError("ValidationError", f"ARN {arn} is not valid.") from error
    document = document_of(call.tx, arn) if owner in {"aws", account_id} else None
    if document is None:
        raise AwsError("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", 404)
    return document


def _checked(text: str) -> str:
    if len(text) > MAX_POLICY_CHARACTERS:
        raise AwsError(
            "ValidationError",
            "1 validation error detected: Value at 'policy' failed to satisfy constraint:"
            f" Member must have length less than or equal to {MAX_POLICY_CHARACTERS}",
        )
    try:
        parse_policy(text, PolicyKind.SESSION)
    except MalformedPolicy as malformed:
        raise AwsError("MalformedPolicyDocument", str(malformed)) from malformed
    return text


def session_tags(request: Params) -> dict[str, str]:
    """Read `Tags`; raises AwsError for a key given twice (case aside) or one of AWS's own."""
    tags: dict[str, str] = {}
    seen: set[str] = set()
    for tag in request.get("Tags", []):
        key, value = tag["Key"], tag["Value"]
        if key.lower().startswith("aws:"):
            raise AwsError(
                "InvalidParameterValue", "Tag keys that begin with aws: are reserved.", 400
            )
        if key.lower() in seen:
            raise AwsError(
                "InvalidParameterValue",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            )
        seen.add(key.lower())
        tags[key] = value
    return tags


def tag_context(
    tags: dict[str, str], transitive: tuple[str, ...] = ()
) -> dict[str, str | tuple[str, ...]]:
    """Give the condition keys that tell a policy which tags a session shall have."""
    context: dict[str, str | tuple[str, ...]] = {
        f"aws:RequestTag/{key}": value for key, value in tags.items()
    }
    if tags:
        context["aws:TagKeys"] = tuple(tags)
    if transitive:
        context["sts:TransitiveTagKeys"] = transitive
    return context
