"""What a patch may change of a usage plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.usage_plan import USAGE_PLAN, ApiStage, Quota, Throttle, UsagePlan
from bargate.services.apigateway import usage_plans
from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.more_listing import need
from bargate.services.apigateway.one_plan_a_stage import check_stage
from bargate.services.apigateway.patch import Rule, Step, Table, patched
from bargate.services.apigateway.usage_plan_settings import (
    check_method,
    check_quota,
    check_stages,
    check_throttle,
    check_throttles,
    invalid_api_stage,
    need_stage,
)
from bargate.services.operation import operation

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

_ADD_OR_REPLACE: Final = ("add", "replace")
_STAGE: Final = "/apiStages/{apiId:stageName}/throttle"
_METHOD: Final = f"{_STAGE}/{{resourcePath}}/{{httpMethod}}"
_MAX_NUMBER: Final = 2**31 - 1


@operation(writes=True)
def update_usage_plan(call: OperationCall, request: Params) -> Params:
    """Change a plan; its stages must exist, and no key may come to two plans of one stage."""
    plan = need(call, USAGE_PLAN, (request["usagePlanId"],), usage_plans.MISSING)
    changed = patched(plan, request, _table(call))
    return usage_plans.show_usage_plan(
        call.tx.update(USAGE_PLAN, USAGE_PLAN.key_of(plan), lambda _: changed)
    )


def _table(call: OperationCall) -> Table:
    return Table(
        (
            Rule("/name", ("replace",), _name),
            Rule("/description", ("replace",), _description),
            Rule("/productCode", _ADD_OR_REPLACE, _product_code),
            Rule("/productCode", ("remove",), lambda plan, _: replace(plan, product_code=None)),
            Rule("/apiStages", ("add",), lambda plan, step: _add_stage(call, plan, step)),
            Rule("/apiStages", ("remove",), _remove_stage),
            Rule(f"{_METHOD}/rateLimit", _ADD_OR_REPLACE, _method_limit),
            Rule(f"{_METHOD}/burstLimit", _ADD_OR_REPLACE, _method_limit),
            Rule(_METHOD, ("remove",), _remove_method),
            Rule(_STAGE, ("remove",), _remove_methods),
            Rule("/throttle/rateLimit", _ADD_OR_REPLACE, _plan_limit),
            Rule("/throttle/burstLimit", _ADD_OR_REPLACE, _plan_limit),
            Rule("/throttle", ("remove",), lambda plan, _: replace(plan, throttle=None)),
            Rule("/quota/limit", _ADD_OR_REPLACE, _quota),
            Rule("/quota/offset", _ADD_OR_REPLACE, _quota),
            Rule("/quota/period", _ADD_OR_REPLACE, _quota),
            Rule("/quota", ("remove",), lambda plan, _: replace(plan, quota=None)),
        )
    )


def _name(plan: UsagePlan, step: Step) -> UsagePlan:
    return replace(plan, name=usage_plans.check_name(step.text()))


def _description(plan: UsagePlan, step: Step) -> UsagePlan:
    return replace(plan, description=usage_plans.check_text(step.value))


def _product_code(plan: UsagePlan, step: Step) -> UsagePlan:
    return replace(plan, product_code=usage_plans.check_text(step.text()))


def _named_stage(plan: UsagePlan, name: str) -> ApiStage:
    """Give the stage that `apiId:stageName` names on the plan; text AWS [R] apigw-errors §5."""
    api_id, _, stage = name.partition(":")
    for each in plan.api_stages:
        if (each.api_id, each.stage) == (api_id, stage):
            return each
    raise bad_request("Invalid API Stage specified")


def _add_stage(call: OperationCall, plan: UsagePlan, step: Step) -> UsagePlan:
    api_id, colon, name = step.text().partition(":")
    if not colon:
        raise bad_request("Invalid API Stage specified")
    stage = need_stage(call, plan.id, api_id, name)
    if any((each.api_id, each.stage) == (api_id, name) for each in plan.api_stages):
        raise invalid_api_stage(plan.id, api_id, name)
    check_stage(call, plan, stage)
    return replace(plan, api_stages=check_stages((*plan.api_stages, stage)))


def _remove_stage(plan: UsagePlan, step: Step) -> UsagePlan:
    gone = _named_stage(plan, step.value or "")
    return replace(plan, api_stages=tuple(each for each in plan.api_stages if each is not gone))


def _with_throttles(plan: UsagePlan, stage: ApiStage, throttle: dict[str, Throttle]) -> UsagePlan:
    check_throttles(throttle)
    changed = replace(stage, throttle=throttle)
    stages = tuple(changed if each is stage else each for each in plan.api_stages)
    return replace(plan, api_stages=stages)


def _method_limit(plan: UsagePlan, step: Step) -> UsagePlan:
    stage_name, path, verb = step.names
    stage = _named_stage(plan, stage_name)
    method = check_method(f"{path}/{verb}")
    limits = _with_limit(stage.throttle.get(method), step)
    return _with_throttles(plan, stage, stage.throttle | {method: limits})


def _with_limit(throttle: Throttle | None, step: Step) -> Throttle:
    found = throttle or Throttle()
    if step.path.endswith("/rateLimit"):
        return check_throttle(replace(found, rate_limit=step.number(0, _MAX_NUMBER)))
    return check_throttle(replace(found, burst_limit=step.integer(0, _MAX_NUMBER)))


def _remove_method(plan: UsagePlan, step: Step) -> UsagePlan:
    stage_name, path, verb = step.names
    stage = _named_stage(plan, stage_name)
    method = f"{path}/{verb}"
    if method not in stage.throttle:
        raise bad_request(f"Invalid method specified: {method[:128]}")
    left = {name: each for name, each in stage.throttle.items() if name != method}
    return _with_throttles(plan, stage, left)


def _remove_methods(plan: UsagePlan, step: Step) -> UsagePlan:
    return _with_throttles(plan, _named_stage(plan, step.name), {})


def _plan_limit(plan: UsagePlan, step: Step) -> UsagePlan:
    return replace(plan, throttle=_with_limit(plan.throttle, step))


def _quota(plan: UsagePlan, step: Step) -> UsagePlan:
    """Change a member of the quota; a new one is a month's, as its limit must come first [I]."""
    member = step.path.rpartition("/")[2]
    found = plan.quota
    if found is None and member != "limit":
        raise bad_request("Usage Plan quota needs a limit and a period")
    quota = found or Quota(limit=1, period="MONTH")
    if member == "period":
        quota = replace(quota, period=_period(step))
    else:
        quota = replace(quota, **{member: step.integer(0, _MAX_NUMBER)})
    return replace(plan, quota=check_quota(quota))


def _period(step: Step) -> str:
    if step.text() not in {"DAY", "WEEK", "MONTH"}:
        raise step.invalid_value("one of: [DAY, WEEK, MONTH]")
    return step.text()
