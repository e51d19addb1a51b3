"""Usage plans: the stages their keys open, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.records.usage_plan import USAGE_PLAN, UsagePlan
from bargate.records.usage_plan_key import USAGE_PLAN_KEY
from bargate.records.usage_record import USAGE_RECORD
from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.more_listing import Listing, need, page
from bargate.services.apigateway.more_values import is_storable, tags_of
from bargate.services.apigateway.shape import delete_all, new_id, present
from bargate.services.apigateway.usage_plan_settings import (
    read_api_stages,
    read_quota,
    read_throttle,
    show_api_stage,
    show_quota,
    show_throttle,
)
from bargate.services.operation import operation

if TYPE_CHECKING:
    from bargate.records.usage_plan_key import UsagePlanKey
    from bargate.services.operation import OperationCall, Params

MISSING: Final = "Invalid Usage Plan ID specified"  # AWS [R] apigw-errors §5
_MAX_TEXT: Final = 125_000


@operation(writes=True)
def create_usage_plan(call: OperationCall, request: Params) -> Params:
    """Make a plan; every stage of it must exist."""
    plan_id = new_id()
    throttle, quota = request.get("throttle"), request.get("quota")
    plan = UsagePlan(
        account_id=call.account_id,
        region=call.region,
        id=plan_id,
        name=check_name(request["name"]),
        description=check_text(request.get("description")),
        api_stages=read_api_stages(call, plan_id, request.get("apiStages") or ()),
        throttle=None if throttle is None else read_throttle(throttle),
        quota=None if quota is None else read_quota(quota),
        created_date=call.now,
        tags=tags_of(request),
    )
    return show_usage_plan(call.tx.create(USAGE_PLAN, plan))


def check_name(name: str) -> str:
    """Refuse a name that is empty, or longer than can be kept."""
    if not name.strip():
        raise bad_request("Usage Plan name cannot be empty")
    return check_text(name) or name


def check_text(text: str | None) -> str | None:
    """Hold a text within its bound."""
    if text is not None and (len(text) > _MAX_TEXT or not is_storable(text)):
        raise bad_request("Invalid Usage Plan text specified")
    return text


@operation()
def get_usage_plan(call: OperationCall, request: Params) -> Params:
    """Give a plan."""
    return show_usage_plan(need(call, USAGE_PLAN, (request["usagePlanId"],), MISSING))


@operation()
def get_usage_plans(call: OperationCall, request: Params) -> Params:
    """List the plans, those of one key if asked."""
    home = (call.account_id, call.region)
    key_id = request.get("keyId")
    if key_id is None:
        return page(call, request, Listing(kind=USAGE_PLAN, prefix=home), show_usage_plan)

    def show(each: UsagePlanKey) -> Params:
        return show_usage_plan(need(call, USAGE_PLAN, (each.usage_plan_id,), MISSING))

    if not is_storable(key_id):
        return {"items": []}
    listing = Listing(kind=USAGE_PLAN_KEY, prefix=(*home, key_id), index="key")
    return page(call, request, listing, show)


@operation(writes=True)
def delete_usage_plan(call: OperationCall, request: Params) -> Params:
    """Take a plan away; its stages must have been taken off it before."""
    plan = need(call, USAGE_PLAN, (request["usagePlanId"],), MISSING)
    if plan.api_stages:
        # AWS [O] aws/aws-sdk-js#3841
        first = plan.api_stages[0]
        text = (
            f"Cannot delete Usage Plan {plan.id} because there are API Stages associated with it,"
            f" including {first.api_id}:{first.stage}"
        )
        raise bad_request(text)
    prefix = (plan.account_id, plan.region, plan.id)
    delete_all(call.tx, USAGE_PLAN_KEY, prefix)
    delete_all(call.tx, USAGE_RECORD, prefix)
    call.tx.delete(USAGE_PLAN, USAGE_PLAN.key_of(plan))
    return {}


def show_usage_plan(plan: UsagePlan) -> Params:
    """Write a plan as AWS does."""
    return present(
        id=plan.id,
        name=plan.name,
        description=plan.description,
        apiStages=[show_api_stage(each) for each in plan.api_stages],
        throttle=show_throttle(plan.throttle),
        quota=show_quota(plan.quota),
        productCode=plan.product_code,
        tags=plan.tags or None,
    )
