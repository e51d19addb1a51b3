"""Lambda authorizers: user code decides, by a policy that it returns.

    identity sources ──missing──► 401, the function is not asked
          ▼
    cache (time to live > 0) ──► remembered Answer ──┐
          ▼ none                                     ▼
    Need(AuthorizerAsk) ─ gateway/needs.py ─► Told ─► authorizer_decision ─► go on, or 403

AWS [D] apigw-evaluation §2, §5, §7.2. The step never waits: what it needs is fetched into
`facts.authorizer_answer`, and it is run again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.access.authorizer_cache import AuthorizerCache
from bargate.access.authorizer_decision import Decider
from bargate.access.authorizer_event import compile_request_event, token_event
from bargate.access.authorizer_function import function_arn, invoker_of
from bargate.access.authorizer_result import ResultForm, ResultReader
from bargate.access.authorizer_sources import (
    compile_expression,
    compile_identity_source,
    hidden_names,
    is_valid_token,
)
from bargate.access.authorizer_step import Asking, Memory, compile_step
from bargate.access.authorizer_told import told_lines
from bargate.access.control import GuardedMethod, RestControl, Step
from bargate.access.guarded_place import rest_place
from bargate.access.method_arn import compile_method_arn
from bargate.access.resource_policy import policy_of_method
from bargate.access.verdict import Denial
from bargate.model.invalid import InvalidConfiguration

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.access.authorizer_sources import Values
    from bargate.access.call import Call, Facts
    from bargate.access.context import Place
    from bargate.model.rest_api import Authorizer

REST_TIMEOUT_S: Final = 29.0  # [I]: as long as a REST integration may take
_DEFAULT_SOURCE: Final = "method.request.header.Authorization"


def _compile(guarded: GuardedMethod) -> Step | None:
    if guarded.method.authorization_type != "CUSTOM":
        return None
    authorizer = _find(guarded)
    function = function_arn(authorizer.authorizer_uri, guarded.stage.variables)
    if function is None:
        return no_function(authorizer.name)
    place = rest_place(guarded)
    sources = _sources(authorizer)
    method_arn = compile_method_arn(guarded.installation, guarded.api.id, guarded.stage.name)
    is_cached = authorizer.result_ttl_s > 0
    memory = guarded.shared.once(
        ("lambda authorizer", authorizer.id), lambda: _memory(authorizer, guarded)
    )
    return compile_step(
        Asking(
            function=function,
            invoker=invoker_of(
                guarded.installation,
                guarded.api.id,
                authorizer.id,
                authorizer.authorizer_credentials,
            ),
            timeout_s=REST_TIMEOUT_S,
            sources=tuple(
                compile_identity_source(each, place, _where(authorizer, "identitySource"))
                for each in sources
            ),
            is_required=authorizer.type == "TOKEN" or is_cached,
            accepts=_accepts(authorizer),
            event=_event(authorizer, place, guarded),
            memory=memory,
            decider=Decider(method_arn, policy_of_method(guarded), memory.evaluated),
            hidden=hidden_names(sources),
        )
    )


def no_function(name: str) -> Step:
    """Refuse all calls of an authorizer whose URI names no function at this stage."""
    denial = Denial(
        response_type="AUTHORIZER_CONFIGURATION_ERROR",
        reason="authorizer.no_function",
        detail=f"authorizerUri of the authorizer {name} names no Lambda function here; write"
        " arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/FUNCTION-ARN/invocations and"
        " give the stage every stage variable in it",
    )

    def refuse(call: Call, facts: Facts) -> Denial:  # noqa: ARG001  a Step
        return denial

    return refuse


def _memory(authorizer: Authorizer, guarded: GuardedMethod) -> Memory:
    form = ResultForm(is_rest=True, is_private=guarded.api.is_private)
    ttl_s = authorizer.result_ttl_s
    cache = AuthorizerCache(ttl_s) if ttl_s > 0 else None
    return Memory(f"{authorizer.name} of API {guarded.api.id}", ResultReader(form), cache)


def _event(
    authorizer: Authorizer, place: Place, guarded: GuardedMethod
) -> Callable[[Call, Facts, list[Values | None]], bytes]:
    method_arn = compile_method_arn(guarded.installation, guarded.api.id, guarded.stage.name)
    if authorizer.type == "REQUEST":
        write = compile_request_event(place, method_arn)
        return lambda call, facts, _values: write(call, facts)
    return lambda call, _facts, values: token_event(
        _token(values), method_arn(call, call.resource_path)
    )


def _accepts(authorizer: Authorizer) -> Callable[[list[Values | None]], bool] | None:
    where = _where(authorizer, "identityValidationExpression")
    expression = compile_expression(authorizer.identity_validation_expression, where)
    if expression is None or authorizer.type != "TOKEN":
        return None
    return lambda values: is_valid_token(expression, _token(values).decode("latin-1"))


def _token(values: list[Values | None]) -> bytes:
    """Give the raw header value; a header that came twice is joined (RFC 9110 §5.3)."""
    return b", ".join(values[0] or ())


def _sources(authorizer: Authorizer) -> tuple[str, ...]:
    written = authorizer.identity_source
    if not written:
        if authorizer.type == "TOKEN":
            return (_DEFAULT_SOURCE,)
        if authorizer.result_ttl_s > 0:
            # AWS [D] apigw-objects §2: remembering needs something to remember by
            raise InvalidConfiguration(
                _where(authorizer, "identitySource"),
                "an authorizer whose results are remembered needs an identity source; name one, or"
                " write authorizerResultTtlInSeconds: 0",
            )
        return ()
    sources = tuple(each.strip() for each in written.split(","))
    if authorizer.type == "TOKEN" and (
        len(sources) != 1 or not sources[0].startswith("method.request.header.")
    ):
        raise InvalidConfiguration(
            _where(authorizer, "identitySource"),
            "a TOKEN authorizer has one identity source, method.request.header.NAME",
        )
    return sources


def _find(guarded: GuardedMethod) -> Authorizer:
    wanted = guarded.method.authorizer_id
    for authorizer in guarded.api.authorizers:
        if authorizer.id == wanted and authorizer.type in {"TOKEN", "REQUEST"}:
            return authorizer
    verb = guarded.method.http_method
    member = "x-amazon-apigateway-any-method" if verb == "ANY" else verb.lower()
    raise InvalidConfiguration(
        ("paths", guarded.resource.path, member, "security"),
        f"{wanted!r} is not a Lambda authorizer of this API",
    )


def _where(authorizer: Authorizer, member: str) -> tuple[str, ...]:
    scheme = ("components", "securitySchemes", authorizer.name)
    return (*scheme, "x-amazon-apigateway-authorizer", member)


def narrate(call: Call, facts: Facts) -> str:  # noqa: ARG001  one signature for all controls
    """Say who was let in, and by which statement."""
    decision = facts.authorizer_decision
    why = decision.reason if decision else "isAuthorized: true."
    who = f" {facts.principal_id}:" if facts.principal_id is not None else ""
    return f"{who} {why}".strip()


def tell(call: Call, facts: Facts) -> tuple[str, ...]:  # noqa: ARG001  as `narrate`
    """Tell what the function was sent and returned."""
    told = facts.authorizer_answer
    return () if told is None else told_lines(told)


CONTROL: Final = RestControl(name="Lambda authorizer", compile=_compile, narrate=narrate, tell=tell)
