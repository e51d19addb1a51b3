"""A private API answers through interface endpoints, and only as far as all policies let it."""

from __future__ import annotations

import http.client
import time

import pytest
from botocore.exceptions import ClientError

from e2e.control.installation import Running, user_key
from e2e.private.private_api import (
    SERVICE,
    Door,
    answers,
    call,
    document,
    open_door,
    private_api,
    says,
    signed,
)

FORBIDDEN = (403, b'{"message":"Forbidden"}')
LIMIT_S = 0.1
CONNECTIONS = 32  # over two workers: that one of them gets none is as likely as 1 in 2 ** 31


@pytest.fixture(scope="module")
def door(bargate: Running) -> Door:
    return open_door(bargate)


def test_every_form_of_a_call_through_the_endpoint_answers(bargate: Running, door: Door) -> None:
    api = private_api(bargate, door)
    host = f"{api.id}.execute-api.us-east-1.localhost"
    own = f"{api.id}-{door.id}.execute-api.us-east-1.localhost"
    for path, headers in (
        (api.path, {}),
        ("/prod", {"Host": host}),
        ("/prod", {"Host": own}),
        ("/prod", {"x-apigw-api-id": api.id}),
        ("/prod", {"Host": f"{door.id}-abcd.execute-api.us-east-1.vpce.localhost",
                   "x-apigw-api-id": api.id}),
    ):  # fmt: skip
        assert call(bargate, door.address, path, headers) == (200, b'{"ok":true}'), (path, headers)


def test_nothing_from_outside_gets_in(bargate: Running, door: Door) -> None:
    api = private_api(bargate, door)
    host = f"{api.id}.execute-api.us-east-1.localhost"
    own = f"{api.id}-{door.id}.execute-api.us-east-1.localhost"
    for path, headers in (
        (api.path, {}),
        ("/prod", {"Host": host}),
        ("/prod", {"Host": own}),
        ("/prod", {"Host": door.address, "x-apigw-api-id": api.id}),
        (api.path, {"X-Forwarded-For": door.address, "Forwarded": f"for={door.address}"}),
        (api.path, {"X-Amzn-Vpc-Id": door.vpc_id, "X-Amzn-Vpce-Id": door.id}),
        (f"http://{door.address}{api.path}", {}),
    ):
        assert call(bargate, "127.0.0.1", path, headers) == FORBIDDEN, (path, headers)


def test_an_endpoint_that_the_api_does_not_name_has_no_host_for_it(
    bargate: Running, door: Door
) -> None:
    api, other = private_api(bargate, door), open_door(bargate)
    for endpoint in (other, door):
        host = f"{api.id}-{endpoint.id}.execute-api.us-east-1.localhost"
        assert call(bargate, other.address, "/prod", {"Host": host}) == FORBIDDEN
    assert call(bargate, other.address, api.path)[0] == 200


def test_a_public_api_is_not_reached_through_an_endpoint(bargate: Running, door: Door) -> None:
    api = private_api(bargate, door)
    client = bargate.client("apigateway")
    client.update_rest_api(
        restApiId=api.id,
        patchOperations=[
            {"op": "replace", "path": "/endpointConfiguration/types/PRIVATE", "value": "REGIONAL"}
        ],
    )
    client.create_deployment(restApiId=api.id, stageName="prod")
    deadline_s = time.monotonic() + 10
    while call(bargate, "127.0.0.1", api.path)[0] != 200:
        assert time.monotonic() < deadline_s
    assert call(bargate, door.address, api.path) == FORBIDDEN


def test_the_endpoint_policy_decides_before_the_api(bargate: Running) -> None:
    door = open_door(bargate)
    key = user_key(bargate.client("iam"), "inside")
    api = private_api(bargate, door)
    arn = bargate.client("iam").get_user(UserName="inside")["User"]["Arn"]
    policy = document(says("Allow", Principal={"AWS": arn}))
    bargate.client("ec2").modify_vpc_endpoint(VpcEndpointId=door.id, PolicyDocument=policy)
    shown = bargate.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[door.id])
    assert arn in shown["VpcEndpoints"][0]["PolicyDocument"]
    time_limit_s = time.monotonic() + 10
    while (answer := call(bargate, door.address, api.path))[0] == 200:
        assert time.monotonic() < time_limit_s
    assert b"because no VPC endpoint policy allows the execute-api:Invoke action" in answer[1]
    assert b"User: anonymous" in answer[1]
    headers = signed(bargate, door, api.path, key)
    assert call(bargate, door.address, api.path, headers)[0] == 200
    bearer = {"Authorization": "Bearer abc"}
    assert b"User: anonymous" in call(bargate, door.address, api.path, bearer)[1]
    forged = headers | {"Authorization": headers["Authorization"][:-4] + "0000"}
    status, body = call(bargate, door.address, api.path, forged)
    assert (status, b"signature" in body) == (403, True), body


