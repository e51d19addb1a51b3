"""Tokens of pools at the gateway of their own installation, which asks nobody for keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.control.installation import Running, installation, until
from e2e.userpools.directory import Directory, claims_of, header_of, refusal
from e2e.userpools.guarded import (
    SCOPE,
    WITHIN_S,
    http_api,
    rest_api,
    status,
    taken_for_s,
    within,
)
from serving import Backend
from serving import bargate as bargate_command

REVOKED = ("NotAuthorizedException", "Access Token has been revoked")


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[Running]:
    """An installation whose issuers are AWS's, where nothing answers, and that ends tokens."""
    folder = tmp_path_factory.mktemp("strict") / "data"
    options = ("--issuer-style", "aws", "--revoke-access-tokens")
    with installation(*options, folder=folder, run_dir=run_dir) as running:
        yield running


@pytest.fixture(scope="module")
def people(strict: Running) -> Directory:
    directory = Directory.of(strict)
    directory.add("ann")
    return directory


@pytest.fixture(scope="module")
def backend_url(origin: Backend) -> str:
    return f"http://127.0.0.1:{origin.port}/pets"


@pytest.fixture(scope="module")
def id_path(strict: Running, people: Directory) -> str:
    return rest_api(strict, arn_of(people))


@pytest.fixture(scope="module")
def access_path(strict: Running, people: Directory) -> str:
    return rest_api(strict, arn_of(people), scopes=(SCOPE,))


@pytest.fixture(scope="module")
def jwt_path(strict: Running, people: Directory, backend_url: str) -> str:
    issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{people.id}"
    return http_api(strict, issuer, people.client_id, backend_url)


def arn_of(directory: Directory) -> str:
    arn: str = directory.admin.describe_user_pool(UserPoolId=directory.id)["UserPool"]["Arn"]
    return arn


def test_both_kinds_of_apis_take_tokens_of_a_pool(
    strict: Running, people: Directory, id_path: str, access_path: str, jwt_path: str
) -> None:
    tokens = people.sign_in("ann")
    identity, access = tokens["IdToken"], tokens["AccessToken"]
    assert claims_of(access)["iss"] == f"https://cognito-idp.us-east-1.amazonaws.com/{people.id}"
    assert (status(strict, id_path, identity), status(strict, id_path, access)) == (200, 401)
    assert (status(strict, access_path, access), status(strict, access_path, identity)) == (
        200,
        401,
    )
    assert status(strict, jwt_path, f"Bearer {access}") == 200
    assert status(strict, jwt_path, f"Bearer {access[:-4]}AAAA") == 401


def test_tokens_of_another_pool_are_refused(
    strict: Running, id_path: str, access_path: str, jwt_path: str
) -> None:
    others = Directory.of(strict)
    others.add("ann")
    tokens = others.sign_in("ann")
    assert status(strict, id_path, tokens["IdToken"]) == 401
    assert status(strict, access_path, tokens["AccessToken"]) == 401
    assert status(strict, jwt_path, tokens["AccessToken"]) == 401


def test_a_pool_is_known_at_once_with_the_issuer_of_the_installation(
    bargate: Running, backend_url: str
) -> None:
    directory = Directory.of(bargate)
    path = rest_api(bargate, arn_of(directory))
    later = Directory.of(bargate)
    jwt_path = http_api(bargate, f"{bargate.endpoint}/{later.id}", later.client_id, backend_url)
    for each in (directory, later):
        each.add("ann")
    assert status(bargate, path, directory.sign_in("ann")["IdToken"]) == 200
    access = later.sign_in("ann")["AccessToken"]
    assert status(bargate, jwt_path, access) == 200
    # As AWS does without the switch: a token is good until its time is over.
    later.public.global_sign_out(AccessToken=access)
    assert refusal(later.user_of, access) == REVOKED
    assert status(bargate, jwt_path, access) == 200


def test_an_authorizer_follows_a_pool_that_is_deleted(strict: Running) -> None:
    gone = Directory.of(strict)
    gone.add("ann")
    path, token = rest_api(strict, arn_of(gone)), gone.sign_in("ann")["IdToken"]
    assert status(strict, path, token) == 200
    gone.admin.delete_user_pool(UserPoolId=gone.id)
    within(lambda: status(strict, path, token) == 401, limit_s=0.5)


def test_whoever_signs_out_is_refused_at_once_and_may_come_back(
    strict: Running, people: Directory, id_path: str, jwt_path: str
) -> None:
    people.add("bob")
    first, second = people.sign_in("bob"), people.sign_in("bob")
    assert people.public.global_sign_out(AccessToken=first["AccessToken"])
    again = people.sign_in("bob")  # within the same second, as likely as not
    for old in (first, second):
        assert refusal(people.user_of, old["AccessToken"]) == REVOKED
        assert refusal(people.refresh, old["RefreshToken"])[0] == "NotAuthorizedException"
        within(lambda old=old: status(strict, jwt_path, old["AccessToken"]) == 401)  # type: ignore[misc]
        within(lambda old=old: status(strict, id_path, old["IdToken"]) == 401)  # type: ignore[misc]
    assert status(strict, jwt_path, again["AccessToken"]) == 200
    assert status(strict, id_path, again["IdToken"]) == 200
    refreshed = people.refresh(again["RefreshToken"])
    assert status(strict, jwt_path, refreshed["AccessToken"]) == 200
    assert refusal(people.public.global_sign_out, AccessToken=first["AccessToken"]) == REVOKED


