"""Bargate with a private API behind a VPC endpoint, and the same API in public.

serve --data ──► boto3: CreateVpcEndpoint (policy of 20 statements), ImportRestApi ──► wrk
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench import documents
from bench.ask import ask_until
from bench.iam_peer import REGION, announced, client, command
from bench.load import Request
from bench.process import GATEWAY_CORE, running, running_module
from bench.testbed import Gateway, Testbed

_ADDRESS = "127.88.0.10"


@contextmanager
def _api(testbed: Testbed, kind: str) -> Iterator[Gateway]:
    """Serve an API whose resource policy allows everybody, REGIONAL or PRIVATE."""
    home = testbed.work / f"bargate-{kind.lower()}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    log = testbed.work / f"bargate-{kind.lower()}.log"
    is_private = kind == "PRIVATE"
    with running(command(home), core=GATEWAY_CORE, log=log) as process:
        port, endpoint = announced(process, log)
        if is_private:
            _endpoint(home, endpoint)
        path = f"/_api/{_deployed(home, endpoint, testbed.backend_port, kind)}/{documents.STAGE}"
        address = _ADDRESS if is_private else "127.0.0.1"
        agent = ("User-Agent: bench/1",)
        request = Request(f"{path}/pets/1", agent, address=address)
        ask_until(port, request, 200)
        refused = (
            Request(f"{path}/pets/1", ("User-Agent: crawler-5/1",), address=address)
            if is_private
            else Request(f"{path}/unknown")
        )
        worker = running_module(process.pid, "bargate.gateway.worker")
        yield Gateway(process.pid, port, request, (refused, 403), worker)


public = partial(_api, kind="REGIONAL")
private = partial(_api, kind="PRIVATE")


def _endpoint(home: Path, endpoint: str) -> None:
    ec2 = client("ec2", home, endpoint)
    vpc = ec2.create_vpc(CidrBlock="127.88.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="127.88.0.0/24")["Subnet"]["SubnetId"]
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{REGION}.execute-api",
        VpcEndpointType="Interface",
        SubnetIds=[subnet],
        SubnetConfigurations=[{"SubnetId": subnet, "Ipv4": _ADDRESS}],
        PrivateDnsEnabled=False,
        PolicyDocument=json.dumps(documents.endpoint_policy()),
    )


def _deployed(home: Path, endpoint: str, backend_port: int, kind: str) -> str:
    apigateway = client("apigateway", home, endpoint)
    document = documents.open_route(backend_port) | {
        "x-amazon-apigateway-policy": documents.open_policy()
    }
    api_id: str = apigateway.import_rest_api(
        body=json.dumps(document), parameters={"endpointConfigurationTypes": kind}
    )["id"]
    apigateway.create_deployment(restApiId=api_id, stageName=documents.STAGE)
    return api_id
