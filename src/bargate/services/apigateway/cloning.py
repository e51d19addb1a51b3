"""CreateRestApi with `cloneFrom`: a copy of another API's settings and parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from bargate.records.gateway_response import GATEWAY_RESPONSE
from bargate.records.request_validator import REQUEST_VALIDATOR
from bargate.records.rest_api import REST_API, RestApiRecord
from bargate.records.rest_authorizer import REST_AUTHORIZER, RestAuthorizer
from bargate.records.rest_model import REST_MODEL
from bargate.records.rest_resource import REST_RESOURCE, RestResource
from bargate.services.apigateway.shape import every
from bargate.services.further_permissions import require_pass_role

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall
    from bargate.store.kind import Kind

# Ids are kept: they name parts of one API only. Deployments and stages are not cloned.
_CLONED: tuple[Kind[Any], ...] = (
    REST_RESOURCE,
    REST_MODEL,
    REQUEST_VALIDATOR,
    REST_AUTHORIZER,
    GATEWAY_RESPONSE,
)


def clone_parts(call: OperationCall, source: RestApiRecord, api: RestApiRecord) -> RestApiRecord:
    """Copy the parts of `source` to `api`, and its policy unless `api` has its own."""
    for kind in _CLONED:
        for part in every(call.tx, kind, source.key()):
            require_pass_role(call, _roles(part))
            call.tx.create(kind, structs.replace(part, api_id=api.id))

    def settle(record: RestApiRecord) -> RestApiRecord:
        return structs.replace(
            record,
            root_resource_id=source.root_resource_id,
            description=record.description or source.description,
            policy=record.policy or _renamed(source, api),
            binary_media_types=record.binary_media_types or source.binary_media_types,
        )

    return call.tx.update(REST_API, api.key(), settle)


def _roles(part: Any) -> list[str | None]:
    """Give the roles of a part: whoever may change the copy may let them do something else [I]."""
    if isinstance(part, RestAuthorizer):
        return [part.authorizer_credentials]
    if isinstance(part, RestResource):
        integrations = (each.method.integration for each in part.methods.values())
        return [each.credentials for each in integrations if each is not None]
    return []


def _renamed(source: RestApiRecord, api: RestApiRecord) -> str | None:
    """Let the policy name the new API wherever it named the old one: a Deny must go on denying."""
    if source.policy is None:
        return None
    place = f"execute-api:{source.region}:{source.account_id}:"
    return source.policy.replace(f"{place}{source.id}/", f"{place}{api.id}/")
