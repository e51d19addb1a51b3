"""Integrations that are not served, or cannot work: refused at every call, with a reason.

They are accepted in a document, so that its other routes can be served.
"""

from bargate.access.call import Call, Facts
from bargate.access.verdict import Denial


class UnsupportedPlan:
    """Answers every call with API_CONFIGURATION_ERROR; `detail` is what the operator reads."""

    __slots__ = ("_denial",)

    def __init__(self, detail: str, *, reason: str = "integration.unsupported") -> None:
        self._denial = Denial(response_type="API_CONFIGURATION_ERROR", reason=reason, detail=detail)

    def respond(self, call: Call, facts: Facts) -> Denial:  # noqa: ARG002 - refused whatever is asked
        """Refuse the call."""
        return self._denial
