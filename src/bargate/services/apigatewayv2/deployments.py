"""Deployments that are asked for, and the list of all."""

from __future__ import annotations

from msgspec import structs

from bargate.records.http_deployment import HTTP_DEPLOYMENT, HttpDeployment
from bargate.services.apigatewayv2.deployed import current_api
from bargate.services.apigatewayv2.deploying import (
    NO_ROUTES,
    check_api,
    forget,
    freeze,
    is_served,
    point,
)
from bargate.services.apigatewayv2.errors import bad_request
from bargate.services.apigatewayv2.find import api_of, part_of, stage_of
from bargate.services.apigatewayv2.pages import page
from bargate.services.apigatewayv2.stages import AUTO_DEPLOYED
from bargate.services.operation import OperationCall, Params, operation
from bargate.services.place import place_of


@operation(writes=True)
def create_deployment(call: OperationCall, request: Params) -> Params:
    """Freeze an API as it is now, and let a stage serve it if one is named."""
    record = api_of(call, request)
    stage = stage_of(call, request) if request.get("StageName") else None
    if stage is not None and stage.auto_deploy:
        raise bad_request(AUTO_DEPLOYED)
    api = current_api(call.tx, record)
    if not api.routes:
        raise bad_request(NO_ROUTES)
    check_api(api, stage)
    deployment = freeze(call.tx, place_of(call), api, description=request.get("Description"))
    if stage is not None:
        point(call.tx, place_of(call), stage.key(), deployment.id)
    return show(deployment)


@operation()
def get_deployment(call: OperationCall, request: Params) -> Params:
    """Give one deployment."""
    return show(_found(call, request))


@operation()
def get_deployments(call: OperationCall, request: Params) -> Params:
    """List the deployments of an API."""
    return page(call, request, HTTP_DEPLOYMENT, api_of(call, request).key(), show)


@operation(writes=True)
def update_deployment(call: OperationCall, request: Params) -> Params:
    """Describe a deployment anew."""
    old = _found(call, request)
    new = structs.replace(old, description=request.get("Description", old.description))
    return show(call.tx.update(HTTP_DEPLOYMENT, old.key(), lambda _: new))


@operation(writes=True)
def delete_deployment(call: OperationCall, request: Params) -> Params:
    """Delete a deployment that no stage points to."""
    deployment = _found(call, request)
    if is_served(call.tx, deployment):
        # AWS [R] apigw-errors §5
        raise bad_request("Active stages pointing to this deployment must be moved or deleted")
    forget(call.tx, deployment)
    return {}


def show(deployment: HttpDeployment) -> Params:
    """Give a deployment as the API shows it; here, one that fails is not kept."""
    output: Params = {
        "AutoDeployed": deployment.is_auto_deployed,
        "CreatedDate": deployment.created,
        "DeploymentId": deployment.id,
        "DeploymentStatus": "DEPLOYED",
    }
    if deployment.description is not None:
        output["Description"] = deployment.description
    return output


def _found(call: OperationCall, request: Params) -> HttpDeployment:
    api = api_of(call, request)
    return part_of(call, HTTP_DEPLOYMENT, api, request["DeploymentId"], "deployment")
