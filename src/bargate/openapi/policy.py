"""`x-amazon-apigateway-policy`: the resource policy as JSON text with whole ARNs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bargate.openapi.extensions import PREFIX
from bargate.openapi.source import value_of

if TYPE_CHECKING:
    from bargate.openapi.reading import Reading

_SHORT_FORM = "execute-api:/"
_MAX_CHARACTERS = 8192  # AWS [D] apigw-objects §11


def resource_policy(reading: Reading) -> str | None:
    """Give the policy, its short forms expanded (AWS [R] apigw-evaluation §2).

    The language itself is checked by whoever compiles it; statements and their members keep
    their places in the document.
    """
    name = PREFIX + "policy"
    place = reading.root.object(name)
    if place is None:
        return None
    api = f"execute-api:{reading.region}:{reading.account_id}:{reading.api_id}"
    text = expanded_policy(value_of(place.node), f"arn:{reading.partition}:{api}")
    if len(text) > _MAX_CHARACTERS:
        reading.root.warn(
            f"the policy has {len(text)} characters; AWS allows {_MAX_CHARACTERS}",
            "shorten it before it goes to AWS",
            name,
        )
    return text


def expanded_policy(policy: dict[str, Any], api_arn: str) -> str:
    """Write a policy as JSON text, with whole ARNs in place of short forms of resources."""
    for statement in _listed(policy.get("Statement")):
        if isinstance(statement, dict):
            _expand(statement, api_arn)
    return json.dumps(policy, ensure_ascii=False, separators=(",", ":"))


def _expand(statement: dict[str, Any], api_arn: str) -> None:
    for key in ("Resource", "NotResource"):
        written = statement.get(key)
        if isinstance(written, str):
            statement[key] = _expanded(written, api_arn)
        elif isinstance(written, list):
            statement[key] = [_expanded(item, api_arn) for item in written]


def _expanded(resource: Any, api_arn: str) -> Any:
    if not isinstance(resource, str) or not resource.startswith(_SHORT_FORM):
        return resource
    return f"{api_arn}/{resource.removeprefix(_SHORT_FORM)}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
