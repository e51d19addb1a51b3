"""JWT authorizers of HTTP APIs (AWS [D]/[O] apigw-evaluation §7.1).

identity source → remembered? → decode → signature → iss → aud | client_id → exp, nbf, iat → scopes
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from bargate.access.bearer_token import (
    IdentitySource,
    check_signature,
    header_source,
    is_issuer,
    is_scope,
    query_source,
    without_scheme,
)
from bargate.access.call import Call, Facts
from bargate.access.control import GuardedRoute, HttpControl, Step
from bargate.access.key_directory import KeyDirectory, KeySource
from bargate.access.token_cache import REMEMBERED_S, TokenCache, VerifiedToken
from bargate.access.verdict import Denial, Need
from bargate.model.http_api import HttpApi, HttpAuthorizer, Route
from bargate.model.invalid import InvalidConfiguration
from bargate.tokens import claims as jwt_claims
from bargate.tokens import jws
from bargate.tokens.fault import Fault, InvalidToken, shown
from bargate.tokens.jwa import RSA_ALGORITHMS

_DEFAULT_SOURCE: Final = "$request.header.Authorization"
_SOURCE: Final = re.compile(r"\$request\.(header|querystring)\.([!#$%&'*+\-.^_`|~0-9A-Za-z]+)")

# What `error_description` says. AUDIENCE and SEGMENTS: AWS [O] apigw-evaluation §7.1; the others
# in the same words [I]. None repeats anything from the token.
_DESCRIPTIONS: Final[Mapping[Fault, str]] = {
    Fault.TOO_LARGE: "the token is too large",
    Fault.SEGMENTS: "token contains an invalid number of segments",
    Fault.ENCODING: "the token is malformed",
    Fault.HEADER: "the token is malformed",
    Fault.CRITICAL: "the token is malformed",
    Fault.ALGORITHM: "signing method is invalid",
    Fault.KEY_ID: "unable to find a signing key for the token",
    Fault.UNKNOWN_KEY: "unable to find a signing key for the token",
    Fault.SIGNATURE: "signature is invalid",
    Fault.PAYLOAD: "the token is malformed",
    Fault.DATE: "the token is malformed",
    Fault.EXPIRED: "the token has expired",
    Fault.NOT_YET_VALID: "token is not valid yet",
    Fault.REVOKED: "the token has been revoked",
    Fault.ISSUED_LATER: "Token used before issued",
    Fault.ISSUER: "the token does not have a valid issuer",
    Fault.AUDIENCE: "the token does not have a valid audience",
}

_MISSING: Final = Denial(
    response_type="UNAUTHORIZED",
    reason="jwt.missing",
    detail="the identity source holds no token",
    www_authenticate="Bearer",
)


class _Verifier(Struct, frozen=True):
    """What a JWT authorizer holds a token against; shared by its routes."""

    source: KeySource
    audience: frozenset[str]
    keys: KeyDirectory
    cache: TokenCache


def _compile(guarded: GuardedRoute) -> Step | None:
    route = guarded.route
    if route.authorization_type != "JWT":
        return None
    authorizer = _find(guarded.api, route)
    read = _identity_source(authorizer)
    issuer, audience = _issuer(authorizer), _audience(authorizer)
    verifier = guarded.shared.once(
        ("jwt authorizer", authorizer.id),
        lambda: _Verifier(KeySource(issuer), audience, guarded.keys, TokenCache()),
    )
    return _step(read, verifier, _required_scopes(route))


def _step(read: IdentitySource, verifier: _Verifier, required: tuple[str, ...]) -> Step:
    wanted = frozenset(required)
    insufficient = _insufficient_scope(required)
    cache, keys = verifier.cache, verifier.keys

    def authorize(call: Call, facts: Facts) -> Denial | Need | None:
        presented = read(call)
        if presented is None:
            return _MISSING
        verified = cache.recall(presented, keys.generation, call.received_at)
        if verified is None:
            outcome = _verify(presented, verifier, call.received_at)
            if not isinstance(outcome, VerifiedToken):
                return outcome
            verified = outcome
        if keys.is_ended(verified.issuer, verified.claims):
            return _ended(verified.issuer)
        facts.principal_id = verified.principal_id
        facts.claims = verified.claims
        facts.scopes = verified.scopes
        if wanted and wanted.isdisjoint(verified.scopes):
            return insufficient
        return None

    return authorize


def _verify(presented: bytes, verifier: _Verifier, now: float) -> VerifiedToken | Denial | Need:
    generation = verifier.keys.generation
    try:
        token = jws.parse(without_scheme(presented))
        need = check_signature(token, verifier.source, verifier.keys, now, RSA_ALGORITHMS)
        if need is not None:
            return need
        verified = _check_claims(token.payload, verifier, now)
    except InvalidToken as refused:
        return _invalid_token(refused, verifier.source.issuer)
    verifier.cache.remember(presented, verified, generation)
    return verified


def _check_claims(payload: bytes, verifier: _Verifier, now: float) -> VerifiedToken:
    claims = jwt_claims.parse(payload)
    issuer = claims.get("iss")
    if issuer != verifier.source.issuer:
        raise InvalidToken(Fault.ISSUER, f"iss is {shown(issuer)}")
    _check_audience(claims, verifier.audience)
    expires_at = jwt_claims.check_times(claims, now)
    return VerifiedToken(
        issuer=verifier.source.issuer,
        principal_id=jwt_claims.text_of(claims, "sub"),
        token_use=None,  # AWS [D]: not looked at, an ID token passes a route without scopes
        scopes=jwt_claims.scopes(claims, ("scope", "scp")),
        claims=MappingProxyType(claims),
        good_until=min(expires_at, now + REMEMBERED_S),
    )


def _check_audience(claims: jwt_claims.Claims, expected: frozenset[str]) -> None:
    """AWS [D]: `client_id` counts only where there is no `aud`; with both, `aud` decides."""
    audiences = jwt_claims.audiences(claims)
    if audiences is None:
        audiences = jwt_claims.audiences(claims, "client_id")
        if isinstance(claims.get("client_id"), list):
            audiences = ()  # RFC 8693 §4.3: one client, a string
    if audiences is None or expected.isdisjoint(audiences):
        raise InvalidToken(Fault.AUDIENCE, f"aud or client_id is {shown(audiences)}")


def _invalid_token(refused: InvalidToken, issuer: str) -> Denial:
    description = _DESCRIPTIONS.get(refused.fault, "the token is malformed")
    return Denial(
        response_type="UNAUTHORIZED",
        reason=f"jwt.{refused.fault.value}",
        detail=f"{refused.detail} (expected issuer {issuer})",
        www_authenticate=f'Bearer scope="" error="invalid_token" error_description="{description}"',
    )


def _ended(issuer: str) -> Denial:
    """Beyond AWS, whose gateway takes a token until its time is over."""
    fault = InvalidToken(Fault.REVOKED, "its user signed out, or it was revoked")
    return _invalid_token(fault, issuer)


def _insufficient_scope(required: tuple[str, ...]) -> Denial:
    listed = " ".join(required)
    return Denial(
        response_type="ACCESS_DENIED",
        reason="jwt.scope",
        detail=f"the token grants none of the route's scopes: {listed}",
        www_authenticate=(
            f'Bearer scope="{listed}" error="insufficient_scope"'
            f' error_description="expected scopes: [{listed}]"'
        ),
    )


def _find(api: HttpApi, route: Route) -> HttpAuthorizer:
    for authorizer in api.authorizers:
        if authorizer.id == route.authorizer_id and authorizer.type == "JWT":
            return authorizer
    verb, _, path = route.route_key.rpartition(" ")
    raise InvalidConfiguration(
        ("paths", path, verb.lower() or "x-amazon-apigateway-any-method", "security"),
        f"{route.authorizer_id!r} is not a JWT authorizer of this API",
    )


def _where(authorizer: HttpAuthorizer, *member: str) -> tuple[str, ...]:
    scheme = ("components", "securitySchemes", authorizer.name)
    return (*scheme, "x-amazon-apigateway-authorizer", *member)


def _identity_source(authorizer: HttpAuthorizer) -> IdentitySource:
    # AWS [D] apigw-evaluation §7.1: exactly one header or query expression.
    sources = authorizer.identity_source or (_DEFAULT_SOURCE,)
    match = _SOURCE.fullmatch(sources[0]) if len(sources) == 1 else None
    if match is None:
        raise InvalidConfiguration(
            _where(authorizer, "identitySource"),
            "a JWT authorizer has one identity source: $request.header.NAME or"
            " $request.querystring.NAME",
        )
    kind, name = match.groups()
    return header_source(name) if kind == "header" else query_source(name)


def _issuer(authorizer: HttpAuthorizer) -> str:
    if authorizer.issuer is None or not is_issuer(authorizer.issuer):
        raise InvalidConfiguration(
            _where(authorizer, "jwtConfiguration", "issuer"),
            "the issuer must be an http(s) URL without query and fragment",
        )
    return authorizer.issuer


def _audience(authorizer: HttpAuthorizer) -> frozenset[str]:
    if not authorizer.audience or not all(authorizer.audience):
        raise InvalidConfiguration(
            _where(authorizer, "jwtConfiguration", "audience"),
            "a JWT authorizer needs at least one audience, and none may be empty",
        )
    return frozenset(authorizer.audience)


def _required_scopes(route: Route) -> tuple[str, ...]:
    for scope in route.authorization_scopes:
        if not is_scope(scope):
            verb, _, path = route.route_key.rpartition(" ")
            raise InvalidConfiguration(
                ("paths", path, verb.lower() or "x-amazon-apigateway-any-method", "security"),
                f"{scope!r} is not a scope (RFC 6749 §3.3), no token could grant it",
            )
    return route.authorization_scopes


def _narrate(call: Call, facts: Facts) -> str:  # noqa: ARG001 - one signature for all controls
    granted = " ".join(facts.scopes) or "none"
    return f"token of {shown(facts.principal_id)}, scopes: {granted}"


CONTROL: Final = HttpControl(name="jwt authorizer", compile=_compile, narrate=_narrate)
