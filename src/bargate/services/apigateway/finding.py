"""Find what a request names: an API of the caller's account and region, and parts of it.

Ids come from outside: what has not the form of an id names nothing, whatever it holds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bargate.records.documentation import DOCUMENTATION_VERSION
from bargate.records.request_validator import REQUEST_VALIDATOR, RequestValidatorRecord
from bargate.records.rest_api import REST_API, RestApiRecord
from bargate.records.rest_authorizer import REST_AUTHORIZER, RestAuthorizer
from bargate.records.rest_deployment import REST_DEPLOYMENT, RestDeployment
from bargate.records.rest_model import REST_MODEL, RestModel
from bargate.records.rest_resource import REST_RESOURCE, RestMethod, RestResource
from bargate.records.rest_stage import REST_STAGE, RestStage
from bargate.services.apigateway.errors import not_found

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params
    from bargate.store.kind import Key, Kind, Record

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_MAX_SHOWN = 128


def api_key(call: OperationCall, api_id: str) -> Key:
    """Give the key that an API of this account and region would have."""
    return (call.account_id, call.region, api_id)


def find_part(call: OperationCall, kind: Kind[Record], *names: str) -> Record | None:
    """Give the record with the caller's account, the region and `names` as its key."""
    if not all(_NAME.fullmatch(name) for name in names):
        return None
    return call.tx.find(kind, (call.account_id, call.region, *names))


def find_api(call: OperationCall, api_id: str) -> RestApiRecord | None:
    """Give an API of the caller's account in this region."""
    return find_part(call, REST_API, api_id)


def the_api(call: OperationCall, request: Params) -> RestApiRecord:
    """Give the API that `restApiId` names; raises NotFoundException."""
    api_id: str = request["restApiId"]
    found = find_api(call, api_id)
    if found is None:
        # AWS [R] apigw-errors §5
        shown = api_id[:_MAX_SHOWN]
        raise not_found(f"Invalid API identifier specified {call.account_id}:{shown}")
    return found


def _the_part(
    call: OperationCall, kind: Kind[Any], request: Params, member: str, missing: str
) -> Any:
    api = the_api(call, request)
    found = find_part(call, kind, api.id, request[member])
    if found is None:
        raise not_found(missing)
    return found


def the_resource(call: OperationCall, request: Params, member: str = "resourceId") -> RestResource:
    """Give the resource that the request names."""
    missing = "Invalid Resource identifier specified"  # AWS [R]
    found: RestResource = _the_part(call, REST_RESOURCE, request, member, missing)
    return found


def the_method(call: OperationCall, request: Params) -> tuple[RestResource, RestMethod]:
    """Give the resource and the method of it that the request names."""
    resource = the_resource(call, request)
    method = resource.methods.get(request["httpMethod"])
    if method is None:
        raise not_found("Invalid Method identifier specified")  # AWS [R]
    return resource, method


def the_model(call: OperationCall, request: Params) -> RestModel:
    """Give the model that the request names."""
    missing = f"Invalid model name specified: {request['modelName'][:_MAX_SHOWN]}"  # AWS [O]
    found: RestModel = _the_part(call, REST_MODEL, request, "modelName", missing)
    return found


def the_validator(call: OperationCall, request: Params) -> RequestValidatorRecord:
    """Give the request validator that the request names."""
    missing = "Invalid Request Validator identifier specified"  # AWS [R]
    found: RequestValidatorRecord = _the_part(
        call, REQUEST_VALIDATOR, request, "requestValidatorId", missing
    )
    return found


def the_authorizer(call: OperationCall, request: Params) -> RestAuthorizer:
    """Give the authorizer that the request names."""
    missing = "Invalid Authorizer identifier specified"  # AWS [O]
    found: RestAuthorizer = _the_part(call, REST_AUTHORIZER, request, "authorizerId", missing)
    return found


def the_deployment(call: OperationCall, request: Params) -> RestDeployment:
    """Give the deployment that the request names."""
    missing = "Invalid Deployment identifier specified"  # AWS [O]
    found: RestDeployment = _the_part(call, REST_DEPLOYMENT, request, "deploymentId", missing)
    return found


def the_stage(call: OperationCall, request: Params) -> RestStage:
    """Give the stage that the request names."""
    missing = "Invalid stage identifier specified"  # AWS [O]
    found: RestStage = _the_part(call, REST_STAGE, request, "stageName", missing)
    return found


def find_deployment(call: OperationCall, api_id: str, deployment_id: str) -> RestDeployment | None:
    """Give a deployment of an API."""
    return find_part(call, REST_DEPLOYMENT, api_id, deployment_id)


def check_documentation(call: OperationCall, api_id: str, version: str | None) -> None:
    """Refuse a documentation version that the API does not have."""
    if not version:
        return
    key = (call.account_id, call.region, api_id, version)
    if "\0" in version or call.tx.find(DOCUMENTATION_VERSION, key) is None:
        raise not_found("Invalid Documentation version specified")  # [I]
