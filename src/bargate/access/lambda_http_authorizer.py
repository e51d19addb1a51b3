"""Lambda authorizers of HTTP APIs (AWS [D] apigw-evaluation §7.2).

As those of REST APIs (`lambda_authorizer`), but: no resource policy, identity sources must be there
whenever they are configured, and a function may answer `isAuthorized` instead of a policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.access.authorizer_cache import AuthorizerCache
from bargate.access.authorizer_decision import Decider
from bargate.access.authorizer_function import function_arn, invoker_of
from bargate.access.authorizer_http_event import compile_event_1_0, compile_event_2_0
from bargate.access.authorizer_result import ResultForm, ResultReader
from bargate.access.authorizer_sources import compile_identity_source, hidden_names
from bargate.access.authorizer_step import Asking, Memory, compile_step
from bargate.access.control import GuardedRoute, HttpControl, Step
from bargate.access.guarded_place import route_place
from bargate.access.lambda_authorizer import narrate, no_function, tell
from bargate.access.method_arn import compile_method_arn
from bargate.model.invalid import InvalidConfiguration

if TYPE_CHECKING:
    from bargate.access.authorizer_sources import ValuesOf
    from bargate.access.context import Place
    from bargate.model.http_api import HttpAuthorizer

HTTP_TIMEOUT_S: Final = 10.0  # AWS [D] apigw-evaluation §7.2
_FORMATS: Final = ("1.0", "2.0")


def _compile(guarded: GuardedRoute) -> Step | None:
    if guarded.route.authorization_type != "CUSTOM":
        return None
    authorizer = _find(guarded)
    function = function_arn(authorizer.authorizer_uri, guarded.stage.variables)
    if function is None:
        return no_function(authorizer.name)
    place = route_place(guarded)
    method_arn = compile_method_arn(guarded.installation, guarded.api.id, guarded.stage.name)
    event_of = (
        compile_event_1_0 if authorizer.payload_format_version == "1.0" else compile_event_2_0
    )
    sources = _sources(authorizer, place)
    credentials = authorizer.authorizer_credentials
    memory = guarded.shared.once(
        ("lambda authorizer", authorizer.id), lambda: _memory(authorizer, guarded)
    )
    return compile_step(
        Asking(
            function=function,
            invoker=invoker_of(guarded.installation, guarded.api.id, authorizer.id, credentials),
            timeout_s=HTTP_TIMEOUT_S,
            sources=sources,
            is_required=bool(sources),
            accepts=None,
            event=event_of(place, method_arn),
            memory=memory,
            decider=Decider(method_arn, None, memory.evaluated),
            hidden=hidden_names(authorizer.identity_source),
        )
    )


def _memory(authorizer: HttpAuthorizer, guarded: GuardedRoute) -> Memory:
    form = ResultForm(
        is_rest=False,
        is_simple=authorizer.enable_simple_responses,
        reserves_claims=authorizer.payload_format_version == "1.0",
    )
    # AWS [D]: without an identity source nothing is remembered
    is_cached = authorizer.result_ttl_s > 0 and bool(authorizer.identity_source)
    cache = AuthorizerCache(authorizer.result_ttl_s) if is_cached else None
    return Memory(f"{authorizer.name} of API {guarded.api.id}", ResultReader(form), cache)


def _sources(authorizer: HttpAuthorizer, place: Place) -> tuple[ValuesOf, ...]:
    where = _where(authorizer, "identitySource")
    for source in authorizer.identity_source:
        if not source.startswith("$"):
            raise InvalidConfiguration(where, f"{source!r} is no identity source: write ${source}")
    return tuple(compile_identity_source(each, place, where) for each in authorizer.identity_source)


def _find(guarded: GuardedRoute) -> HttpAuthorizer:
    wanted = guarded.route.authorizer_id
    for authorizer in guarded.api.authorizers:
        if authorizer.id == wanted and authorizer.type == "REQUEST":
            return _checked(authorizer)
    verb, _, path = guarded.route.route_key.rpartition(" ")
    raise InvalidConfiguration(
        ("paths", path, verb.lower() or "x-amazon-apigateway-any-method", "security"),
        f"{wanted!r} is not a Lambda authorizer of this API",
    )


def _checked(authorizer: HttpAuthorizer) -> HttpAuthorizer:
    if authorizer.payload_format_version not in _FORMATS:
        raise InvalidConfiguration(
            _where(authorizer, "authorizerPayloadFormatVersion"),
            f"{authorizer.payload_format_version!r} is no payload format; write 1.0 or 2.0",
        )
    if authorizer.enable_simple_responses and authorizer.payload_format_version == "1.0":
        raise InvalidConfiguration(
            _where(authorizer, "enableSimpleResponses"),
            "simple responses need payload format 2.0",
        )
    return authorizer


def _where(authorizer: HttpAuthorizer, member: str) -> tuple[str, ...]:
    scheme = ("components", "securitySchemes", authorizer.name)
    return (*scheme, "x-amazon-apigateway-authorizer", member)


CONTROL: Final = HttpControl(name="Lambda authorizer", compile=_compile, narrate=narrate, tell=tell)
