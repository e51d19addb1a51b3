"""The script's part of Lambda. The role it works as is made by IAM's part before."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from tests.endpoint import ACCOUNT, REGION

from conformance.control.script import Step, steps_of

step = steps_of("lambda")
iam = steps_of("iam")

NAME = "greet"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAME}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/works-for-lambda"
TAGS = {"team": "a"}
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


def package(text: str = "def handler(event, context):\n    return event\n") -> bytes:
    """Make a deployment package of one module, `app`."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("app.py", text)
    return data.getvalue()


def function(**more: Any) -> dict[str, Any]:
    return {"FunctionName": NAME, **more}


def of(operation: str, /, *, keep: dict[str, str] | None = None, **more: Any) -> Step:
    made: Step = step(operation, lambda _: function(**more), **(keep or {}))
    return made


BUILD: tuple[Step, ...] = (
    iam(
        "CreateRole",
        lambda _: {"RoleName": "works-for-lambda", "AssumeRolePolicyDocument": TRUST},
    ),
    of(
        "CreateFunction",
        Runtime="python3.11",
        Handler="app.handler",
        Role=ROLE,
        Code={"ZipFile": package()},
        Environment={"Variables": {"GREETING": "hello-from-a-variable"}},
        Tags=TAGS,
    ),
    of("GetFunction"),
    of("GetFunctionConfiguration"),
    step("ListFunctions"),
    of("UpdateFunctionCode", ZipFile=package("def handler(event, context):\n    return 2\n")),
    of("UpdateFunctionConfiguration", Timeout=5, Role=ROLE),
    of("PublishVersion"),
    of("ListVersionsByFunction"),
    of("CreateAlias", Name="live", FunctionVersion="1"),
    of("GetAlias", Name="live"),
    of("ListAliases"),
    of("UpdateAlias", Name="live", Description="what is live"),
    of(
        "AddPermission",
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:api/*",
    ),
    of("GetPolicy"),
    of("Invoke", Payload=b'{"a":1}'),
    of("InvokeAsync", InvokeArgs=b"{}"),
    of("PutFunctionConcurrency", ReservedConcurrentExecutions=3),
    of("GetFunctionConcurrency"),
    step("GetAccountSettings"),
    of("PutFunctionEventInvokeConfig", MaximumRetryAttempts=1),
    of("UpdateFunctionEventInvokeConfig", MaximumEventAgeInSeconds=60),
    of("GetFunctionEventInvokeConfig"),
    of("ListFunctionEventInvokeConfigs"),
    step("TagResource", lambda _: {"Resource": ARN, "Tags": {"stage": "b"}}),
    step("ListTags", lambda _: {"Resource": ARN}),
    step("UntagResource", lambda _: {"Resource": ARN, "TagKeys": ["stage"]}),
)

TEAR_DOWN: tuple[Step, ...] = (
    of("DeleteFunctionEventInvokeConfig"),
    of("DeleteFunctionConcurrency"),
    of("RemovePermission", StatementId="api"),
    of("DeleteAlias", Name="live"),
    of("DeleteFunction"),
    iam("DeleteRole", lambda _: {"RoleName": "works-for-lambda"}),
)
