"""Deployments: an API frozen as it is, for stages to point to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from bargate.records.deployed_rest_api import DEPLOYED_REST_API, DeployedRestApi
from bargate.records.rest_deployment import REST_DEPLOYMENT, RestDeployment
from bargate.records.rest_stage import REST_STAGE, CanarySettings, RestStage
from bargate.services.apigateway.deployed import frozen_api, methods_of
from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.finding import the_api, the_deployment
from bargate.services.apigateway.model_schemas import InvalidSchema
from bargate.services.apigateway.patch import Rule, Step, Table, patched
from bargate.services.apigateway.shape import new_id, page, present
from bargate.services.apigateway.stage_checks import (
    checked_cache_size,
    checked_percentage,
    checked_stage_name,
    checked_variables,
)
from bargate.services.apigateway.stage_trial import check_methods, try_change
from bargate.services.operation import OperationCall, Params, operation

if TYPE_CHECKING:
    from bargate.model.rest_api import RestApi
    from bargate.records.rest_api import RestApiRecord


@operation(writes=True)
def create_deployment(call: OperationCall, request: Params) -> Params:
    """Freeze an API; with `stageName` the stage, or its canary, points to what was frozen."""
    api = the_api(call, request)
    name = request.get("stageName") or None
    stage = None
    if name is not None:
        stage = call.tx.find(REST_STAGE, (*api.key(), checked_stage_name(name)))
    if request.get("canarySettings") is not None:
        _check_canary(name, stage)
    frozen = _frozen(call, api)
    deployment = RestDeployment(
        account_id=api.account_id,
        region=api.region,
        api_id=api.id,
        id=new_id(),
        created=call.now,
        description=request.get("description"),
    )
    call.tx.create(REST_DEPLOYMENT, deployment)
    deployed = DeployedRestApi(
        account_id=api.account_id, region=api.region, deployment_id=deployment.id, api=frozen
    )
    call.tx.create(DEPLOYED_REST_API, deployed)
    if name is not None:
        _point_stage(call, request, stage, deployed)
    return deployment_output(deployment)


def _check_canary(name: str | None, stage: RestStage | None) -> None:
    """Refuse a canary without a stage to stand beside (AWS [R] apigw-errors §5)."""
    if name is None:
        raise bad_request(
            "Invalid deployment content specified.Non null and non empty stageName must be"
            " provided for canary deployment. Provided value is null"
        )
    if stage is None:
        raise bad_request(
            f"Invalid deployment content specified.Stage {name} must already be created before"
            " making a canary release deployment"
        )


def _frozen(call: OperationCall, api: RestApiRecord) -> RestApi:
    if api.is_private and api.policy is None:
        # AWS [D] apigw-evaluation §4
        raise bad_request("Private REST API doesn't have a resource policy attached to it")
    try:
        frozen = frozen_api(call.tx, api)
    except InvalidSchema as error:
        raise bad_request(f"Invalid model specified: {error}") from error
    check_methods(frozen)
    return frozen


def _point_stage(
    call: OperationCall, request: Params, previous: RestStage | None, deployed: DeployedRestApi
) -> None:
    """Let the stage of the request, or its canary, point to a new deployment."""
    stage = previous or _new_stage(call, request["stageName"], deployed)
    canary = request.get("canarySettings")
    if canary is None:
        stage = _with_settings(stage.deployed(deployed.deployment_id), request)
    else:
        stage = structs.replace(stage, canary=_canary(canary, deployed.deployment_id))
    stage = structs.replace(stage, last_updated=call.now)
    try_change(call.tx, stage, previous, {deployed.deployment_id: deployed.api})
    if previous is None:
        call.tx.create(REST_STAGE, stage)
    else:
        call.tx.update(REST_STAGE, stage.key(), lambda _: stage)


def _new_stage(call: OperationCall, name: str, deployed: DeployedRestApi) -> RestStage:
    return RestStage(
        account_id=deployed.account_id,
        region=deployed.region,
        api_id=deployed.api.id,
        name=name,
        deployment_id=deployed.deployment_id,
        created=call.now,
        last_updated=call.now,
    )


def _canary(settings: Params, deployment_id: str) -> CanarySettings:
    return CanarySettings(
        deployment_id=deployment_id,
        percent_traffic=checked_percentage(settings.get("percentTraffic") or 0.0),
        stage_variable_overrides=checked_variables(settings.get("stageVariableOverrides")),
        use_stage_cache=bool(settings.get("useStageCache")),
    )


def _with_settings(stage: RestStage, request: Params) -> RestStage:
    """Give the stage with what the request says of it; what it does not say stays."""
    members: Params = present(
        description=request.get("stageDescription"),
        cache_cluster_enabled=request.get("cacheClusterEnabled"),
        cache_cluster_size=checked_cache_size(request.get("cacheClusterSize")),
        tracing_enabled=request.get("tracingEnabled"),
    )
    if request.get("variables") is not None:
        members["variables"] = checked_variables(request["variables"])
    return structs.replace(stage, **members)


@operation()
def get_deployment(call: OperationCall, request: Params) -> Params:
    """Give a deployment; `embed=apisummary` with the methods it froze."""
    deployment = the_deployment(call, request)
    output = deployment_output(deployment)
    if "apisummary" in (request.get("embed") or ()):
        output["apiSummary"] = _summary(call.tx.get(DEPLOYED_REST_API, deployment.key()).api)
    return output


def _summary(api: RestApi) -> Params:
    summary: dict[str, Params] = {}
    for resource, method in methods_of(api):
        summary.setdefault(resource.path, {})[method.http_method] = {
            "authorizationType": method.authorization_type,
            "apiKeyRequired": method.api_key_required,
        }
    return summary


@operation()
def get_deployments(call: OperationCall, request: Params) -> Params:
    """List the deployments of an API."""
    api = the_api(call, request)
    return page(call, REST_DEPLOYMENT, api.key(), request, deployment_output)


@operation(writes=True)
def update_deployment(call: OperationCall, request: Params) -> Params:
    """Change the description of a deployment."""
    deployment = the_deployment(call, request)
    changed = patched(deployment, request, _PATCHES)
    return deployment_output(call.tx.update(REST_DEPLOYMENT, deployment.key(), lambda _: changed))


@operation(writes=True)
def delete_deployment(call: OperationCall, request: Params) -> Params:
    """Delete a deployment that no stage points to."""
    deployment = the_deployment(call, request)
    for stage in call.tx.list(REST_STAGE, deployment.key()[:3]):
        canary = stage.canary.deployment_id if stage.canary else None
        if deployment.id in {stage.deployment_id, canary}:
            # AWS [R] apigw-errors §5
            raise bad_request("Active stages pointing to this deployment must be moved or deleted")
    call.tx.delete(DEPLOYED_REST_API, deployment.key())
    call.tx.delete(REST_DEPLOYMENT, deployment.key())
    return {}


def _description(deployment: RestDeployment, step: Step) -> RestDeployment:
    return structs.replace(deployment, description=step.value or None)


_PATCHES = Table((Rule("/description", ("replace",), _description),))


def deployment_output(deployment: RestDeployment) -> Params:
    """Give `Deployment`."""
    return present(
        id=deployment.id, description=deployment.description, createdDate=deployment.created
    )
