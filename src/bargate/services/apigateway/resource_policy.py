"""A resource policy as it is written, kept and given back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bargate.access.resource_policy import compile_resource_policy
from bargate.model.invalid import InvalidConfiguration
from bargate.openapi.policy import expanded_policy
from bargate.policy.json_document import MalformedJson, read_json
from bargate.services.apigateway.errors import bad_request
from bargate.services.further_permissions import require

if TYPE_CHECKING:
    from bargate.records.rest_api import RestApiRecord
    from bargate.services.operation import OperationCall

_INVALID = (
    "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
)
_MAX_CHARACTERS = 8_192  # AWS [D] apigw-objects §11


def stored_policy(
    call: OperationCall, api_id: str, text: str | None, *, private: bool = False
) -> str | None:
    """Check a policy and give it with whole ARNs (AWS [R] apigw-evaluation §2); "" is none.

    `private`: of what VPC endpoints alone lead to.
    """
    if not text:
        return None
    try:
        document = read_json(text) if len(text) <= _MAX_CHARACTERS else None
        if not isinstance(document, dict):
            raise bad_request(_INVALID)
        expanded = expanded_policy(document, call.arn("execute-api", api_id))
        compile_resource_policy(expanded, private=private)
    except (MalformedJson, InvalidConfiguration, RecursionError) as error:
        raise bad_request(_INVALID) from error
    return expanded


def require_policy_change(call: OperationCall, old: RestApiRecord | None, new: str | None) -> None:
    """Raise AccessDenied when a policy becomes another and the caller may not set it (AWS [D]).

    That of an API that is not there yet is asked for on all of them [I]: its id is not known.
    """
    if new == (None if old is None else old.policy):
        return
    place = f"arn:{call.partition}:apigateway:{call.region}::/restapis/"
    api_id, tags = ("*", {}) if old is None else (old.id, old.tags)
    require(call, "apigateway:UpdateRestApiPolicy", place + api_id, tags)


def shown_policy(policy: str | None) -> str | None:
    """Give a policy as AWS does: its JSON text with the quotes escaped once more ([R])."""
    return None if policy is None else json.dumps(policy, ensure_ascii=False)[1:-1]
