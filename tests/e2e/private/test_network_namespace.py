"""A client in a network namespace of its own, as a machine in the VPC is; the rest is outside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from e2e.control.installation import Running, until
from e2e.private.private_api import SERVICE, Door, answers, call, private_api, says

HOST, ENDPOINT, CLIENT = "10.199.7.1", "10.199.7.9", "10.199.7.20"
NAME = "bargate-vpc"
_ASK = """
import http.client, sys
c = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=5)
c.request("GET", sys.argv[3], headers={"X-Forwarded-For": "10.199.7.20"})
print(c.getresponse().status)
"""

pytestmark = pytest.mark.skipif(
    os.environ.get("CI") != "true" and (os.geteuid() != 0 or shutil.which("ip") is None),
    reason="network namespaces need root and iproute2",
)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def vpc() -> Iterator[None]:
    ip("netns", "add", NAME)
    try:
        ip("link", "add", "bgt-vpc0", "type", "veth", "peer", "name", "bgt-vpc1", "netns", NAME)
        for address in (HOST, ENDPOINT):
            ip("address", "add", f"{address}/24", "dev", "bgt-vpc0")
        ip("link", "set", "bgt-vpc0", "up")
        ip("-n", NAME, "address", "add", f"{CLIENT}/24", "dev", "bgt-vpc1")
        ip("-n", NAME, "link", "set", "bgt-vpc1", "up")
        yield
    finally:
        ip("netns", "del", NAME)


def from_inside(address: str, port: int, path: str) -> str:
    """Call as a machine in the VPC; gives the status, or nothing when nobody answers."""
    asked = ["ip", "netns", "exec", NAME, sys.executable, "-c", _ASK, address, str(port), path]
    return subprocess.run(asked, capture_output=True, text=True, timeout=30).stdout.strip()  # noqa: PLW1510  no answer is one


@pytest.mark.usefixtures("vpc")
def test_a_machine_in_the_vpc_calls_and_nobody_else(bargate: Running) -> None:
    ec2, port = bargate.client("ec2"), bargate.gateway.port
    vpc_id = ec2.create_vpc(CidrBlock="10.199.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.199.7.0/24")["Subnet"]["SubnetId"]
    made = ec2.create_vpc_endpoint(
        VpcId=vpc_id,
        VpcEndpointType="Interface",
        ServiceName=SERVICE,
        SubnetConfigurations=[{"SubnetId": subnet, "Ipv4": ENDPOINT}],
    )["VpcEndpoint"]
    door = Door(made["VpcEndpointId"], vpc_id, subnet, ENDPOINT)
    until(lambda: answers(bargate, ENDPOINT))
    allow = says("Allow", Condition={"IpAddress": {"aws:VpcSourceIp": f"{CLIENT}/32"}})
    api = private_api(bargate, door, allow)
    assert from_inside(ENDPOINT, port, api.path) == "200"
    assert call(bargate, ENDPOINT, api.path, {"X-Forwarded-For": CLIENT})[0] == 403
    assert call(bargate, "127.0.0.1", api.path)[0] == 403
    assert from_inside(HOST, port, api.path) == ""  # the gateway listens at no other address
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[door.id])["Unsuccessful"] == []
    until(lambda: from_inside(ENDPOINT, port, api.path) == "", within_s=5)
