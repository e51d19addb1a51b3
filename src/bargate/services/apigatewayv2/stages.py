"""Stages: names under which deployments of an API are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from bargate.records.base_path_mapping import BASE_PATH_MAPPING
from bargate.records.http_deployment import HTTP_DEPLOYMENT
from bargate.records.http_stage import HTTP_STAGE, HttpStage
from bargate.services.apigatewayv2.deploying import check_served, redeploy_to
from bargate.services.apigatewayv2.errors import bad_request, conflict, not_found, shown
from bargate.services.apigatewayv2.find import api_of, part_of, stage_of
from bargate.services.apigatewayv2.pages import page
from bargate.services.apigatewayv2.stage_settings import (
    check_stage_name,
    read_access_log,
    read_route_settings,
    read_settings,
    read_variables,
    shown_route_settings,
)
from bargate.services.apigatewayv2.tags import checked_tags
from bargate.services.operation import OperationCall, Params, operation
from bargate.services.place import place_of

if TYPE_CHECKING:
    from bargate.records.http_api import HttpApiRecord

# the words are AWS's [O]
AUTO_DEPLOYED = "Deployment ID cannot be set on this stage because AutoDeploy is enabled"


@operation(writes=True)
def create_stage(call: OperationCall, request: Params) -> Params:
    """Add a stage to an API; with autoDeploy the API is deployed to it at once."""
    api = api_of(call, request)
    name = request["StageName"]
    check_stage_name(name)
    if call.tx.find(HTTP_STAGE, (*api.key(), name)) is not None:
        raise conflict("Stage already exists")  # AWS [O]
    blank = HttpStage(
        account_id=api.account_id,
        region=api.region,
        api_id=api.id,
        name=name,
        created=call.now,
        last_updated=call.now,
        tags=checked_tags(request.get("Tags")),
    )
    stage = _read(call, api, request, blank)
    call.tx.create(HTTP_STAGE, stage)
    return show(_settled(call, blank, stage))


@operation()
def get_stage(call: OperationCall, request: Params) -> Params:
    """Give one stage."""
    return show(stage_of(call, request))


@operation()
def get_stages(call: OperationCall, request: Params) -> Params:
    """List the stages of an API."""
    return page(call, request, HTTP_STAGE, api_of(call, request).key(), show)


@operation(writes=True)
def update_stage(call: OperationCall, request: Params) -> Params:
    """Change what is given; variables are put over the old ones, "" removes one."""
    api = api_of(call, request)
    old = stage_of(call, request)
    new = structs.replace(_read(call, api, request, old), last_updated=call.now)
    call.tx.update(HTTP_STAGE, old.key(), lambda _: new)
    return show(_settled(call, old, new))


@operation(writes=True)
def delete_stage(call: OperationCall, request: Params) -> Params:
    """Delete a stage that no domain name serves."""
    stage = stage_of(call, request)
    refuse_mapped(call, stage.api_id, stage.name)
    call.tx.delete(HTTP_STAGE, stage.key())
    return {}


@operation(writes=True)
def delete_route_settings(call: OperationCall, request: Params) -> Params:
    """Remove the settings of one route."""
    stage = stage_of(call, request)
    route_key = request["RouteKey"]
    if route_key not in stage.route_settings:
        raise not_found(f"Unable to find Route by key {shown(route_key)} within the RouteSettings")
    left = {name: each for name, each in stage.route_settings.items() if name != route_key}
    _change(call, stage, route_settings=left)
    return {}


@operation(writes=True)
def delete_access_log_settings(call: OperationCall, request: Params) -> Params:
    """Log no calls of a stage any more."""
    _change(call, stage_of(call, request), access_log_settings=None)
    return {}


@operation(writes=True)
def reset_authorizers_cache(call: OperationCall, request: Params) -> Params:
    """Forget what the Lambda authorizers of a stage said."""
    stage = stage_of(call, request)
    flushes = stage.authorizers_cache_flushes + 1
    _change(call, stage, authorizers_cache_flushes=flushes)
    return {}


def show(stage: HttpStage) -> Params:
    """Give a stage as the API shows it."""
    output: Params = {
        "AutoDeploy": stage.auto_deploy,
        "CreatedDate": stage.created,
        "DefaultRouteSettings": shown_route_settings(stage.default_route_settings),
        "LastUpdatedDate": stage.last_updated,
        "RouteSettings": {
            key: shown_route_settings(each) for key, each in stage.route_settings.items()
        },
        "StageName": stage.name,
        "StageVariables": dict(stage.variables),
        "Tags": dict(stage.tags),
    }
    optional = {
        "ApiGatewayManaged": stage.is_gateway_managed or None,
        "DeploymentId": stage.deployment_id,
        "Description": stage.description,
        "LastDeploymentStatusMessage": stage.last_deployment_status_message,
    }
    output |= {name: value for name, value in optional.items() if value is not None}
    log = stage.access_log_settings
    if log is not None:
        members = {"DestinationArn": log.destination_arn, "Format": log.format}
        output["AccessLogSettings"] = {k: v for k, v in members.items() if v is not None}
    return output


def refuse_mapped(call: OperationCall, api_id: str, stage_name: str | None = None) -> None:
    """Refuse to delete an API, or one stage of it, that a domain name serves."""
    for mapping in call.tx.list_by(BASE_PATH_MAPPING, "api", (*place_of(call).prefix, api_id)):
        if stage_name is None or mapping.stage in {None, stage_name}:
            # AWS [O] the words of DeleteRestApi
            raise bad_request(
                "Please remove all base path mappings related to the API in your domains:"
                f" {mapping.domain_name}"
            )


def _read(call: OperationCall, api: HttpApiRecord, request: Params, old: HttpStage) -> HttpStage:
    if request.get("ClientCertificateId"):
        raise bad_request("ClientCertificateId is supported only for WebSocket APIs")
    auto_deploy = old.auto_deploy
    if request.get("AutoDeploy") is not None:
        auto_deploy = request["AutoDeploy"]
    return structs.replace(
        old,
        auto_deploy=auto_deploy,
        deployment_id=_deployment_id(call, api, request, old, auto_deploy=auto_deploy),
        description=request.get("Description", old.description),
        variables=read_variables(request.get("StageVariables"), old.variables),
        default_route_settings=read_settings(
            request.get("DefaultRouteSettings"), old.default_route_settings
        ),
        route_settings=read_route_settings(
            call, api, request.get("RouteSettings"), old.route_settings
        ),
        access_log_settings=read_access_log(
            request.get("AccessLogSettings"), old.access_log_settings
        ),
    )


def _deployment_id(
    call: OperationCall, api: HttpApiRecord, request: Params, old: HttpStage, *, auto_deploy: bool
) -> str | None:
    given: str | None = request.get("DeploymentId")
    if given is None or given == "":
        return old.deployment_id
    if auto_deploy:
        raise bad_request(AUTO_DEPLOYED)
    return part_of(call, HTTP_DEPLOYMENT, api, given, "deployment").id


def _settled(call: OperationCall, old: HttpStage, new: HttpStage) -> HttpStage:
    """Deploy to a stage as its settings ask, and refuse settings that it cannot be served with."""
    key = new.key()
    is_moved = (old.variables, old.deployment_id) != (new.variables, new.deployment_id)
    if new.auto_deploy and (is_moved or not old.auto_deploy):
        redeploy_to(call.tx, place_of(call), [new])
    stage = call.tx.get(HTTP_STAGE, key)
    if is_moved and stage.deployment_id == new.deployment_id:
        check_served(call.tx, stage)
    return stage


def _change(call: OperationCall, stage: HttpStage, **changes: Any) -> None:
    call.tx.update(
        HTTP_STAGE,
        stage.key(),
        lambda record: structs.replace(record, last_updated=call.now, **changes),
    )
