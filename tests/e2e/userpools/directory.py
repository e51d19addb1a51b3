"""A user pool of a running installation, and users who sign in to it.

directory = Directory.of(bargate, PoolName="people")
directory.add("ann")                                    # with PASSWORD, confirmed
tokens = directory.sign_in("ann")                       # USER_PASSWORD_AUTH
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from e2e.control.installation import REGION, Running
from srp_client import SrpClient

PASSWORD, FIRST = "Right-password-1", "Temporary-1"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


@dataclass(frozen=True)
class Directory:
    """A pool with one client; `admin` signs its calls, `public` has no credentials."""

    admin: Any
    public: Any
    id: str
    client_id: str

    @classmethod
    def of(cls, running: Running, client: dict[str, Any] | None = None, **pool: Any) -> Directory:
        admin = running.client("cognito-idp")
        made = admin.create_user_pool(**{"PoolName": "people", **pool})["UserPool"]
        settings = {"ClientName": "app", "ExplicitAuthFlows": FLOWS, **(client or {})}
        app = admin.create_user_pool_client(UserPoolId=made["Id"], **settings)["UserPoolClient"]
        return cls(admin, public_client(running), made["Id"], app["ClientId"])

    def add(self, name: str, password: str | None = PASSWORD, /, **attributes: str) -> str:
        """Add a user with a password of their own, a temporary one with None; gives their sub."""
        made = self.admin.admin_create_user(
            UserPoolId=self.id,
            Username=name,
            TemporaryPassword=FIRST,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
        )["User"]
        if password is not None:
            self.admin.admin_set_user_password(
                UserPoolId=self.id, Username=name, Password=password, Permanent=True
            )
        return next(each["Value"] for each in made["Attributes"] if each["Name"] == "sub")

    def begin(self, name: str, password: str = PASSWORD, **more: str) -> Any:
        return self.public.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password, **more},
        )

    def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> dict[str, Any]:
        return self.begin(name, password, **more)["AuthenticationResult"]

    def answer(self, name: str, session: str | None = None, **responses: str) -> Any:
        given = {"Session": session} if session is not None else {}
        return self.public.respond_to_auth_challenge(
            ClientId=self.client_id, ChallengeName=name, ChallengeResponses=responses, **given
        )

    def refresh(self, token: str, **more: str) -> dict[str, Any]:
        return self.public.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": token, **more},
        )["AuthenticationResult"]

    def begin_srp(self, name: str, srp: SrpClient) -> dict[str, str]:
        return self.public.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_SRP_AUTH",
            AuthParameters={"USERNAME": name, "SRP_A": srp.srp_a},
        )["ChallengeParameters"]

    def sign_in_srp(self, name: str, password: str = PASSWORD) -> dict[str, Any]:
        srp = SrpClient(self.id, password)
        parameters = self.begin_srp(name, srp)
        answered = self.answer("PASSWORD_VERIFIER", **srp.responses(parameters))
        return answered["AuthenticationResult"]

    def user_of(self, token: str) -> Any:
        return self.public.get_user(AccessToken=token)


def public_client(running: Running) -> Any:
    """Make a boto3 client without credentials, as an app has none."""
    return boto3.client(  # type: ignore[call-overload]
        "cognito-idp",
        region_name=REGION,
        endpoint_url=running.endpoint,
        config=Config(
            retries={"max_attempts": 0}, parameter_validation=False, signature_version=UNSIGNED
        ),
    )


def refusal(call: Any, *arguments: Any, **more: Any) -> tuple[str, str]:
    """Give code and message of the error that a call meets."""
    try:
        call(*arguments, **more)
    except ClientError as error:
        told = error.response["Error"]
        return told["Code"], told["Message"].removesuffix(" (reached max retries: 0)")
    raise AssertionError("nothing was refused")


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def header_of(token: str) -> dict[str, Any]:
    head = token.split(".", maxsplit=1)[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