@pytest.mark.alone
def test_tokens_are_refused_a_tenth_of_a_second_after_a_sign_out(
    strict: Running, people: Directory, jwt_path: str
) -> None:
    people.add("fay")
    taken_s = []
    for _ in range(9):
        token = people.sign_in("fay")["AccessToken"]
        # Within the second of a sign-out, a new sign-in has to become known first.
        until(lambda token=token: status(strict, jwt_path, token) == 200)  # type: ignore[misc]
        people.public.global_sign_out(AccessToken=token)
        taken_s.append(taken_for_s(strict, jwt_path, token))
    # What a busy machine adds to one of them says nothing of the rest.
    assert sorted(taken_s)[-2] < WITHIN_S, taken_s


def test_an_administrator_signs_users_out(
    strict: Running, people: Directory, jwt_path: str
) -> None:
    people.add("cid")
    token = people.sign_in("cid")["AccessToken"]
    assert status(strict, jwt_path, token) == 200
    people.admin.admin_user_global_sign_out(UserPoolId=people.id, Username="cid")
    within(lambda: status(strict, jwt_path, token) == 401)
    assert refusal(
        people.admin.admin_user_global_sign_out, UserPoolId=people.id, Username="nobody"
    ) == ("UserNotFoundException", "User does not exist.")


@pytest.mark.parametrize("end", ["admin_disable_user", "admin_delete_user"])
def test_who_is_disabled_or_deleted_is_refused_at_once(
    strict: Running, people: Directory, jwt_path: str, end: str
) -> None:
    people.add(end)
    token = people.sign_in(end)["AccessToken"]
    assert status(strict, jwt_path, token) == 200
    getattr(people.admin, end)(UserPoolId=people.id, Username=end)
    within(lambda: status(strict, jwt_path, token) == 401)


def test_a_revoked_sign_in_ends_alone(strict: Running, people: Directory, jwt_path: str) -> None:
    people.add("dan")
    one, other = people.sign_in("dan"), people.sign_in("dan")
    for _ in range(2):  # a second time it does nothing, and says nothing
        people.public.revoke_token(Token=one["RefreshToken"], ClientId=people.client_id)
    assert refusal(people.refresh, one["RefreshToken"]) == (
        "NotAuthorizedException",
        "Refresh Token has been revoked",
    )
    assert refusal(people.user_of, one["AccessToken"]) == REVOKED
    within(lambda: status(strict, jwt_path, one["AccessToken"]) == 401)
    assert status(strict, jwt_path, other["AccessToken"]) == 200
    assert status(strict, jwt_path, people.refresh(other["RefreshToken"])["AccessToken"]) == 200


def test_what_is_no_refresh_token_of_the_client_revokes_nothing(people: Directory) -> None:
    people.add("eve")
    tokens = people.sign_in("eve")
    revoke = people.public.revoke_token
    other = people.admin.create_user_pool_client(
        UserPoolId=people.id, ClientName="other", GenerateSecret=True, EnableTokenRevocation=True
    )["UserPoolClient"]
    secret = other["ClientSecret"]
    mine, theirs = people.client_id, other["ClientId"]
    assert revoke(Token="nonsense", ClientId=mine)
    assert revoke(Token=tokens["RefreshToken"], ClientId=theirs, ClientSecret=secret)
    assert people.refresh(tokens["RefreshToken"])
    assert refusal(revoke, Token=tokens["AccessToken"], ClientId=mine) == (
        "UnsupportedTokenTypeException",
        "Unsupported token type.",
    )
    assert refusal(revoke, Token=tokens["RefreshToken"], ClientId=theirs)[0] == (
        "NotAuthorizedException"
    )
    people.admin.update_user_pool_client(
        UserPoolId=people.id, ClientId=theirs, EnableTokenRevocation=False
    )
    assert refusal(revoke, Token="x", ClientId=theirs, ClientSecret=secret)[0] == (
        "UnsupportedOperationException"
    )


def rotate(running: Running, run_dir: Path, *arguments: str) -> str:
    port = str(running.endpoint_port)
    done = bargate_command("keys", "rotate", "--api-port", port, *arguments, run_dir=run_dir)
    return done.stdout if done.returncode == 0 else done.stderr


def test_keys_rotate_without_a_refused_token(
    strict: Running, run_dir: Path, backend_url: str
) -> None:
    directory = Directory.of(strict)
    directory.add("ann")
    before = directory.sign_in("ann")
    path = http_api(
        strict, claims_of(before["AccessToken"])["iss"], directory.client_id, backend_url
    )
    told = rotate(strict, run_dir, "--pool", directory.id, "--lead", "0")
    assert "they sign from" in told
    after = directory.sign_in("ann")
    assert header_of(before["IdToken"])["kid"] not in told
    assert {header_of(after[each])["kid"] for each in ("IdToken", "AccessToken")} == set(
        told.split("\n")[0].split(": ")[1].split()
    )
    for tokens in (before, after):
        within(lambda tokens=tokens: status(strict, path, tokens["AccessToken"]) == 200)  # type: ignore[misc]
        assert directory.user_of(tokens["AccessToken"])["Username"] == "ann"
    assert rotate(strict, run_dir, "--pool", directory.id, "--at-once")
    latest = directory.sign_in("ann")
    for tokens in (before, after):
        within(lambda tokens=tokens: status(strict, path, tokens["AccessToken"]) == 401)  # type: ignore[misc]
        assert refusal(directory.user_of, tokens["AccessToken"])[1] == "Invalid Access Token"
    assert status(strict, path, latest["AccessToken"]) == 200
    assert "does not exist" in rotate(strict, run_dir, "--pool", "us-east-1_none")
