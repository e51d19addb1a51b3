"""A pool in-process whose messages are kept in a list, and whose time the test sets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
import tests.endpoint
from botocore.exceptions import ClientError
from msgspec.structs import replace
from tests.endpoint import Endpoint

from bargate.userpool.pools import Message
from totp_client import totp

PASSWORD, FIRST = "Right-password-1", "Temporary-1"
SMS = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
WRONG = ("NotAuthorizedException", "Incorrect username or password.")
USED = (
    "NotAuthorizedException",
    "Invalid session for the user, session can only be used once.",
)
MISMATCH = ("CodeMismatchException", "Invalid code or auth state for the user.")


@dataclass
class Post:
    """A messenger that keeps what it is given."""

    sent: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def code(self) -> str:
        """The code in the last message."""
        found = re.search(r"\d{6,8}", self.sent[-1].body)
        assert found is not None
        return found[0]


def with_post(patch: pytest.MonkeyPatch, post: Post | None) -> None:
    """Let endpoints that begin from now on send by `post`, or not at all."""
    make = tests.endpoint.make_pools

    def made(*arguments: Any, **named: Any) -> Any:
        return replace(make(*arguments, **named), messenger=post)

    patch.setattr(tests.endpoint, "make_pools", made)


class People:
    """A pool with a client; MFA as said."""

    def __init__(
        self,
        endpoint: Endpoint,
        mfa: str = "OPTIONAL",
        kinds: str = "totp sms email",
        first: tuple[str, ...] = ("PASSWORD",),
        **client: Any,
    ) -> None:
        self.endpoint = endpoint
        endpoint.skew_s = 0.0
        self.idp = endpoint.client("cognito-idp")
        policy = {"SignInPolicy": {"AllowedFirstAuthFactors": list(first)}}
        pool = self.idp.create_user_pool(PoolName="p", Policies=policy)["UserPool"]
        self.id = pool["Id"]
        given: dict[str, Any] = {}
        if "totp" in kinds:
            given["SoftwareTokenMfaConfiguration"] = {"Enabled": True}
        if "sms" in kinds:
            given["SmsMfaConfiguration"] = {"SmsConfiguration": SMS}
        if "email" in kinds:
            given["EmailMfaConfiguration"] = {"Message": "Use {####} now", "Subject": "Now"}
        self.offer(mfa, **given)
        settings = {"ClientName": "c", "ExplicitAuthFlows": FLOWS, **client}
        app = self.idp.create_user_pool_client(UserPoolId=self.id, **settings)["UserPoolClient"]
        self.client_id = app["ClientId"]

    def offer(self, mfa: str, **given: Any) -> None:
        self.idp.set_user_pool_mfa_config(UserPoolId=self.id, MfaConfiguration=mfa, **given)

    def add(self, name: str, password: str | None = PASSWORD, /, **attributes: str) -> None:
        self.idp.admin_create_user(
            UserPoolId=self.id,
            Username=name,
            TemporaryPassword=FIRST,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
        )
        if password is not None:
            self.idp.admin_set_user_password(
                UserPoolId=self.id, Username=name, Password=password, Permanent=True
            )

    def add_known(self, name: str, password: str | None = PASSWORD) -> None:
        """Add a user whose addresses are verified."""
        self.add(
            name,
            password,
            email=f"{name}@example.org",
            email_verified="true",
            phone_number="+15555550123",
            phone_number_verified="true",
        )

    def prefer(self, name: str, **given: Any) -> None:
        self.idp.admin_set_user_mfa_preference(UserPoolId=self.id, Username=name, **given)

    def begin(self, name: str, password: str = PASSWORD) -> Any:
        return self._initiate("USER_PASSWORD_AUTH", USERNAME=name, PASSWORD=password)

    def choose(self, name: str, preferred: str | None = None, **more: str) -> Any:
        wanted = {} if preferred is None else {"PREFERRED_CHALLENGE": preferred}
        return self._initiate("USER_AUTH", USERNAME=name, **wanted, **more)

    def _initiate(self, flow: str, **parameters: str) -> Any:
        return self.idp.initiate_auth(
            ClientId=self.client_id, AuthFlow=flow, AuthParameters=parameters
        )

    def answer(self, posed: Any, name: str, **responses: str) -> Any:
        return self.idp.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName=posed["ChallengeName"],
            Session=posed["Session"],
            ChallengeResponses={"USERNAME": name, **responses},
        )

    def token(self, name: str) -> str:
        return self.begin(name)["AuthenticationResult"]["AccessToken"]

    def shown(self, secret: str) -> str:
        """Give what an authenticator shows at the endpoint's time."""
        return totp(secret, self.endpoint.now().timestamp())

    def set_up_token(self, name: str, token: str | None = None) -> str:
        """Give a user a software token that is preferred; gives its secret."""
        token = token or self.token(name)
        secret = self.idp.associate_software_token(AccessToken=token)["SecretCode"]
        self.idp.verify_software_token(AccessToken=token, UserCode=self.shown(secret))
        self.idp.set_user_mfa_preference(
            AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
        )
        self.endpoint.skew_s += 30
        return secret


def refusal(call: Any, *arguments: Any, **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(*arguments, **given)
    told = refused.value.response["Error"]
    return told["Code"], told["Message"].removesuffix(" (reached max retries: 0)")
