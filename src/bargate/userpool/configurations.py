"""Settings that are kept and given back, and that nothing acts on: risk, delivery of logs. Pure.

Each gives what is to be stored, under AWS's names, or raises AwsError.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final

from bargate.userpool.tiers import check_tier
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bargate.records.user_pool import UserPool

_RISKS: Final = (
    "CompromisedCredentialsRiskConfiguration",
    "AccountTakeoverRiskConfiguration",
    "RiskExceptionConfiguration",
)
_RANGES: Final = ("BlockedIPRangeList", "SkippedIPRangeList")
_DESTINATIONS: Final = ("CloudWatchLogsConfiguration", "S3Configuration", "FirehoseConfiguration")


def risk_of(pool: UserPool, request: Mapping[str, Any]) -> dict[str, Any]:
    """Give a risk configuration; an empty one sets back to the default (AWS [M])."""
    said = {name: request[name] for name in _RISKS if request.get(name) is not None}
    add_ons = pool.stored.get("UserPoolAddOns") or {}
    if said and add_ons.get("AdvancedSecurityMode", "OFF") == "OFF":
        message = "Threat protection is off: set AdvancedSecurityMode of UserPoolAddOns first."
        raise AwsError("UserPoolAddOnNotEnabledException", message)
    _check_notices(said.get("AccountTakeoverRiskConfiguration") or {})
    exceptions = said.get("RiskExceptionConfiguration") or {}
    for name in _RANGES:
        for each in exceptions.get(name) or ():
            _check_range(name, each)
    return said


def _check_notices(takeover: Mapping[str, Any]) -> None:
    actions = (takeover.get("Actions") or {}).values()
    if any(each["Notify"] for each in actions) and not takeover.get("NotifyConfiguration"):
        raise _invalid("NotifyConfiguration is required where an action has Notify.")


def _check_range(name: str, text: str) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise _invalid(f"{name}: {text[:64]} is not a range of addresses (CIDR).") from None


def log_delivery_of(
    pool: UserPool, configurations: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Give where logs are to go, one place an event source."""
    sources = [each["EventSource"] for each in configurations]
    if len(set(sources)) < len(sources):
        raise _invalid("Each EventSource can have one configuration.")
    for each in configurations:
        _check_delivery(pool, each)
    return [dict(each) for each in configurations]


def _check_delivery(pool: UserPool, given: Mapping[str, Any]) -> None:
    """AWS [M] LogConfigurationType: which level and places an event source may have."""
    source, level = given["EventSource"], given["LogLevel"]
    places = [name for name in _DESTINATIONS if given.get(name)]
    if len(places) != 1:
        raise _invalid(f"{source} needs one of {', '.join(_DESTINATIONS)}.")
    if source == "userAuthEvents":
        check_tier(pool.stored, "PLUS", "Exporting userAuthEvents")
    elif places != ["CloudWatchLogsConfiguration"]:
        raise _invalid("userNotification can go to CloudWatchLogsConfiguration alone.")
    if level != ("INFO" if source == "userAuthEvents" else "ERROR"):
        raise _invalid(f"{source} does not have the level {level}.")
    group = (given.get("CloudWatchLogsConfiguration") or {}).get("LogGroupArn")
    if group is not None and group.split(":")[2:5:2] != ["logs", pool.account_id]:
        raise _invalid("LogGroupArn must be a log group in the account of the user pool.")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
