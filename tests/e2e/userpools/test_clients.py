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

TIMEOUT_S = 60
SIGNED_OUT = "Access Token has been revoked"
NEW_PASSWORD = "Another-password-2"


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


def test_aws_jwt_verify_takes_our_keys(bargate: Running, people: Directory) -> None:
    people.add("jwt")
    told = verified(bargate, people, people.sign_in("jwt"))
    assert told == {"id": "id", "access": "access", "forged": "JwtInvalidSignatureError"}


def test_aws_jwt_verify_takes_issuers_of_awss_form(as_aws: Running) -> None:
    directory = Directory.of(as_aws)
    directory.add("jwt")
    told = verified(as_aws, directory, directory.sign_in("jwt"))
    assert told["cognitoId"] == told["cognitoAccess"] == directory.client_id
    assert told["mixed"] == "CognitoJwtInvalidTokenUseError"
    assert told["forged"] == "JwtInvalidSignatureError"


def verified(running: Running, directory: Directory, tokens: dict[str, Any]) -> Any:
    issuer = claims_of(tokens["AccessToken"])["iss"]
    keys = f"{running.endpoint}/{directory.id}/.well-known/jwks.json"
    both = (tokens["IdToken"], tokens["AccessToken"])
    return node("verify_tokens.mjs", issuer, keys, directory.id, directory.client_id, *both)


def test_the_aws_cli_makes_pools_and_signs_in(bargate: Running) -> None:
    if not AWS.exists():
        missing("the AWS CLI is not installed")
    environment = environment_of(bargate)

    def aws(*arguments: str) -> Any:
        return run(str(AWS), "cognito-idp", *arguments, environment=environment)

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
