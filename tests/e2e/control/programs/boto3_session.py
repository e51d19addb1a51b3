"""What somebody does with boto3: make an API with IAM authorization, deploy it, call it.

python boto3_session.py GATEWAY_URL rest|http BACKEND_URL
"""

import json
import sys
import time
import urllib.error
import urllib.request

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

GATEWAY, KIND, BACKEND = sys.argv[1:]
SESSION = boto3.Session()
TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


def policy(**statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def rest_api() -> tuple[str, str]:
    client = SESSION.client("apigateway")
    api = client.create_rest_api(name="pets")
    method = {
        "restApiId": api["id"],
        "resourceId": api["rootResourceId"],
        "httpMethod": "GET",
    }
    client.put_method(**method, authorizationType="AWS_IAM")
    client.put_integration(
        **method, type="HTTP_PROXY", integrationHttpMethod="GET", uri=f"{BACKEND}/pets"
    )
    client.create_deployment(restApiId=api["id"], stageName="prod")
    return api["id"], f"{GATEWAY}/_api/{api['id']}/prod"


def http_api() -> tuple[str, str]:
    client = SESSION.client("apigatewayv2")
    api = client.create_api(Name="pets", ProtocolType="HTTP")
    integration = client.create_integration(
        ApiId=api["ApiId"],
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="GET",
        IntegrationUri=f"{BACKEND}/pets",
        PayloadFormatVersion="1.0",
    )
    client.create_route(
        ApiId=api["ApiId"],
        RouteKey="GET /pets",
        AuthorizationType="AWS_IAM",
        Target=f"integrations/{integration['IntegrationId']}",
    )
    client.create_stage(ApiId=api["ApiId"], StageName="$default", AutoDeploy=True)
    return api["ApiId"], f"{GATEWAY}/_api/{api['ApiId']}/pets"


def credentials(answered: dict[str, str]) -> Credentials:
    return Credentials(
        answered["AccessKeyId"], answered["SecretAccessKey"], answered.get("SessionToken")
    )


def call(url: str, signer: Credentials | None) -> dict[str, object]:
    request = AWSRequest("GET", url)
    if signer is not None:
        SigV4Auth(signer, "execute-api", SESSION.region_name).add_auth(request)
    asked = urllib.request.Request(url, headers=dict(request.headers))
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return {"status": answer.status, "body": answer.read().decode()}
    except urllib.error.HTTPError as refusal:
        with refusal:
            return {"status": refusal.code, "body": refusal.read().decode()}


def main() -> None:
    iam, sts = SESSION.client("iam"), SESSION.client("sts")
    root = SESSION.get_credentials()
    account = sts.get_caller_identity()["Account"]
    api_id, url = rest_api() if KIND == "rest" else http_api()
    invoke = policy(
        Action="execute-api:Invoke",
        Resource=f"arn:aws:execute-api:{SESSION.region_name}:{account}:{api_id}/*",
    )
    name = f"boto3-{KIND}"
    iam.create_user(UserName=f"{name}-allowed")
    iam.put_user_policy(UserName=f"{name}-allowed", PolicyName="invoke", PolicyDocument=invoke)
    iam.create_user(UserName=f"{name}-stranger")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(**TRUST))
    iam.put_role_policy(RoleName=name, PolicyName="invoke", PolicyDocument=invoke)
    assume = {"Action": "sts:AssumeRole", "Resource": f"arn:aws:iam::{account}:role/{name}"}
    iam.put_user_policy(
        UserName=f"{name}-allowed", PolicyName="assume", PolicyDocument=policy(**assume)
    )
    allowed, stranger = (
        credentials(iam.create_access_key(UserName=f"{name}-{who}")["AccessKey"])
        for who in ("allowed", "stranger")
    )
    user = boto3.client(
        "sts", aws_access_key_id=allowed.access_key, aws_secret_access_key=allowed.secret_key
    )
    role = user.assume_role(RoleArn=assume["Resource"], RoleSessionName="session")
    deadline_s = time.monotonic() + 2
    while call(url, root)["status"] != 200 and time.monotonic() < deadline_s:
        time.sleep(0.01)
    told = {
        "unsigned": call(url, None),
        "root": call(url, root),
        "allowed": call(url, allowed),
        "temporary": call(url, credentials(role["Credentials"])),
        "wrong secret": call(url, Credentials(allowed.access_key, "x" * 40)),
        "unknown key": call(url, Credentials("AKIAIOSFODNN7EXAMPLE", "x" * 40)),
        "not allowed": call(url, stranger),
    }
    print(json.dumps(told))


main()
