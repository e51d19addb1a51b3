"""HTTP_PROXY integrations of HTTP APIs.

AWS [D] http-api-develop-integrations-http and http-api-parameter-mapping; [O] recorded headers:
the backend gets `Forwarded` and `Via: HTTP/1.1 AmazonAPIGateway` beside the client's headers.
The path is the integration URI's, with `{name}` filled from the route, unless `overwrite:path`
is mapped. Answers stream unless a mapping reads their body.
"""

from collections.abc import Iterable

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedRoute
from bargate.access.guarded_place import route_place
from bargate.access.paths import has_dot_segment
from bargate.access.verdict import Denial
from bargate.mapping.expressions import UnreadableBody, path_parameter
from bargate.mapping.forwarding import HTTP_API_FORWARDING_LINES, http_api_forwarding_block
from bargate.mapping.headers import (
    DROPPED_FROM_REQUEST,
    EXPECTS_CONTENT,
    FORWARDED_FOR_HTTP_API,
    HOP_BY_HOP,
    IDEMPOTENT,
    METHOD_BYTES,
    OWNED_BY_GATEWAY,
    is_header_name,
    is_one_head,
    is_signature,
    passing,
    passing_lines,
    passing_names,
)
from bargate.mapping.http_api_parameters import (
    RequestChanges,
    ResponseChanges,
    compile_request_changes,
    compile_response_changes,
)
from bargate.mapping.http_proxy import unreadable_body
from bargate.mapping.integration_settings import MAX_HTTP_TIMEOUT_MS, checked_timeout_s
from bargate.mapping.plan import Headers, Response, UpstreamRequest
from bargate.mapping.request_parameters import path_parameter_names
from bargate.mapping.targets import (
    Filler,
    PathBuilder,
    compile_path,
    compile_query,
    unsafe_head,
    unsafe_path,
)
from bargate.mapping.uri import (
    UriTemplate,
    encoded_path_value,
    parse_uri,
    query_value,
    safe_query,
)
from bargate.model.http_api import HttpIntegration
from bargate.model.invalid import InvalidConfiguration

_DROPPED = DROPPED_FROM_REQUEST | OWNED_BY_GATEWAY | FORWARDED_FOR_HTTP_API | frozenset({b"host"})
# Hop-by-hop and framing headers; HTTP APIs rename none (AWS [O]).
_DROPPED_FROM_RESPONSE = HOP_BY_HOP | {b"content-length", b"apigw-requestid"}


class HttpApiProxyPlan:
    """The plan of one route at one stage."""

    __slots__ = (
        "_changes",
        "_host",
        "_method",
        "_origin",
        "_passed",
        "_passing",
        "_passing_signed",
        "_path",
        "_place",
        "_query",
        "_response_changes",
        "_timeout_s",
        "streams",
    )

    def __init__(self, guarded: GuardedRoute, integration: HttpIntegration) -> None:
        template = parse_uri(
            integration.uri,
            guarded.stage.variables,
            route_integration_path(guarded, "uri"),
            server_name=integration.server_name_to_verify,
        )
        fillers = _fillers(guarded, template)
        self._place = route_place(guarded)
        self._origin = template.origin
        self._host = b"Host: " + template.host_header
        self._passing = passing_names(_DROPPED)
        self._passing_signed = passing_names(_DROPPED | {b"authorization"})
        self._passed = passing_names(_DROPPED_FROM_RESPONSE)
        self._query = compile_query(template, fillers)
        self._method = _method(guarded, integration)
        self._timeout_s = checked_timeout_s(
            integration.timeout_ms,
            MAX_HTTP_TIMEOUT_MS,
            route_integration_path(guarded, "timeoutInMillis"),
        )
        path = route_integration_path(guarded, "requestParameters")
        self._changes: RequestChanges = compile_request_changes(
            integration.request_parameters, self._place, path
        )
        self._path = _path(self._changes, template, fillers)
        path = route_integration_path(guarded, "responseParameters")
        self._response_changes: ResponseChanges = compile_response_changes(
            integration.response_parameters, self._place, path
        )
        self.streams = not self._response_changes.reads_body

    def request(self, call: Call, facts: Facts) -> UpstreamRequest | Denial:
        """Build the backend request."""
        try:
            target = self._target(call, facts)
            if target is None:
                return unsafe_path()
            sent = self._sent(call, facts)
        except UnreadableBody as error:
            return unreadable_body(error)
        method = self._method or METHOD_BYTES.get(call.method) or call.method.encode("ascii")
        lines = [method + f" {target} HTTP/1.1".encode("ascii"), self._host]
        lines += sent
        if call.body:
            lines.append(b"Content-Length: %d" % len(call.body))
        elif method in EXPECTS_CONTENT:
            lines.append(b"Content-Length: 0")
        lines += (http_api_forwarding_block(call), b"", b"")
        head = b"\r\n".join(lines)
        if not is_one_head(head, len(lines) + HTTP_API_FORWARDING_LINES - 2):
            return unsafe_head()
        return UpstreamRequest(
            self._origin,
            head,
            call.body,
            method,
            method in IDEMPOTENT,
            self._timeout_s,
        )

    def head(self, call: Call, facts: Facts, status: int, headers: Headers) -> tuple[int, Headers]:
        """Pass the backend's head on, with the response mappings of its status."""
        kept = passing(headers, self._passed)
        changes = self._response_changes
        return changes.apply(call, facts, status, kept, b"") if changes.any else (status, kept)

    def response(
        self, call: Call, facts: Facts, status: int, headers: Headers, body: bytes
    ) -> Response | Denial:
        """Pass a whole answer on, with the response mappings of its status."""
        kept = passing(headers, self._passed)
        status, headers = self._response_changes.apply(call, facts, status, kept, body)
        return Response(status, headers, body)

    def _target(self, call: Call, facts: Facts) -> str | None:
        path = self._path
        if not isinstance(path, str):
            built = path(call, facts)
            if built is None:
                return None
            path = built
        query = self._query
        if not isinstance(query, str):
            query = query(call, facts)
        if call.query:
            sent = safe_query(call.query)
            query = f"{query}&{sent}" if query else sent
        if self._changes.query_changes:
            query = self._changes.query(query, call, facts)
        return f"{path}?{query}" if query else path

    def _sent(self, call: Call, facts: Facts) -> Iterable[bytes]:
        """Give the lines of the headers that go on; raises UnreadableBody."""
        header, passes = call.header, self._passing
        if b"authorization" in header and is_signature(header[b"authorization"]):
            passes = self._passing_signed
        if not self._changes.header_changes:
            return passing_lines(call.headers, passes)
        kept = [each for each in call.headers if passes[each[0]]]
        return map(b": ".join, self._changes.headers(kept, call, facts))


