"""PreTokenGeneration: changes what tokens say, as far as AWS lets it (AWS [D] §7).

V1 changes the ID token and the groups of both; V2 and V3 the access token and its scopes, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from bargate.userpool.claims import by_precedence, preferred_role
from bargate.userpool.pools import TriggerCall
from bargate.userpool.triggers.event import attributes_of, version_of
from bargate.userpool.triggers.shape import TriggerShape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.pool_group import PoolGroup
    from bargate.records.pool_user import PoolUser
    from bargate.userpool.progress import Asked

Claims = dict[str, Any]


class GroupOverrides(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """The groups and roles that tokens name instead of the user's."""

    groups_to_override: tuple[str, ...] | None = None
    iam_roles_to_override: tuple[str, ...] | None = None
    preferred_role: str | None = None


class ClaimsOverrides(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """V1: values are texts. Groups that are null or empty are none; left out, they stay."""

    claims_to_add_or_override: dict[str, str] | None = None
    claims_to_suppress: tuple[str, ...] | None = None
    group_override_details: GroupOverrides | UnsetType | None = UNSET


class TokenOverrides(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """V2, V3: what becomes of one token; values are any JSON."""

    claims_to_add_or_override: dict[str, Any] | None = None
    claims_to_suppress: tuple[str, ...] | None = None
    scopes_to_add: tuple[str, ...] | None = None
    scopes_to_suppress: tuple[str, ...] | None = None


class ClaimsAndScopes(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """V2, V3: what becomes of both."""

    id_token_generation: TokenOverrides | None = None
    access_token_generation: TokenOverrides | None = None
    group_override_details: GroupOverrides | UnsetType | None = UNSET


class PreTokenGenerationResponse(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What PreTokenGeneration says, under the member of its version."""

    claims_override_details: ClaimsOverrides | None = None
    claims_and_scope_override_details: ClaimsAndScopes | None = None


SHAPE: Final = TriggerShape(
    name="PreTokenGeneration",
    sources=frozenset(
        f"TokenGeneration_{why}"
        for why in (
            "HostedAuth",
            "Authentication",
            "NewPasswordChallenge",
            "AuthenticateDevice",
            "RefreshTokens",
            "ClientCredentials",
        )
    ),
    response=PreTokenGenerationResponse,
)

# AWS [D] cognito-userpools §7, and what revocation and our own operations go by: event_id, client
# and user of an access token [I]. Groups are changed by groupOverrideDetails alone.
_FIXED: Final = frozenset(
    {
        "acr", "amr", "aud", "at_hash", "auth_time", "azp", "client_id", "cognito:username",
        "device_key", "event_id", "exp", "iat", "identities", "iss", "jti", "nbf", "nonce",
        "origin_jti", "scope", "sub", "token_use", "username", "version",
    }
)  # fmt: skip
_GROUPS: Final = frozenset({"cognito:groups", "cognito:roles", "cognito:preferred_role"})
_DEVELOPER: Final = "dev:"
# [I] A function adds no scope that lets a token be used at our own operations.
_OWN_SCOPES: Final = frozenset({"openid", "email", "phone", "profile"})
_OWN_PREFIX: Final = "aws.cognito"


def pre_token_generation(
    asked: Asked, user: PoolUser, groups: tuple[PoolGroup, ...], source: str, scope: str
) -> TriggerCall:
    """Make the call; `scope` is what the access token would say."""
    ordered = by_precedence(groups)
    is_first = version_of(asked.pool, SHAPE.name) == "1"
    request: dict[str, Any] = {
        "groupConfiguration": {
            "groupsToOverride": [each.name for each in ordered],
            "iamRolesToOverride": [each.role_arn for each in ordered if each.role_arn],
            "preferredRole": preferred_role(groups),
        },
        "clientMetadata": dict(asked.later_metadata),
    }
    if not is_first:
        request["scopes"] = scope.split()
    member = "claimsOverrideDetails" if is_first else "claimsAndScopeOverrideDetails"
    return TriggerCall(
        pool=asked.pool,
        trigger=SHAPE.name,
        source=source,
        client_id=asked.client.id,
        user_name=user.username,
        attributes=attributes_of(user),
        request=request,
        response={member: None},
    )


class Overrides(Struct, frozen=True, kw_only=True):
    """What becomes of the two tokens of one answer."""

    identity: TokenOverrides = TokenOverrides()
    access: TokenOverrides = TokenOverrides()
    groups: GroupOverrides | UnsetType | None = UNSET

    def of_id_token(self, claims: Claims) -> Claims:
        """Give the claims of an ID token as the function wants them."""
        if self is NO_OVERRIDES:  # as almost always
            return claims
        regrouped = self._regrouped(claims, with_roles=True)
        return _changed(regrouped, self.identity)

    def of_access_token(self, claims: Claims) -> Claims:
        """Give the claims of an access token as the function wants them."""
        if self is NO_OVERRIDES and claims.get("scope"):
            return claims
        changed = _changed(self._regrouped(claims, with_roles=False), self.access)
        scope = _scope(str(claims.get("scope", "")), self.access)
        rest = {name: value for name, value in changed.items() if name != "scope"}
        return rest | ({"scope": scope} if scope else {})

    def _regrouped(self, claims: Claims, *, with_roles: bool) -> Claims:
        if self.groups is UNSET:
            return claims
        found = self.groups or GroupOverrides()
        new: Claims = {"cognito:groups": list(found.groups_to_override or ())}
        if with_roles:
            new["cognito:roles"] = list(found.iam_roles_to_override or ())
            new["cognito:preferred_role"] = found.preferred_role
        kept = {name: value for name, value in claims.items() if name not in _GROUPS}
        return kept | {name: value for name, value in new.items() if value}


NO_OVERRIDES: Final = Overrides()


def overrides_of(asked: Asked, response: Mapping[str, Any]) -> Overrides:
    """Read a response by the version that the pool has; another version's member says nothing."""
    said = msgspec.convert(response, PreTokenGenerationResponse)
    if version_of(asked.pool, SHAPE.name) == "1":
        first = said.claims_override_details
        if first is None:
            return NO_OVERRIDES
        identity = TokenOverrides(first.claims_to_add_or_override, first.claims_to_suppress)
        return Overrides(identity=identity, groups=first.group_override_details)
    both = said.claims_and_scope_override_details
    if both is None:
        return NO_OVERRIDES
    return Overrides(
        identity=both.id_token_generation or TokenOverrides(),
        access=both.access_token_generation or TokenOverrides(),
        groups=both.group_override_details,
    )


def _is_fixed(name: str) -> bool:
    return name in _FIXED or name.startswith(_DEVELOPER)


def _changed(claims: Claims, wanted: TokenOverrides) -> Claims:
    """Add and replace, then leave out: what is both is left out (AWS [D])."""
    added = {
        name: value
        for name, value in (wanted.claims_to_add_or_override or {}).items()
        if not _is_fixed(name) and name not in _GROUPS
    }
    gone = {name for name in wanted.claims_to_suppress or () if not _is_fixed(name)}
    return {name: value for name, value in (claims | added).items() if name not in gone}


def _scope(scope: str, wanted: TokenOverrides) -> str:
    """Give the scopes; one with a blank in it would be several, so it is none (AWS [D])."""
    added = [
        each
        for each in wanted.scopes_to_add or ()
        if len(each.split()) == 1
        and each.strip() == each
        and each not in _OWN_SCOPES
        and not each.startswith(_OWN_PREFIX)
    ]
    gone = set(wanted.scopes_to_suppress or ())
    kept = dict.fromkeys([*scope.split(), *added])
    return " ".join(each for each in kept if each not in gone)
