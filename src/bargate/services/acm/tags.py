"""Tags of certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from bargate.records.acm_certificate import ACM_CERTIFICATE
from bargate.services.acm.lookup import the_certificate
from bargate.services.operation import operation
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bargate.services.operation import OperationCall, Params

MAX_TAGS: Final = 50


@operation(writes=True)
def add_tags_to_certificate(call: OperationCall, request: Params) -> Params:
    """Add tags, or give them other values."""
    record = the_certificate(call, request)
    new = replace(record, tags=checked_tags(record.tags, request["Tags"]))
    call.tx.update(ACM_CERTIFICATE, ACM_CERTIFICATE.key_of(record), lambda _: new)
    return {}


@operation(writes=True)
def remove_tags_from_certificate(call: OperationCall, request: Params) -> Params:
    """Take tags away: with a value, only where it is that."""
    record = the_certificate(call, request)
    gone = {
        each["Key"]
        for each in request["Tags"]
        if each.get("Value") in {None, record.tags.get(each["Key"])}
    }
    new = replace(record, tags={k: v for k, v in record.tags.items() if k not in gone})
    call.tx.update(ACM_CERTIFICATE, ACM_CERTIFICATE.key_of(record), lambda _: new)
    return {}


@operation()
def list_tags_for_certificate(call: OperationCall, request: Params) -> Params:
    """Give the tags."""
    tags = the_certificate(call, request).tags
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def checked_tags(old: Mapping[str, str], added: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Give tags with those added; raises AwsError."""
    tags = dict(old)
    for each in added:
        key = each["Key"]
        if key.lower().startswith("aws:"):
            raise AwsError(
                "InvalidTagException", f"aws: prefixed tag key names are not allowed: {key}"
            )
        tags[key] = each.get("Value", "")
    if len(tags) > MAX_TAGS:
        raise AwsError("TooManyTagsException", f"A certificate has at most {MAX_TAGS} tags.")
    return tags
