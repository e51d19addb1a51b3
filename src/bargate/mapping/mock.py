"""MOCK integrations: answers without a backend, as REST APIs use for CORS preflights.

AWS [D] how-to-mock-integration: the request template yields JSON with `statusCode`, which chooses
the integration response; anything else is a 500.
"""

import json
import re

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod
from bargate.access.guarded_place import rest_place
from bargate.access.verdict import Denial
from bargate.mapping.integration_responses import Answer, compile_integration_responses
from bargate.mapping.plan import Response
from bargate.mapping.request_templates import compile_request_templates, template_denial
from bargate.model.rest_api import Integration

# AWS reads this JSON leniently: keys may stand without quotes [O].
_LENIENT = re.compile(r"\s*\{\s*['\"]?statusCode['\"]?\s*:\s*['\"]?([0-9]{3})['\"]?\s*[,}]")


class MockPlan:
    """The plan of one method at one stage."""

    __slots__ = ("_requests", "_responses")

    def __init__(self, guarded: GuardedMethod, integration: Integration) -> None:
        place = rest_place(guarded)
        self._requests = compile_request_templates(guarded, integration, place)
        self._responses = compile_integration_responses(guarded, integration, place)

    def respond(self, call: Call, facts: Facts) -> Response | Denial:
        """Answer the call."""
        mapped = self._requests.map(call, facts)
        if isinstance(mapped, Denial):
            return mapped
        status = mocked_status(mapped.body)
        if status is None:
            return template_denial(
                'the request template of a MOCK integration must yield {"statusCode": <number>}'
            )
        return self._responses.map(call, facts, Answer(status, [], b"", mapped.overrides))


def mocked_status(body: bytes) -> int | None:
    """Give the status a mock is asked for, None where there is none."""
    text = body.decode("utf-8", "replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        lenient = _LENIENT.match(text)
        return int(lenient[1]) if lenient else None
    status = document.get("statusCode") if isinstance(document, dict) else None
    if isinstance(status, str) and status.isascii() and status.isdigit():
        status = int(status[:9])
    return status if isinstance(status, int) and not isinstance(status, bool) else None


def compile_mock(guarded: GuardedMethod, integration: Integration) -> MockPlan:
    """Compile a MOCK integration. Raises InvalidConfiguration."""
    return MockPlan(guarded, integration)
