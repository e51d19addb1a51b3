"""Methods whose authorizer this version does not have: every call is refused, never let through.

A `CUSTOM` method of a REST API, and the like on an HTTP API, answers 500 with the gateway
response AUTHORIZER_CONFIGURATION_ERROR and says so in the log.
"""

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod, GuardedRoute, HttpControl, RestControl, Step
from bargate.access.verdict import Denial

_UNSUPPORTED = frozenset({"CUSTOM"})


def _compile_method(guarded: GuardedMethod) -> Step | None:
    return _refusal(guarded.method.authorization_type)


def _compile_route(guarded: GuardedRoute) -> Step | None:
    return _refusal(guarded.route.authorization_type)


def _refusal(authorization_type: str) -> Step | None:
    if authorization_type not in _UNSUPPORTED:
        return None
    denial = Denial(
        response_type="AUTHORIZER_CONFIGURATION_ERROR",
        reason="authorizer.unsupported",
        detail=f"{authorization_type} authorization is not enforceable by this version of Bargate,"
        " so every call is refused; use NONE, AWS_IAM, a Cognito user pool or a JWT authorizer",
    )

    def refuse(call: Call, facts: Facts) -> Denial:  # noqa: ARG001  a Step
        return denial

    return refuse


def _narrate(call: Call, facts: Facts) -> str:  # noqa: ARG001  one signature for all controls
    return "this kind of authorization is not enforceable yet"


REST_CONTROL = RestControl(name="authorizer kind", compile=_compile_method, narrate=_narrate)
HTTP_CONTROL = HttpControl(name="authorizer kind", compile=_compile_route, narrate=_narrate)
