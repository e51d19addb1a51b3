"""The ARN a call is decided on: what policies name as their resource.

AWS [D] apigw-evaluation §3: `{apiId}/{stage}/{VERB}/{path}` with the actual path, not the
template. The path is in normal form without a trailing slash (routing ignores it, so a policy
must not be escaped by adding one).
"""

from collections.abc import Callable

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod, RestControl, Step
from bargate.access.verdict import Denial
from bargate.model.installation import Installation

MAX_BYTES = 1600  # AWS [D] apigw-evaluation §3
_SURELY_SHORT = 1024  # what comes before a path never has the rest of MAX_BYTES

# Of a call and a path below API and stage: its own, or what a backend may take that for.
MethodArn = Callable[[Call, str], str]


def compile_method_arn(installation: Installation, api_id: str, stage: str) -> MethodArn:
    """Give the function that forms the method ARN of a call."""
    prefix = (
        f"arn:{installation.partition}:execute-api:{installation.region}"
        f":{installation.account_id}:{api_id}/{stage}/"
    )

    def method_arn(call: Call, path: str) -> str:
        if path.endswith("/"):
            path = path.rstrip("/") or "/"
        return prefix + call.method + path

    return method_arn


def mask_account(arn: str) -> str:
    """Hide the account as AWS does in messages: eight `*`, then the last four digits ([D] §2)."""
    head, account, tail = _split_account(arn)
    return f"{head}:{'*' * 8}{account[-4:]}:{tail}"


def _split_account(arn: str) -> tuple[str, str, str]:
    segments = arn.split(":", 5)
    return ":".join(segments[:4]), segments[4], segments[5]


def _compile(guarded: GuardedMethod) -> Step | None:
    if guarded.method.authorization_type == "NONE" and guarded.api.policy is None:
        return None
    method_arn = compile_method_arn(guarded.installation, guarded.api.id, guarded.stage.name)

    def bounded_method_arn(call: Call, facts: Facts) -> Denial | None:  # noqa: ARG001  a Step
        if len(call.resource_path) < _SURELY_SHORT:
            return None
        size_bytes = len(method_arn(call, call.resource_path))
        if size_bytes <= MAX_BYTES:
            return None
        return Denial(
            response_type="BAD_REQUEST_PARAMETERS",
            status=414,
            message="Request URI too long",
            reason="method_arn.too_long",
            detail=f"the method ARN has {size_bytes} bytes, {MAX_BYTES} are allowed",
        )

    return bounded_method_arn


CONTROL = RestControl(
    name="method ARN",
    compile=_compile,
    narrate=lambda call, _: f"{call.method} {call.resource_path} is short enough to decide on",
)
