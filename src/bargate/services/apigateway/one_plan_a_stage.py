"""The rule that a key belongs to one plan a stage (AWS [D] apigw-objects §1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.records.usage_plan import USAGE_PLAN, ApiStage, UsagePlan
from bargate.records.usage_plan_key import USAGE_PLAN_KEY
from bargate.services.apigateway.errors import conflict
from bargate.services.apigateway.shape import every
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bargate.services.operation import OperationCall

MAX_PLANS_OF_A_KEY: Final = 10  # AWS [D] apigw-objects §1


def check_key(call: OperationCall, key_id: str, plan_ids: Iterable[str]) -> None:
    """Refuse to put a key on more plans when two of its plans would have a stage in common.

    `key_id` may be that of no key yet; the plans exist.
    """
    home = (call.account_id, call.region)
    others = call.tx.list_by(USAGE_PLAN_KEY, "key", (*home, key_id), limit=MAX_PLANS_OF_A_KEY)
    ids = dict.fromkeys((*(each.usage_plan_id for each in others), *plan_ids))
    if len(ids) > MAX_PLANS_OF_A_KEY:
        text = f"An API Key can be on at most {MAX_PLANS_OF_A_KEY} usage plans"
        raise AwsError("LimitExceededException", text)
    stages: set[tuple[str, str]] = set()
    for plan_id in ids:
        for stage in call.tx.get(USAGE_PLAN, (*home, plan_id)).api_stages:
            if (stage.api_id, stage.stage) in stages:
                raise _conflict(plan_id, key_id, stage)
            stages.add((stage.api_id, stage.stage))


def check_stage(call: OperationCall, plan: UsagePlan, stage: ApiStage) -> None:
    """Refuse a stage for a plan when a key of it is on another plan that has the stage."""
    for other in _plans_of(call, plan, stage):
        for each in every(call.tx, USAGE_PLAN_KEY, (call.account_id, call.region, plan.id)):
            key = (call.account_id, call.region, other.id, each.key_id)
            if call.tx.find(USAGE_PLAN_KEY, key) is not None:
                raise _conflict(plan.id, each.key_id, stage)


def _conflict(plan_id: str, key_id: str, stage: ApiStage) -> AwsError:
    text = (
        f"Usage Plan {plan_id} cannot be added because API Key {key_id} cannot reference"
        f" multiple Usage Plans with the same API Stage: {stage.api_id}:{stage.stage}"
    )
    return conflict(text)  # AWS [O]


def _plans_of(call: OperationCall, plan: UsagePlan, stage: ApiStage) -> Iterator[UsagePlan]:
    for other in every(call.tx, USAGE_PLAN, (call.account_id, call.region)):
        has_it = any(
            (each.api_id, each.stage) == (stage.api_id, stage.stage) for each in other.api_stages
        )
        if has_it and other.id != plan.id:
            yield other
