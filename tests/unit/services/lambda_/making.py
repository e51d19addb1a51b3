"""Functions as the tests of this folder make them."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.endpoint import ACCOUNT, REGION, Endpoint

ROLE = f"arn:aws:iam::{ACCOUNT}:role/runs"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"


def trust(service: str = "lambda.amazonaws.com") -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": service},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
    )


def package(text: str = "def handler(event, context):\n    return event\n") -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr(zipfile.ZipInfo("app.py", (2026, 1, 2, 3, 4, 6)), text)
    return data.getvalue()


def asked(name: str = "greet", **more: Any) -> dict[str, Any]:
    """Give the parameters of CreateFunction."""
    return {
        "FunctionName": name,
        "Runtime": "python3.11",
        "Handler": "app.handler",
        "Role": ROLE,
        "Code": {"ZipFile": package()},
        **more,
    }


def with_role(endpoint: Endpoint) -> Any:
    """Make the role, and give a client of the root user."""
    endpoint.client("iam").create_role(RoleName="runs", AssumeRolePolicyDocument=trust())
    return endpoint.client("lambda")


def refused(call: Any, /, **request: Any) -> tuple[str, str]:
    """Call what must be refused; gives code and message."""
    with pytest.raises(ClientError) as raised:
        call(**request)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"].removesuffix(" (reached max retries: 0)")


def user(endpoint: Endpoint, name: str, *statements: dict[str, Any]) -> Any:
    """Make a user with a policy; gives its client."""
    iam = endpoint.client("iam")
    iam.create_user(UserName=name)
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    endpoint.published()
    return endpoint.client("lambda", key["AccessKeyId"], key["SecretAccessKey"])


def allow(action: Any, resource: Any = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}
