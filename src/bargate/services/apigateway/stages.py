"""Stages: the names under which deployments are called."""

from __future__ import annotations

from msgspec import structs

from bargate.records.rest_stage import REST_STAGE, CanarySettings, RestStage
from bargate.services.apigateway.api_removal import forget_stage
from bargate.services.apigateway.errors import bad_request, conflict
from bargate.services.apigateway.finding import (
    check_documentation,
    find_deployment,
    the_api,
    the_deployment,
    the_stage,
)
from bargate.services.apigateway.patch import patched
from bargate.services.apigateway.stage_checks import (
    checked_cache_size,
    checked_percentage,
    checked_stage_name,
    checked_variables,
)
from bargate.services.apigateway.stage_output import stage_output
from bargate.services.apigateway.stage_patches import STAGE_PATCHES
from bargate.services.apigateway.stage_trial import try_change
from bargate.services.apigateway.tag_rules import checked_tags
from bargate.services.operation import OperationCall, Params, operation


@operation(writes=True)
def create_stage(call: OperationCall, request: Params) -> Params:
    """Create a stage that points to a deployment."""
    api = the_api(call, request)
    deployment = the_deployment(call, request)
    name = checked_stage_name(request["stageName"])
    if call.tx.find(REST_STAGE, (*api.key(), name)) is not None:
        raise conflict("Stage already exists")  # AWS [O]
    check_documentation(call, api.id, request.get("documentationVersion"))
    stage = RestStage(
        account_id=api.account_id,
        region=api.region,
        api_id=api.id,
        name=name,
        deployment_id=deployment.id,
        created=call.now,
        last_updated=call.now,
        description=request.get("description"),
        variables=checked_variables(request.get("variables")),
        canary=canary_settings(call, api.id, request.get("canarySettings"), deployment.id),
        cache_cluster_enabled=bool(request.get("cacheClusterEnabled")),
        cache_cluster_size=checked_cache_size(request.get("cacheClusterSize")),
        tracing_enabled=bool(request.get("tracingEnabled")),
        documentation_version=request.get("documentationVersion"),
        tags=checked_tags(request.get("tags") or {}),
    )
    try_change(call.tx, stage, None)
    return stage_output(call.tx.create(REST_STAGE, stage))


def canary_settings(
    call: OperationCall, api_id: str, settings: Params | None, default_deployment_id: str
) -> CanarySettings | None:
    """Read `canarySettings`; AWS [O]: without a deployment of its own it has the stage's."""
    if not settings:
        return None
    deployment_id = settings.get("deploymentId") or default_deployment_id
    if find_deployment(call, api_id, deployment_id) is None:
        raise bad_request("Deployment id does not exist")  # AWS [R] apigw-errors §5
    return CanarySettings(
        deployment_id=deployment_id,
        percent_traffic=checked_percentage(settings.get("percentTraffic") or 0.0),
        stage_variable_overrides=checked_variables(settings.get("stageVariableOverrides")),
        use_stage_cache=bool(settings.get("useStageCache")),
    )


@operation()
def get_stage(call: OperationCall, request: Params) -> Params:
    """Give a stage."""
    return stage_output(the_stage(call, request))


@operation()
def get_stages(call: OperationCall, request: Params) -> Params:
    """List the stages of an API, or those that point to one deployment."""
    api = the_api(call, request)
    wanted = request.get("deploymentId")
    stages = call.tx.list(REST_STAGE, api.key())
    return {
        "item": [stage_output(each) for each in stages if wanted in {None, "", each.deployment_id}]
    }


@operation(writes=True)
def update_stage(call: OperationCall, request: Params) -> Params:
    """Change a stage."""
    stage = the_stage(call, request)
    changed = patched((call, stage), request, STAGE_PATCHES)[1]
    if changed.deployment_id != stage.deployment_id:
        changed = changed.deployed(changed.deployment_id)
    changed = structs.replace(changed, last_updated=call.now)
    try_change(call.tx, changed, stage)
    return stage_output(call.tx.update(REST_STAGE, stage.key(), lambda _: changed))


@operation(writes=True)
def delete_stage(call: OperationCall, request: Params) -> Params:
    """Delete a stage: from then on its calls are refused, and no usage plan opens it."""
    stage = the_stage(call, request)
    forget_stage(call, stage.api_id, stage.name)
    call.tx.delete(REST_STAGE, stage.key())
    return {}


@operation(writes=True)
def flush_stage_cache(call: OperationCall, request: Params) -> Params:
    """Forget the answers that are remembered for a stage."""
    call.tx.update(
        REST_STAGE,
        the_stage(call, request).key(),
        lambda stage: structs.replace(stage, cache_flushes=stage.cache_flushes + 1),
    )
    return {}


@operation(writes=True)
def flush_stage_authorizers_cache(call: OperationCall, request: Params) -> Params:
    """Forget what the stage's authorizers decided."""
    call.tx.update(
        REST_STAGE,
        the_stage(call, request).key(),
        lambda stage: structs.replace(
            stage, authorizers_cache_flushes=stage.authorizers_cache_flushes + 1
        ),
    )
    return {}
