"""API keys: a method that requires one refuses a call without a key that the gateway knows.

AWS [D] apigw-objects §1: missing, wrong and disabled keys, and keys on no plan of the stage, all
answer 403 `Forbidden`. An OpenAPI document cannot carry keys, so a gateway that is configured by
documents alone knows none, and refuses.
"""

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod, RestControl, Step
from bargate.access.verdict import Denial

_MISSING = Denial(
    response_type="INVALID_API_KEY",
    reason="api_key.missing",
    detail="the method requires an API key and the call has no x-api-key header",
)
_UNKNOWN = Denial(
    response_type="INVALID_API_KEY",
    reason="api_key.unknown",
    detail="the method requires an API key; no usage plan of this stage holds the one sent",
)


def _compile(guarded: GuardedMethod) -> Step | None:
    return _api_key if guarded.method.api_key_required else None


def _api_key(call: Call, facts: Facts) -> Denial | None:  # noqa: ARG001  a Step
    return _UNKNOWN if call.header.get(b"x-api-key") else _MISSING


CONTROL = RestControl(
    name="API key",
    compile=_compile,
    narrate=lambda _, facts: f"API key {facts.api_key_id}",
)
