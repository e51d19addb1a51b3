"""Which tags `aws:ResourceTag/…` means in a call: those of what the request names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.services.apigateway.tags import tagged, tagged_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.services.operation import OperationCall, Params

# Members of requests that name something with tags, and where its ARN's path begins.
_NAMED = {
    "restApiId": "/restapis",
    "usagePlanId": "/usageplans",
    "apiKey": "/apikeys",
    "clientCertificateId": "/clientcertificates",
    "domainName": "/domainnames",
    "vpcLinkId": "/vpclinks",
}


def resource_tags(call: OperationCall, request: Params) -> Mapping[str, str]:
    """Give the tags of what a request names; a stage has its API's beside its own [I]."""
    arn = request.get("resourceArn")
    if isinstance(arn, str):
        found = tagged(call, arn)
        return {} if found is None else found.record.tags
    tags: dict[str, str] = {}
    for path in _paths(request):
        named = tagged_at(call, path)
        tags.update({} if named is None else named.record.tags)
    return tags


def _paths(request: Params) -> list[str]:
    paths = [
        f"{start}/{request[member]}"
        for member, start in _NAMED.items()
        # A slash would make it the path of something else.
        if isinstance(request.get(member), str) and "/" not in request[member]
    ]
    api_id, stage_name = request.get("restApiId"), request.get("stageName")
    if isinstance(api_id, str) and isinstance(stage_name, str) and "/" not in api_id + stage_name:
        paths.append(f"/restapis/{api_id}/stages/{stage_name}")
    return paths
