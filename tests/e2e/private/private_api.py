"""A private API and an interface endpoint at an address of the loopback network."""

from __future__ import annotations

import http.client
import itertools
import json
from dataclasses import dataclass
from typing import Any

from e2e.control.installation import REGION, Api, Key, Running, put_mock, signature, until

SERVICE = f"com.amazonaws.{REGION}.execute-api"
_blocks = itertools.count(1)


@dataclass(frozen=True)
class Door:
    """An endpoint and its one address."""

    id: str
    vpc_id: str
    subnet_id: str
    address: str


def open_door(running: Running, policy: str | None = None) -> Door:
    """Make a VPC, a subnet, and an endpoint with an address in it."""
    ec2 = running.client("ec2")
    number = next(_blocks)
    vpc = ec2.create_vpc(CidrBlock="127.77.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"127.77.{number}.0/24")["Subnet"]["SubnetId"]
    address = f"127.77.{number}.9"
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName=SERVICE,
        SubnetConfigurations=[{"SubnetId": subnet, "Ipv4": address}],
        **({} if policy is None else {"PolicyDocument": policy}),
    )["VpcEndpoint"]
    door = Door(made["VpcEndpointId"], vpc, subnet, address)
    until(lambda: answers(running, door.address))
    return door


def answers(running: Running, address: str) -> bool:
    """Say whether anybody listens at the gateway's port of an address."""
    try:
        call(running, address, "/")
    except OSError:
        return False
    return True


def private_api(
    running: Running, door: Door, *statements: dict[str, Any], authorization: str = "NONE"
) -> Api:
    """Make and deploy a private API with the statements as its policy, which says yes by default."""
    client = running.client("apigateway")
    given = statements or (says("Allow"),)
    made = client.create_rest_api(
        name="inner",
        endpointConfiguration={"types": ["PRIVATE"], "vpcEndpointIds": [door.id]},
        policy=document(*given),
    )
    api = Api(made["id"], made["rootResourceId"])
    put_mock(client, api, '{"ok":true}', authorization)
    client.create_deployment(restApiId=api.id, stageName=api.stage)
    unknown = b'{"message":"Forbidden"}'
    until(lambda: all(call(running, door.address, api.path)[1] != unknown for _ in range(8)))
    return api


def says(effect: str, **more: Any) -> dict[str, Any]:
    """Write a statement about everybody's calls."""
    return {
        "Effect": effect,
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": "*",
        **more,
    }


def document(*statements: dict[str, Any]) -> str:
    """Write a policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def call(
    running: Running, address: str, path: str, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Call the gateway at one of its addresses, on a connection of its own."""
    connection = http.client.HTTPConnection(address, running.gateway.port, timeout=10)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def signed(running: Running, door: Door, path: str, key: Key) -> dict[str, str]:
    """Sign a call to an endpoint's address."""
    return signature(f"http://{door.address}:{running.gateway.port}{path}", key)
