"""Tags of all that EC2 keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, structs

from bargate.records.vpc import SECURITY_GROUP, SUBNET, VPC, VPC_ENDPOINT
from bargate.services.ec2.errors import missing
from bargate.services.ec2.listing import listed
from bargate.services.ec2.values import found, read_tags, with_room
from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable


class Taggable(Struct, frozen=True):
    """A kind that has tags: EC2's name of it, and how a missing one is refused."""

    kind: Any
    resource_type: str
    code: str
    noun: str


TAGGABLE: Final = {
    "vpc": Taggable(VPC, "vpc", "InvalidVpcID", "vpc ID"),
    "subnet": Taggable(SUBNET, "subnet", "InvalidSubnetID", "subnet ID"),
    "sg": Taggable(SECURITY_GROUP, "security-group", "InvalidGroup", "security group"),
    "vpce": Taggable(VPC_ENDPOINT, "vpc-endpoint", "InvalidVpcEndpointId", "Vpc Endpoint Id"),
}


class _Tag(Struct, frozen=True):
    id: str
    resource_id: str
    resource_type: str
    key: str
    value: str
    tags: dict[str, str]


@operation(writes=True)
def create_tags(call: OperationCall, request: Params) -> Params:
    """Give tags to resources, or other values to those they have."""
    tags = read_tags(request.get("Tags"))
    if not tags:
        raise missing("Tag")
    for name in request["Resources"]:
        _change(call, name, lambda old: with_room(old | tags))
    return {}


@operation(writes=True)
def delete_tags(call: OperationCall, request: Params) -> Params:
    """Take tags away: those named, with a value only where it is that one; all when none is."""
    given = request.get("Tags")
    named = {each.get("Key"): each.get("Value") for each in given or ()}

    def without(old: dict[str, str]) -> dict[str, str]:
        if not given:
            return {}
        return {
            key: value
            for key, value in old.items()
            if key not in named or named[key] not in (None, value)
        }

    for name in request["Resources"]:
        _change(call, name, without)
    return {}


@operation()
def describe_tags(call: OperationCall, request: Params) -> Params:
    """List tags."""
    tags = [
        _Tag(f"{record.id}/{key}", record.id, each.resource_type, key, value, record.tags)
        for each in TAGGABLE.values()
        for record in call.tx.list(each.kind, (call.account_id, call.region))
        for key, value in record.tags.items()
    ]
    page, tail = listed(request, tags, _FILTERS)
    shapes = [
        {
            "ResourceId": tag.resource_id,
            "ResourceType": tag.resource_type,
            "Key": tag.key,
            "Value": tag.value,
        }
        for tag in page
    ]
    return {"Tags": shapes, **tail}


def tagged_resource(call: OperationCall, name: str) -> tuple[Taggable, Any]:
    """Find what an id names. Raises AwsError."""
    taggable = TAGGABLE.get(name.partition("-")[0])
    if taggable is None:
        raise AwsError("InvalidID", f"The ID '{name[:128]}' is not valid")
    return taggable, found(call, taggable.kind, name, taggable.code, taggable.noun)


def _change(
    call: OperationCall, name: str, change: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    taggable, record = tagged_resource(call, name)
    new = structs.replace(record, tags=change(record.tags))
    call.tx.update(taggable.kind, taggable.kind.key_of(record), lambda _: new)


_FILTERS: Final = {
    "resource-id": lambda tag: (tag.resource_id,),
    "resource-type": lambda tag: (tag.resource_type,),
    "key": lambda tag: (tag.key,),
    "value": lambda tag: (tag.value,),
}
