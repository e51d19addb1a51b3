"""Every operation asks IAM: nothing is open, what a denial names opens it, a Deny closes it."""

from __future__ import annotations

import json
import re
from typing import Any

from botocore.exceptions import ClientError
from tests.endpoint import ACCOUNT, Endpoint

from conformance.control.cognito_script import UNSIGNED
from conformance.control.iam_script import AGENT
from conformance.control.script import Step
from conformance.control.world import ADMINISTRATOR, SCRIPT, World

# Operations that need no permission (AWS [D] STS): who is asking, and one's own session.
OPEN = {"sts:GetCallerIdentity", "sts:GetSessionToken", *UNSIGNED}
OPERATIONS = 528
MOST_PERMISSIONS = 4
_DENIAL = re.compile(
    rf"User: arn:aws:iam::{ACCOUNT}:user/(?P<user>\w+) is not authorized to perform:"
    r" (?P<action>[a-z0-9-]+:[A-Za-z]+) on resource: (?P<resource>\S+)"
    r" (?P<why>because no identity-based policy allows the (?P=action) action"
    r"|with an explicit deny in an identity-based policy)"
)


def policy(effect: str, permissions: list[tuple[str, str]]) -> str:
    statements = [
        {"Effect": effect, "Action": action, "Resource": resource}
        for action, resource in permissions
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def denial(step: Step, error: ClientError | None, user: str) -> tuple[str, str] | None:
    """Give what a refusal names, None when the call was refused for another reason or not at all."""
    if error is None or error.response["Error"]["Code"] not in DENIED[step.service]:
        return None
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    message = error.response["Error"]["Message"].removesuffix(" (reached max retries: 0)")
    if step.operation == "AssumeRole":
        message += " because no identity-based policy allows the sts:AssumeRole action"
    found = _DENIAL.fullmatch(message)
    assert found is not None, f"{step}: {message}"
    assert found["user"] == user
    return found["action"], found["resource"]


DENIED = {
    "apigateway": {"AccessDeniedException"},
    "apigatewayv2": {"AccessDeniedException"},
    "iam": {"AccessDenied"},
    "sts": {"AccessDenied"},
    "ec2": {"UnauthorizedOperation"},
    "acm": {"AccessDeniedException"},
    "lambda": {"AccessDeniedException"},
    "cognito-idp": {"AccessDeniedException"},
}


def expected_action(step: Step) -> str:
    if step.service == "lambda" and step.operation == "Invoke":
        return "lambda:InvokeFunction"
    if step.service in ("iam", "sts", "ec2", "acm", "lambda", "cognito-idp"):
        return str(step)
    verb = VERBS[step.service][step.operation]
    return f"apigateway:{verb}"


def verbs(service: str) -> dict[str, str]:
    import botocore.loaders

    model = botocore.loaders.Loader().load_service_model(service, "service-2")
    return {name: each["http"]["method"] for name, each in model["operations"].items()}


VERBS = {service: verbs(service) for service in ("apigateway", "apigatewayv2")}


def _code(error: ClientError | None) -> str | None:
    return None if error is None else error.response["Error"]["Code"]


class Table:
    """The script played by an agent who holds, at each step, only what its denials named."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.denied = world.user("denied")
        world.root("iam").attach_user_policy(UserName="denied", PolicyArn=ADMINISTRATOR)
        self.named: dict[str, list[tuple[str, str]]] = {}

    def call(self, step: Step, clients: Any) -> ClientError | None:
        try:
            self.world.known.call(step, clients(step.service))
        except ClientError as error:
            return error
        return None

    def run(self, step: Step) -> None:
        if str(step) in OPEN:
            assert _code(self.call(step, self.world.agent)) == step.refused, str(step)
            return
        permissions: list[tuple[str, str]] = []
        self.world.allow(AGENT, policy("Allow", [("none:None", "*")]))
        error = self.call(step, self.world.agent)
        while (found := denial(step, error, AGENT)) is not None:
            assert found not in permissions, f"{step} does not take what it asks for: {found}"
            permissions.append(found)
            assert len(permissions) <= MOST_PERMISSIONS
            if len(permissions) == 1:
                self.refused_by_a_deny(step, found)
            self.world.allow(AGENT, policy("Allow", permissions))
            error = self.call(step, self.world.agent)
        assert permissions, f"{step} is open to all"
        assert permissions[0][0] == expected_action(step)
        assert _code(error) == step.refused, f"{step}: {error}"
        self.named[str(step)] = permissions

    def refused_by_a_deny(self, step: Step, permission: tuple[str, str]) -> None:
        if step.by_agent:  # about whoever calls
            permission = (permission[0], permission[1].replace(f"user/{AGENT}", "user/denied"))
        self.world.allow("denied", policy("Deny", [permission]))
        error = self.call(step, self.denied)
        assert denial(step, error, "denied") == permission, f"{step} passes a Deny: {error}"


def test_every_operation_is_closed_opened_by_what_its_denial_names_and_closed_by_a_deny(
    endpoint: Endpoint,
) -> None:
    table = Table(World(endpoint))
    for step in SCRIPT:
        table.run(step)
    assert len(table.named) + len(OPEN) == OPERATIONS
