"""What workers are sent for a stage: the stage with the deployments it points to."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from bargate.model.installation import Canary, ServedStage, Stage
from bargate.model.usage_plan import DEFAULT_BURST, DEFAULT_RATE, Throttle
from bargate.records.deployed_rest_api import DEPLOYED_REST_API
from bargate.records.rest_stage import REST_STAGE, MethodSetting, RestStage
from bargate.services.apigateway.method_settings import resource_and_verb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.model.rest_api import RestApi
    from bargate.store.interface import Reader
    from bargate.store.kind import Key


_NO_LIMIT = -1  # AWS [O]: takes a limit away


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
            authorizer_flushes=stage.authorizers_cache_flushes,
        ),
        canary=_canary(tx, stage, known),
    )


def _throttles(stage: RestStage) -> dict[str, Throttle]:
    """Give the buckets of methods whose settings limit them.

    INVARIANT: a setting about something else, or one whose limit was taken away (-1), leaves a method
    to what `*/*` says of all.
    """
    found = {_method(key): _throttle(each) for key, each in stage.method_settings.items()}
    return {method: throttle for method, throttle in found.items() if throttle is not None}


def _throttle(setting: MethodSetting) -> Throttle | None:
    rate, burst = setting.throttling_rate_limit, setting.throttling_burst_limit
    if (rate is None and burst is None) or _NO_LIMIT in {rate, burst}:
        return None
    return Throttle(
        rate_limit=DEFAULT_RATE if rate is None else rate,
        burst_limit=DEFAULT_BURST if burst is None else burst,
    )


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
