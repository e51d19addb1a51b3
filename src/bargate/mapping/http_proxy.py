"""HTTP_PROXY integrations of REST APIs: the request goes on as it came, the answer streams back.

AWS [R] recorded HTTP_PROXY integrations (apigw-objects §3): hop-by-hop headers, Host,
Content-Encoding and Via do not pass; User-Agent and Accept get defaults only when the client sent
none; mapped query parameters are added to the client's, mapped headers replace them. A mapped
header is dropped from the client's also when the mapping gives no value [I]: a client cannot
speak in the place of a missing claim.
"""

from functools import lru_cache

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod
from bargate.access.guarded_place import rest_place
from bargate.access.verdict import Denial
from bargate.mapping.expressions import Source, UnreadableBody
from bargate.mapping.forwarding import FORWARDING_LINES, forwarding_block
from bargate.mapping.headers import (
    DROPPED_FROM_HTTP_PROXY,
    EXPECTS_CONTENT,
    FORWARDED,
    HOP_BY_HOP,
    IDEMPOTENT,
    METHOD_BYTES,
    OWNED_BY_GATEWAY,
    REMAPPED_FROM_HTTP_PROXY,
    header_value,
    is_one_head,
    is_signature,
    passed_names,
    passing_lines,
    passing_names,
    remap,
)
from bargate.mapping.integration_settings import required_method, timeout_s
from bargate.mapping.media_types import UnreadableBase64, compile_binary_test, convert_request
from bargate.mapping.plan import Headers, Origin, Response, UpstreamRequest
from bargate.mapping.request_parameters import (
    compile_fillers,
    compile_request_parameters,
    integration_path,
)
from bargate.mapping.targets import (
    Filler,
    PathBuilder,
    compile_path,
    compile_query,
    query_pair,
    unsafe_head,
    unsafe_path,
)
from bargate.mapping.uri import parse_uri, safe_query
from bargate.model.rest_api import ContentHandling, Integration

_DROPPED = DROPPED_FROM_HTTP_PROXY | OWNED_BY_GATEWAY | FORWARDED


