"""Write a parsed policy as JSON; reading it again gives the same policy."""

import json
from typing import Any

from bargate.policy.document import Element, Policy, PrincipalElement, Statement


def render(policy: Policy) -> str:
    """Write a policy as JSON text, elements in AWS's usual order, one shape for each."""
    document: dict[str, Any] = {"Version": policy.version}
    if policy.id is not None:
        document["Id"] = policy.id
    document["Statement"] = [_statement(statement) for statement in policy.statements]
    return json.dumps(document, indent=2)


def _statement(statement: Statement) -> dict[str, Any]:
    written: dict[str, Any] = {} if statement.sid is None else {"Sid": statement.sid}
    written["Effect"] = statement.effect
    if statement.principal is not None:
        key = "NotPrincipal" if statement.principal.negated else "Principal"
        written[key] = _principal(statement.principal)
    written |= _element("Action", statement.action)
    if statement.resource is not None:
        written |= _element("Resource", statement.resource)
    if statement.conditions:
        written["Condition"] = _conditions(statement)
    return written


def _element(name: str, element: Element) -> dict[str, list[str]]:
    return {f"Not{name}" if element.negated else name: list(element.values)}


def _principal(principal: PrincipalElement) -> str | dict[str, list[str]]:
    if principal.everyone:
        return "*"
    lists = {
        "AWS": principal.aws,
        "Service": principal.service,
        "Federated": principal.federated,
        "CanonicalUser": principal.canonical_user,
    }
    return {key: list(names) for key, names in lists.items() if names}


def _conditions(statement: Statement) -> dict[str, dict[str, list[str]]]:
    blocks: dict[str, dict[str, list[str]]] = {}
    for condition in statement.conditions:
        block = blocks.setdefault(str(condition.operator), {})
        block[condition.key] = list(condition.values)
    return blocks
