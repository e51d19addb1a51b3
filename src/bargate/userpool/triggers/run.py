"""Runs the functions of pools: each call is bounded, tried again where that helps, and checked."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from bargate.model.invocation import (
    ByService,
    Errored,
    FunctionInvoker,
    Invocation,
    Outcome,
    Refused,
    Returned,
)
from bargate.userpool.triggers import TRIGGERS
from bargate.userpool.triggers.event import event_of
from bargate.userpool.triggers.sender_codes import NoCodes
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.user_pool import UserPool
    from bargate.userpool.pools import TriggerCall
    from bargate.userpool.triggers.sender_codes import SenderCodes
    from bargate.userpool.triggers.shape import TriggerShape

SERVICE: Final = "cognito-idp.amazonaws.com"
TIMEOUT_S: Final = 5.0  # AWS [D] cognito-userpools §7
ATTEMPTS: Final = 3
MAX_RESPONSE_BYTES: Final = 256 * 1024
MAX_MESSAGE_CHARACTERS: Final = 1_024
_MAY_PASS: Final = frozenset({"timed_out", "throttled", "unavailable"})
# AWS [R] the words that stand after "invocation failed due to error"
_WORDS: Final = {
    "timed_out": "Socket timeout while invoking Lambda function",
    "denied": "AccessDeniedException",
    "not_found": "ResourceNotFoundException",
    "throttled": "TooManyRequestsException",
    "too_large": "RequestTooLargeException",
    "unavailable": "ServiceException",
}
_NOT_GIVEN: Final = (
    "codes are not handed to custom senders: give --custom-sender-codes encrypted, and by"
    " --custom-sender-key a key for the pool's KMSKeyID"
)

_log = logging.getLogger("bargate.userpool")


class FunctionTriggers:
    """`Triggers` by functions that `functions` invokes.

    `codes` says what custom senders get of codes and temporary passwords.
    """

    def __init__(self, functions: FunctionInvoker, codes: SenderCodes | None = None) -> None:
        self._functions = functions
        self._codes = codes or NoCodes()

    async def run(self, call: TriggerCall) -> dict[str, Any]:
        """Do as `Triggers.run`; the response has what its trigger knows, as far as it was set."""
        arn = call.pool.trigger_arn(call.trigger)
        if arn is None:
            return dict(call.response)
        payload = msgspec.json.encode(event_of(call))
        outcome = await self._invoked(call.pool, arn, payload)
        shape = TRIGGERS[call.trigger]
        match outcome:
            case Returned(payload=returned):
                return response_of(shape, returned)
            case Errored(payload=error):
                message = f"{call.trigger} failed with error {_thrown(error)}."
                raise AwsError("UserLambdaValidationException", message)
            case Refused(reason=reason, message=why):
                _log.warning("%s of %s was not run: %s", call.trigger, call.pool.id, why)
                message = f"{call.trigger} invocation failed due to error {_WORDS[reason]}."
                raise AwsError("UnexpectedLambdaException", message)

    async def hand_over(self, call: TriggerCall) -> None:
        """Do as `Triggers.hand_over`."""
        arn = call.pool.trigger_arn(call.trigger)
        given = None if arn is None else self._codes.given(call.pool, call.request["code"])
        if arn is None or given is None:
            _log.warning("%s of %s was not run: %s", call.trigger, call.pool.id, _NOT_GIVEN)
            raise _undelivered(call)
        call = replace(call, request={**call.request, "code": given})
        payload = msgspec.json.encode(event_of(call))
        outcome = await self._functions(_invocation(call.pool, arn, payload, is_event=True))
        if isinstance(outcome, Refused):
            _log.warning("%s of %s was not run: %s", call.trigger, call.pool.id, outcome.message)
        if not isinstance(outcome, Returned):
            raise _undelivered(call)

    async def _invoked(self, pool: UserPool, arn: str, payload: bytes) -> Outcome:
        invocation = _invocation(pool, arn, payload)
        for _ in range(ATTEMPTS - 1):
            outcome = await self._functions(invocation)
            if not (isinstance(outcome, Refused) and outcome.reason in _MAY_PASS):
                return outcome
        return await self._functions(invocation)


def _invocation(pool: UserPool, arn: str, payload: bytes, *, is_event: bool = False) -> Invocation:
    return Invocation(
        function=arn,
        payload=payload,
        invoker=ByService(service=SERVICE, source_arn=pool.arn, source_account=pool.account_id),
        is_event=is_event,
        timeout_s=TIMEOUT_S,
    )


def response_of(shape: TriggerShape, returned: bytes) -> dict[str, Any]:
    """Read the `response` of the event that came back; raises InvalidLambdaResponseException."""
    if len(returned) > MAX_RESPONSE_BYTES:
        raise _invalid(f"The event is larger than {MAX_RESPONSE_BYTES} bytes")
    try:
        event = msgspec.json.decode(returned)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise _invalid("Invalid JSON") from None
    if not isinstance(event, dict) or not isinstance(event.get("response"), dict):
        raise unrecognizable()
    try:
        found = msgspec.convert(event["response"], shape.response)
    except (msgspec.ValidationError, RecursionError):
        raise _invalid("Invalid JSON") from None
    written: dict[str, Any] = msgspec.to_builtins(found)
    return written


def unrecognizable() -> AwsError:
    """Give the refusal of an event that does not say what its trigger must."""
    return AwsError("InvalidLambdaResponseException", "Unrecognizable lambda output")


def _invalid(why: str) -> AwsError:
    message = f"Invalid lambda function output : {why}"
    return AwsError("InvalidLambdaResponseException", message)


def _undelivered(call: TriggerCall) -> AwsError:
    message = f"{call.trigger} could not be handed the code."
    return AwsError("CodeDeliveryFailureException", message)


class _Thrown(msgspec.Struct, frozen=True):
    """What a function says when it throws."""

    errorMessage: str | None = None  # noqa: N815  AWS's name
    errorType: str | None = None  # noqa: N815  AWS's name


def _thrown(payload: bytes) -> str:
    try:
        error = msgspec.json.decode(payload, type=_Thrown)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return "Unknown"
    return (error.errorMessage or error.errorType or "Unknown")[:MAX_MESSAGE_CHARACTERS]
