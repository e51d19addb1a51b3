"""Keys that authorizers give to usage plans, flushes, and test invocations, through the AWS API."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from e2e.control.installation import Api, Running, installation, put_mock, until
from serving import Backend

CODE = """
import os
from urllib.request import urlopen

def handler(event, context):
    urlopen(os.environ["COUNTER"]).read()
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {
        "principalId": "ann",
        "policyDocument": document,
        "usageIdentifierKey": event["authorizationToken"],
    }
"""


def guarded_api(running: Running, account: str) -> tuple[Api, str]:
    """An API whose authorizer gives the key, with a plan of two calls a day."""
    client = running.client("apigateway")
    made = client.create_rest_api(name="doors", apiKeySource="AUTHORIZER")
    api = Api(made["id"], made["rootResourceId"])
    function = f"arn:aws:lambda:us-east-1:{account}:function:door"
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    authorizer = client.create_authorizer(
        restApiId=api.id,
        name="door",
        type="TOKEN",
        authorizerUri=uri,
        identitySource="method.request.header.Authorization",
    )["id"]
    put_mock(client, api, '{"ok":true}', authorization="NONE")
    client.update_method(
        restApiId=api.id,
        resourceId=api.root_id,
        httpMethod="GET",
        patchOperations=[
            {"op": "replace", "path": "/authorizationType", "value": "CUSTOM"},
            {"op": "replace", "path": "/authorizerId", "value": authorizer},
            {"op": "replace", "path": "/apiKeyRequired", "value": "true"},
        ],
    )
    client.create_deployment(restApiId=api.id, stageName=api.stage)
    return api, authorizer


def test_the_key_of_an_authorizer_counts_on_its_plan_and_a_flush_asks_again(
    tmp_path: Path, run_dir: Path, origin: Backend
) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "door.py").write_text(CODE)
    path = f"/asked-{uuid4()}"
    counter = f"http://127.0.0.1:{origin.port}{path}"
    options = (
        "--function",
        f"door={code}:door.handler",
        "--function-env",
        f"door:COUNTER={counter}",
    )

    def asked() -> int:
        return sum(each.target == path for each in origin.received)

    with installation(
        "--workers", "1", *options, folder=tmp_path / "data", run_dir=run_dir
    ) as running:
        account = running.client("sts").get_caller_identity()["Account"]
        api, authorizer = guarded_api(running, account)
        client = running.client("apigateway")
        stage = {"apiId": api.id, "stage": api.stage}
        plan = client.create_usage_plan(
            name="two", apiStages=[stage], quota={"limit": 2, "period": "DAY"}
        )["id"]
        key = client.create_api_key(name="k", enabled=True)
        client.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")

        def status(token: str) -> int:
            return running.call(api.path, headers={"Authorization": token}).status

        until(lambda: status("no-key-of-any-plan-whatsoever") == 403)
        before = asked()
        assert [status(key["value"]) for _ in range(3)] == [200, 200, 429]
        assert asked() == before + 1
        client.flush_stage_authorizers_cache(restApiId=api.id, stageName=api.stage)
        until(lambda: status(key["value"]) == 429 and asked() == before + 2)
        told = client.test_invoke_authorizer(
            restApiId=api.id, authorizerId=authorizer, headers={"Authorization": key["value"]}
        )
        assert (told["clientStatus"], told["principalId"]) == (0, "ann")
        assert key["value"] not in told["log"]
