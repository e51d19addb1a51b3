"""Tags of APIs, stages, domain names and VPC links, by ARN."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import structs

from bargate.records.domain_name import DOMAIN_NAME
from bargate.records.http_api import HTTP_API
from bargate.records.http_stage import HTTP_STAGE
from bargate.records.http_vpc_link import HTTP_VPC_LINK
from bargate.services.apigatewayv2.errors import bad_request, not_found, shown
from bargate.services.operation import OperationCall, Params, operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.store.interface import Reader
    from bargate.store.kind import Key, Kind

_MAX_TAGS = 50
_MAX_KEY = 128
_MAX_VALUE = 256
_ARN = re.compile(r"arn:([a-z0-9-]+):apigateway:([a-z0-9-]+)::(?:/v2)?/([^\x00]+)\Z")
_KINDS: tuple[tuple[re.Pattern[str], Kind[Any]], ...] = (
    (re.compile(r"apis/([^/]+)\Z"), HTTP_API),
    (re.compile(r"apis/([^/]+)/stages/([^/]+)\Z"), HTTP_STAGE),
    (re.compile(r"vpclinks/([^/]+)\Z"), HTTP_VPC_LINK),
    (re.compile(r"domainnames/([^/]+)\Z"), DOMAIN_NAME),
)


@operation()
def get_tags(call: OperationCall, request: Params) -> Params:
    """List the tags of a resource."""
    kind, key = _resource(call, request["ResourceArn"])
    return {"Tags": dict(call.tx.get(kind, key).tags)}


@operation(writes=True)
def tag_resource(call: OperationCall, request: Params) -> Params:
    """Add tags to a resource, replacing the values of those it has."""
    kind, key = _resource(call, request["ResourceArn"])
    tags = {**call.tx.get(kind, key).tags, **(request.get("Tags") or {})}
    checked = checked_tags(tags)
    call.tx.update(kind, key, lambda record: structs.replace(record, tags=checked))
    return {}


@operation(writes=True)
def untag_resource(call: OperationCall, request: Params) -> Params:
    """Remove tags from a resource; keys that it does not have are as good as removed."""
    kind, key = _resource(call, request["ResourceArn"])
    gone = frozenset(request["TagKeys"])
    left = {name: value for name, value in call.tx.get(kind, key).tags.items() if name not in gone}
    call.tx.update(kind, key, lambda record: structs.replace(record, tags=left))
    return {}


def checked_tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    """Give tags that may be stored; raises BadRequestException."""
    found = dict(tags or {})
    if len(found) > _MAX_TAGS:
        raise bad_request(f"A resource can have at most {_MAX_TAGS} tags")
    for key, value in found.items():
        if not 1 <= len(key) <= _MAX_KEY or len(value) > _MAX_VALUE:
            raise bad_request(
                f"Tag keys have 1 to {_MAX_KEY} characters, values at most {_MAX_VALUE}: "
                f"{shown(key)}"
            )
        if key.lower().startswith("aws:"):
            raise bad_request(f"Tag keys must not begin with aws: {shown(key)}")
    return found


def tags_of(tx: Reader, arn: str, account_id: str) -> Mapping[str, str]:
    """Give the tags of what an ARN names, none for what has no tags or does not exist."""
    found = _parse(arn)
    if found is None:
        return {}
    kind, region, rest = found
    record = tx.find(kind, (account_id, region, *rest))
    tags: Mapping[str, str] = {} if record is None else record.tags
    return tags


def _resource(call: OperationCall, arn: str) -> tuple[Kind[Any], Key]:
    parsed = _parse(arn)
    if parsed is None:
        raise bad_request(f"Invalid ARN specified in the request: {shown(arn)}")
    kind, region, rest = parsed
    key = (call.account_id, region, *rest)
    is_here = region == call.region and arn.split(":", 2)[1] == call.partition
    if not is_here or call.tx.find(kind, key) is None:
        raise not_found(f"Invalid resource identifier specified: {shown(arn)}")
    return kind, key


def _parse(arn: str) -> tuple[Kind[Any], str, tuple[str, ...]] | None:
    whole = _ARN.match(arn)
    if whole is None:
        return None
    for pattern, kind in _KINDS:
        found = pattern.match(whole[3])
        if found is not None:
            return kind, whole[2], found.groups()
    return None
