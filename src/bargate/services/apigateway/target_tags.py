"""Which tags `aws:ResourceTag/…` means in a call: those of what the request names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.records.rest_stage import REST_STAGE
from bargate.services.apigateway.finding import find_api, find_part
from bargate.services.apigateway.tags import tagged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.services.operation import OperationCall, Params


def resource_tags(call: OperationCall, request: Params) -> Mapping[str, str]:
    """Give the tags of the API, with those of the stage where one is named [I]."""
    arn = request.get("resourceArn")
    if isinstance(arn, str):
        found = tagged(call, arn)
        return {} if found is None else found.record.tags
    api_id = request.get("restApiId")
    if isinstance(api_id, str):
        return _of_api(call, api_id, request.get("stageName"))
    return {}


def _of_api(call: OperationCall, api_id: str, stage_name: str | None) -> Mapping[str, str]:
    api = find_api(call, api_id)
    if api is None:
        return {}
    stage = None if stage_name is None else find_part(call, REST_STAGE, api.id, stage_name)
    return api.tags if stage is None else {**api.tags, **stage.tags}
