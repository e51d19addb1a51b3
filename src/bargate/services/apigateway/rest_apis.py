"""REST APIs: create, read, change, delete."""

from __future__ import annotations

from bargate.records.deployed_rest_api import DEPLOYED_REST_API
from bargate.records.gateway_response import GATEWAY_RESPONSE
from bargate.records.request_validator import REQUEST_VALIDATOR
from bargate.records.rest_api import REST_API, RestApiRecord
from bargate.records.rest_authorizer import REST_AUTHORIZER
from bargate.records.rest_deployment import REST_DEPLOYMENT
from bargate.records.rest_model import REST_MODEL
from bargate.records.rest_resource import REST_RESOURCE, RestResource
from bargate.records.rest_stage import REST_STAGE
from bargate.services.apigateway.api_removal import forget_api
from bargate.services.apigateway.cloning import clone_parts
from bargate.services.apigateway.default_models import default_models
from bargate.services.apigateway.endpoint_configuration import (
    endpoint_configuration,
    endpoint_output,
)
from bargate.services.apigateway.errors import bad_request, one_of
from bargate.services.apigateway.finding import find_api, the_api
from bargate.services.apigateway.patch import patched
from bargate.services.apigateway.resource_policy import (
    require_policy_change,
    shown_policy,
    stored_policy,
)
from bargate.services.apigateway.rest_api_patches import REST_API_PATCHES
from bargate.services.apigateway.rest_api_settings import (
    API_KEY_SOURCES,
    checked_compression,
    checked_media_types,
    checked_name,
)
from bargate.services.apigateway.shape import API_ID_CHARACTERS, delete_all, new_id, page, present
from bargate.services.apigateway.tag_rules import checked_tags
from bargate.services.further_permissions import require
from bargate.services.operation import OperationCall, Params, operation

# All that goes with an API. Usage plans may go on naming it: such a name opens nothing.
_PARTS = (
    REST_RESOURCE,
    REST_MODEL,
    REQUEST_VALIDATOR,
    REST_AUTHORIZER,
    GATEWAY_RESPONSE,
    REST_STAGE,
    DEPLOYED_REST_API,
    REST_DEPLOYMENT,
)


@operation(writes=True)
def create_rest_api(call: OperationCall, request: Params) -> Params:
    """Create an API with its root resource and AWS's two default models."""
    if request.get("description") == "":
        raise bad_request("Description cannot be an empty string")  # AWS [R] apigw-errors §5
    api = _new_api(call, request)
    require_policy_change(call, None, api.policy)
    call.tx.create(REST_API, api)
    source = request.get("cloneFrom")
    if source:
        return rest_api_output(clone_parts(call, _clone_source(call, source), api))
    call.tx.create(REST_RESOURCE, root_of(api))
    for model in default_models(api.key()):
        call.tx.create(REST_MODEL, model)
    return rest_api_output(api)


def _new_api(call: OperationCall, request: Params) -> RestApiRecord:
    api_id = new_id(API_ID_CHARACTERS)
    media_types = tuple(dict.fromkeys(request.get("binaryMediaTypes") or ()))
    endpoint = endpoint_configuration(request.get("endpointConfiguration"))
    return RestApiRecord(
        account_id=call.account_id,
        region=call.region,
        id=api_id,
        name=checked_name(request["name"]),
        created=call.now,
        root_resource_id=new_id(API_ID_CHARACTERS),
        description=request.get("description"),
        version=request.get("version"),
        binary_media_types=checked_media_types(media_types),
        minimum_compression_size=checked_compression(request.get("minimumCompressionSize")),
        api_key_source=one_of(  # type: ignore[arg-type]  # one of them
            request.get("apiKeySource") or "HEADER", "createRestApiInput.apiKeySource",
            API_KEY_SOURCES,
        ),
        endpoint_configuration=endpoint,
        policy=stored_policy(
            call, api_id, request.get("policy"), private=endpoint.types == ("PRIVATE",)
        ),
        tags=checked_tags(request.get("tags") or {}),
        disable_execute_api_endpoint=bool(request.get("disableExecuteApiEndpoint")),
        security_policy=request.get("securityPolicy"),
        endpoint_access_mode=request.get("endpointAccessMode"),
    )  # fmt: skip


def root_of(api: RestApiRecord) -> RestResource:
    """Give the root resource that every API has."""
    return RestResource(
        account_id=api.account_id,
        region=api.region,
        api_id=api.id,
        id=api.root_resource_id,
        path="/",
    )


def _clone_source(call: OperationCall, api_id: str) -> RestApiRecord:
    found = find_api(call, api_id)
    if found is None:
        raise bad_request("Invalid REST API identifier specified")  # [I]: as of validators
    # [I]: else who may make an API reads those that a policy keeps from it.
    arn = f"arn:{call.partition}:apigateway:{call.region}::/restapis/{found.id}"
    require(call, "apigateway:GET", arn, found.tags)
    return found


@operation()
def get_rest_api(call: OperationCall, request: Params) -> Params:
    """Give an API."""
    return rest_api_output(the_api(call, request))


@operation()
def get_rest_apis(call: OperationCall, request: Params) -> Params:
    """List the APIs of the account in this region."""
    return page(call, REST_API, (call.account_id, call.region), request, rest_api_output)


@operation(writes=True)
def update_rest_api(call: OperationCall, request: Params) -> Params:
    """Change settings of an API; what calls meet changes with the next deployment."""
    api = the_api(call, request)
    changed = patched((call, api), request, REST_API_PATCHES)[1]
    require_policy_change(call, api, changed.policy)
    return rest_api_output(call.tx.update(REST_API, api.key(), lambda _: changed))


@operation(writes=True)
def delete_rest_api(call: OperationCall, request: Params) -> Params:
    """Delete an API with all its parts, a batch at a time."""
    api = the_api(call, request)
    forget_api(call, api.id)
    for kind in _PARTS:
        delete_all(call.tx, kind, api.key())
    call.tx.delete(REST_API, api.key())
    return {}


def rest_api_output(api: RestApiRecord) -> Params:
    """Give `RestApi` (AWS [R]: which members are there when nothing was asked for)."""
    return present(
        id=api.id,
        name=api.name,
        description=api.description,
        createdDate=api.created,
        version=api.version,
        warnings=list(api.warnings) or None,
        binaryMediaTypes=list(api.binary_media_types) or None,
        minimumCompressionSize=api.minimum_compression_size,
        apiKeySource=api.api_key_source,
        endpointConfiguration=endpoint_output(api.endpoint_configuration),
        policy=shown_policy(api.policy),
        tags=dict(api.tags) or None,
        disableExecuteApiEndpoint=api.disable_execute_api_endpoint,
        rootResourceId=api.root_resource_id,
        securityPolicy=api.security_policy,
        endpointAccessMode=api.endpoint_access_mode,
        apiStatus="AVAILABLE",
    )
