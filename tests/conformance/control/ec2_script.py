"""The script's part of EC2: a network on loopback, and an endpoint in it."""

from __future__ import annotations

from conformance.control.script import Step, steps_of

step = steps_of("ec2")
SERVICE = "com.amazonaws.us-east-1.execute-api"
TAGS = [{"Key": "team", "Value": "a"}]

BUILD: tuple[Step, ...] = (
    step("DescribeRegions"),
    step("DescribeAvailabilityZones"),
    step("DescribeVpcEndpointServices"),
    step("CreateVpc", lambda _: {"CidrBlock": "127.88.0.0/16"}, vpc_id="Vpc.VpcId"),
    step(
        "ModifyVpcAttribute",
        lambda k: {"VpcId": k.vpc_id, "EnableDnsHostnames": {"Value": True}},
    ),
    step(
        "DescribeVpcAttribute",
        lambda k: {"VpcId": k.vpc_id, "Attribute": "enableDnsHostnames"},
    ),
    step("DescribeVpcs", lambda k: {"VpcIds": [k.vpc_id]}),
    step(
        "CreateSubnet",
        lambda k: {"VpcId": k.vpc_id, "CidrBlock": "127.88.1.0/24"},
        subnet_id="Subnet.SubnetId",
    ),
    step("DescribeSubnets", lambda k: {"SubnetIds": [k.subnet_id]}),
    step(
        "CreateSecurityGroup",
        lambda k: {"VpcId": k.vpc_id, "GroupName": "inner", "Description": "inner"},
        group_id="GroupId",
    ),
    step("DescribeSecurityGroups", lambda k: {"GroupIds": [k.group_id]}),
    step(
        "CreateVpcEndpoint",
        lambda k: {
            "VpcId": k.vpc_id,
            "VpcEndpointType": "Interface",
            "ServiceName": SERVICE,
            "SubnetIds": [k.subnet_id],
            "SecurityGroupIds": [k.group_id],
        },
        endpoint_id="VpcEndpoint.VpcEndpointId",
    ),
    step("DescribeVpcEndpoints", lambda k: {"VpcEndpointIds": [k.endpoint_id]}),
    step(
        "ModifyVpcEndpoint",
        lambda k: {"VpcEndpointId": k.endpoint_id, "PrivateDnsEnabled": False},
    ),
    step("CreateTags", lambda k: {"Resources": [k.endpoint_id], "Tags": TAGS}),
    step("DescribeTags"),
    step("DeleteTags", lambda k: {"Resources": [k.endpoint_id], "Tags": TAGS}),
)

TEAR_DOWN: tuple[Step, ...] = (
    step("DeleteVpcEndpoints", lambda k: {"VpcEndpointIds": [k.endpoint_id]}),
    step("DeleteSecurityGroup", lambda k: {"GroupId": k.group_id}),
    step("DeleteSubnet", lambda k: {"SubnetId": k.subnet_id}),
    step("DeleteVpc", lambda k: {"VpcId": k.vpc_id}),
)
