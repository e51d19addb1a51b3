"""Users sign in with the libraries that apps have, which do not know that this is not AWS."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.control.installation import Running, installation
from e2e.control.test_clients import AWS, CLIENTS, environment_of, missing
from e2e.userpools.directory import FIRST, PASSWORD, Directory, claims_of
from serving import bargate as bargate_command

TIMEOUT_S = 60
SIGNED_OUT = "Access Token has been revoked"
NEW_PASSWORD = "Another-password-2"


@pytest.fixture(scope="module")
def bargate(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[Running]:
    """An installation whose outbox the clients' programs may read."""
    folder = tmp_path_factory.mktemp("installation") / "data"
    with installation("--dev", folder=folder, run_dir=run_dir) as running:
        yield running


@pytest.fixture(scope="module")
def life(bargate: Running) -> Directory:
    """A pool for whole lives: with codes by mail, authenticators, and remembered devices."""
    return directory_for_life(bargate, DeviceConfiguration={"ChallengeRequiredOnNewDevice": True})


def directory_for_life(running: Running, **pool: Any) -> Directory:
    directory = Directory.of(running, AutoVerifiedAttributes=["email"], **pool)
    directory.admin.set_user_pool_mfa_config(
        UserPoolId=directory.id,
        SoftwareTokenMfaConfiguration={"Enabled": True},
        MfaConfiguration="OPTIONAL",
    )
    return directory


@pytest.fixture(scope="module")
def people(bargate: Running) -> Directory:
    return Directory.of(bargate)


@pytest.fixture(scope="module")
def as_aws(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("as-aws") / "data"
    with installation("--issuer-style", "aws", folder=folder, run_dir=run_dir) as running:
        yield running


def run(*command: str, environment: dict[str, str] | None = None) -> Any:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=environment or dict(os.environ),
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout or "null")


def node(program: str, *arguments: str) -> Any:
    if not (CLIENTS / "node_modules" / "aws-amplify").exists():
        missing("aws-amplify is not installed")
    return run("node", str(CLIENTS / program), *arguments)


def python(program: str, *arguments: str) -> Any:
    client = CLIENTS / ".venv" / "bin" / "python"
    if not list((CLIENTS / ".venv").glob("lib/*/site-packages/pycognito")):
        missing("pycognito is not installed")
    return run(str(client), str(CLIENTS / program), *arguments)


@pytest.mark.parametrize("library", ["identity-js", "amplify"])
def test_apps_in_javascript_sign_in_refresh_and_sign_out(
    bargate: Running, people: Directory, library: str
) -> None:
    sub = people.add(library)
    place = (bargate.endpoint, people.id, people.client_id)
    told = node("user_pool.mjs", library, *place, library, PASSWORD)
    assert told == {
        "wrong": "NotAuthorizedException: Incorrect username or password.",
        "user": library,
        "sub": sub,
        "renewed": True,
        "signedOut": SIGNED_OUT,
    }


@pytest.mark.parametrize("library", ["identity-js", "amplify"])
def test_apps_in_javascript_set_a_first_password(
    bargate: Running, people: Directory, library: str
) -> None:
    name = f"new-{library}"
    people.add(name, None)
    place = (bargate.endpoint, people.id, people.client_id)
    told = node("user_pool.mjs", library, *place, name, FIRST, NEW_PASSWORD)
    assert (told["user"], told["signedOut"]) == (name, SIGNED_OUT)
    assert people.sign_in(name, NEW_PASSWORD)


def test_users_live_with_identity_js(bargate: Running, life: Directory) -> None:
    place = (bargate.endpoint, life.id, life.client_id)
    assert node("user_life.mjs", "identity-js", *place, "joan") == {
        "confirmed": False,
        "early": "UserNotConfirmedException",
        "wrongCode": "CodeMismatchException",
        "signUp": "SUCCESS",
        "email": "true",
        "wrongPassword": "NotAuthorizedException",
        "onDevice": "the device's own proof",
        "challenge": "SOFTWARE_TOKEN_MFA",  # on another device
        "devices": 2,
        "renewed": "joan",
        "oldPassword": "NotAuthorizedException",
        "signedOut": SIGNED_OUT,
        "deleted": "SUCCESS",
    }


