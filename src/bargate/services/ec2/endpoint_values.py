"""What an endpoint is made of: subnets with addresses, groups, a policy; and how it is shown."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from bargate.access.endpoint_policy import compile_endpoint_policy
from bargate.identity.policy_principals import with_arns, with_ids
from bargate.model.invalid import InvalidConfiguration
from bargate.records.vpc import SECURITY_GROUP, EndpointInterface, VpcEndpointRecord
from bargate.services.ec2.addresses import take_address
from bargate.services.ec2.errors import invalid
from bargate.services.ec2.listing import tagged
from bargate.services.ec2.security_groups import the_group
from bargate.services.ec2.subnets import the_subnet
from bargate.services.ec2.values import new_id
from bargate.services.ec2.vpcs import DEFAULT_GROUP
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.records.vpc import Vpc
    from bargate.services.operation import OperationCall, Params

# AWS [R] apigw-evaluation §4
DEFAULT_POLICY: Final = (
    '{"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}'
)
_MAX_POLICY = 20_480  # AWS [D]
MAX_SUBNETS: Final = 32
MAX_GROUPS: Final = 16


def new_dns_suffix() -> str:
    """Draw the eight characters by which an endpoint's own name is told from its id."""
    return secrets.token_hex(4)


def new_interfaces(
    call: OperationCall,
    vpc: Vpc,
    endpoint_id: str,
    subnet_ids: Iterable[str],
    configurations: Iterable[Params],
) -> tuple[EndpointInterface, ...]:
    """Give the endpoint an address in each subnet. Raises AwsError."""
    wanted: dict[str, str | None] = dict.fromkeys(subnet_ids)
    for each in configurations:
        if each.get("Ipv6") is not None:
            raise AwsError("UnsupportedOperation", "Ipv6: endpoints have IPv4 addresses only")
        wanted[each.get("SubnetId") or ""] = each.get("Ipv4")
    if len(wanted) > MAX_SUBNETS:
        raise invalid(f"An endpoint can be in at most {MAX_SUBNETS} subnets")
    interfaces = []
    for subnet_id, address in wanted.items():
        subnet = the_subnet(call, subnet_id)
        if subnet.vpc_id != vpc.id:
            raise AwsError("InvalidParameter", f"Subnet {subnet.id} is not in VPC {vpc.id}")
        interfaces.append(
            EndpointInterface(
                subnet_id=subnet.id,
                network_interface_id=new_id("eni"),
                address=take_address(call, subnet, address, endpoint_id),
            )
        )
    return tuple(interfaces)


def groups_of(call: OperationCall, vpc_id: str, given: Iterable[str]) -> tuple[str, ...]:
    """Give the groups of an endpoint, by default that of the VPC. Raises AwsError."""
    names = tuple(dict.fromkeys(given))
    if not names:
        place = (call.account_id, call.region, vpc_id)
        groups = call.tx.list_by(SECURITY_GROUP, "vpc", place)
        return tuple(group.id for group in groups if group.name == DEFAULT_GROUP)
    if len(names) > MAX_GROUPS:
        raise AwsError("SecurityGroupsPerInterfaceLimitExceeded", f"At most {MAX_GROUPS} groups")
    for name in names:
        if the_group(call, name).vpc_id != vpc_id:
            raise AwsError("InvalidParameter", f"Group {name} is not in VPC {vpc_id}")
    return names


def stored_policy(call: OperationCall, text: str | None) -> str:
    """Check a policy and name its principals by their ids; none is the default. Raises AwsError."""
    if not text:
        return DEFAULT_POLICY
    if len(text) > _MAX_POLICY:
        raise AwsError("InvalidPolicyDocument", f"A policy has at most {_MAX_POLICY} characters")
    try:
        compile_endpoint_policy(text)
    except InvalidConfiguration as error:
        where = "/".join(error.path)
        message = f"{where}: {error.message}" if where else error.message
        raise AwsError("InvalidPolicyDocument", message) from error
    return with_ids(call.tx, text)


def endpoint_shape(call: OperationCall, endpoint: VpcEndpointRecord) -> Params:
    """Give an endpoint as lists show it."""
    return {
        "VpcEndpointId": endpoint.id,
        "VpcEndpointType": "Interface",
        "VpcId": endpoint.vpc_id,
        "ServiceName": endpoint.service_name,
        "State": "available",
        "PolicyDocument": with_arns(call.tx, endpoint.policy),
        "RouteTableIds": [],
        "SubnetIds": [each.subnet_id for each in endpoint.interfaces],
        "Groups": _groups(call, endpoint),
        "IpAddressType": "ipv4",
        "DnsOptions": {"DnsRecordIpType": "ipv4"},
        "PrivateDnsEnabled": endpoint.private_dns_enabled,
        "RequesterManaged": False,
        "NetworkInterfaceIds": [each.network_interface_id for each in endpoint.interfaces],
        "DnsEntries": _dns_entries(call, endpoint),
        "CreationTimestamp": endpoint.created,
        "OwnerId": endpoint.account_id,
        **tagged(endpoint.tags),
    }


def _groups(call: OperationCall, endpoint: VpcEndpointRecord) -> list[Params]:
    groups = [the_group(call, name) for name in endpoint.security_group_ids]
    return [{"GroupId": group.id, "GroupName": group.name} for group in groups]


def _dns_entries(call: OperationCall, endpoint: VpcEndpointRecord) -> list[Params]:
    domain = call.environment.installation.domain
    service = f"execute-api.{endpoint.region}"
    names = [f"{endpoint.id}-{endpoint.dns_suffix}.{service}.vpce.{domain}"]
    if endpoint.private_dns_enabled:
        names += [f"{service}.{domain}", f"*.{service}.{domain}"]
    return [{"DnsName": name} for name in names]
