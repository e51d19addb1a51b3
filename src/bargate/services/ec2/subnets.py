"""Subnets: parts of a VPC's addresses that do not overlap."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Final

from bargate.records.vpc import SUBNET, VPC_ENDPOINT, Subnet
from bargate.services.ec2.errors import in_use, invalid, missing, refuse_others
from bargate.services.ec2.listing import Ids, listed, tagged
from bargate.services.ec2.values import check_room, found, new_id, new_tags, read_block
from bargate.services.ec2.vpcs import the_vpc
from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError

RESERVED: Final = 5  # AWS [D]: the first four addresses of a subnet, and the last


@operation(writes=True)
def create_subnet(call: OperationCall, request: Params) -> Params:
    """Make a subnet."""
    refuse_others(request, ("CidrBlock", "VpcId", "AvailabilityZone"))
    if request.get("CidrBlock") is None:
        raise missing("cidrBlock")
    vpc = the_vpc(call, request["VpcId"])
    block = read_block(request["CidrBlock"], "InvalidSubnet.Range")
    if not block.subnet_of(IPv4Network(vpc.cidr_block)):
        raise AwsError("InvalidSubnet.Range", f"The CIDR '{block}' is invalid.")
    check_room(call, SUBNET, "SubnetLimitExceeded")
    for other in call.tx.list_by(SUBNET, "vpc", (call.account_id, call.region, vpc.id)):
        if block.overlaps(IPv4Network(other.cidr_block)):
            message = f"The CIDR '{block}' conflicts with another subnet"
            raise AwsError("InvalidSubnet.Conflict", message)
    zone = request.get("AvailabilityZone") or f"{call.region}a"
    if zone not in zones(call.region):
        raise invalid(f"Value ({zone[:64]}) for parameter availabilityZone is invalid.")
    subnet = Subnet(
        account_id=call.account_id,
        region=call.region,
        id=new_id("subnet"),
        vpc_id=vpc.id,
        cidr_block=str(block),
        availability_zone=zone,
        tags=new_tags(request, "subnet"),
    )
    call.tx.create(SUBNET, subnet)
    return {"Subnet": _shape(call, subnet)}


@operation()
def describe_subnets(call: OperationCall, request: Params) -> Params:
    """List subnets."""
    subnets = call.tx.list(SUBNET, (call.account_id, call.region))
    ids = Ids("SubnetIds", "InvalidSubnetID", "subnet ID")
    page, tail = listed(request, subnets, _FILTERS, ids)
    return {"Subnets": [_shape(call, subnet) for subnet in page], **tail}


@operation(writes=True)
def delete_subnet(call: OperationCall, request: Params) -> Params:
    """Delete a subnet that no endpoint has an address in."""
    subnet = the_subnet(call, request["SubnetId"])
    place = (call.account_id, call.region, subnet.vpc_id)
    for endpoint in call.tx.list_by(VPC_ENDPOINT, "vpc", place):
        if any(each.subnet_id == subnet.id for each in endpoint.interfaces):
            raise in_use("subnet", subnet.id, endpoint.id)
    call.tx.delete(SUBNET, SUBNET.key_of(subnet))
    return {}


def the_subnet(call: OperationCall, name: str) -> Subnet:
    """Find a subnet. Raises AwsError."""
    subnet: Subnet = found(call, SUBNET, name, "InvalidSubnetID", "subnet ID")
    return subnet


def zones(region: str) -> tuple[str, ...]:
    """Give the names of the availability zones of a region: three."""
    return tuple(f"{region}{letter}" for letter in "abc")


def _shape(call: OperationCall, subnet: Subnet) -> Params:
    place = (call.account_id, call.region, subnet.vpc_id)
    taken = sum(
        each.subnet_id == subnet.id
        for endpoint in call.tx.list_by(VPC_ENDPOINT, "vpc", place)
        for each in endpoint.interfaces
    )
    return {
        "SubnetId": subnet.id,
        "SubnetArn": call.arn("ec2", f"subnet/{subnet.id}"),
        "VpcId": subnet.vpc_id,
        "OwnerId": subnet.account_id,
        "CidrBlock": subnet.cidr_block,
        "AvailabilityZone": subnet.availability_zone,
        "AvailableIpAddressCount": IPv4Network(subnet.cidr_block).num_addresses - RESERVED - taken,
        "State": "available",
        "DefaultForAz": False,
        "MapPublicIpOnLaunch": False,
        **tagged(subnet.tags),
    }


_FILTERS: Final = {
    "subnet-id": lambda subnet: (subnet.id,),
    "vpc-id": lambda subnet: (subnet.vpc_id,),
    "cidr-block": lambda subnet: (subnet.cidr_block,),
    "cidrBlock": lambda subnet: (subnet.cidr_block,),
    "availability-zone": lambda subnet: (subnet.availability_zone,),
    "owner-id": lambda subnet: (subnet.account_id,),
    "state": lambda _: ("available",),
}
