"""Security groups: names that endpoints refer to.

They have no rules of their own; operations that would set some are not implemented.
"""

from __future__ import annotations

from typing import Final

from bargate.records.vpc import SECURITY_GROUP, VPC_ENDPOINT, SecurityGroup
from bargate.services.ec2.errors import in_use, invalid, missing, refuse_others
from bargate.services.ec2.listing import Ids, listed, tagged
from bargate.services.ec2.values import check_room, found, new_id, new_tags
from bargate.services.ec2.vpcs import DEFAULT_GROUP, the_vpc
from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError

_MAX_CHARACTERS = 255


@operation(writes=True)
def create_security_group(call: OperationCall, request: Params) -> Params:
    """Make a security group of a VPC."""
    refuse_others(request, ("Description", "GroupName", "VpcId"))
    if request.get("VpcId") is None:
        raise missing("vpcId")  # there is no default VPC
    vpc = the_vpc(call, request["VpcId"])
    name, description = request["GroupName"], request["Description"]
    for text in (name, description):
        if not 0 < len(text) <= _MAX_CHARACTERS or "\0" in text:
            raise invalid(f"Names and descriptions have 1 to {_MAX_CHARACTERS} characters.")
    if name.startswith("sg-") or name == DEFAULT_GROUP:
        raise invalid(f"Invalid value '{name}' for groupName: the name is reserved")
    check_room(call, SECURITY_GROUP, "SecurityGroupLimitExceeded")
    place = (call.account_id, call.region, vpc.id)
    if any(each.name == name for each in call.tx.list_by(SECURITY_GROUP, "vpc", place)):
        message = f"The security group '{name}' already exists for VPC '{vpc.id}'"
        raise AwsError("InvalidGroup.Duplicate", message)
    group = SecurityGroup(
        account_id=call.account_id,
        region=call.region,
        id=new_id("sg"),
        vpc_id=vpc.id,
        name=name,
        description=description,
        tags=new_tags(request, "security-group"),
    )
    call.tx.create(SECURITY_GROUP, group)
    arn = call.arn("ec2", f"security-group/{group.id}")
    return {"GroupId": group.id, "SecurityGroupArn": arn, **tagged(group.tags)}


@operation()
def describe_security_groups(call: OperationCall, request: Params) -> Params:
    """List security groups."""
    groups = call.tx.list(SECURITY_GROUP, (call.account_id, call.region))
    names = request.get("GroupNames")
    if names:
        groups = [group for group in groups if group.name in names]
    ids = Ids("GroupIds", "InvalidGroup", "security group")
    page, tail = listed(request, groups, _FILTERS, ids)
    return {"SecurityGroups": [_shape(call, group) for group in page], **tail}


@operation(writes=True)
def delete_security_group(call: OperationCall, request: Params) -> Params:
    """Delete a security group that no endpoint has."""
    refuse_others(request, ("GroupId",))
    if request.get("GroupId") is None:
        raise missing("groupId")
    group = the_group(call, request["GroupId"])
    if group.name == DEFAULT_GROUP:
        raise AwsError("CannotDelete", f'the specified group: "{group.id}" name: "default"')
    place = (call.account_id, call.region, group.vpc_id)
    for endpoint in call.tx.list_by(VPC_ENDPOINT, "vpc", place):
        if group.id in endpoint.security_group_ids:
            raise in_use("security group", group.id, endpoint.id)
    call.tx.delete(SECURITY_GROUP, SECURITY_GROUP.key_of(group))
    return {"Return": True, "GroupId": group.id}


def the_group(call: OperationCall, name: str) -> SecurityGroup:
    """Find a security group by its id. Raises AwsError."""
    group: SecurityGroup = found(call, SECURITY_GROUP, name, "InvalidGroup", "security group")
    return group


def _shape(call: OperationCall, group: SecurityGroup) -> Params:
    return {
        "GroupId": group.id,
        "GroupName": group.name,
        "Description": group.description,
        "OwnerId": group.account_id,
        "VpcId": group.vpc_id,
        "SecurityGroupArn": call.arn("ec2", f"security-group/{group.id}"),
        "IpPermissions": [],
        "IpPermissionsEgress": [],
        **tagged(group.tags),
    }


_FILTERS: Final = {
    "group-id": lambda group: (group.id,),
    "group-name": lambda group: (group.name,),
    "description": lambda group: (group.description,),
    "vpc-id": lambda group: (group.vpc_id,),
    "owner-id": lambda group: (group.account_id,),
}
