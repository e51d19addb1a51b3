"""API keys: a method that requires one refuses a call without a key of a plan of its stage.

    x-api-key (HEADER) | usageIdentifierKey (AUTHORIZER) ──► digest ──► ApiKeys.admit ──► Admission

AWS [D] apigw-objects §1: missing, wrong and disabled keys, and keys on no plan of the stage, all
answer 403 `Forbidden`. A method that requires no key ignores any, and no plan limits it. Keys are
found by their digest, so that no time tells how much of a guess is right; a header that comes twice
is joined (RFC 9110 §5.3) and is no key.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from bargate.access.api_keys import NotAdmitted
from bargate.access.control import GuardedMethod, RestControl, Step
from bargate.access.verdict import Denial

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.access.call import Call, Facts

_MISSING = Denial(
    response_type="INVALID_API_KEY",
    reason="api_key.missing",
    detail="the method requires an API key and the call has no x-api-key header",
)
_NONE_GIVEN = Denial(
    response_type="INVALID_API_KEY",
    reason="api_key.missing",
    detail="the API takes keys from its authorizer, and that gave no usageIdentifierKey",
)


def _compile(guarded: GuardedMethod) -> Step | None:
    if not guarded.method.api_key_required:
        return None
    place, keys = guarded.installation, guarded.api_keys
    stage = (place.account_id, place.region, guarded.api.id, guarded.stage.name)
    is_sent = guarded.api.api_key_source == "HEADER"
    value_of: Callable[[Call, Facts], bytes | None] = _sent if is_sent else _given
    missing = _MISSING if is_sent else _NONE_GIVEN

    def api_key(call: Call, facts: Facts) -> Denial | None:
        value = value_of(call, facts)
        if not value:
            return missing
        found = keys.admit(stage, sha256(value).hexdigest())
        if isinstance(found, NotAdmitted):
            return _refusal(found)
        facts.admission = found
        facts.api_key_id = found.key_id
        return None

    return api_key


def _sent(call: Call, facts: Facts) -> bytes | None:  # noqa: ARG001  as `_given`
    return call.header.get(b"x-api-key")


def _given(call: Call, facts: Facts) -> bytes | None:  # noqa: ARG001  as `_sent`
    key = facts.usage_identifier_key
    return None if key is None else key.encode("utf-8", "surrogatepass")


def _refusal(why: NotAdmitted) -> Denial:
    return Denial(response_type="INVALID_API_KEY", reason=why.reason, detail=why.detail)


def _narrate(call: Call, facts: Facts) -> str:  # noqa: ARG001  one signature for all controls
    found = facts.admission
    if found is None:
        return ""
    return f"API key {found.key_id} on usage plan {found.plan_id} ({found.plan_name})"


CONTROL = RestControl(name="API key", compile=_compile, narrate=_narrate)
