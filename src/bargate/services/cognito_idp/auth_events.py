"""AdminListUserAuthEvents, and what is said of an event afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from bargate.records.pool_auth_event import POOL_AUTH_EVENT, Feedback
from bargate.services.cognito_idp.lookup import MAX_LISTED, after_of, the_pool
from bargate.services.operation import operation
from bargate.services.paging import token_of
from bargate.userpool import find
from bargate.userpool.auth_events import is_watched
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_auth_event import PoolAuthEvent
    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.services.operation import OperationCall, Params


@operation()
def admin_list_user_auth_events(call: OperationCall, request: Params) -> Params:
    """List what a user did to sign in, the newest first."""
    user = _the_user(call, request)
    prefix, limit = (user.pool_id, user.sub), request.get("MaxResults") or MAX_LISTED
    after = after_of(request.get("NextToken"), prefix)
    found = call.tx.list(POOL_AUTH_EVENT, prefix, after=after, limit=limit + 1)
    output: Params = {"AuthEvents": [_output(each) for each in found[:limit]]}
    if len(found) > limit:
        output["NextToken"] = token_of(POOL_AUTH_EVENT.key_of(found[limit - 1]))
    return output


@operation(writes=True)
def admin_update_auth_event_feedback(call: OperationCall, request: Params) -> Params:
    """Note whether an event was the user's."""
    user = _the_user(call, request)
    # At most `auth_events.MAX_KEPT` and its slack.
    events = call.tx.list(POOL_AUTH_EVENT, (user.pool_id, user.sub))
    found = [each for each in events if each.id == request["EventId"]]
    if not found:
        raise AwsError("InvalidParameterException", "The user has no such event.")
    said = Feedback(value=request["FeedbackValue"], provider="Admin", at=call.now)
    key = POOL_AUTH_EVENT.key_of(found[0])
    call.tx.update(POOL_AUTH_EVENT, key, lambda old: replace(old, feedback=said))
    return {}


@operation()
def update_auth_event_feedback(call: OperationCall, request: Params) -> Params:
    """Refuse what the holder of a FeedbackToken says: no mail that gives one is ever sent.

    INVARIANT: it says the same of every user and every event.
    """
    _check_watched(find.pool_of_id(call.tx, request["UserPoolId"]))
    raise AwsError("NotAuthorizedException", "Invalid feedback token.")


def _the_user(call: OperationCall, request: Params) -> PoolUser:
    pool = the_pool(call, request)
    _check_watched(pool)
    return find.the_user(call.tx, pool, request["Username"])


def _check_watched(pool: UserPool) -> None:
    if not is_watched(pool):
        message = "Threat protection is off: set AdvancedSecurityMode of UserPoolAddOns."
        raise AwsError("UserPoolAddOnNotEnabledException", message)


def _output(event: PoolAuthEvent) -> Params:
    """Write an event; nothing here judges risks, so none was found."""
    output: Params = {
        "EventId": event.id,
        "EventType": event.type,
        "CreationDate": event.at,
        "EventResponse": event.response,
        "EventRisk": {"RiskDecision": "NoRisk", "CompromisedCredentialsDetected": False},
        "ChallengeResponses": [
            {
                "ChallengeName": each.name,
                "ChallengeResponse": "Success" if each.is_right else "Failure",
            }
            for each in event.challenges
        ],
        "EventContextData": {"IpAddress": event.ip_address, "DeviceName": event.device_name},
    }
    if event.feedback is not None:
        output["EventFeedback"] = {
            "FeedbackValue": event.feedback.value,
            "Provider": event.feedback.provider,
            "FeedbackDate": event.feedback.at,
        }
    return output
