"""Gateway responses: how a REST API words its refusals.

AWS [R] apigw-errors §1: a type that is customised in any way inherits nothing; the others take
status, headers and templates of a customised DEFAULT_4XX or DEFAULT_5XX. The body of a default
ACCESS_DENIED says `Message`, all others `message`.
"""

from collections.abc import Mapping
from http import HTTPStatus

from msgspec import Struct

from bargate.access.call import Call, Facts
from bargate.access.verdict import Denial
from bargate.mapping.context import Place, Routed, place_of
from bargate.mapping.errors import ERROR_TYPES, REQUEST_TOO_LARGE_TEXT, ErrorType
from bargate.mapping.expressions import Source, compile_source, invalid_expression
from bargate.mapping.headers import HOP_BY_HOP, header_value, is_header_name
from bargate.mapping.media_types import JSON, choose_content_type
from bargate.mapping.plan import Headers, Response
from bargate.mapping.substitution import Body, compile_body
from bargate.model.installation import Installation, Stage
from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import GatewayResponse, RestApi

DEFAULT_TYPES = ("DEFAULT_4XX", "DEFAULT_5XX")
RESPONSE_TYPES = tuple(sorted([*ERROR_TYPES, *DEFAULT_TYPES]))

_DEFAULT_TEMPLATE = '{"message":$context.error.messageString}'
_ACCESS_DENIED_TEMPLATE = '{"Message":$context.error.messageString}'
_PARAMETER = "gatewayresponse.header."
_NOT_SETTABLE = HOP_BY_HOP | {b"content-length", b"x-amzn-requestid", b"x-amz-apigw-id"}


class CompiledResponse(Struct, frozen=True):
    """One response type as it is rendered; `status` None is the denial's or the type's own."""

    default: ErrorType
    status: int | None
    headers: tuple[tuple[bytes, Source], ...]
    bodies: Mapping[str, Body]
    is_plain_text: bool = False


class GatewayResponses:
    """Renders denials of one REST API at one stage (a `Refuser`)."""

    __slots__ = ("_place", "_responses")

    def __init__(self, place: Place, responses: Mapping[str, CompiledResponse]) -> None:
        self._place = place
        self._responses = responses

    def render(
        self, call: Call, facts: Facts | None, endpoint: Routed | None, denial: Denial
    ) -> Response:
        """Give the client's answer to a denial."""
        response = self._responses[denial.response_type]
        known = Facts({}) if facts is None else facts
        status = response.status or denial.status or response.default.status
        error_type = denial.error_type or response.default.error_type
        if response.is_plain_text:
            headers = [(b"Content-Type", b"text/plain"), (b"x-amzn-ErrorType", error_type.encode())]
            return Response(status, headers, REQUEST_TOO_LARGE_TEXT)
        content_type = choose_content_type(response.bodies, call.text(b"accept"))
        place = self._place if endpoint is None else _at(self._place, endpoint)
        body = response.bodies[content_type](call, known, place, denial)
        return Response(status, _headers(response, content_type, error_type, call, known), body)


def compile_gateway_responses(
    api: RestApi, stage: Stage, installation: Installation
) -> GatewayResponses:
    """Compile the gateway responses of an API at a stage. Raises InvalidConfiguration."""
    place = place_of("REST", installation, api.id, stage)
    customised = {}
    for response in api.gateway_responses:
        if response.response_type not in RESPONSE_TYPES:
            raise InvalidConfiguration(
                _path(response.response_type),
                f"{response.response_type!r} is no gateway response type; known are"
                f" {', '.join(RESPONSE_TYPES)}",
            )
        _status(response)
        customised[response.response_type] = response
    compiled = {name: _compile(name, customised, place) for name in ERROR_TYPES}
    return GatewayResponses(place, compiled)


def _compile(
    name: str, customised: Mapping[str, GatewayResponse], place: Place
) -> CompiledResponse:
    default = ERROR_TYPES[name]
    family = "DEFAULT_5XX" if default.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "DEFAULT_4XX"
    source = customised.get(name) or customised.get(family)
    fallback = {JSON: _ACCESS_DENIED_TEMPLATE if name == "ACCESS_DENIED" else _DEFAULT_TEMPLATE}
    if source is None:
        plain = name == "REQUEST_TOO_LARGE"
        return CompiledResponse(default, None, (), _bodies(fallback, place), is_plain_text=plain)
    return CompiledResponse(
        default,
        _status(source),
        _compile_headers(source, place),
        _bodies(source.response_templates or fallback, place),
    )


def _bodies(templates: Mapping[str, str], place: Place) -> dict[str, Body]:
    return {
        content_type.lower(): compile_body(template, content_type.lower(), place)
        for content_type, template in templates.items()
    }


def _status(response: GatewayResponse) -> int | None:
    text = response.status_code
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 200 <= int(text) <= 599):  # noqa: PLR2004 - final HTTP statuses
        raise InvalidConfiguration(
            _path(response.response_type, "statusCode"), f"{text!r} is not a status code"
        )
    return int(text)


def _compile_headers(response: GatewayResponse, place: Place) -> tuple[tuple[bytes, Source], ...]:
    headers = []
    for target, expression in response.response_parameters.items():
        path = _path(response.response_type, "responseParameters", target)
        name = target.removeprefix(_PARAMETER)
        if name == target or not is_header_name(name):
            raise invalid_expression(target, path)
        if name.lower().encode("ascii") in _NOT_SETTABLE:
            raise InvalidConfiguration(path, f"a gateway response cannot set the header {name}")
        if expression.startswith("method.request.body"):
            raise invalid_expression(expression, path)
        headers.append((name.encode("ascii"), compile_source(expression, place, path)))
    return tuple(headers)


def _headers(
    response: CompiledResponse, content_type: str, error_type: str, call: Call, facts: Facts
) -> Headers:
    own: Headers = []
    for name, source in response.headers:
        if values := source(call, facts):
            own.append((name, header_value(",".join(values))))
    set_names = {name.lower() for name, _ in own}
    standard = (
        (b"Content-Type", content_type.encode("latin-1", "replace")),
        (b"x-amzn-ErrorType", error_type.encode("latin-1", "replace")),
    )
    return [header for header in standard if header[0].lower() not in set_names] + own


def _at(place: Place, endpoint: Routed) -> Place:
    return Place(
        kind=place.kind,
        account_id=place.account_id,
        api_id=place.api_id,
        stage=place.stage,
        stage_variables=place.stage_variables,
        domain_name=place.domain_name,
        resource_id=endpoint.resource_id,
        resource_path=endpoint.resource_path,
        route_key=endpoint.route_key,
        is_canary=place.is_canary,
    )


def _path(*names: str) -> tuple[str, ...]:
    return ("x-amazon-apigateway-gateway-responses", *names)
