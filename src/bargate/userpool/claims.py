"""What tokens say: exactly the claims of AWS's ID and access tokens (AWS [D] cognito-userpools §5).

Pure: times are seconds since the epoch, `jti`s are given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from bargate.userpool.attributes import readable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.records.pool_group import PoolGroup
    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool_client import UserPoolClient

API_SCOPE: Final = "aws.cognito.signin.user.admin"
_FLAGS: Final = ("email_verified", "phone_number_verified")


class Subject(Struct, frozen=True, kw_only=True):
    """Whom tokens are about, and how they came: what both tokens of one answer share."""

    issuer: str
    client: UserPoolClient
    user: PoolUser
    groups: tuple[PoolGroup, ...]
    auth_time: int
    issued_at: int
    event_id: str
    origin_jti: str
    scope: str = API_SCOPE
    device_key: str | None = None
    nonce: str | None = None
    version: int | None = None


def id_claims(subject: Subject, jti: str) -> dict[str, Any]:
    """Give the claims of an ID token."""
    user, client = subject.user, subject.client
    claims: dict[str, Any] = {
        "sub": user.sub,
        **_attributes(subject),
        **_group_claims(subject.groups),
        **_role_claims(subject.groups),
        "iss": subject.issuer,
        "cognito:username": user.username,
        **_origin(subject),
        "aud": client.id,
        "event_id": subject.event_id,
        "token_use": "id",
        "auth_time": subject.auth_time,
        "exp": subject.issued_at + client.id_s,
        "iat": subject.issued_at,
        "jti": jti,
    }
    if user.identities:
        claims["identities"] = [_identity(user, number) for number in range(len(user.identities))]
    if subject.nonce is not None:
        claims["nonce"] = subject.nonce
    return claims


def access_claims(subject: Subject, jti: str) -> dict[str, Any]:
    """Give the claims of an access token."""
    user, client = subject.user, subject.client
    claims: dict[str, Any] = {
        "sub": user.sub,
        **_group_claims(subject.groups),
        "iss": subject.issuer,
        "client_id": client.id,
        **_origin(subject),
        "event_id": subject.event_id,
        "token_use": "access",
        "scope": subject.scope,
        "auth_time": subject.auth_time,
        "exp": subject.issued_at + client.access_s,
        "iat": subject.issued_at,
        "jti": jti,
        "username": user.username,
    }
    if subject.device_key is not None:
        claims["device_key"] = subject.device_key
    if subject.version is not None:
        claims["version"] = subject.version
    return claims


def _origin(subject: Subject) -> dict[str, str]:
    """Give `origin_jti`, which is there where tokens can be revoked."""
    return {"origin_jti": subject.origin_jti} if subject.client.revocation else {}


def _attributes(subject: Subject) -> dict[str, Any]:
    """Give what the client may read: all of it texts but for the two flags."""
    found: dict[str, Any] = dict(readable(subject.client, subject.user.attributes))
    for flag in _FLAGS:
        if flag in found:
            found[flag] = found[flag] == "true"
    return found


def by_precedence(groups: Iterable[PoolGroup]) -> list[PoolGroup]:
    """Order groups: the lowest precedence first, those without one last."""
    return sorted(groups, key=lambda each: (each.precedence is None, each.precedence or 0))


def _group_claims(groups: tuple[PoolGroup, ...]) -> dict[str, Any]:
    names = [each.name for each in by_precedence(groups)]
    return {"cognito:groups": names} if names else {}


def preferred_role(groups: Iterable[PoolGroup]) -> str | None:
    """Give the role of the best groups; none when they differ in it (AWS [D] §5)."""
    ordered = [each for each in by_precedence(groups) if each.role_arn]
    best = {each.role_arn for each in ordered if each.precedence == ordered[0].precedence}
    return ordered[0].role_arn if len(best) == 1 else None


def _role_claims(groups: tuple[PoolGroup, ...]) -> dict[str, Any]:
    """Give roles, and the one that is preferred."""
    roles = [each.role_arn for each in by_precedence(groups) if each.role_arn]
    if not roles:
        return {}
    preferred = preferred_role(groups)
    return {"cognito:roles": roles} | ({"cognito:preferred_role": preferred} if preferred else {})


def _identity(user: PoolUser, number: int) -> dict[str, Any]:
    linked = user.identities[number]
    return {
        "userId": linked.user_id,
        "providerName": linked.provider_name,
        "providerType": linked.provider_type,
        "issuer": linked.issuer,
        "primary": "true" if linked.is_primary else "false",
        "dateCreated": str(int(linked.linked_at.timestamp() * 1000)),
    }
