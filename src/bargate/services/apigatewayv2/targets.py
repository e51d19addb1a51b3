"""What an operation of this API needs: `apigateway:{HTTP METHOD}` on `/apis/…`.

AWS [D] service authorization reference, API Gateway Management V2: resources omit the path's `/v2`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from bargate.records.domain_name import DOMAIN_NAME
from bargate.records.http_api import HTTP_API
from bargate.records.http_stage import HTTP_STAGE
from bargate.records.http_vpc_link import HTTP_VPC_LINK
from bargate.services.apigatewayv2.tags import tags_of
from bargate.services.rest_targets import RestTargets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bargate.services.operation import OperationCall, Params, Target


def resource_tags(call: OperationCall, request: Params) -> Mapping[str, str]:
    """Give the tags of what a request concerns: the stage where it names one, else the API."""
    place = (call.account_id, call.region)
    if request.get("ResourceArn"):
        return tags_of(call.tx, request["ResourceArn"], call.account_id)
    if request.get("VpcLinkId"):
        link = call.tx.find(HTTP_VPC_LINK, (*place, request["VpcLinkId"]))
        return {} if link is None else link.tags
    if request.get("DomainName"):
        domain = call.tx.find(DOMAIN_NAME, (*place, request["DomainName"].lower()))
        return {} if domain is None else domain.tags
    return _api_tags(call, request)


def _api_tags(call: OperationCall, request: Params) -> Mapping[str, str]:
    api_id = request.get("ApiId")
    if not api_id:
        return {}
    key = (call.account_id, call.region, api_id)
    if request.get("StageName"):
        stage = call.tx.find(HTTP_STAGE, (*key, request["StageName"]))
        if stage is not None:
            return stage.tags
    api = call.tx.find(HTTP_API, key)
    return {} if api is None else api.tags


_DERIVED = RestTargets("apigatewayv2", resource_tags)


def targets(operation_name: str, call: OperationCall, request: Params) -> Iterable[Target]:
    """Give the permission that an operation needs."""
    for target in _DERIVED(operation_name, call, request):
        # what a request says is quoted, so that `/v2/` can only be the model's own
        yield structs.replace(target, resource=target.resource.replace("::/v2/", "::/", 1))
