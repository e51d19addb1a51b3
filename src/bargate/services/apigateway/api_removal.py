"""What else goes when a REST API or a stage of one goes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bargate.records.base_path_mapping import BASE_PATH_MAPPING
from bargate.records.documentation import DOCUMENTATION_PART, DOCUMENTATION_VERSION
from bargate.records.usage_plan import USAGE_PLAN
from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.shape import delete_all, every

if TYPE_CHECKING:
    from bargate.records.usage_plan import ApiStage, UsagePlan
    from bargate.services.operation import OperationCall


def forget_api(call: OperationCall, api_id: str) -> None:
    """Take away an API's documentation and its places in usage plans.

    Raises BadRequestException while a custom domain name leads to it (AWS [O]).
    """
    api = (call.account_id, call.region, api_id)
    mappings = call.tx.list_by(BASE_PATH_MAPPING, "api", api, limit=1)
    if mappings:
        raise bad_request(
            f"Please remove all base path mappings related to the resource '{api_id}' in domain"
            f" '{mappings[0].domain_name}'"
        )
    delete_all(call.tx, DOCUMENTATION_PART, api)
    delete_all(call.tx, DOCUMENTATION_VERSION, api)
    _leave_plans(call, api_id, None)


def forget_stage(call: OperationCall, api_id: str, stage: str) -> None:
    """Take a stage off every usage plan.

    INVARIANT: a plan never opens a stage that is made later under an old name.
    Raises BadRequestException while a custom domain name leads to it.
    """
    api = (call.account_id, call.region, api_id)
    for mapping in call.tx.list_by(BASE_PATH_MAPPING, "api", api):
        if mapping.stage == stage:
            raise bad_request(
                f"Please remove all base path mappings related to the stage '{stage}' in domain"
                f" '{mapping.domain_name}'"
            )
    _leave_plans(call, api_id, stage)


def _leave_plans(call: OperationCall, api_id: str, stage: str | None) -> None:
    for plan in list(every(call.tx, USAGE_PLAN, (call.account_id, call.region))):
        left = tuple(
            each
            for each in plan.api_stages
            if each.api_id != api_id or stage not in {None, each.stage}
        )
        if len(left) < len(plan.api_stages):
            call.tx.update(USAGE_PLAN, USAGE_PLAN.key_of(plan), partial(_with_stages, left))


def _with_stages(stages: tuple[ApiStage, ...], plan: UsagePlan) -> UsagePlan:
    return replace(plan, api_stages=stages)