def test_resource_policies_see_the_endpoint(bargate: Running, door: Door) -> None:
    other = open_door(bargate)
    deny = says("Deny", Condition={"StringNotEquals": {"aws:SourceVpce": door.id}})
    api = private_api(bargate, door, says("Allow"), deny)
    assert call(bargate, door.address, api.path)[0] == 200
    status, body = call(bargate, other.address, api.path)
    assert (status, b"with an explicit deny" in body) == (403, True)
    vpc = says("Allow", Condition={"StringEquals": {"aws:SourceVpc": other.vpc_id},
                                   "IpAddress": {"aws:VpcSourceIp": "127.0.0.0/8"}})  # fmt: skip
    inner = private_api(bargate, other, vpc)
    assert call(bargate, other.address, inner.path)[0] == 200
    assert call(bargate, door.address, inner.path)[0] == 403
    ip = says("Allow", Condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}})
    assert call(bargate, door.address, private_api(bargate, door, ip).path)[0] == 403


def test_an_iam_method_needs_all_policies(bargate: Running, door: Door) -> None:
    key = user_key(bargate.client("iam"), "signer")
    api = private_api(bargate, door, authorization="AWS_IAM")
    assert call(bargate, door.address, api.path)[0] == 403
    assert call(bargate, door.address, api.path, signed(bargate, door, api.path, key))[0] == 200


def kept(bargate: Running, door: Door) -> list[http.client.HTTPConnection]:
    port = bargate.gateway.port
    return [http.client.HTTPConnection(door.address, port, timeout=5) for _ in range(CONNECTIONS)]


def statuses(connections: list[http.client.HTTPConnection], path: str) -> set[int]:
    for connection in connections:
        connection.request("GET", path)
    answers = [connection.getresponse() for connection in connections]
    return {answer.status for answer in answers if answer.read() is not None}


def test_a_policy_change_is_enforced_at_once_on_open_connections(bargate: Running) -> None:
    door = open_door(bargate)
    api, connections = private_api(bargate, door), kept(bargate, door)
    ec2 = bargate.client("ec2")
    assert statuses(connections, api.path) == {200}
    ec2.modify_vpc_endpoint(VpcEndpointId=door.id, PolicyDocument=document(says("Deny")))
    changed_s = time.monotonic()
    while statuses(connections, api.path) != {403}:
        assert time.monotonic() - changed_s < LIMIT_S
    ec2.modify_vpc_endpoint(VpcEndpointId=door.id, ResetPolicy=True)
    for connection in connections:
        connection.close()


def test_a_deleted_endpoint_stops_answering_at_once(bargate: Running) -> None:
    door = open_door(bargate)
    api, connections = private_api(bargate, door), kept(bargate, door)
    assert statuses(connections, api.path) == {200}
    ec2 = bargate.client("ec2")
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[door.id])["Unsuccessful"] == []
    deleted_s = time.monotonic()
    while answers(bargate, door.address):
        assert time.monotonic() - deleted_s < LIMIT_S
    for connection in connections:
        with pytest.raises((http.client.HTTPException, OSError)):
            statuses([connection], api.path)
        connection.close()


def test_what_cannot_be_is_refused_when_it_is_written(bargate: Running, door: Door) -> None:
    ec2 = bargate.client("ec2")

    def refused(**given: object) -> str:
        with pytest.raises(ClientError) as error:
            ec2.create_vpc_endpoint(
                **{"VpcId": vpc, "VpcEndpointType": "Interface", "ServiceName": SERVICE, **given}
            )
        return str(error.value.response["Error"]["Code"])

    vpc = ec2.create_vpc(CidrBlock="10.203.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.203.0.0/24")["Subnet"]["SubnetId"]
    at = {"SubnetId": subnet, "Ipv4": "10.203.0.9"}
    assert refused(SubnetConfigurations=[at]) == "InvalidParameterValue"
    assert refused(SubnetIds=[subnet]) == "InsufficientFreeAddressesInSubnet"
    assert refused(PolicyDocument="{}") == "InvalidPolicyDocument"
    assert refused(SubnetIds=[door.subnet_id]) == "InvalidParameter"
    assert refused(VpcId="vpc-1") == "InvalidVpcID.NotFound"
    taken = [{"SubnetId": door.subnet_id, "Ipv4": door.address}]
    assert refused(VpcId=door.vpc_id, SubnetConfigurations=taken) == "InvalidIPAddress.InUse"
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_vpc(VpcId=door.vpc_id)
    made = bargate.client("apigateway").create_rest_api(
        name="no policy", endpointConfiguration={"types": ["PRIVATE"]}
    )
    with pytest.raises(ClientError, match="doesn't have a resource policy"):
        bargate.client("apigateway").create_deployment(restApiId=made["id"], stageName="prod")
