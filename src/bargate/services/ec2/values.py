"""Ids, address blocks and tags as EC2 has them."""

from __future__ import annotations

import secrets
from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING, Any

from bargate.services.ec2.errors import invalid, not_found
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params
    from bargate.store.kind import Kind

_ID_BYTES = 9
_ID_DIGITS = 17
MAX_TAGS = 50
_MAX_KEY, _MAX_VALUE = 128, 256
MAX_OF_A_KIND = 1_000


def new_id(prefix: str) -> str:
    """Make an id: `vpc-` and 17 hexadecimal digits."""
    return f"{prefix}-{secrets.token_hex(_ID_BYTES)[:_ID_DIGITS]}"


def read_block(text: str, code: str) -> IPv4Network:
    """Read a CIDR block, /16 to /28 as at AWS. Raises AwsError; `code` is as `InvalidVpc.Range`."""
    try:
        block = ip_network(text, strict=False)
    except ValueError as error:
        message = f"Value ({text[:64]}) for parameter cidrBlock is invalid. This is not a valid"
        raise invalid(f"{message} CIDR block.") from error
    if not isinstance(block, IPv4Network) or not 16 <= block.prefixlen <= 28:  # noqa: PLR2004 AWS
        raise AwsError(code, f"The CIDR '{text[:64]}' is invalid.")
    return block


def found(call: OperationCall, kind: Kind[Any], name: str, code: str, noun: str) -> Any:
    """Give a record of the caller's account and region. Raises AwsError."""
    record = None if "\0" in name else call.tx.find(kind, (call.account_id, call.region, name))
    if record is None:
        raise not_found(code, noun, name[:128])
    return record


def check_room(call: OperationCall, kind: Kind[Any], code: str) -> None:
    """Raise AwsError when there are as many of a kind as there may be."""
    if call.tx.count(kind, (call.account_id, call.region)) >= MAX_OF_A_KIND:
        raise AwsError(code, f"The maximum number has been reached: {MAX_OF_A_KIND}.")


def new_tags(request: Params, resource_type: str) -> dict[str, str]:
    """Read the tags that a request gives to what it makes. Raises AwsError."""
    tags: dict[str, str] = {}
    for each in request.get("TagSpecifications") or ():
        if each.get("ResourceType") != resource_type:
            kind = each.get("ResourceType")
            raise invalid(f"'{kind}' is not a valid taggable resource type for this operation.")
        tags |= read_tags(each.get("Tags"))
    return with_room(tags)


def read_tags(given: list[Params] | None) -> dict[str, str]:
    """Read a list of keys and values. Raises AwsError."""
    tags = {each.get("Key") or "": each.get("Value") or "" for each in given or ()}
    for key, value in tags.items():
        if not 0 < len(key) <= _MAX_KEY or "\0" in key + value:
            raise invalid(f"Tag key must be 1 to {_MAX_KEY} characters.")
        if len(value) > _MAX_VALUE:
            raise invalid(f"Tag value exceeds the maximum length of {_MAX_VALUE} characters")
        if key.lower().startswith("aws:"):
            raise invalid("Tag keys starting with 'aws:' are reserved for internal use")
    return tags


def with_room(tags: dict[str, str]) -> dict[str, str]:
    """Give the tags of one resource. Raises AwsError when they are too many."""
    if len(tags) > MAX_TAGS:
        raise AwsError("TagLimitExceeded", f"A resource can have at most {MAX_TAGS} tags.")
    return tags


def tag_list(tags: dict[str, str]) -> list[Params]:
    """Give tags as EC2 shows them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
