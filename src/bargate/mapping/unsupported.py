"""Integrations with AWS services and Lambda functions: refused at every call, with a reason.

They are accepted in a document, so that its other routes can be served.
"""

from bargate.access.call import Call, Facts
from bargate.access.verdict import Denial


class UnsupportedPlan:
    """Answers every call with API_CONFIGURATION_ERROR."""

    __slots__ = ("_denial",)

    def __init__(self, integration_type: str) -> None:
        self._denial = Denial(
            response_type="API_CONFIGURATION_ERROR",
            reason="integration.unsupported",
            detail=f"integrations of type {integration_type} are not served; use HTTP, HTTP_PROXY"
            " or MOCK",
        )

    def respond(self, call: Call, facts: Facts) -> Denial:  # noqa: ARG002 - refused whatever is asked
        """Refuse the call."""
        return self._denial
