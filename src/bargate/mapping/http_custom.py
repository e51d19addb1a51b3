"""HTTP integrations of REST APIs ("custom"): only what is mapped is sent, and answered.

AWS [R] recorded HTTP integrations: the backend gets the mapped parameters, `Accept:
application/json` and `User-Agent: AmazonAPIGateway_<api>` where nothing else is mapped, and the
client's Content-Type with a body; template overrides win over mappings.
"""

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod
from bargate.access.guarded_place import rest_place
from bargate.access.paths import has_dot_segment
from bargate.access.verdict import Denial
from bargate.mapping.context import trace_id
from bargate.mapping.expressions import UnreadableBody
from bargate.mapping.headers import (
    EXPECTS_CONTENT,
    IDEMPOTENT,
    NEVER_MAPPED,
    WITHOUT_CONTENT,
    has_line_end,
    header_value,
    is_header_name,
)
from bargate.mapping.http_proxy import unreadable_body
from bargate.mapping.integration_responses import (
    Answer,
    compile_integration_responses,
    override_texts,
)
from bargate.mapping.integration_settings import required_method, timeout_s
from bargate.mapping.plan import Headers, Response, UpstreamRequest
from bargate.mapping.request_parameters import (
    compile_fillers,
    compile_request_parameters,
    integration_path,
)
from bargate.mapping.request_templates import (
    MappedBody,
    compile_request_templates,
    template_denial,
)
from bargate.mapping.targets import fill, query_pair, unsafe_head, unsafe_path
from bargate.mapping.uri import parse_uri, path_value, query_value
from bargate.mapping.vtl.limits import TemplateFailure
from bargate.mapping.vtl.template import Overrides
from bargate.model.rest_api import Integration

NamedValues = dict[bytes, tuple[bytes, bytes]]


class HttpCustomPlan:
    """The plan of one method at one stage."""

    __slots__ = (
        "_api_id",
        "_fillers",
        "_method",
        "_parameters",
        "_requests",
        "_responses",
        "_template",
        "_timeout_s",
        "streams",
    )

    def __init__(self, guarded: GuardedMethod, integration: Integration) -> None:
        place = rest_place(guarded)
        method = required_method(guarded, integration)
        self.streams = False
        self._template = parse_uri(
            integration.uri,
            guarded.stage.variables,
            integration_path(guarded, "uri"),
            verify=not integration.insecure_skip_verification,
            client_certificate=guarded.stage.client_certificate_id,
        )
        self._parameters = compile_request_parameters(guarded, place)
        self._fillers = compile_fillers(guarded, self._template, self._parameters)
        self._method = None if method == "ANY" else method.encode("ascii")
        self._timeout_s = timeout_s(guarded, integration)
        self._api_id = guarded.api.id.encode("ascii")
        self._requests = compile_request_templates(guarded, integration, place)
        self._responses = compile_integration_responses(guarded, integration, place)

    def request(self, call: Call, facts: Facts) -> UpstreamRequest | Denial:
        """Build the backend request."""
        mapped = self._requests.map(call, facts)
        if isinstance(mapped, Denial):
            return mapped
        try:
            return self._build(call, facts, mapped)
        except UnreadableBody as error:
            return unreadable_body(error)
        except TemplateFailure as error:
            return template_denial(str(error))

    def head(
        self,
        call: Call,  # noqa: ARG002 - not a streaming plan
        facts: Facts,  # noqa: ARG002
        status: int,
        headers: Headers,  # noqa: ARG002 - a custom integration answers mapped headers alone
    ) -> tuple[int, Headers]:
        """Give a head without any of the backend's headers; `response` is what is used."""
        return status, []

    def response(
        self, call: Call, facts: Facts, status: int, headers: Headers, body: bytes
    ) -> Response | Denial:
        """Map the backend's answer to the client's."""
        return self._responses.map(call, facts, Answer(status, headers, body))

    def _build(self, call: Call, facts: Facts, mapped: MappedBody) -> UpstreamRequest | Denial:
        method = self._method or call.method.encode("latin-1", "replace")
        target = self._target(call, facts, mapped.overrides)
        if target is None:
            return unsafe_path()
        body = b"" if method in WITHOUT_CONTENT else mapped.body
        lines = [b"%b %b HTTP/1.1" % (method, target.encode("ascii"))]
        headers = self._headers(call, facts, method, mapped.overrides)
        lines += [name + b": " + value for name, value in headers.values()]
        if body or method in EXPECTS_CONTENT:
            lines.append(b"Content-Length: %d" % len(body))
        if has_line_end(lines):
            return unsafe_head()
        lines += (b"", b"")
        return UpstreamRequest(
            self._template.origin,
            b"\r\n".join(lines),
            body,
            method,
            method in IDEMPOTENT,
            self._timeout_s,
        )

    def _headers(
        self, call: Call, facts: Facts, method: bytes, overrides: Overrides | None
    ) -> NamedValues:
        """Give the headers by lower-case name: defaults, then mappings, then overrides."""
        headers: NamedValues = {}
        _put(headers, b"Host", self._template.host_header)
        _put(headers, b"Accept", b"application/json")
        _put(headers, b"User-Agent", b"AmazonAPIGateway_" + self._api_id)
        if b"content-type" in call.header and method not in WITHOUT_CONTENT:
            _put(headers, b"Content-Type", call.header[b"content-type"])
        for name, source in self._parameters.headers:
            if values := source(call, facts):
                _put(headers, name, header_value(",".join(values)))
        for text_name, text in _overridden(overrides, "request_headers"):
            if not is_header_name(text_name) or text_name.lower().encode() in NEVER_MAPPED:
                raise TemplateFailure(f"a template cannot set the header {text_name!r}")
            _put(headers, text_name.encode("ascii"), header_value(text))
        _put(headers, b"X-Amzn-Apigateway-Api-Id", self._api_id)
        _put(headers, b"X-Amzn-Trace-Id", trace_id(call).encode("latin-1"))
        return headers

    def _target(self, call: Call, facts: Facts, overrides: Overrides | None) -> str | None:
        values = dict(_overridden(overrides, "request_path"))
        encoded = {name: path_value(value) for name, value in values.items()}
        in_query = {name: query_value(value) for name, value in values.items()}
        path = fill(self._template.path_pieces, self._fillers, 0, encoded, call, facts)
        if has_dot_segment(path):
            return None
        query = fill(self._template.query_pieces, self._fillers, 1, in_query, call, facts)
        pairs = [query] if query else []
        replaced = dict(_overridden(overrides, "request_query"))
        for name, source in self._parameters.queries:
            if name not in replaced:
                pairs += [query_pair(name, value) for value in source(call, facts)]
        pairs += [query_pair(name, value) for name, value in replaced.items()]
        joined = "&".join(pairs)
        return f"{path}?{joined}" if joined else path


def _put(headers: NamedValues, name: bytes, value: bytes) -> None:
    headers[name.lower()] = (name, value)


def _overridden(overrides: Overrides | None, field: str) -> list[tuple[str, str]]:
    if overrides is None:
        return []
    return override_texts(getattr(overrides, field))


def compile_http_custom(guarded: GuardedMethod, integration: Integration) -> HttpCustomPlan:
    """Compile an HTTP integration of a REST method. Raises InvalidConfiguration."""
    return HttpCustomPlan(guarded, integration)