class HttpProxyPlan:
    """The plan of one method at one stage."""

    __slots__ = (
        "_accept",
        "_adds_query",
        "_api_id",
        "_converts",
        "_host",
        "_mapped",
        "_maps_host",
        "_method",
        "_origin",
        "_passed",
        "_passing",
        "_passing_signed",
        "_path",
        "_queries",
        "_query",
        "_timeout_s",
        "_user_agent",
        "is_binary",
        "streams",
    )

    def __init__(self, guarded: GuardedMethod, integration: Integration) -> None:
        place = rest_place(guarded)
        template = parse_uri(
            integration.uri,
            guarded.stage.variables,
            integration_path(guarded, "uri"),
            verify=not integration.insecure_skip_verification,
            client_certificate=guarded.stage.client_certificate_id,
        )
        parameters = compile_request_parameters(guarded, place)
        fillers = compile_fillers(guarded, template, parameters)
        mapped = parameters.header_names
        method = required_method(guarded, integration)
        self.streams = True
        self.is_binary = compile_binary_test(guarded.api.binary_media_types)
        self._converts: ContentHandling | None = integration.content_handling
        self._origin: Origin = template.origin
        self._path: str | PathBuilder = compile_path(template, fillers)
        self._query: str | Filler = compile_query(template, fillers)
        self._queries: tuple[tuple[str, Source], ...] = parameters.queries
        self._adds_query = bool(self._query or self._queries)
        self._mapped: tuple[tuple[bytes, Source], ...] = parameters.headers
        self._maps_host = b"host" in mapped
        self._passing = passing_names(_DROPPED | mapped)
        self._passing_signed = passing_names(_DROPPED | mapped | {b"authorization"})
        self._passed = passed_names(REMAPPED_FROM_HTTP_PROXY, HOP_BY_HOP)
        self._method = None if method == "ANY" else method.encode("ascii")
        self._timeout_s = timeout_s(guarded, integration)
        self._host, self._api_id, user_agent = _own_lines(template.host_header, guarded.api.id)
        self._user_agent = None if b"user-agent" in mapped else user_agent
        self._accept = None if b"accept" in mapped else b"Accept: application/json"

    def request(self, call: Call, facts: Facts) -> UpstreamRequest | Denial:
        """Build the backend request."""
        path = self._path
        if not isinstance(path, str):
            built = path(call, facts)
            if built is None:
                return unsafe_path()
            path = built
        query = self._full_query(call, facts) if call.query or self._adds_query else ""
        if isinstance(query, Denial):
            return query
        method = self._method or METHOD_BYTES.get(call.method) or call.method.encode("ascii")
        body = call.body
        if self._converts is not None:
            converted = self._converted(call)
            if isinstance(converted, Denial):
                return converted
            body = converted
        lines = self._lines(call, facts, method, f"{path}?{query}" if query else path)
        if isinstance(lines, Denial):
            return lines
        if body:
            lines.append(b"Content-Length: %d" % len(body))
        elif method in EXPECTS_CONTENT:
            lines.append(b"Content-Length: 0")
        lines += (forwarding_block(call), b"", b"")
        head = b"\r\n".join(lines)
        if not is_one_head(head, len(lines) + FORWARDING_LINES - 2):
            return unsafe_head()
        return UpstreamRequest(
            self._origin, head, body, method, method in IDEMPOTENT, self._timeout_s
        )

    def head(
        self,
        call: Call,  # noqa: ARG002 - a proxy maps the backend's head alone
        facts: Facts,  # noqa: ARG002
        status: int,
        headers: Headers,
    ) -> tuple[int, Headers]:
        """Pass the backend's head on, renamed as AWS does."""
        return status, remap(headers, self._passed)

    def response(
        self, call: Call, facts: Facts, status: int, headers: Headers, body: bytes
    ) -> Response | Denial:
        """Pass a whole answer on."""
        status, headers = self.head(call, facts, status, headers)
        return Response(status, headers, body)

    def _full_query(self, call: Call, facts: Facts) -> str | Denial:
        query = safe_query(call.query) if call.query else ""
        own = self._query
        if not isinstance(own, str):
            try:
                own = own(call, facts)
            except UnreadableBody as error:
                return unreadable_body(error)
        if own:
            query = f"{own}&{query}" if query else own
        return self._with_mapped_queries(query, call, facts) if self._queries else query

    def _with_mapped_queries(self, query: str, call: Call, facts: Facts) -> str | Denial:
        pairs = [query] if query else []
        try:
            for name, source in self._queries:
                pairs += [query_pair(name, value) for value in source(call, facts)]
        except UnreadableBody as error:
            return unreadable_body(error)
        return "&".join(pairs)

    def _lines(self, call: Call, facts: Facts, method: bytes, target: str) -> list[bytes] | Denial:
        sent = call.header
        passes = self._passing
        if b"authorization" in sent and is_signature(sent[b"authorization"]):
            passes = self._passing_signed
        lines = [method + f" {target} HTTP/1.1".encode("ascii"), self._host]
        lines += passing_lines(call.headers, passes)
        if self._mapped:
            try:
                self._map_headers(lines, call, facts)
            except UnreadableBody as error:
                return unreadable_body(error)
        if self._user_agent is not None and b"user-agent" not in sent:
            lines.append(self._user_agent)
        if self._accept is not None and b"accept" not in sent:
            lines.append(self._accept)
        lines.append(self._api_id)
        return lines

    def _map_headers(self, lines: list[bytes], call: Call, facts: Facts) -> None:
        for name, source in self._mapped:
            values = source(call, facts)
            if not values:
                continue
            line = name + b": " + header_value(",".join(values))
            if self._maps_host and name.lower() == b"host":
                lines[1] = line
            else:
                lines.append(line)

    def _converted(self, call: Call) -> bytes | Denial:
        is_binary = self.is_binary(call.text(b"content-type"))
        try:
            return convert_request(call.body, self._converts, is_binary=is_binary)
        except UnreadableBase64 as error:
            return Denial(
                response_type="BAD_REQUEST_BODY",
                reason="integration.base64",
                detail=f"the body is not base64: {error}",
            )


@lru_cache(maxsize=1024)
def _own_lines(host: bytes, api_id: str) -> tuple[bytes, bytes, bytes]:
    """Give Host, API id and User-Agent: the same objects for all methods, which keeps them near."""
    return (
        b"Host: " + host,
        f"X-Amzn-Apigateway-Api-Id: {api_id}".encode("ascii"),
        f"User-Agent: AmazonAPIGateway_{api_id}".encode("ascii"),
    )


def unreadable_body(error: UnreadableBody) -> Denial:
    """Refuse a call whose body a mapping cannot read (AWS [R] recorded)."""
    return Denial(
        response_type="BAD_REQUEST_BODY",
        reason="integration.unreadable_body",
        detail=f"a mapping reads the body as JSON and cannot: {error}",
        message="Invalid JSON in request body",
    )


def compile_http_proxy(guarded: GuardedMethod, integration: Integration) -> HttpProxyPlan:
    """Compile an HTTP_PROXY integration of a REST method. Raises InvalidConfiguration."""
    return HttpProxyPlan(guarded, integration)
