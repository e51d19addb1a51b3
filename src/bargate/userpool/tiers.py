"""Which settings a pool's feature plan has (AWS [M] UserPoolTier): LITE, ESSENTIALS, PLUS.

Nothing is for sale here, but what AWS would refuse is refused, so that it works there, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bargate.records.user_pool_client import USER_POOL_CLIENT
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Reader

CHOICE: Final = "ALLOW_USER_AUTH"
DEFAULT: Final = "ESSENTIALS"
_RANKS: Final[Mapping[str, int]] = {"LITE": 0, "ESSENTIALS": 1, "PLUS": 2}


def tier_of(stored: Mapping[str, Any]) -> str:
    """Give the plan that is among a pool's stored members."""
    tier: str = stored.get("UserPoolTier") or DEFAULT
    return tier


def check_tier(stored: Mapping[str, Any], needed: str, feature: str) -> None:
    """Raise FeatureUnavailableInTierException unless a pool's plan is good enough."""
    tier = tier_of(stored)
    if _RANKS[tier] < _RANKS[needed]:
        message = f"{feature} needs the feature plan {needed}; the user pool has {tier}."
        raise AwsError("FeatureUnavailableInTierException", message)


def check_settings(stored: Mapping[str, Any], request: Mapping[str, Any]) -> None:
    """Hold what CreateUserPool and UpdateUserPool say against the plan that they say."""
    for needed, feature in _features(request):
        check_tier(stored, needed, feature)


def check_tier_change(tx: Reader, pool: UserPool, stored: Mapping[str, Any]) -> None:
    """Raise TierChangeNotAllowedException where a pool has what its next plan has not."""
    if _RANKS[tier_of(stored)] >= _RANKS["ESSENTIALS"]:
        return
    clients = tx.list(USER_POOL_CLIENT, (pool.id,))
    in_use = {
        "EmailMfaConfiguration": pool.email_mfa is not None,
        "session tracking": pool.session_tracking,
        CHOICE: any(CHOICE in client.flows for client in clients),
    }
    for feature, is_used in in_use.items():
        if is_used:
            message = f"The user pool uses {feature}, which {tier_of(stored)} does not have."
            raise AwsError("TierChangeNotAllowedException", message)


def _features(request: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    policies = request.get("Policies") or {}
    factors = (policies.get("SignInPolicy") or {}).get("AllowedFirstAuthFactors") or ()
    if set(factors) - {"PASSWORD"}:
        yield "ESSENTIALS", "Signing in without a password"
    if (policies.get("PasswordPolicy") or {}).get("PasswordHistorySize"):
        yield "ESSENTIALS", "PasswordHistorySize"
    config = (request.get("LambdaConfig") or {}).get("PreTokenGenerationConfig") or {}
    if config.get("LambdaVersion", "V1_0") != "V1_0":
        yield "ESSENTIALS", "Customizing access tokens"
    if request.get("AcrConfiguration"):
        yield "ESSENTIALS", "AcrConfiguration"
    if (request.get("UserPoolAddOns") or {}).get("AdvancedSecurityMode", "OFF") != "OFF":
        yield "PLUS", "Threat protection (AdvancedSecurityMode)"
