"""API keys on usage plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.records.api_key import API_KEY, ApiKey
from bargate.records.usage_plan import USAGE_PLAN
from bargate.records.usage_plan_key import USAGE_PLAN_KEY, UsagePlanKey
from bargate.services.apigateway import usage_plans
from bargate.services.apigateway.api_keys import MISSING
from bargate.services.apigateway.errors import bad_request, conflict
from bargate.services.apigateway.more_listing import Listing, begins_with, find, need, page
from bargate.services.apigateway.one_plan_a_stage import check_key
from bargate.services.apigateway.shape import present
from bargate.services.operation import operation
from bargate.store.interface import AlreadyExists

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params
    from bargate.wire.error import AwsError

KEY_TYPE: Final = "API_KEY"


@operation(writes=True)
def create_usage_plan_key(call: OperationCall, request: Params) -> Params:
    """Put a key on a plan."""
    if request["keyType"] != KEY_TYPE:
        raise bad_request("Invalid key type specified")
    plan = need(call, USAGE_PLAN, (request["usagePlanId"],), usage_plans.MISSING)
    key = need(call, API_KEY, (request["keyId"],), MISSING)
    if find(call, USAGE_PLAN_KEY, plan.id, key.id) is not None:
        raise _already_there(plan.id)
    check_key(call, key.id, (plan.id,))
    try:
        add_key(call, plan.id, key.id)
    except AlreadyExists as error:
        raise _already_there(plan.id) from error
    return show_usage_plan_key(key)


def add_key(call: OperationCall, plan_id: str, key_id: str) -> None:
    """Write that a key is on a plan; what is allowed has been checked."""
    association = UsagePlanKey(
        account_id=call.account_id,
        region=call.region,
        usage_plan_id=plan_id,
        key_id=key_id,
        created_date=call.now,
    )
    call.tx.create(USAGE_PLAN_KEY, association)


def _already_there(plan_id: str) -> AwsError:
    return conflict(f"API Key is already associated with Usage Plan {plan_id}")


@operation()
def get_usage_plan_key(call: OperationCall, request: Params) -> Params:
    """Give a key of a plan."""
    need(call, USAGE_PLAN, (request["usagePlanId"],), usage_plans.MISSING)
    ids = (request["usagePlanId"], request["keyId"])
    need(call, USAGE_PLAN_KEY, ids, MISSING)
    return show_usage_plan_key(need(call, API_KEY, (request["keyId"],), MISSING))


@operation()
def get_usage_plan_keys(call: OperationCall, request: Params) -> Params:
    """List the keys of a plan, by name if asked."""
    plan = need(call, USAGE_PLAN, (request["usagePlanId"],), usage_plans.MISSING)

    def key_of(each: UsagePlanKey) -> ApiKey:
        return need(call, API_KEY, (each.key_id,), MISSING)

    listing = Listing(
        kind=USAGE_PLAN_KEY,
        prefix=(call.account_id, call.region, plan.id),
        accept=lambda each: not request.get("nameQuery") or begins_with(key_of(each).name, request),
    )
    return page(call, request, listing, lambda each: show_usage_plan_key(key_of(each)))


@operation(writes=True)
def delete_usage_plan_key(call: OperationCall, request: Params) -> Params:
    """Take a key off a plan; what it used is kept, so that coming back renews no quota."""
    need(call, USAGE_PLAN, (request["usagePlanId"],), usage_plans.MISSING)
    ids = (request["usagePlanId"], request["keyId"])
    found = need(call, USAGE_PLAN_KEY, ids, MISSING)
    call.tx.delete(USAGE_PLAN_KEY, USAGE_PLAN_KEY.key_of(found))
    return {}


def show_usage_plan_key(key: ApiKey) -> Params:
    """Write a key of a plan as AWS does: its value is part of it [M]."""
    return present(id=key.id, type=KEY_TYPE, value=key.value.reveal(), name=key.name)
