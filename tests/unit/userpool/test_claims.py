from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bargate.records.pool_group import PoolGroup
from bargate.records.pool_user import PoolUser
from bargate.records.user_pool_client import UserPoolClient
from bargate.userpool.claims import Subject, access_claims, id_claims

NOW = datetime(2026, 4, 7, tzinfo=UTC)
A, B = "arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b"


def group(name: str, precedence: int | None, role: str | None) -> PoolGroup:
    return PoolGroup(
        pool_id="p", name=name, precedence=precedence, role_arn=role, created_at=NOW,
        modified_at=NOW,
    )  # fmt: skip


def subject(*groups: PoolGroup, **client: object) -> Subject:
    return Subject(
        issuer="https://x/p",
        client=UserPoolClient(  # type: ignore[arg-type]
            pool_id="p", id="c", name="c", created_at=NOW, modified_at=NOW, **client
        ),
        user=PoolUser(
            pool_id="p",
            sub="s",
            username="ann",
            case_sensitive=True,
            attributes={"email": "a@b", "email_verified": "false", "custom:n": "7"},
            status="CONFIRMED",
            created_at=NOW,
            modified_at=NOW,
        ),
        groups=groups,
        auth_time=1,
        issued_at=2,
        event_id="e",
        origin_jti="o",
    )


@pytest.mark.parametrize(
    ("groups", "names", "roles", "preferred"),
    [
        ((), None, None, None),
        ((group("x", None, None),), ["x"], None, None),
        ((group("x", 2, A), group("y", 1, B)), ["y", "x"], [B, A], B),
        ((group("x", None, A), group("y", 5, B)), ["y", "x"], [B, A], B),
        ((group("x", 1, A), group("y", 1, B)), ["x", "y"], [A, B], None),
        ((group("x", 1, A), group("y", 1, A)), ["x", "y"], [A, A], A),
        ((group("x", 0, None), group("y", 1, B)), ["x", "y"], [B], B),
        ((group("x", 0, A), group("y", None, B)), ["x", "y"], [A, B], A),
    ],
)
def test_groups_are_in_both_tokens_and_roles_in_one(
    groups: tuple[PoolGroup, ...],
    names: list[str] | None,
    roles: list[str] | None,
    preferred: str | None,
) -> None:
    identity, access = id_claims(subject(*groups), "j"), access_claims(subject(*groups), "j")
    assert identity.get("cognito:groups") == access.get("cognito:groups") == names
    assert identity.get("cognito:roles") == roles
    assert identity.get("cognito:preferred_role") == preferred
    assert not {"cognito:roles", "cognito:preferred_role"} & set(access)


def test_custom_attributes_stay_texts_and_access_tokens_have_no_attributes() -> None:
    readable = subject(read_attributes=("custom:n", "email_verified"))
    claims = id_claims(readable, "j")
    assert (claims["custom:n"], claims["email_verified"]) == ("7", False)
    assert "email" not in claims
    assert not {"email", "custom:n", "aud", "cognito:username"} & set(access_claims(readable, "j"))


def test_nothing_of_origin_is_said_where_nothing_can_be_revoked() -> None:
    assert "origin_jti" not in access_claims(subject(revocation=False), "j")
    assert access_claims(subject(), "j")["origin_jti"] == "o"


def test_an_attribute_never_stands_for_a_claim() -> None:
    """A user who may write any attribute says nothing about who they are."""
    claims = id_claims(subject(read_attributes=("sub", "iss", "aud", "exp", "token_use")), "j")
    assert (claims["sub"], claims["aud"], claims["token_use"]) == ("s", "c", "id")
