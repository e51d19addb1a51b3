"""An endpoint with the user `agent`, and the whole script to play on it."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from tests.endpoint import Endpoint

from conformance.control import (
    acm_script,
    cognito_script,
    ec2_script,
    http_script,
    iam_script,
    lambda_script,
    rest_script,
)
from conformance.control.iam_script import AGENT
from conformance.control.script import Known, Step

BUILD: tuple[Step, ...] = (
    *rest_script.BUILD,
    *http_script.BUILD,
    *iam_script.BUILD,
    *ec2_script.BUILD,
    *acm_script.BUILD,
    *lambda_script.BUILD,
    *cognito_script.BUILD,
)
TEAR_DOWN: tuple[Step, ...] = (
    *cognito_script.TEAR_DOWN,
    *lambda_script.TEAR_DOWN,
    *acm_script.TEAR_DOWN,
    *ec2_script.TEAR_DOWN,
    *http_script.TEAR_DOWN,
    *rest_script.TEAR_DOWN,
    *iam_script.TEAR_DOWN,
)
SCRIPT = (*BUILD, *TEAR_DOWN)
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
MESSAGE_HEADER = "x-bargate-authorization-message"


class World:
    """Clients of the root user and of `agent`, who begins without any permission."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.root = _Clients(endpoint)
        self.agent = self.user(AGENT)
        self.known = Known(message=self._message(), code_to=endpoint.code_to)

    def user(self, name: str) -> _Clients:
        """Make a user and give its clients."""
        self.root("iam").create_user(UserName=name)
        key = self.root("iam").create_access_key(UserName=name)["AccessKey"]
        self.endpoint.published()
        return _Clients(self.endpoint, key["AccessKeyId"], key["SecretAccessKey"])

    def allow(self, user: str, document: str, name: str = "given") -> None:
        """Set an inline policy of a user; it holds when this returns."""
        self.root("iam").put_user_policy(UserName=user, PolicyName=name, PolicyDocument=document)
        self.endpoint.published()

    def _message(self) -> str:
        try:
            self.agent("iam").list_users()
        except ClientError as error:
            headers: dict[str, str] = error.response["ResponseMetadata"]["HTTPHeaders"]
            return headers[MESSAGE_HEADER]
        raise AssertionError("an agent without policies may list users")

    def promote_agent(self) -> None:
        """Let the agent do all."""
        self.root("iam").attach_user_policy(UserName=AGENT, PolicyArn=ADMINISTRATOR)
        self.endpoint.published()

    def build(self) -> None:
        """Play the first part of the script."""
        self.promote_agent()
        for step in BUILD:
            self.play(step)

    def play(self, step: Step) -> dict[str, Any] | None:
        """Play a step as root, or as the agent where it has to be."""
        clients = self.agent if step.by_agent else self.root
        return self.known.play(step, clients(step.service))


class _Clients:
    """boto3 clients of one key, a service each."""

    def __init__(self, endpoint: Endpoint, *credentials: str) -> None:
        self._endpoint = endpoint
        self.credentials = credentials
        self._made: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = self._endpoint.client(service, *self.credentials)
        return self._made[service]
