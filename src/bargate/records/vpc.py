"""Networks as EC2 names them: VPCs, subnets, security groups, and interface endpoints in them."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from bargate.store.kind import Index, Key, Kind


class Vpc(Struct, frozen=True, kw_only=True):
    """A VPC; `cidr_block` is in its shortest form."""

    account_id: str
    region: str
    id: str
    cidr_block: str
    dns_support: bool = True
    dns_hostnames: bool = False
    network_address_usage_metrics: bool = False
    tags: dict[str, str] = {}


class Subnet(Struct, frozen=True, kw_only=True):
    """A part of a VPC's addresses."""

    account_id: str
    region: str
    id: str
    vpc_id: str
    cidr_block: str
    availability_zone: str
    tags: dict[str, str] = {}


class SecurityGroup(Struct, frozen=True, kw_only=True):
    """A named group of a VPC; it has no rules of its own."""

    account_id: str
    region: str
    id: str
    vpc_id: str
    name: str
    description: str
    tags: dict[str, str] = {}


class EndpointInterface(Struct, frozen=True, kw_only=True):
    """The address of an endpoint in one subnet."""

    subnet_id: str
    network_interface_id: str
    address: str


class VpcEndpointRecord(Struct, frozen=True, kw_only=True):
    """An interface endpoint; `policy` names users and roles by their ids."""

    account_id: str
    region: str
    id: str
    vpc_id: str
    service_name: str
    dns_suffix: str
    interfaces: tuple[EndpointInterface, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    policy: str
    private_dns_enabled: bool = True
    client_token: str | None = None
    created: datetime
    tags: dict[str, str] = {}


class EndpointAddress(Struct, frozen=True, kw_only=True):
    """Whose an address is: one endpoint's in the whole installation."""

    address: str
    account_id: str
    region: str
    endpoint_id: str


def _key(record: Any) -> Key:
    return (record.account_id, record.region, record.id)


def _in_vpc(record: Any) -> Key:
    return (record.account_id, record.region, record.vpc_id)


_OF_VPC = Index("vpc", _in_vpc)


def _token(record: VpcEndpointRecord) -> Key | None:
    if record.client_token is None:
        return None
    return (record.account_id, record.region, record.client_token)


VPC = Kind("vpc", Vpc, _key)
SUBNET = Kind("subnet", Subnet, _key, (_OF_VPC,))
SECURITY_GROUP = Kind("security_group", SecurityGroup, _key, (_OF_VPC,))
VPC_ENDPOINT = Kind(
    "vpc_endpoint", VpcEndpointRecord, _key, (_OF_VPC, Index("client_token", _token, unique=True))
)
ENDPOINT_ADDRESS = Kind("endpoint_address", EndpointAddress, lambda record: (record.address,))