def compile_http_api_proxy(guarded: GuardedRoute, integration: HttpIntegration) -> HttpApiProxyPlan:
    """Compile an HTTP_PROXY integration of a route. Raises InvalidConfiguration."""
    return HttpApiProxyPlan(guarded, integration)


def route_path(guarded: GuardedRoute) -> str:
    """Give the path part of a route key; `$default` has none."""
    return guarded.route.route_key.partition(" ")[2] or guarded.route.route_key


def route_integration_path(guarded: GuardedRoute, *more: str) -> tuple[str, ...]:
    """Give the path of a route's integration in its OpenAPI document."""
    verb, _, path = guarded.route.route_key.partition(" ")
    operation = "x-amazon-apigateway-any-method" if verb in {"ANY", "$default"} else verb.lower()
    place = f"/{path}" if verb == "$default" else path
    return ("paths", place or "/$default", operation, "x-amazon-apigateway-integration", *more)


def _path(
    changes: RequestChanges, template: UriTemplate, fillers: dict[str, tuple[Filler, Filler]]
) -> str | PathBuilder:
    """Give the path of the URI, or the one that is mapped in its place."""
    mapped = changes.path
    if mapped is None:
        return compile_path(template, fillers)

    def build(call: Call, facts: Facts) -> str | None:
        path = mapped(call, facts)
        return None if has_dot_segment(path) else path

    return build


def _fillers(guarded: GuardedRoute, template: UriTemplate) -> dict[str, tuple[Filler, Filler]]:
    known = path_parameter_names(route_path(guarded))
    for name in template.variables - known:
        raise InvalidConfiguration(
            route_integration_path(guarded, "uri"),
            f"nothing fills {{{name}}}: the route {guarded.route.route_key!r} has no such"
            " parameter",
        )
    return {name: (_raw(name), _decoded(name)) for name in template.variables}


def _raw(name: str) -> Filler:
    return lambda _call, facts: encoded_path_value(facts.path_parameters.get(name, ""))


def _decoded(name: str) -> Filler:
    source = path_parameter(name)
    return lambda call, facts: query_value(",".join(source(call, facts)))


def _method(guarded: GuardedRoute, integration: HttpIntegration) -> bytes | None:
    method = integration.http_method.upper()
    if not is_header_name(method):
        raise InvalidConfiguration(
            route_integration_path(guarded, "httpMethod"),
            f"{integration.http_method!r} is not an HTTP method",
        )
    return None if method == "ANY" else method.encode("ascii")
