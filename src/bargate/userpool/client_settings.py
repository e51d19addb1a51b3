"""What administrators say of an app client, checked: members of a request become fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from bargate.records.pool_identity_provider import POOL_IDENTITY_PROVIDER
from bargate.records.pool_resource_server import POOL_RESOURCE_SERVER
from bargate.records.user_pool_client import UNIT_S, Rotation, TokenUnits
from bargate.userpool.claims import API_SCOPE
from bargate.userpool.identity_providers import LOCAL
from bargate.userpool.schema import VERIFIED_FLAGS
from bargate.userpool.tiers import CHOICE, check_tier
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Reader

_TOKEN_S: Final = (300, 86_400)  # AWS [D] cognito-userpools §5
_REFRESH_S: Final = (3_600, 10 * 365 * 86_400)
_STANDARD_SCOPES: Final = frozenset({"openid", "email", "phone", "profile", API_SCOPE})
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
STORED: Final = (
    "SupportedIdentityProviders",
    "CallbackURLs",
    "LogoutURLs",
    "DefaultRedirectURI",
    "AllowedOAuthFlows",
    "AllowedOAuthScopes",
    "AllowedOAuthFlowsUserPoolClient",
    "AnalyticsConfiguration",
)


def settings_of(
    tx: Reader, pool: UserPool, request: Mapping[str, Any], *, has_secret: bool
) -> dict[str, Any]:
    """Give the fields of a UserPoolClient; raises AwsError. What is not given is the default."""
    _check_oauth(tx, pool, request, has_secret=has_secret)
    if CHOICE in (request.get("ExplicitAuthFlows") or ()):
        check_tier(pool.stored, "ESSENTIALS", CHOICE)  # AWS [D] cognito-userpools §2
    _check_providers(tx, pool, request.get("SupportedIdentityProviders") or ())
    fields = {
        "read_attributes": _attributes(pool, request.get("ReadAttributes"), "read"),
        "write_attributes": _attributes(pool, request.get("WriteAttributes"), "write"),
        "explicit_flows": _flows(request.get("ExplicitAuthFlows")),
        "prevent_existence_errors": request.get("PreventUserExistenceErrors"),
        "revocation": request.get("EnableTokenRevocation", True),
        "propagates_context": request.get("EnablePropagateAdditionalUserContextData", False),
        "session_validity_minutes": request.get("AuthSessionValidity", 3),
        "rotation": _rotation(request.get("RefreshTokenRotation")),
        "stored": {name: request[name] for name in STORED if request.get(name) is not None},
    }
    if fields["propagates_context"] and not has_secret:
        message = "EnablePropagateAdditionalUserContextData needs a client with a secret."
        raise _invalid(message)
    return fields | _validity(request)


def _validity(request: Mapping[str, Any]) -> dict[str, Any]:
    given = request.get("TokenValidityUnits")
    units = None
    if given is not None:
        units = TokenUnits(
            access=given.get("AccessToken"),
            id=given.get("IdToken"),
            refresh=given.get("RefreshToken"),
        )
    access, identity = request.get("AccessTokenValidity"), request.get("IdTokenValidity")
    refresh = request.get("RefreshTokenValidity") or 30
    refresh_unit = (units.refresh if units else None) or "days"
    if not request.get("RefreshTokenValidity"):  # AWS [M]: 0 is the default, in days
        refresh = 30 * UNIT_S["days"] // UNIT_S[refresh_unit]
    _check_range(access, (units.access if units else None) or "hours", _TOKEN_S)
    _check_range(identity, (units.id if units else None) or "hours", _TOKEN_S)
    _check_range(refresh, refresh_unit, _REFRESH_S)
    return {
        "units": units,
        "access_validity": access,
        "id_validity": identity,
        "refresh_validity": refresh,
    }


def _check_range(value: int | None, unit: str, range_s: tuple[int, int]) -> None:
    if value is not None and not range_s[0] <= value * UNIT_S[unit] <= range_s[1]:
        raise _invalid("Invalid range for token validity.")


def _flows(given: list[str] | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    allowed = [each for each in given if each.startswith("ALLOW_")]
    if allowed and len(allowed) < len(given):
        message = "ExplicitAuthFlows with the prefix ALLOW_ and without it cannot be mixed."
        raise _invalid(message)
    return tuple(dict.fromkeys(given)) or None


def _rotation(given: Mapping[str, Any] | None) -> Rotation | None:
    if given is None:
        return None
    return Rotation(
        is_enabled=given["Feature"] == "ENABLED", grace_s=given.get("RetryGracePeriodSeconds", 0)
    )


def _attributes(pool: UserPool, given: Iterable[str] | None, kind: str) -> tuple[str, ...] | None:
    if given is None:
        return None
    names = tuple(dict.fromkeys(given))
    known = {each.name for each in pool.schema}
    forbidden = {*VERIFIED_FLAGS, "sub"} if kind == "write" else set()
    if not set(names) <= known - forbidden:
        raise _invalid(f"Invalid {kind} attributes specified while creating a client")
    return names or None


def _check_oauth(
    tx: Reader, pool: UserPool, request: Mapping[str, Any], *, has_secret: bool
) -> None:
    flows = request.get("AllowedOAuthFlows") or []
    if "client_credentials" in flows:
        if len(set(flows)) > 1:
            message = (
                "client_credentials flow can not be selected along with code flow or implicit flow"
            )
            raise AwsError("InvalidOAuthFlowException", message)
        if not has_secret:
            message = "client_credentials flow can not be selected if client does not have a client secret."
            raise AwsError("InvalidOAuthFlowException", message)
    if request.get("AllowedOAuthFlowsUserPoolClient") and not (
        flows and request.get("AllowedOAuthScopes")
    ):
        # AWS [O]: in these words
        message = "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."
        raise AwsError("InvalidOAuthFlowException", message)
    callbacks = request.get("CallbackURLs") or []
    for url in (*callbacks, *(request.get("LogoutURLs") or ())):
        check_redirect(url)
    default = request.get("DefaultRedirectURI")
    if default is not None and default not in callbacks:
        raise _invalid("DefaultRedirectURI must be one of CallbackURLs.")
    _check_scopes(tx, pool, request.get("AllowedOAuthScopes") or [])


def check_redirect(url: str) -> None:
    """Raise InvalidParameterException for a place that browsers must not be sent to (AWS [D] §6)."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise _invalid(f"{url} is not a URL.") from None
    if not parts.scheme or parts.fragment or url.endswith("#"):
        raise _invalid(f"{url} must have a scheme and no fragment.")
    if parts.scheme in ("javascript", "data", "file", "vbscript"):
        raise _invalid(f"{url} cannot be redirected to.")
    if parts.scheme in ("http", "https") and not host:
        raise _invalid(f"{url} has no host.")
    if parts.scheme == "http" and host not in _LOCAL:
        raise _invalid(f"{url} must use HTTPS: http is for localhost alone.")


def _check_providers(tx: Reader, pool: UserPool, names: Iterable[str]) -> None:
    for name in names:
        if name == LOCAL or tx.find(POOL_IDENTITY_PROVIDER, (pool.id, name)) is not None:
            continue
        raise _invalid(f"The provider {name} does not exist for User Pool {pool.id}")


def _check_scopes(tx: Reader, pool: UserPool, scopes: list[str]) -> None:
    custom = [each for each in scopes if each not in _STANDARD_SCOPES]
    if not custom:
        return
    known = {
        f"{server.identifier}/{scope.name}"
        for server in tx.list(POOL_RESOURCE_SERVER, (pool.id,))
        for scope in server.scopes
    }
    for each in custom:
        if each not in known:
            raise AwsError("ScopeDoesNotExistException", f"Scope {each} does not exist.")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
