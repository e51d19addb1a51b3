"""The event that a function is sent, as AWS writes it (AWS [D] cognito-userpools §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.userpool.pools import TriggerCall

UNKNOWN_SDK: Final = "aws-sdk-unknown-unknown"
# AWS [D]: the event of a user who is not there yet has no attributes of one who is.
_WITHOUT_ATTRIBUTES: Final = frozenset({"UserMigration"})
_ALIASES: Final = {"email": "cognito:email_alias", "phone_number": "cognito:phone_number_alias"}


def attributes_of(user: PoolUser | None) -> dict[str, str]:
    """Give a user's attributes as functions see them; of nobody, none."""
    if user is None:
        return {}
    aliases = {
        shown: user.attributes[name] for name, shown in _ALIASES.items() if name in user.aliases
    }
    return {
        "sub": user.sub,
        **aliases,
        "cognito:user_status": user.status,
        **user.attributes,
    }


def event_of(call: TriggerCall) -> dict[str, Any]:
    """Write the event of a call."""
    pool = call.pool
    return {
        "version": version_of(pool, call.trigger),
        "triggerSource": call.source,
        "region": pool.region,
        "userPoolId": pool.id,
        "userName": call.user_name,
        "callerContext": {"awsSdkVersion": UNKNOWN_SDK, "clientId": call.client_id},
        "request": _request(call),
        "response": dict(call.response),
    }


def version_of(pool: UserPool, trigger: str) -> str:
    """Give the version of an event: 1 but for PreTokenGeneration's V2_0 and V3_0."""
    configured = pool.lambda_config.get("PreTokenGenerationConfig")
    if trigger != "PreTokenGeneration" or not isinstance(configured, dict):
        return "1"
    return str(configured.get("LambdaVersion", "V1_0")).removeprefix("V").partition("_")[0]


def _request(call: TriggerCall) -> dict[str, Any]:
    known: dict[str, Any] = {}
    if call.trigger not in _WITHOUT_ATTRIBUTES:
        known["userAttributes"] = dict(call.attributes)
    return known | _written(call.request)


def _written(request: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out clientMetadata that was not given; AWS writes validationData as null then."""
    written = dict(request)
    if "clientMetadata" in written and not written["clientMetadata"]:
        del written["clientMetadata"]
    if "validationData" in written and not written["validationData"]:
        written["validationData"] = None
    return written
