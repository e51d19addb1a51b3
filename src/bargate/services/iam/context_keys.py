"""The condition keys that policies ask for, as they spell them."""

import re
from collections.abc import Iterable, Iterator

from bargate.policy import MalformedPolicy, Policy, PolicyKind, Statement, parse_policy
from bargate.services.iam.applied_policies import applied_policies
from bargate.services.iam.entity import entity_of_arn
from bargate.services.iam.errors import invalid_input
from bargate.services.operation import OperationCall, Params, operation

_VARIABLE = re.compile(r"\$\{([\w+\-=.:/@]+)(?:, '[^']*')?\}")


@operation()
def get_context_keys_for_custom_policy(_call: OperationCall, request: Params) -> Params:
    """Give the keys of policies in the request."""
    return {"ContextKeyNames": _keys_of_texts(request["PolicyInputList"])}


@operation()
def get_context_keys_for_principal_policy(call: OperationCall, request: Params) -> Params:
    """Give the keys of an entity's policies, and of those in the request."""
    entity = entity_of_arn(call, request["PolicySourceArn"])
    own = [policy.document for policy in applied_policies(call, entity)]
    return {"ContextKeyNames": _keys_of_texts([*own, *(request.get("PolicyInputList") or ())])}


def _keys_of_texts(texts: Iterable[str]) -> list[str]:
    keys: dict[str, str] = {}
    for number, text in enumerate(texts, 1):
        policy = input_policy(text, PolicyKind.IDENTITY, f"PolicyInputList.{number}")
        for key in keys_of(policy.statements):
            keys.setdefault(key.lower(), key)
    return sorted(keys.values())


def input_policy(text: str, kind: PolicyKind, name: str) -> Policy:
    """Read a policy of a request. Raises AwsError."""
    try:
        return parse_policy(text, kind, name=name)
    except MalformedPolicy as error:
        raise invalid_input(f"{name}: {error.message}") from error


def keys_of(statements: Iterable[Statement]) -> Iterator[str]:
    """Give the keys that conditions and variables name."""
    for statement in statements:
        texts = list(statement.resource.values) if statement.resource is not None else []
        for condition in statement.conditions:
            yield condition.key
            texts.extend(condition.values)
        for text in texts:
            yield from _VARIABLE.findall(text)
