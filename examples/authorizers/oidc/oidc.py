"""A Lambda TOKEN authorizer for tokens of any OpenID Connect provider.

Settings are environment variables: ISSUER and AUDIENCE (several with commas between) must be set;
ALGORITHMS (RS256,ES256), LEEWAY_S (60) and SCOPES (none; one of them suffices) may be.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry
from provider import Provider

# Public keys only: with HS256 in here, whoever knows the public key could sign.
_KNOWN_ALGORITHMS = {
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
}
_BEARER = re.compile(
    r"Bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)", re.IGNORECASE | re.ASCII
)
_PASSED_ON = ("sub", "email", "name", "scope", "client_id")


class UnauthorizedError(Exception):
    """API Gateway answers 401 when, and only when, a function fails with exactly this message."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


@dataclass(frozen=True)
class Settings:
    """Whose tokens are taken, and which of them."""

    issuer: str
    audiences: list[str]
    algorithms: list[str]
    leeway_s: int
    scopes: frozenset[str]


def settings(environment: dict[str, str]) -> Settings:
    """Read the settings; raise `ValueError` on those with which anything would be let in."""
    algorithms = _list(environment.get("ALGORITHMS", "RS256,ES256"))
    audiences = _list(environment.get("AUDIENCE", ""))
    leeway_s = int(environment.get("LEEWAY_S", "60"))
    if not algorithms or not _KNOWN_ALGORITHMS.issuperset(algorithms):
        raise ValueError(f"ALGORITHMS: give some of {', '.join(sorted(_KNOWN_ALGORITHMS))}")
    if not environment.get("ISSUER") or not audiences:
        raise ValueError("ISSUER and AUDIENCE must be set")
    if not 0 <= leeway_s <= 300:
        raise ValueError("LEEWAY_S: 0 to 300 seconds")
    scopes = frozenset(_list(environment.get("SCOPES", "")))
    return Settings(environment["ISSUER"], audiences, algorithms, leeway_s, scopes)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Let the bearer of a good token call every method of the stage."""
    wanted, provider = _parts()
    claims = verify(event["authorizationToken"], wanted, provider)
    api, stage = event["methodArn"].split("/")[:2]
    statement = {
        "Effect": "Allow" if has_scope(claims, wanted.scopes) else "Deny",
        "Action": "execute-api:Invoke",
        # The whole stage: the answer is kept for other methods with the same token.
        "Resource": f"{api}/{stage}/*",
    }
    return {
        "principalId": claims["sub"],
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {n: claims[n] for n in _PASSED_ON if isinstance(claims.get(n), str)},
    }


def verify(header: str, wanted: Settings, provider: Provider) -> dict[str, Any]:
    """Give the claims of a good token.

    Raises `UnauthorizedError`, or `ProviderError` when the provider's keys cannot be had.
    """
    bearer = _BEARER.fullmatch(header)
    if bearer is None:
        raise UnauthorizedError
    # Members of the header that are not known must be ignored (RFC 7515 §4), except in `crit`.
    registry = JWSRegistry(algorithms=wanted.algorithms, strict_check_header=False)
    try:
        # joserfc looks at `alg` before it asks for the key, so that `none` costs no fetch.
        token = jwt.decode(
            bearer[1], lambda signed: provider.key(signed.headers()), registry=registry
        )
        _claims_registry(wanted).validate(token.claims)
    except (JoseError, ValueError) as reason:
        print(f"refused a token: {str(reason)!r}")
        raise UnauthorizedError from None
    return token.claims


def has_scope(claims: dict[str, Any], scopes: frozenset[str]) -> bool:
    """Say whether a token has one of the scopes, or none is asked for."""
    held = claims.get("scope", claims.get("scp", ""))
    names = held.split() if isinstance(held, str) else held if isinstance(held, list) else []
    return not scopes or not scopes.isdisjoint(name for name in names if isinstance(name, str))


def _claims_registry(wanted: Settings) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=lambda: int(time.time()),
        leeway=wanted.leeway_s,
        iss={"essential": True, "value": wanted.issuer},
        aud={"essential": True, "values": wanted.audiences},
        exp={"essential": True},
        sub={"essential": True},
    )


def _list(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


_kept: list[tuple[Settings, Provider]] = []


def _parts() -> tuple[Settings, Provider]:
    """Give what a warm function keeps between calls: the settings and the provider's keys."""
    if not _kept:
        wanted = settings(dict(os.environ))
        _kept.append((wanted, Provider(wanted.issuer)))
    return _kept[0]
