"""Set up every control on one API, with AWS's own APIs alone: the same script runs against AWS.

Each function makes one control and returns what a caller needs of it.
"""

import json
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
from msgspec import Struct

from examples.controls.certificates import Certificates

DOCUMENT = Path(__file__).with_name("openapi.yaml")
STAGE = "prod"
DOMAIN = "api.example.com"
BUCKET, TRUSTSTORE = "truststores", "clients.pem"


class Wanted(Struct, frozen=True, kw_only=True):
    """What the script is told.

    `backend` and `certified` are HOST:PORT of an HTTP backend and of one that demands a client
    certificate; `endpoint_address` is the loopback address of the interface endpoint.
    """

    backend: str
    certified: str
    endpoint_address: str


class Made(Struct, frozen=True, kw_only=True):
    """What callers need to know; the secrets of an example."""

    api_id: str
    private_api_id: str
    api_key: str
    caller: dict[str, str]
    client_certificate: str


def set_up(session: Any, wanted: Wanted, certificates: Certificates) -> Made:
    """Make everything; `session` is boto3's, `certificates` those of the custom domain."""
    apigateway = session.client("apigateway")
    api_id = deploy(apigateway, wanted, "REGIONAL")
    caller = signed_caller(session.client("iam"))
    key = api_key(apigateway, api_id)
    throttle(apigateway, api_id)
    shown = client_certificate(apigateway, api_id)
    custom_domain(session, apigateway, api_id, certificates)
    private = private_twin(session, apigateway, wanted)
    return Made(
        api_id=api_id,
        private_api_id=private,
        api_key=key,
        caller=caller,
        client_certificate=shown,
    )


def deploy(apigateway: Any, wanted: Wanted, endpoint_type: str, policy: str | None = None) -> str:
    """Import the document and deploy it: resource policy, authorizers, validation, CORS."""
    api_id: str = apigateway.import_rest_api(
        body=DOCUMENT.read_bytes(), parameters={"endpointConfigurationTypes": endpoint_type}
    )["id"]
    if policy is not None:
        change = {"op": "replace", "path": "/policy", "value": policy}
        apigateway.update_rest_api(restApiId=api_id, patchOperations=[change])
    apigateway.create_deployment(
        restApiId=api_id,
        stageName=STAGE,
        variables={"backend": wanted.backend, "certified": wanted.certified},
    )
    return api_id


def signed_caller(iam: Any) -> dict[str, str]:
    """Make a user for the IAM authorizer, who may call GET /signed alone; give the access key."""
    resource = f"arn:aws:execute-api:*:*:*/{STAGE}/GET/signed"
    iam.create_user(UserName="controls-caller")
    iam.put_user_policy(
        UserName="controls-caller",
        PolicyName="call",
        PolicyDocument=_policy(Action="execute-api:Invoke", Resource=resource),
    )
    made: dict[str, str] = iam.create_access_key(UserName="controls-caller")["AccessKey"]
    return {"id": made["AccessKeyId"], "secret": made["SecretAccessKey"]}


def api_key(apigateway: Any, api_id: str) -> str:
    """Make an API key on a usage plan (ten calls a second, a thousand a day); give its value."""
    plan = apigateway.create_usage_plan(
        name="controls",
        apiStages=[{"apiId": api_id, "stage": STAGE}],
        throttle={"rateLimit": 10.0, "burstLimit": 5},
        quota={"limit": 1000, "period": "DAY"},
    )
    key = apigateway.create_api_key(name="controls", enabled=True)
    apigateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    value: str = key["value"]
    return value


def throttle(apigateway: Any, api_id: str) -> None:
    """Throttle GET /throttled by the stage: one call, then one in a thousand seconds."""
    setting = "/~1throttled/GET/throttling"
    apigateway.update_stage(
        restApiId=api_id,
        stageName=STAGE,
        patchOperations=[
            {"op": "replace", "path": f"{setting}/rateLimit", "value": "0.001"},
            {"op": "replace", "path": f"{setting}/burstLimit", "value": "1"},
        ],
    )


def client_certificate(apigateway: Any, api_id: str) -> str:
    """Show backends a client certificate; give the PEM that they must trust."""
    made = apigateway.generate_client_certificate(description="controls")
    apigateway.update_stage(
        restApiId=api_id,
        stageName=STAGE,
        patchOperations=[
            {
                "op": "replace",
                "path": "/clientCertificateId",
                "value": made["clientCertificateId"],
            }
        ],
    )
    # As at AWS, a stage shows another certificate once it is deployed again.
    apigateway.create_deployment(restApiId=api_id, stageName=STAGE)
    pem: str = made["pemEncodedCertificate"]
    return pem


def custom_domain(session: Any, apigateway: Any, api_id: str, certificates: Certificates) -> None:
    """Make a custom domain name with mutual TLS: clients need a certificate of the truststore."""
    arn = session.client("acm").import_certificate(
        Certificate=certificates.server, PrivateKey=certificates.server_key
    )["CertificateArn"]
    apigateway.create_domain_name(
        domainName=DOMAIN,
        regionalCertificateArn=arn,
        endpointConfiguration={"types": ["REGIONAL"]},
        securityPolicy="TLS_1_2",
        mutualTlsAuthentication={"truststoreUri": f"s3://{BUCKET}/{TRUSTSTORE}"},
    )
    apigateway.create_base_path_mapping(
        domainName=DOMAIN, basePath="v1", restApiId=api_id, stage=STAGE
    )


def private_twin(session: Any, apigateway: Any, wanted: Wanted) -> str:
    """Deploy the document again, as a private API behind an endpoint whose policy allows a path."""
    ec2 = session.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="127.77.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="127.77.0.0/24")["Subnet"]["SubnetId"]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{session.region_name}.execute-api",
        VpcEndpointType="Interface",
        SubnetIds=[subnet],
        SubnetConfigurations=[{"SubnetId": subnet, "Ipv4": wanted.endpoint_address}],
        PrivateDnsEnabled=False,
        PolicyDocument=_policy(
            Principal="*",
            Action="execute-api:Invoke",
            Resource=f"arn:aws:execute-api:*:*:*/{STAGE}/GET/open",
        ),
    )["VpcEndpoint"]["VpcEndpointId"]
    only_here = {"StringEquals": {"aws:SourceVpce": endpoint}}
    resource_policy = _policy(
        Principal="*", Action="execute-api:Invoke", Resource="execute-api:/*", Condition=only_here
    )
    return deploy(apigateway, wanted, "PRIVATE", resource_policy)


def _policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def default_session() -> Any:
    """Give boto3's session of the environment (AWS_CONFIG_FILE, AWS_ENDPOINT_URL, …)."""
    return boto3.Session()
