"""From a stage's record to what workers are sent: the stage with the deployment it points to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.model.installation import ServedStage, Stage
from bargate.model.usage_plan import DEFAULT_BURST, DEFAULT_RATE, Throttle
from bargate.records.deployed_http_api import DEPLOYED_HTTP_API
from bargate.records.http_stage import HTTP_STAGE, HttpStage, RouteSettings

if TYPE_CHECKING:
    from bargate.model.http_api import HttpApi
    from bargate.store.interface import Reader
    from bargate.store.kind import Key


def served_stage(tx: Reader, key: Key) -> ServedStage | None:
    """Give what the HTTP_STAGE record under `key` serves, None when there is nothing to serve."""
    stage = tx.find(HTTP_STAGE, key)
    return None if stage is None else served_of(tx, stage)


def served_of(tx: Reader, stage: HttpStage) -> ServedStage | None:
    """Give what a stage serves, None for one without a deployment."""
    if stage.deployment_id is None:
        return None
    key = (stage.account_id, stage.region, stage.api_id, stage.deployment_id)
    deployed = tx.find(DEPLOYED_HTTP_API, key)
    return None if deployed is None else serving(stage, deployed.api)


def serving(stage: HttpStage, api: HttpApi) -> ServedStage:
    """Give what a stage would serve with an API deployed to it."""
    return ServedStage(
        account_id=stage.account_id,
        region=stage.region,
        api=api,
        stage=Stage(
            name=stage.name,
            variables=stage.variables,
            throttles=_throttles(stage),
            authorizer_flushes=stage.authorizers_cache_flushes,
        ),
    )


def _throttles(stage: HttpStage) -> dict[str, Throttle]:
    """Give the buckets of routes by their keys, and `*/*` for each route without its own.

    AWS [O]: a route's settings take the place of the stage's.
    """
    settings = {"*/*": stage.default_route_settings, **stage.route_settings}
    found = {key: _throttle(each) for key, each in settings.items()}
    return {key: each for key, each in found.items() if each is not None}


def _throttle(settings: RouteSettings) -> Throttle | None:
    rate, burst = settings.throttling_rate_limit, settings.throttling_burst_limit
    if rate is None and burst is None:
        return None
    return Throttle(
        rate_limit=DEFAULT_RATE if rate is None else rate,
        burst_limit=DEFAULT_BURST if burst is None else burst,
    )