def test_users_live_with_amplify(bargate: Running, life: Directory) -> None:
    place = (bargate.endpoint, life.id, life.client_id)
    assert node("user_life.mjs", "amplify", *place, "kim") == {
        "confirmed": "CONFIRM_SIGN_UP",
        "early": "CONFIRM_SIGN_UP",
        "wrongCode": "CodeMismatchException",
        "signUp": "DONE",
        "signedIn": "DONE",
        "email": "true",
        "wrongPassword": "NotAuthorizedException",
        "uri": "otpauth://totp/Shop:kim",
        "preferred": "TOTP",
        "onDevice": "DONE",
        "elsewhere": "CONFIRM_SIGN_IN_WITH_TOTP_CODE",
        "wrongTotp": "CodeMismatchException",
        "withTotp": "DONE",
        "devices": 2,
        "renewed": "kim",
        "reset": "CONFIRM_RESET_PASSWORD_WITH_CODE",
        "oldPassword": "NotAuthorizedException",
        "newPassword": "CONFIRM_SIGN_IN_WITH_TOTP_CODE",
        "signedOut": SIGNED_OUT,
    }


def test_users_live_with_pycognito(bargate: Running) -> None:
    plain = directory_for_life(bargate)  # it renews tokens without a device's key
    assert python("user_life.py", bargate.endpoint, plain.id, plain.client_id, "lou") == {
        "confirmed": False,
        "early": "UserNotConfirmedException",
        "wrongCode": "CodeMismatchException",
        "email": True,
        "wrongPassword": "NotAuthorizedException",
        "verified": True,
        "withTotp": "lou",
        "renewed": True,
        "oldPassword": "NotAuthorizedException",
        "deleted": "UserNotFoundException",
    }


def test_pycognito_signs_in_verifies_refreshes_and_signs_out(
    bargate: Running, people: Directory
) -> None:
    sub = people.add("py")
    told = python("user_pool.py", bargate.endpoint, people.id, people.client_id, "py", PASSWORD)
    assert told == {
        "wrong": "NotAuthorizedException",
        "user": "py",
        "sub": sub,
        "renewed": True,
        "signedOut": SIGNED_OUT,
    }


REFUSED = {
    "foreign": "KidNotFoundInJwksError",
    "forged": "JwtInvalidSignatureError",
    "expired": "JwtExpiredError",
}


def test_aws_jwt_verify_takes_our_keys_while_they_are_good(
    bargate: Running, people: Directory, run_dir: Path
) -> None:
    people.add("jwt")
    tokens, others = people.sign_in("jwt"), foreign_token(bargate)
    assert verified(bargate, people, tokens, others) == {"id": "id", "access": "access"} | REFUSED
    port = str(bargate.endpoint_port)
    rotated = ("keys", "rotate", "--api-port", port, "--pool", people.id, "--at-once")
    assert bargate_command(*rotated, run_dir=run_dir).returncode == 0
    told = verified(bargate, people, tokens, others)
    assert told["id"] == "KidNotFoundInJwksError"
    assert told["access"] == "WaitPeriodNotYetEndedJwkError"  # it does not ask for keys so soon
    again = verified(bargate, people, people.sign_in("jwt"), others)
    assert again == {"id": "id", "access": "access"} | REFUSED


def test_aws_jwt_verify_takes_issuers_of_awss_form(as_aws: Running) -> None:
    directory = Directory.of(as_aws)
    directory.add("jwt")
    told = verified(as_aws, directory, directory.sign_in("jwt"), foreign_token(as_aws))
    assert told.items() >= REFUSED.items()
    assert told["cognitoId"] == told["cognitoAccess"] == directory.client_id
    assert told["mixed"] == told["mixedToo"] == "CognitoJwtInvalidTokenUseError"
    assert told["otherClient"] == "CognitoJwtInvalidClientIdError"


def foreign_token(running: Running) -> str:
    """Give an access token of another pool."""
    other = Directory.of(running)
    other.add("jwt")
    token: str = other.sign_in("jwt")["AccessToken"]
    return token


def verified(running: Running, directory: Directory, tokens: dict[str, Any], others: str) -> Any:
    issuer = claims_of(tokens["AccessToken"])["iss"]
    keys = f"{running.endpoint}/{directory.id}/.well-known/jwks.json"
    given = (tokens["IdToken"], tokens["AccessToken"], others)
    return node("verify_tokens.mjs", issuer, keys, directory.id, directory.client_id, *given)


