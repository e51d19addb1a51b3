"""Interface endpoints for `execute-api`: addresses of this machine at which private APIs answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import structs

from bargate.records.vpc import ENDPOINT_ADDRESS, VPC_ENDPOINT, VpcEndpointRecord
from bargate.services.ec2.endpoint_values import (
    MAX_SUBNETS,
    endpoint_shape,
    groups_of,
    new_dns_suffix,
    new_interfaces,
    stored_policy,
)
from bargate.services.ec2.errors import invalid, refuse_others
from bargate.services.ec2.listing import Ids, listed
from bargate.services.ec2.values import check_room, found, new_id, new_tags
from bargate.services.ec2.vpcs import the_vpc
from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.records.vpc import EndpointInterface

_CREATED_BY: Final = (
    "ClientToken", "IpAddressType", "PolicyDocument", "PrivateDnsEnabled", "SecurityGroupIds",
    "ServiceName", "SubnetConfigurations", "SubnetIds", "VpcEndpointType", "VpcId",
)  # fmt: skip
_CHANGED_BY: Final = (
    "AddSecurityGroupIds", "AddSubnetIds", "IpAddressType", "PolicyDocument", "PrivateDnsEnabled",
    "RemoveSecurityGroupIds", "RemoveSubnetIds", "ResetPolicy", "SubnetConfigurations",
    "VpcEndpointId",
)  # fmt: skip
_MAX_TOKEN = 64


@operation(writes=True)
def create_vpc_endpoint(call: OperationCall, request: Params) -> Params:
    """Make an interface endpoint, or give the one that a client token made before."""
    refuse_others(request, _CREATED_BY)
    _check_kind(call, request)
    vpc = the_vpc(call, request["VpcId"])
    token = request.get("ClientToken") or None
    if token is not None:
        if len(token) > _MAX_TOKEN or "\0" in token:
            raise invalid(f"A client token has at most {_MAX_TOKEN} characters")
        place = (call.account_id, call.region, token)
        known = call.tx.find_by(VPC_ENDPOINT, "client_token", place)
        if known is not None:
            return _again(call, request, known)
    check_room(call, VPC_ENDPOINT, "VpcEndpointLimitExceeded")
    endpoint_id = new_id("vpce")
    private_dns = request.get("PrivateDnsEnabled")
    subnets, configurations = _subnets(request, "SubnetIds")
    endpoint = VpcEndpointRecord(
        account_id=call.account_id,
        region=call.region,
        id=endpoint_id,
        vpc_id=vpc.id,
        service_name=request["ServiceName"],
        dns_suffix=new_dns_suffix(),
        interfaces=new_interfaces(call, vpc, endpoint_id, subnets, configurations),
        security_group_ids=groups_of(call, vpc.id, request.get("SecurityGroupIds") or ()),
        policy=stored_policy(call, request.get("PolicyDocument")),
        private_dns_enabled=True if private_dns is None else private_dns,
        client_token=token,
        created=call.now.replace(microsecond=0),
        tags=new_tags(request, "vpc-endpoint"),
    )
    if endpoint.private_dns_enabled and not (vpc.dns_support and vpc.dns_hostnames):
        # AWS [D]: both are needed, and the message says so.
        message = "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC"
        raise AwsError("InvalidParameter", f"{message} attributes set to true for {vpc.id}")
    call.tx.create(VPC_ENDPOINT, endpoint)
    return {"VpcEndpoint": endpoint_shape(call, endpoint), **_token(token)}


def _check_kind(call: OperationCall, request: Params) -> None:
    service = f"com.amazonaws.{call.region}.execute-api"
    if request.get("ServiceName") != service:
        name = (request.get("ServiceName") or "")[:128]
        message = f"The Vpc Endpoint Service '{name}' does not exist; there is {service}"
        raise AwsError("InvalidServiceName", message)
    if request.get("VpcEndpointType", "Gateway") != "Interface":
        message = f"{service} has endpoints of type Interface: give VpcEndpointType"
        raise AwsError("InvalidParameter", message)
    _check_address_type(request)


def _check_address_type(request: Params) -> None:
    if request.get("IpAddressType") not in (None, "ipv4"):
        raise AwsError("InvalidParameter", "IpAddressType: endpoints here have ipv4 addresses")


def _again(call: OperationCall, request: Params, known: VpcEndpointRecord) -> Params:
    if (known.vpc_id, known.service_name) != (request["VpcId"], request["ServiceName"]):
        message = "The client token was used with other parameters"
        raise AwsError("IdempotentParameterMismatch", message)
    return {"VpcEndpoint": endpoint_shape(call, known), **_token(known.client_token)}


def _token(token: str | None) -> Params:
    return {} if token is None else {"ClientToken": token}


def _subnets(request: Params, member: str) -> tuple[list[str], list[Params]]:
    return request.get(member) or [], request.get("SubnetConfigurations") or []


@operation()
def describe_vpc_endpoints(call: OperationCall, request: Params) -> Params:
    """List endpoints."""
    endpoints = call.tx.list(VPC_ENDPOINT, (call.account_id, call.region))
    ids = Ids("VpcEndpointIds", "InvalidVpcEndpointId", "Vpc Endpoint Id")
    page, tail = listed(request, endpoints, _FILTERS, ids)
    return {"VpcEndpoints": [endpoint_shape(call, each) for each in page], **tail}


@operation(writes=True)
def modify_vpc_endpoint(call: OperationCall, request: Params) -> Params:
    """Change an endpoint's policy, subnets, groups or private names."""
    refuse_others(request, _CHANGED_BY)
    _check_address_type(request)
    old = the_endpoint(call, request["VpcEndpointId"])
    new = _with_groups(
        call, request, _with_subnets(call, request, _with_policy(call, request, old))
    )
    private_dns = request.get("PrivateDnsEnabled")
    if private_dns is not None:
        new = structs.replace(new, private_dns_enabled=private_dns)
    call.tx.update(VPC_ENDPOINT, VPC_ENDPOINT.key_of(old), lambda _: new)
    return {"Return": True}


