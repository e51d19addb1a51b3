"""What workers are sent for a stage: the stage with the deployments it points to."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from bargate.model.installation import Canary, ServedStage, Stage
from bargate.model.usage_plan import Throttle
from bargate.records.deployed_rest_api import DEPLOYED_REST_API
from bargate.records.rest_stage import REST_STAGE, RestStage
from bargate.services.apigateway.method_settings import resource_and_verb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.model.rest_api import RestApi
    from bargate.store.interface import Reader
    from bargate.store.kind import Key


def served_stage(tx: Reader, key: Key) -> ServedStage | None:
    """Give what is served for the REST_STAGE record `key`, None when there is no such stage.

    Only what was deployed counts: the live API is not looked at.
    """
    stage = tx.find(REST_STAGE, key)
    return None if stage is None else served_of(tx, stage)


def served_of(
    tx: Reader, stage: RestStage, known: Mapping[str, RestApi] = MappingProxyType({})
) -> ServedStage:
    """Give what would be served for a stage; its deployments are `known` or in the store."""
    return ServedStage(
        account_id=stage.account_id,
        region=stage.region,
        api=_deployed(tx, stage, stage.deployment_id, known),
        stage=Stage(
            name=stage.name,
            variables=dict(stage.variables),
            throttles=_throttles(stage),
            client_certificate_id=stage.deployed_client_certificate_id,
        ),
        canary=_canary(tx, stage, known),
    )


def _throttles(stage: RestStage) -> dict[str, Throttle]:
    """Give the buckets of methods. Of a setting with a limit taken away (-1) there is none."""
    return {
        _method(key): Throttle(
            rate_limit=setting.throttling_rate_limit, burst_limit=setting.throttling_burst_limit
        )
        for key, setting in stage.method_settings.items()
        if setting.throttling_rate_limit >= 0 and setting.throttling_burst_limit >= 0
    }


def _method(key: str) -> str:
    path, verb = resource_and_verb(key)
    return f"{path}/{verb}"


def _deployed(
    tx: Reader, stage: RestStage, deployment_id: str, known: Mapping[str, RestApi]
) -> RestApi:
    if deployment_id in known:
        return known[deployment_id]
    key = (stage.account_id, stage.region, stage.api_id, deployment_id)
    return tx.get(DEPLOYED_REST_API, key).api


def _canary(tx: Reader, stage: RestStage, known: Mapping[str, RestApi]) -> Canary | None:
    settings = stage.canary
    if settings is None:
        return None
    return Canary(
        api=_deployed(tx, stage, settings.deployment_id, known),
        percent_traffic=settings.percent_traffic,
        variables={**stage.variables, **settings.stage_variable_overrides},
    )
