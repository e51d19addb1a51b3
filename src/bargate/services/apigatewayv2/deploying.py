"""Deployments: an API frozen as it is, by hand or by every change of it (autoDeploy).

    change of a route, integration, authorizer or of the API
      ──► redeploy: for each stage with autoDeploy  try_stage ─┬─► DeployedHttpApi, stage points to it
                                                               └─► lastDeploymentStatusMessage

A change never fails for its automatic deployment: the stage keeps what it served.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from msgspec import structs

from bargate.model.installation import (
    DEFAULT_ACCOUNT_ID,
    DEFAULT_REGION,
    ServedStage,
    Stage,
)
from bargate.model.invalid import InvalidConfiguration
from bargate.records.deployed_http_api import DEPLOYED_HTTP_API, DeployedHttpApi
from bargate.records.http_deployment import HTTP_DEPLOYMENT, HttpDeployment
from bargate.records.http_stage import HTTP_STAGE, HttpStage
from bargate.services.apigatewayv2.deployed import current_api
from bargate.services.apigatewayv2.errors import bad_request
from bargate.services.apigatewayv2.find import find_api
from bargate.services.apigatewayv2.ids import new_id
from bargate.services.apigatewayv2.served import served_of, serving
from bargate.snapshot.trial import try_stage

if TYPE_CHECKING:
    from bargate.model.http_api import HttpApi, HttpIntegration, Route
    from bargate.services.place import Place
    from bargate.store.interface import Transaction
    from bargate.store.kind import Key

NO_ROUTES = "Unable to deploy API because no routes exist in this API"  # AWS [O]
MAX_AUTOMATIC = 10  # deployments kept of those that autoDeploy made and no stage points to [I]

_AUTOMATIC = "Automatic deployment triggered by changes to the Api configuration"  # AWS [O]
_log = logging.getLogger("bargate.control")
_ANYWHERE = "http://stage-variables.invalid"


def redeploy(tx: Transaction, place: Place, api_key: Key) -> None:
    """Deploy an API as it is now to its stages with autoDeploy, which have not changed."""
    stages = [stage for stage in tx.list(HTTP_STAGE, api_key) if stage.auto_deploy]
    if stages:
        _deploy(tx, place, stages, is_whole=False)


def redeploy_to(tx: Transaction, place: Place, stages: list[HttpStage]) -> None:
    """Deploy an API as it is now to some of its stages, whose variables may be others now."""
    if stages:
        _deploy(tx, place, stages, is_whole=True)


def _deploy(tx: Transaction, place: Place, stages: list[HttpStage], *, is_whole: bool) -> None:
    api_key = stages[0].key()[:-1]
    api = current_api(tx, find_api(tx, api_key))
    deployment: HttpDeployment | None = None
    for stage in stages:
        former = None if is_whole else _former(tx, stage)
        problem = _problem(stage, api, former)
        if problem is None:
            deployment = deployment or freeze(tx, place, api, automatic=_AUTOMATIC)
            point(tx, place, stage.key(), deployment.id)
        else:
            _note_failure(tx, stage, f"Deployment attempt failed: {problem}")
    if deployment is not None:
        _prune(tx, api_key)


def freeze(
    tx: Transaction,
    place: Place,
    api: HttpApi,
    *,
    description: str | None = None,
    automatic: str | None = None,
) -> HttpDeployment:
    """Keep an API as it is under a new deployment; `automatic` describes one nobody asked for."""
    deployment = HttpDeployment(
        account_id=place.account_id,
        region=place.region,
        api_id=api.id,
        id=new_id(),
        created=place.now,
        description=description or automatic,
        is_auto_deployed=automatic is not None,
    )
    tx.create(HTTP_DEPLOYMENT, deployment)
    tx.create(
        DEPLOYED_HTTP_API,
        DeployedHttpApi(
            account_id=place.account_id,
            region=place.region,
            deployment_id=deployment.id,
            api=api,
        ),
    )
    return deployment


def point(tx: Transaction, place: Place, stage_key: Key, deployment_id: str) -> HttpStage:
    """Let a stage serve a deployment."""

    def pointed(stage: HttpStage) -> HttpStage:
        return structs.replace(
            stage,
            deployment_id=deployment_id,
            last_updated=place.now,
            # the words are AWS's [O]
            last_deployment_status_message=(
                f"Successfully deployed stage with deployment ID '{deployment_id}'"
            ),
        )

    return tx.update(HTTP_STAGE, stage_key, pointed)


def check_served(tx: Transaction, stage: HttpStage) -> None:
    """Refuse a stage whose deployment cannot be served at it; raises BadRequestException."""
    served = served_of(tx, stage)
    if served is not None:
        try:
            try_stage(served, None)
        except InvalidConfiguration as error:
            raise bad_request(told(error)) from None


def check_api(api: HttpApi, stage: HttpStage | None = None) -> None:
    """Refuse an API that could not be served at a stage, or at any; raises BadRequestException.

    Without a stage, what depends on stage variables is left until one points to the deployment.
    """
    if stage is None:
        served = ServedStage(
            account_id=DEFAULT_ACCOUNT_ID,
            region=DEFAULT_REGION,
            api=_without_stage_variables(api),
            stage=Stage(name="$default"),
        )
    else:
        served = serving(stage, api)
    try:
        try_stage(served, None)
    except InvalidConfiguration as error:
        raise bad_request(f"Unable to deploy API: {told(error)}") from None


def told(error: InvalidConfiguration) -> str:
    """Say what is wrong and where."""
    where = ".".join(error.path)
    return f"{where}: {error.message}" if where else error.message


def forget(tx: Transaction, deployment: HttpDeployment) -> None:
    """Delete a deployment that no stage points to."""
    tx.delete(HTTP_DEPLOYMENT, deployment.key())
    tx.delete(DEPLOYED_HTTP_API, deployment.key())


def is_served(tx: Transaction, deployment: HttpDeployment) -> bool:
    """Say whether a stage points to a deployment."""
    return tx.find_by(HTTP_STAGE, "deployment", deployment.key()) is not None


def _former(tx: Transaction, stage: HttpStage) -> HttpApi | None:
    deployed = tx.find(DEPLOYED_HTTP_API, (*stage.key()[:-1], stage.deployment_id or ""))
    return None if deployed is None else deployed.api


def _problem(stage: HttpStage, api: HttpApi, former: HttpApi | None) -> str | None:
    """Say why an API cannot be deployed to a stage, `former` being what it serves now.

    One that lost its last route is deployed where it was served before: keeping the old deployment
    would keep the deleted routes open [I].
    """
    if not api.routes and stage.deployment_id is None:
        return NO_ROUTES
    try:
        try_stage(serving(stage, api if former is None else _news(api, former)), None)
    except InvalidConfiguration as error:
        return told(error)
    return None


def _news(api: HttpApi, former: HttpApi) -> HttpApi:
    """Leave out the routes that a stage serves already: they were tried before.

    A route is compiled for itself and for what is not a route (authorizers, CORS), so that all are
    new where any of that is.
    """
    if structs.replace(api, routes=()) != structs.replace(former, routes=()):
        return api
    known = {route.route_key: route for route in former.routes}
    routes = tuple(route for route in api.routes if known.get(route.route_key) != route)
    return structs.replace(api, routes=routes)


def _note_failure(tx: Transaction, stage: HttpStage, message: str) -> None:
    """Tell it on the stage; where others go on being served, tell it once in the log too.

    A new route is not there then, nor what protects it, and `$default` may answer in its place.
    """
    if stage.deployment_id and stage.last_deployment_status_message != message:
        _log.warning(
            "API %s: stage %s serves what it did before: %r", stage.api_id, stage.name, message
        )

    def noted(stage: HttpStage) -> HttpStage:
        return structs.replace(stage, last_deployment_status_message=message)

    tx.update(HTTP_STAGE, stage.key(), noted)


def _prune(tx: Transaction, api_key: Key) -> None:
    made = tx.list_by(HTTP_DEPLOYMENT, "automatic", api_key)
    for deployment in made[:-MAX_AUTOMATIC]:
        if not is_served(tx, deployment):
            forget(tx, deployment)


def _without_stage_variables(api: HttpApi) -> HttpApi:
    return structs.replace(api, routes=tuple(_anywhere(route) for route in api.routes))


def _anywhere(route: Route) -> Route:
    found: HttpIntegration | None = route.integration
    if found is None or found.type != "HTTP_PROXY" or "stageVariables" not in found.uri:
        return route
    return structs.replace(route, integration=structs.replace(found, uri=_ANYWHERE))
