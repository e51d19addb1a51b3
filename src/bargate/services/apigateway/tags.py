"""TagResource, UntagResource, GetTags: for every noun of the table `_TAGGABLE`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from bargate.arn import MalformedArn, parse_arn
from bargate.records.rest_api import REST_API
from bargate.records.rest_stage import REST_STAGE
from bargate.services.apigateway import more
from bargate.services.apigateway.errors import bad_request, not_found
from bargate.services.apigateway.tag_rules import checked_tags
from bargate.services.apigateway.taggable import Taggable
from bargate.services.operation import OperationCall, Params, operation

if TYPE_CHECKING:
    from bargate.store.kind import Key

_TAGGABLE = (
    Taggable(re.compile(r"/restapis/([A-Za-z0-9]+)"), REST_API, "Invalid API identifier specified"),
    Taggable(
        re.compile(r"/restapis/([A-Za-z0-9]+)/stages/([A-Za-z0-9_-]{1,128})"),
        REST_STAGE,
        "Invalid stage identifier specified",
    ),
)


class Tagged(Struct, frozen=True, eq=False):
    """A record that an ARN names, and where it is kept."""

    taggable: Taggable
    key: Key
    record: Any


def tagged(call: OperationCall, arn: str) -> Tagged | None:
    """Give what an ARN names in the caller's account and region, None when there is nothing."""
    try:
        parsed = parse_arn(arn)
    except MalformedArn:
        return None
    here = (call.partition, "apigateway", call.region, "")
    if (parsed.partition, parsed.service, parsed.region, parsed.account) != here:
        return None
    return tagged_at(call, parsed.resource)


def tagged_at(call: OperationCall, path: str) -> Tagged | None:
    """Give what the path of an ARN names in the caller's account and region."""
    for taggable in (*_TAGGABLE, *more.TAGGABLE):
        found = taggable.pattern.fullmatch(path)
        if found is not None:
            key = (call.account_id, call.region, *found.groups())
            record = call.tx.find(taggable.kind, key)
            return None if record is None else Tagged(taggable, key, record)
    return None


def _the_tagged(call: OperationCall, request: Params) -> Tagged:
    arn: str = request["resourceArn"]
    found = tagged(call, arn)
    if found is not None:
        return found
    for taggable in (*_TAGGABLE, *more.TAGGABLE):
        if taggable.pattern.fullmatch(arn.rpartition(":")[2]):
            raise not_found(taggable.missing)
    raise bad_request("Invalid ARN specified in the request")  # [I]


def _keep(call: OperationCall, found: Tagged, tags: dict[str, str]) -> None:
    call.tx.update(
        found.taggable.kind, found.key, lambda record: structs.replace(record, tags=tags)
    )


@operation(writes=True)
def tag_resource(call: OperationCall, request: Params) -> Params:
    """Add tags; those with the same keys are replaced."""
    found = _the_tagged(call, request)
    checked_tags(request["tags"])
    _keep(call, found, checked_tags({**found.record.tags, **request["tags"]}))
    return {}


@operation(writes=True)
def untag_resource(call: OperationCall, request: Params) -> Params:
    """Take tags away; keys that are not there do not matter."""
    found = _the_tagged(call, request)
    gone = frozenset(request["tagKeys"])
    _keep(call, found, {key: each for key, each in found.record.tags.items() if key not in gone})
    return {}


@operation()
def get_tags(call: OperationCall, request: Params) -> Params:
    """Give the tags; there are so few that one page holds them."""
    return {"tags": dict(_the_tagged(call, request).record.tags)}
