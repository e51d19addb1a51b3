"""Cognito authorizers of REST APIs (AWS [D]/[O] apigw-evaluation §6).

header → remembered? → decode → pool by iss → signature → dates → token_use, aud → scopes
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.access.bearer_token import (
    IdentitySource,
    check_signature,
    header_source,
    is_issuer,
    is_scope,
    without_scheme,
)
from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod, RestControl, Step
from bargate.access.key_directory import KeyDirectory, KeySource
from bargate.access.token_cache import REMEMBERED_S, TokenCache, VerifiedToken
from bargate.access.verdict import Denial, Need
from bargate.model.installation import Installation
from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import Authorizer
from bargate.tokens import claims as jwt_claims
from bargate.tokens import jws
from bargate.tokens.fault import Fault, InvalidToken, shown
from bargate.tokens.jwa import COGNITO_ALGORITHMS

if TYPE_CHECKING:
    import regex

_DEFAULT_SOURCE: Final = "method.request.header.Authorization"
_SOURCE: Final = re.compile(r"method\.request\.header\.([!#$%&'*+\-.^_`|~0-9A-Za-z]+)")
_POOL_ARN: Final = re.compile(
    r"arn:(aws[a-z-]*):cognito-idp:([a-z0-9-]+):\d{12}:userpool/(\2_[0-9A-Za-z]+)", re.ASCII
)
_DOMAINS: Final[Mapping[str, str]] = {"aws-cn": "amazonaws.com.cn"}  # AWS [I]
_MAX_EXPRESSION_CHARACTERS: Final = 1_024
_EXPRESSION_TIMEOUT_S: Final = 0.01
_EXPIRED_TEXT: Final = "The incoming token has expired"  # AWS [O] apigw-evaluation §6

_MISSING: Final = Denial(
    response_type="UNAUTHORIZED",
    reason="cognito.missing",
    detail="the identity source holds no token",
)


class _Pools:
    """The pools of an authorizer as key sources by issuer.

    The ARN of a pool here means its own issuer; of any other, AWS's or what the operator said.
    """

    __slots__ = ("_foreign", "_generation", "_keys", "_sources")

    def __init__(self, foreign: Mapping[str, KeySource], keys: KeyDirectory) -> None:
        self._foreign = foreign  # by ARN
        self._keys = keys
        self._generation: int | None = None
        self._sources: dict[str, KeySource] = {}

    def by_issuer(self) -> Mapping[str, KeySource]:
        """Give the sources as they are now: a pool may have been made since."""
        if self._keys.generation != self._generation:
            self._generation = self._keys.generation
            found = [self._source(*each) for each in self._foreign.items()]
            self._sources = {source.issuer: source for source in found}
        return self._sources

    def _source(self, arn: str, foreign: KeySource) -> KeySource:
        issuer = self._keys.issuer_of(arn)
        return foreign if issuer is None else KeySource(issuer)


class _Verifier(Struct, frozen=True):
    """What a Cognito authorizer holds a token against."""

    pools: _Pools
    expression: "regex.Pattern[str] | None"
    keys: KeyDirectory
    cache: TokenCache


def _compile(guarded: GuardedMethod) -> Step | None:
    if guarded.method.authorization_type != "COGNITO_USER_POOLS":
        return None
    authorizer = _find(guarded)
    read = _identity_source(authorizer)
    verifier = guarded.shared.once(
        ("cognito authorizer", authorizer.id), lambda: _verifier(authorizer, guarded)
    )
    return _step(read, verifier, _required_scopes(guarded))


def _verifier(authorizer: Authorizer, guarded: GuardedMethod) -> _Verifier:
    pools = _Pools(_pools(authorizer, guarded.installation), guarded.keys)
    return _Verifier(pools, _expression(authorizer), guarded.keys, TokenCache())


def _step(read: IdentitySource, verifier: _Verifier, wanted: frozenset[str]) -> Step:
    cache, keys = verifier.cache, verifier.keys
    due_use = "access" if wanted else "id"

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
            # Beyond AWS, whose gateway takes a token until its time is over.
            return _refusal(InvalidToken(Fault.REVOKED, "its user signed out, or it was revoked"))
        facts.principal_id = verified.principal_id
        facts.claims = verified.claims
        facts.scopes = verified.scopes
        if verified.token_use != due_use:
            return _wrong_use(due_use, verified)
        if wanted and wanted.isdisjoint(verified.scopes):
            return _insufficient_scope(wanted)
        return None

    return authorize


def _verify(presented: bytes, verifier: _Verifier, now: float) -> VerifiedToken | Denial | Need:
    generation = verifier.keys.generation
    try:
        token = jws.parse(without_scheme(presented))
        claims = jwt_claims.parse(token.payload)
        pool = _pool_of(claims, verifier.pools.by_issuer())
        need = check_signature(token, pool, verifier.keys, now, COGNITO_ALGORITHMS)
        if need is not None:
            return need
        verified = _check_claims(claims, pool, verifier, now)
    except InvalidToken as refused:
        return _refusal(refused)
    verifier.cache.remember(presented, verified, generation)
    return verified


def _pool_of(claims: jwt_claims.Claims, pools: Mapping[str, KeySource]) -> KeySource:
    """Pick the pool by the yet unverified `iss`.

    INVARIANT: this only chooses whose keys the signature is checked with, so that a token of one
    pool that names another fails there.
    """
    issuer = claims.get("iss")
    pool = pools.get(issuer) if isinstance(issuer, str) else None
    if pool is None:
        raise InvalidToken(Fault.ISSUER, f"iss {shown(issuer)} is none of {', '.join(pools)}")
    return pool


def _check_claims(
    claims: dict[str, object], pool: KeySource, verifier: _Verifier, now: float
) -> VerifiedToken:
    expires_at = jwt_claims.check_times(claims, now)
    use = jwt_claims.text_of(claims, "token_use")
    if use not in {"id", "access"}:
        raise InvalidToken(Fault.TOKEN_USE, f"token_use is {shown(use)}, neither id nor access")
    audience = jwt_claims.text_of(claims, "aud")
    if use == "id" and not audience:
        raise InvalidToken(Fault.AUDIENCE, "an ID token without aud")
    if verifier.expression is not None:
        _check_expression(verifier.expression, None if use == "access" else audience)
    return VerifiedToken(
        issuer=pool.issuer,
        principal_id=jwt_claims.text_of(claims, "sub"),
        token_use=use,
        scopes=jwt_claims.scopes(claims, ("scope",)) if use == "access" else (),
        claims=MappingProxyType(claims),
        good_until=min(expires_at, now + REMEMBERED_S),
    )


def _check_expression(expression: "regex.Pattern[str]", audience: str | None) -> None:
    """AWS [D]/[M] §6: the whole `aud` must match; access tokens have none and are rejected."""
    if audience is None:
        raise InvalidToken(Fault.AUDIENCE, "identityValidationExpression takes no access token")
    try:
        matches = expression.fullmatch(audience, timeout=_EXPRESSION_TIMEOUT_S) is not None
    except TimeoutError:
        raise InvalidToken(Fault.AUDIENCE, "identityValidationExpression took too long") from None
    if not matches:
        raise InvalidToken(Fault.AUDIENCE, f"aud {shown(audience)} does not match")


def _refusal(refused: InvalidToken) -> Denial:
    return Denial(
        response_type="UNAUTHORIZED",
        reason=f"cognito.{refused.fault.value}",
        detail=refused.detail,
        message=_EXPIRED_TEXT if refused.fault is Fault.EXPIRED else None,
    )


def _wrong_use(due_use: str, verified: VerifiedToken) -> Denial:
    # AWS [D] §6: a method without scopes takes ID tokens, one with scopes takes access tokens.
    return Denial(
        response_type="UNAUTHORIZED",
        reason="cognito.token_use",
        detail=f"an {due_use} token is due, this is an {verified.token_use} token"
        f" of {verified.issuer}",
    )


def _insufficient_scope(wanted: frozenset[str]) -> Denial:
    # AWS [D] §6: 401 here, where an HTTP API says 403.
    return Denial(
        response_type="UNAUTHORIZED",
        reason="cognito.scope",
        detail=f"the token grants none of the method's scopes: {' '.join(sorted(wanted))}",
    )


def _method_path(guarded: GuardedMethod) -> tuple[str, ...]:
    verb = guarded.method.http_method
    member = "x-amazon-apigateway-any-method" if verb == "ANY" else verb.lower()
    return ("paths", guarded.resource.path, member, "security")


def _where(authorizer: Authorizer, member: str) -> tuple[str, ...]:
    scheme = ("components", "securitySchemes", authorizer.name)
    return (*scheme, "x-amazon-apigateway-authorizer", member)


def _find(guarded: GuardedMethod) -> Authorizer:
    wanted = guarded.method.authorizer_id
    for authorizer in guarded.api.authorizers:
        if authorizer.id == wanted and authorizer.type == "COGNITO_USER_POOLS":
            return authorizer
    raise InvalidConfiguration(
        _method_path(guarded), f"{wanted!r} is not a Cognito authorizer of this API"
    )


def _required_scopes(guarded: GuardedMethod) -> frozenset[str]:
    for scope in guarded.method.authorization_scopes:
        if not is_scope(scope):
            raise InvalidConfiguration(
                _method_path(guarded),
                f"{scope!r} is not a scope (RFC 6749 §3.3), no token could grant it",
            )
    return frozenset(guarded.method.authorization_scopes)


def _identity_source(authorizer: Authorizer) -> IdentitySource:
    match = _SOURCE.fullmatch(authorizer.identity_source or _DEFAULT_SOURCE)
    if match is None:
        raise InvalidConfiguration(
            _where(authorizer, "identitySource"),
            "a Cognito authorizer has one identity source, method.request.header.NAME",
        )
    return header_source(match.group(1))


def _pools(authorizer: Authorizer, installation: Installation) -> Mapping[str, KeySource]:
    if not authorizer.provider_arns:
        raise InvalidConfiguration(
            _where(authorizer, "providerARNs"), "a Cognito authorizer needs at least one user pool"
        )
    return {arn: _pool(authorizer, installation, arn) for arn in authorizer.provider_arns}


def _pool(authorizer: Authorizer, installation: Installation, arn: str) -> KeySource:
    match = _POOL_ARN.fullmatch(arn)
    if match is None:
        raise InvalidConfiguration(
            _where(authorizer, "providerARNs"),
            f"{arn!r} is not a user pool ARN:"
            " arn:aws:cognito-idp:REGION:ACCOUNT:userpool/REGION_ID",
        )
    partition, region, pool_id = match.groups()
    domain = _DOMAINS.get(partition, "amazonaws.com")
    issuer = installation.issuers.get(arn, f"https://cognito-idp.{region}.{domain}/{pool_id}")
    if not is_issuer(issuer):
        raise InvalidConfiguration(
            _where(authorizer, "providerARNs"),
            f"the issuer {issuer!r} given for {arn} is not an http(s) URL",
        )
    return KeySource(issuer, f"{issuer.rstrip('/')}/.well-known/jwks.json")


def _expression(authorizer: Authorizer) -> "regex.Pattern[str] | None":
    text = authorizer.identity_validation_expression
    if not text:
        return None
    where = _where(authorizer, "identityValidationExpression")
    if len(text) > _MAX_EXPRESSION_CHARACTERS:
        raise InvalidConfiguration(where, f"over {_MAX_EXPRESSION_CHARACTERS} characters")
    import regex  # noqa: PLC0415  10 ms and 2 MB that most processes never need

    try:
        return regex.compile(text)
    except (regex.error, RecursionError) as error:
        raise InvalidConfiguration(where, f"not a regular expression: {error}") from error


def _narrate(call: Call, facts: Facts) -> str:  # noqa: ARG001 - one signature for all controls
    claims = facts.claims or {}
    granted = " ".join(facts.scopes) or "none"
    return f"{claims.get('token_use')} token of {shown(facts.principal_id)}, scopes: {granted}"


CONTROL: Final = RestControl(name="cognito authorizer", compile=_compile, narrate=_narrate)
