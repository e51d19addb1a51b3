"""The structures inside a usage plan, checked: stages, throttles and quotas."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from bargate.records.rest_stage import REST_STAGE
from bargate.records.usage_plan import ApiStage, Quota, Throttle
from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.more_listing import find
from bargate.services.apigateway.shape import present
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.services.operation import OperationCall, Params

MAX_METHOD_THROTTLES: Final = 20  # AWS [D] apigw-objects §1: 20 per stage per plan
MAX_API_STAGES: Final = 1_000  # [I] AWS names no limit; a record must have one
_MAX_NUMBER: Final = 2**31 - 1
_MAX_PATH: Final = 1_024
_VERBS: Final = frozenset({"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"})


def read_api_stages(
    call: OperationCall, plan: str, stages: Iterable[Params]
) -> tuple[ApiStage, ...]:
    """Read `apiStages`; each must be a stage of the caller's own."""
    found: dict[tuple[str, str], ApiStage] = {}
    for each in stages:
        stage = need_stage(call, plan, each.get("apiId"), each.get("stage"))
        if (stage.api_id, stage.stage) in found:
            raise invalid_api_stage(plan, stage.api_id, stage.stage)
        throttle = {
            check_method(path): read_throttle(limits)
            for path, limits in (each.get("throttle") or {}).items()
        }
        check_throttles(throttle)
        found[stage.api_id, stage.stage] = ApiStage(
            api_id=stage.api_id, stage=stage.stage, throttle=throttle
        )
    return check_stages(tuple(found.values()))


def check_stages(stages: tuple[ApiStage, ...]) -> tuple[ApiStage, ...]:
    """Hold a plan's stages within their bound."""
    if len(stages) > MAX_API_STAGES:
        raise AwsError("LimitExceededException", "Too many API stages on a usage plan")
    return stages


def check_throttles(throttle: dict[str, Throttle]) -> None:
    """Hold a stage's method throttles within AWS's bound."""
    if len(throttle) > MAX_METHOD_THROTTLES:
        text = "Method level throttling is limited to 20 methods per stage of a usage plan"
        raise AwsError("LimitExceededException", text)


def need_stage(call: OperationCall, plan: str, api_id: str | None, stage: str | None) -> ApiStage:
    """Name a stage that exists; raises as AWS does [R] apigw-errors §5."""
    if not api_id or not stage or find(call, REST_STAGE, api_id, stage) is None:
        raise invalid_api_stage(plan, api_id, stage)
    return ApiStage(api_id=api_id, stage=stage)


def invalid_api_stage(plan: str, api_id: str | None, stage: str | None) -> AwsError:
    """Give AWS's refusal of a stage."""
    named = f"{{api: {api_id or 'null'}, stage: {stage or 'null'}}}"
    text = f"Invalid API Stage {named} specified for usageplan {plan}"
    return bad_request(text)


def check_method(path: str) -> str:
    """Check a method's name `{path}/{VERB}`, the root's being `//GET`."""
    resource, _, verb = path.rpartition("/")
    if not resource.startswith("/") or verb not in _VERBS or len(path) > _MAX_PATH:
        raise bad_request(f"Invalid method specified: {path[:128]}")
    return path


def read_throttle(limits: Params) -> Throttle:
    """Read a throttle: a burst over its rate and a rate over its burst are both allowed [R]."""
    return check_throttle(
        Throttle(rate_limit=limits.get("rateLimit"), burst_limit=limits.get("burstLimit"))
    )


def check_throttle(throttle: Throttle) -> Throttle:
    """Refuse numbers by which nothing can be limited."""
    rate, burst = throttle.rate_limit, throttle.burst_limit
    if rate is not None and not (math.isfinite(rate) and 0 <= rate <= _MAX_NUMBER):
        raise bad_request("Usage Plan throttle rate limit is invalid")
    if burst is not None and not 0 <= burst <= _MAX_NUMBER:
        raise bad_request("Usage Plan throttle burst limit is invalid")
    return throttle


def read_quota(members: Params) -> Quota:
    """Read a quota; limit and period must be there."""
    limit, offset = members.get("limit"), members.get("offset") or 0
    period: Any = members.get("period")
    if limit is None or period not in {"DAY", "WEEK", "MONTH"}:
        raise bad_request("Usage Plan quota needs a limit and a period")
    return check_quota(Quota(limit=limit, offset=offset, period=period))


def check_quota(quota: Quota) -> Quota:
    """Refuse a quota that could never be met, or an offset beyond it."""
    if not 0 < quota.limit <= _MAX_NUMBER:
        raise bad_request("Usage Plan quota limit is invalid")
    if not 0 <= quota.offset <= quota.limit:
        raise bad_request("Usage Plan quota offset is invalid")
    return quota


def show_throttle(throttle: Throttle | None) -> Params | None:
    """Write a throttle, None for none."""
    if throttle is None:
        return None
    return present(rateLimit=throttle.rate_limit, burstLimit=throttle.burst_limit)


def show_quota(quota: Quota | None) -> Params | None:
    """Write a quota, None for none."""
    if quota is None:
        return None
    return {"limit": quota.limit, "offset": quota.offset, "period": quota.period}


def show_api_stage(stage: ApiStage) -> Params:
    """Write a stage of a plan."""
    throttle = {path: show_throttle(each) for path, each in stage.throttle.items()}
    return present(apiId=stage.api_id, stage=stage.stage, throttle=throttle or None)