def _with_policy(call: OperationCall, request: Params, old: VpcEndpointRecord) -> VpcEndpointRecord:
    text, reset = request.get("PolicyDocument"), request.get("ResetPolicy")
    if text and reset:
        message = "PolicyDocument and ResetPolicy cannot be given together"
        raise AwsError("InvalidParameterCombination", message)
    if not text and not reset:
        return old
    return structs.replace(old, policy=stored_policy(call, text))


def _with_subnets(
    call: OperationCall, request: Params, old: VpcEndpointRecord
) -> VpcEndpointRecord:
    removed = set(request.get("RemoveSubnetIds") or ())
    added, configurations = _subnets(request, "AddSubnetIds")
    again = removed | set(added) | {each.get("SubnetId") for each in configurations}
    missing = removed - {each.subnet_id for each in old.interfaces}
    if missing:
        raise AwsError("InvalidParameter", f"{old.id} is not in subnet {min(missing)[:64]}")
    # An address given anew takes the place of the one in its subnet.
    replaced = {each.get("SubnetId") for each in configurations} | removed
    gone = [each for each in old.interfaces if each.subnet_id in replaced]
    kept = [each for each in old.interfaces if each.subnet_id not in replaced]
    if set(added) & {each.subnet_id for each in kept}:
        raise AwsError("DuplicateSubnetsInSameZone", f"{old.id} is in the subnet already")
    if not again:
        return old
    _release(call, gone)
    vpc = the_vpc(call, old.vpc_id)
    new = new_interfaces(call, vpc, old.id, added, configurations)
    if len(kept) + len(new) > MAX_SUBNETS:
        raise invalid(f"An endpoint can be in at most {MAX_SUBNETS} subnets")
    return structs.replace(old, interfaces=(*kept, *new))


def _with_groups(call: OperationCall, request: Params, old: VpcEndpointRecord) -> VpcEndpointRecord:
    removed = request.get("RemoveSecurityGroupIds") or ()
    kept = [name for name in old.security_group_ids if name not in removed]
    names = (*kept, *(request.get("AddSecurityGroupIds") or ()))
    if not names:
        raise AwsError("InvalidParameter", "An endpoint has at least one security group")
    return structs.replace(old, security_group_ids=groups_of(call, old.vpc_id, names))


@operation(writes=True)
def delete_vpc_endpoints(call: OperationCall, request: Params) -> Params:
    """Delete endpoints; what does not exist is told item by item."""
    unsuccessful = []
    for name in dict.fromkeys(request["VpcEndpointIds"]):
        try:
            endpoint = the_endpoint(call, name)
        except AwsError as error:
            item = {"Error": {"Code": error.code, "Message": error.message}, "ResourceId": name}
            unsuccessful.append(item)
            continue
        _release(call, endpoint.interfaces)
        call.tx.delete(VPC_ENDPOINT, VPC_ENDPOINT.key_of(endpoint))
    return {"Unsuccessful": unsuccessful}


def _release(call: OperationCall, interfaces: Iterable[EndpointInterface]) -> None:
    for each in interfaces:
        call.tx.delete(ENDPOINT_ADDRESS, (each.address,))


def the_endpoint(call: OperationCall, name: str) -> VpcEndpointRecord:
    """Find an endpoint. Raises AwsError."""
    code, noun = "InvalidVpcEndpointId", "Vpc Endpoint Id"
    endpoint: VpcEndpointRecord = found(call, VPC_ENDPOINT, name, code, noun)
    return endpoint


_FILTERS: Final = {
    "vpc-endpoint-id": lambda endpoint: (endpoint.id,),
    "vpc-id": lambda endpoint: (endpoint.vpc_id,),
    "service-name": lambda endpoint: (endpoint.service_name,),
    "vpc-endpoint-type": lambda _: ("Interface",),
    "vpc-endpoint-state": lambda _: ("available",),
    "ip-address-type": lambda _: ("ipv4",),
}
