from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.endpoint import Endpoint

SERVICE = "com.amazonaws.us-east-1.execute-api"


class Network:
    def __init__(self, endpoint: Endpoint) -> None:
        self.ec2 = endpoint.client("ec2")
        self.vpc_id = self.ec2.create_vpc(CidrBlock="127.66.0.0/16")["Vpc"]["VpcId"]
        self.ec2.modify_vpc_attribute(VpcId=self.vpc_id, EnableDnsHostnames={"Value": True})
        made = self.ec2.create_subnet(VpcId=self.vpc_id, CidrBlock="127.66.1.0/24")
        self.subnet_id = made["Subnet"]["SubnetId"]

    def make(self, **given: Any) -> dict[str, Any]:
        given = {"SubnetIds": [self.subnet_id], "VpcEndpointType": "Interface", **given}
        made = self.ec2.create_vpc_endpoint(VpcId=self.vpc_id, ServiceName=SERVICE, **given)
        return dict(made["VpcEndpoint"])


@pytest.fixture
def network(endpoint: Endpoint) -> Network:
    return Network(endpoint)


def code(operation: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as error:
        operation(**given)
    return str(error.value.response["Error"]["Code"])


def addresses(endpoint: Endpoint) -> dict[str, tuple[str, ...]]:
    endpoint.published()
    return {
        name.partition("/")[2]: part.addresses  # type: ignore[union-attr]
        for name, part in endpoint.state.items()
        if name.startswith("vpc_endpoint/")
    }


def test_each_endpoint_takes_the_next_address_and_gives_it_back(
    endpoint: Endpoint, network: Network
) -> None:
    first, second = network.make()["VpcEndpointId"], network.make()["VpcEndpointId"]
    assert addresses(endpoint) == {first: ("127.66.1.4",), second: ("127.66.1.5",)}
    network.ec2.delete_vpc_endpoints(VpcEndpointIds=[first])
    third = network.make()["VpcEndpointId"]
    assert addresses(endpoint) == {second: ("127.66.1.5",), third: ("127.66.1.4",)}


def test_an_address_is_of_one_endpoint_in_all_networks(network: Network) -> None:
    at = [{"SubnetId": network.subnet_id, "Ipv4": "127.66.1.9"}]
    network.make(SubnetConfigurations=at)
    vpc = network.ec2.create_vpc(CidrBlock="127.66.0.0/16")["Vpc"]["VpcId"]
    network.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = network.ec2.create_subnet(VpcId=vpc, CidrBlock="127.66.1.0/24")["Subnet"]
    network.vpc_id, network.subnet_id = vpc, subnet["SubnetId"]
    at = [{"SubnetId": subnet["SubnetId"], "Ipv4": "127.66.1.9"}]
    assert code(network.make, SubnetConfigurations=at) == "InvalidIPAddress.InUse"


@pytest.mark.parametrize("address", ["127.66.1.3", "127.66.1.255", "127.66.2.9", "x", "::1"])
def test_an_address_outside_is_refused(network: Network, address: str) -> None:
    at = [{"SubnetId": network.subnet_id, "Ipv4": address}]
    assert code(network.make, SubnetConfigurations=at) == "InvalidParameterValue"


def test_a_client_token_makes_one_endpoint(network: Network) -> None:
    first, again = network.make(ClientToken="t"), network.make(ClientToken="t")
    assert first["VpcEndpointId"] == again["VpcEndpointId"]
    other = network.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    network.vpc_id = other
    assert code(network.make, ClientToken="t") == "IdempotentParameterMismatch"


def test_a_dry_run_makes_nothing(endpoint: Endpoint, network: Network) -> None:
    assert code(network.make, DryRun=True) == "DryRunOperation"
    assert addresses(endpoint) == {}
    assert code(network.ec2.delete_vpc, VpcId="vpc-0", DryRun=True) == "InvalidVpcID.NotFound"


def test_subnets_are_added_and_removed(endpoint: Endpoint, network: Network) -> None:
    ec2, made = network.ec2, network.make()["VpcEndpointId"]
    more = ec2.create_subnet(VpcId=network.vpc_id, CidrBlock="127.66.2.0/24")["Subnet"]["SubnetId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=made, AddSubnetIds=[more])
    assert addresses(endpoint) == {made: ("127.66.1.4", "127.66.2.4")}
    ec2.modify_vpc_endpoint(VpcEndpointId=made, RemoveSubnetIds=[network.subnet_id])
    assert addresses(endpoint) == {made: ("127.66.2.4",)}
    refused = code(ec2.modify_vpc_endpoint, VpcEndpointId=made, RemoveSubnetIds=["subnet-0"])
    assert refused == "InvalidParameter"
    assert code(ec2.delete_subnet, SubnetId=more) == "DependencyViolation"
    ec2.delete_subnet(SubnetId=network.subnet_id)


def test_blocks_are_as_at_aws(network: Network) -> None:
    ec2, vpc = network.ec2, network.vpc_id
    assert code(ec2.create_vpc, CidrBlock="127.0.0.0/8") == "InvalidVpc.Range"
    assert code(ec2.create_vpc, CidrBlock="10.0.0.0/29") == "InvalidVpc.Range"
    assert code(ec2.create_vpc, CidrBlock="x") == "InvalidParameterValue"
    outside = code(ec2.create_subnet, VpcId=vpc, CidrBlock="10.0.0.0/24")
    assert outside == "InvalidSubnet.Range"
    overlapping = code(ec2.create_subnet, VpcId=vpc, CidrBlock="127.66.1.128/25")
    assert overlapping == "InvalidSubnet.Conflict"


def test_lists_filter_and_come_in_pages(network: Network) -> None:
    ids = sorted(network.make()["VpcEndpointId"] for _ in range(7))
    pages = network.ec2.get_paginator("describe_vpc_endpoints").paginate(
        PaginationConfig={"PageSize": 3}
    )
    assert [each["VpcEndpointId"] for page in pages for each in page["VpcEndpoints"]] == ids
    describe = network.ec2.describe_vpc_endpoints
    some = describe(Filters=[{"Name": "vpc-endpoint-id", "Values": [ids[2], "vpce-?"]}])
    assert [each["VpcEndpointId"] for each in some["VpcEndpoints"]] == [ids[2]]
    assert code(describe, Filters=[{"Name": "x", "Values": ["y"]}]) == "InvalidParameterValue"
    assert code(describe, NextToken="x") == "InvalidNextToken"
    assert code(describe, VpcEndpointIds=["vpce-0"]) == "InvalidVpcEndpointId.NotFound"


def test_what_would_have_no_effect_is_refused(network: Network) -> None:
    assert code(network.make, VpcEndpointType="Gateway") == "InvalidParameter"
    assert code(network.make, IpAddressType="ipv6") == "InvalidParameter"
    assert code(network.make, DnsOptions={"DnsRecordIpType": "ipv4"}) == "UnsupportedOperation"
    assert code(network.make, PolicyDocument="{}") == "InvalidPolicyDocument"
    assert code(network.ec2.run_instances, MinCount=1, MaxCount=1) == "NotImplemented"
