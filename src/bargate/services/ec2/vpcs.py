"""VPCs: a CIDR block, and the names that are resolved in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import structs

from bargate.records.vpc import SECURITY_GROUP, SUBNET, VPC, VPC_ENDPOINT, SecurityGroup, Vpc
from bargate.services.ec2.errors import in_use, missing, refuse_others
from bargate.services.ec2.listing import Ids, listed, tagged
from bargate.services.ec2.values import check_room, found, new_id, new_tags, read_block
from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.store.kind import Key

DEFAULT_GROUP: Final = "default"
_ATTRIBUTES: Final = {
    "EnableDnsSupport": "dns_support",
    "EnableDnsHostnames": "dns_hostnames",
    "EnableNetworkAddressUsageMetrics": "network_address_usage_metrics",
}


@operation(writes=True)
def create_vpc(call: OperationCall, request: Params) -> Params:
    """Make a VPC and its `default` security group."""
    refuse_others(request, ("CidrBlock", "InstanceTenancy"))
    if request.get("InstanceTenancy") not in (None, "default"):
        raise AwsError("UnsupportedOperation", "InstanceTenancy: there is only default")
    if request.get("CidrBlock") is None:
        raise missing("cidrBlock")
    check_room(call, VPC, "VpcLimitExceeded")
    vpc = Vpc(
        account_id=call.account_id,
        region=call.region,
        id=new_id("vpc"),
        cidr_block=str(read_block(request["CidrBlock"], "InvalidVpc.Range")),
        tags=new_tags(request, "vpc"),
    )
    call.tx.create(VPC, vpc)
    group = SecurityGroup(
        account_id=call.account_id,
        region=call.region,
        id=new_id("sg"),
        vpc_id=vpc.id,
        name=DEFAULT_GROUP,
        description="default VPC security group",
    )
    call.tx.create(SECURITY_GROUP, group)
    return {"Vpc": _shape(vpc)}


@operation()
def describe_vpcs(call: OperationCall, request: Params) -> Params:
    """List VPCs."""
    vpcs = call.tx.list(VPC, (call.account_id, call.region))
    ids = Ids("VpcIds", "InvalidVpcID", "vpc ID")
    page, tail = listed(request, vpcs, _FILTERS, ids)
    return {"Vpcs": [_shape(vpc) for vpc in page], **tail}


@operation(writes=True)
def modify_vpc_attribute(call: OperationCall, request: Params) -> Params:
    """Set one attribute, as AWS allows one a call."""
    vpc = the_vpc(call, request["VpcId"])
    given = [name for name in _ATTRIBUTES if request.get(name) is not None]
    if len(given) != 1:
        message = "Exactly one attribute must be given"
        raise AwsError("InvalidParameterCombination", message)
    value = request[given[0]].get("Value")
    if value is None:
        raise missing(f"{given[0]}.Value")
    changed = structs.replace(vpc, **{_ATTRIBUTES[given[0]]: value})
    call.tx.update(VPC, VPC.key_of(vpc), lambda _: changed)
    return {}


@operation()
def describe_vpc_attribute(call: OperationCall, request: Params) -> Params:
    """Give one attribute."""
    vpc = the_vpc(call, request["VpcId"])
    name = request["Attribute"]
    member = name[:1].upper() + name[1:]
    if member not in _ATTRIBUTES:
        raise AwsError("InvalidParameterValue", f"Value ({name[:64]}) for parameter attribute")
    return {"VpcId": vpc.id, member: {"Value": getattr(vpc, _ATTRIBUTES[member])}}


@operation(writes=True)
def delete_vpc(call: OperationCall, request: Params) -> Params:
    """Delete a VPC in which nothing is but its default group."""
    vpc = the_vpc(call, request["VpcId"])
    place: Key = (call.account_id, call.region, vpc.id)
    groups = call.tx.list_by(SECURITY_GROUP, "vpc", place)
    others = [group.id for group in groups if group.name != DEFAULT_GROUP]
    others += [each.id for each in call.tx.list_by(SUBNET, "vpc", place, limit=1)]
    others += [each.id for each in call.tx.list_by(VPC_ENDPOINT, "vpc", place, limit=1)]
    if others:
        raise in_use("vpc", vpc.id, others[0])
    for group in groups:
        call.tx.delete(SECURITY_GROUP, SECURITY_GROUP.key_of(group))
    call.tx.delete(VPC, VPC.key_of(vpc))
    return {}


def the_vpc(call: OperationCall, name: str) -> Vpc:
    """Find a VPC. Raises AwsError."""
    vpc: Vpc = found(call, VPC, name, "InvalidVpcID", "vpc ID")
    return vpc


def _shape(vpc: Vpc) -> Params:
    return {
        "VpcId": vpc.id,
        "OwnerId": vpc.account_id,
        "CidrBlock": vpc.cidr_block,
        "State": "available",
        "InstanceTenancy": "default",
        "IsDefault": False,
        **tagged(vpc.tags),
    }


_FILTERS: Final = {
    "vpc-id": lambda vpc: (vpc.id,),
    "cidr": lambda vpc: (vpc.cidr_block,),
    "cidr-block-association.cidr-block": lambda vpc: (vpc.cidr_block,),
    "owner-id": lambda vpc: (vpc.account_id,),
    "state": lambda _: ("available",),
    "is-default": lambda _: ("false",),
    "isDefault": lambda _: ("false",),
}