class Cli:
    """The AWS CLI, whose commands give what they print; raises AssertionError when one fails."""

    def __init__(self, running: Running) -> None:
        if not AWS.exists():
            missing("the AWS CLI is not installed")
        self.process = subprocess.Popen(
            [str(AWS.parent / "python"), str(CLIENTS / "aws.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment_of(running),
        )

    def __call__(self, *arguments: str) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(["cognito-idp", *arguments]), file=self.process.stdin, flush=True)
        answer = json.loads(self.process.stdout.readline())
        assert answer["code"] == 0, answer["refused"]
        return json.loads(answer["told"] or "null")


@pytest.fixture(scope="module")
def aws(bargate: Running) -> Iterator[Cli]:
    cli = Cli(bargate)
    with cli.process:
        yield cli
        cli.process.terminate()


def test_the_aws_cli_makes_pools_and_signs_in(aws: Cli) -> None:
    pool = aws("create-user-pool", "--pool-name", "by-cli")["UserPool"]["Id"]
    flows = ("ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
    named = ("--user-pool-id", pool)
    client = aws(
        "create-user-pool-client", *named, "--client-name", "app", "--explicit-auth-flows", *flows
    )["UserPoolClient"]["ClientId"]
    user = (*named, "--username", "ann")
    aws("admin-create-user", *user, "--message-action", "SUPPRESS")
    aws("admin-set-user-password", *user, "--password", PASSWORD, "--permanent")
    parameters = f"USERNAME=ann,PASSWORD={PASSWORD}"
    signed_in = aws(
        "initiate-auth", "--client-id", client, "--auth-flow", "USER_PASSWORD_AUTH",
        "--auth-parameters", parameters,
    )["AuthenticationResult"]  # fmt: skip
    token = ("--access-token", signed_in["AccessToken"])
    assert aws("get-user", *token)["Username"] == "ann"
    aws("revoke-token", "--token", signed_in["RefreshToken"], "--client-id", client)
    with pytest.raises(AssertionError, match=SIGNED_OUT):
        aws("get-user", *token)
    again = aws(
        "initiate-auth", "--client-id", client, "--auth-flow", "USER_PASSWORD_AUTH",
        "--auth-parameters", parameters,
    )["AuthenticationResult"]  # fmt: skip
    aws("global-sign-out", "--access-token", again["AccessToken"])
    aws("admin-user-global-sign-out", *user)


def test_the_aws_cli_administers_pools(aws: Cli) -> None:
    pool = aws("create-user-pool", "--pool-name", "by-cli")["UserPool"]["Id"]
    named = ("--user-pool-id", pool)
    user = (*named, "--username", "ann")
    aws("admin-create-user", *user, "--message-action", "SUPPRESS")
    aws("admin-set-user-password", *user, "--password", PASSWORD, "--permanent")
    name = (
        "Name=name,Value=Ann",
        "Name=email,Value=ann@example.org",
        "Name=email_verified,Value=true",
    )
    aws("admin-update-user-attributes", *user, "--user-attributes", *name)
    aws("create-group", *named, "--group-name", "staff", "--precedence", "1")
    aws("admin-add-user-to-group", *user, "--group-name", "staff")
    members = aws("list-users-in-group", *named, "--group-name", "staff")["Users"]
    assert [each["Username"] for each in members] == ["ann"]
    found = aws("list-users", *named, "--filter", 'email ^= "ann@"', "--attributes-to-get", "name")
    assert found["Users"][0]["Attributes"] == [{"Name": "name", "Value": "Ann"}]
    aws("admin-disable-user", *user)
    assert aws("admin-get-user", *user)["Enabled"] is False
    aws("admin-enable-user", *user)
    aws("admin-reset-user-password", *user)
    assert aws("admin-get-user", *user)["UserStatus"] == "RESET_REQUIRED"
    aws("admin-delete-user", *user)
    assert aws("list-users", *named)["Users"] == []
    aws("update-user-pool", *named, "--deletion-protection", "ACTIVE")
    with pytest.raises(AssertionError, match="Deletion protection must be inactivated first"):
        aws("delete-user-pool", *named)
    aws("update-user-pool", *named)
    aws("delete-user-pool", *named)
