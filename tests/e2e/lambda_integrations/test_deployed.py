"""APIs and functions made by boto3: a function is invoked by what its policy permits, or a role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.control.installation import Running, installation, until
from e2e.functions.test_lambda_api import made

ACCOUNT, REGION = "000000000000", "us-east-1"
CODE = """
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps({
        "arn": context.invoked_function_arn, "path": event.get("path") or event.get("rawPath"),
        "variables": event.get("stageVariables"),
    })}
"""
ROLE_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@pytest.fixture(scope="module")
def bargate(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("integrations") / "data"
    with installation(
        "--workers", "1", "--access-log", "-", folder=folder, run_dir=run_dir
    ) as running:
        yield running


@pytest.fixture(scope="module")
def function(bargate: Running) -> str:
    arn: str = made(bargate, "behind", CODE)["FunctionArn"]
    return arn


def uri(function: str) -> str:
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"


def rest_api(bargate: Running, function: str, **integration: Any) -> tuple[str, str]:
    """Make an API with `GET /pets/{id}`; gives its id and the resource's."""
    client = bargate.client("apigateway")
    api = client.create_rest_api(name="pets")
    parent = client.create_resource(
        restApiId=api["id"], parentId=api["rootResourceId"], pathPart="pets"
    )
    resource = client.create_resource(restApiId=api["id"], parentId=parent["id"], pathPart="{id}")
    place = {"restApiId": api["id"], "resourceId": resource["id"], "httpMethod": "GET"}
    client.put_method(**place, authorizationType="NONE")
    client.put_integration(
        **place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri(function), **integration
    )
    return api["id"], resource["id"]


def deployed(bargate: Running, api_id: str, **stage: Any) -> str:
    bargate.client("apigateway").create_deployment(restApiId=api_id, stageName="prod", **stage)
    path = f"/_api/{api_id}/prod/pets/7"
    until(lambda: bargate.call(path).status not in {403, 404})
    return path


def permit(bargate: Running, statement: str, source: str, **more: str) -> None:
    bargate.client("lambda").add_permission(
        FunctionName="behind", StatementId=statement, Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com", SourceArn=source, **more,
    )  # fmt: skip


def test_a_function_is_invoked_by_what_its_policy_permits(bargate: Running, function: str) -> None:
    api_id, resource_id = rest_api(bargate, function)
    path = deployed(bargate, api_id)
    refused = bargate.call(path)
    assert (refused.status, refused.body) == (500, b'{"message":"Internal server error"}')
    start = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api_id}"
    permit(bargate, "another-verb", f"{start}/*/POST/pets/*")
    permit(bargate, "another-api", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:other/*/GET/pets/*")
    assert bargate.call(path).status == 500
    permit(bargate, "this", f"{start}/*/GET/pets/*")
    until(lambda: bargate.call(path).status == 200)
    answer = bargate.call(path).json
    assert (answer["arn"], answer["path"]) == (function, "/pets/7")
    tested = bargate.client("apigateway").test_invoke_method(
        restApiId=api_id, resourceId=resource_id, httpMethod="GET", pathWithQueryString="/pets/8"
    )
    assert (tested["status"], json.loads(tested["body"])["path"]) == (200, "/pets/8")
    assert function in tested["log"]
    bargate.client("lambda").remove_permission(FunctionName="behind", StatementId="this")
    until(lambda: bargate.call(path).status == 500)


def test_a_function_is_invoked_as_a_role(bargate: Running, function: str) -> None:
    iam = bargate.client("iam")
    role = iam.create_role(RoleName="invokes", AssumeRolePolicyDocument=json.dumps(ROLE_TRUST))
    role_arn = role["Role"]["Arn"]
    api_id, _ = rest_api(bargate, function, credentials=role_arn)
    path = deployed(bargate, api_id)
    assert bargate.call(path).status == 500
    statement = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": function}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="invokes", PolicyName="p", PolicyDocument=document)
    until(lambda: bargate.call(path).status == 200)


def test_a_stage_variable_names_the_function(bargate: Running, function: str) -> None:
    named = function.replace("behind", "${stageVariables.fn}")
    api_id, _ = rest_api(bargate, named)
    permit(bargate, "variable", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api_id}/*/GET/pets/*")
    path = deployed(bargate, api_id, variables={"fn": "behind"})
    until(lambda: bargate.call(path).status == 200)
    for sneaky in ({"fn": "other"}, {"stageVariables.fn": "other"}):
        assert bargate.call(path + "?fn=other", headers=sneaky).json["arn"] == function
    assert bargate.call(path).json["variables"] == {"fn": "behind"}


def test_an_http_api_made_in_one_call(bargate: Running, function: str) -> None:
    client = bargate.client("apigatewayv2")
    api = client.create_api(Name="quick", ProtocolType="HTTP", Target=function)
    path = f"/_api/{api['ApiId']}/a/b"
    until(lambda: bargate.call(path).status != 404)
    assert bargate.call(path).status == 500
    permit(bargate, "quick", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api['ApiId']}/*/*")
    until(lambda: bargate.call(path).status == 200)
    answer = bargate.call(path).json
    assert (answer["arn"], answer["path"]) == (function, "/a/b")
