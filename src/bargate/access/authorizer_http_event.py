"""The events of HTTP API authorizers, payload formats 1.0 and 2.0 (AWS [D] apigw-objects §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import UNSET, Struct, UnsetType

from bargate.access.authorizer_event import NAMES, RequestEvent, rest_context
from bargate.access.context import request_time
from bargate.access.event_headers import EventNames, Values, joined_headers, single_headers
from bargate.access.event_parts import (
    Context20,
    HttpTold,
    authentication,
    decoded_parameters,
    encode_event,
    joined_query,
    query_maps,
    staged_path,
    told_path,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bargate.access.authorizer_sources import Values as SourceValues
    from bargate.access.call import Call, Facts
    from bargate.access.context import Place
    from bargate.access.method_arn import MethodArn

    EventOf = Callable[[Call, Facts, list[SourceValues | None]], bytes]

_LOWER_NAMES: Final = EventNames(lowers=True)


class _Event20(Struct, rename="camel"):
    version: str
    type: str
    route_arn: str
    identity_source: list[str] | None
    route_key: str
    raw_path: str
    raw_query_string: str
    cookies: list[str] | UnsetType
    headers: Values
    query_string_parameters: Values | UnsetType
    request_context: Context20
    path_parameters: Values | None
    stage_variables: Mapping[str, str] | None


def compile_event_1_0(place: Place, method_arn: MethodArn) -> EventOf:
    """Give the function that writes events of format 1.0: as REQUEST of REST APIs, and more."""
    variables = dict(place.stage_variables)

    def event(call: Call, facts: Facts, values: list[SourceValues | None]) -> bytes:
        source = ",".join(_texts(values)) if values else None
        return encode_event(
            RequestEvent(
                "REQUEST",
                method_arn(call, call.resource_path),
                place.resource_path,
                told_path(call, place),
                call.method,
                single_headers(call, NAMES),
                query_maps(call.query)[0],
                decoded_parameters(facts),
                variables,
                rest_context(call, place),
                version="1.0",
                identity_source=source,
                authorization_token=source,
            )
        )

    return event


def compile_event_2_0(place: Place, method_arn: MethodArn) -> EventOf:
    """Give the function that writes events of format 2.0."""
    variables = dict(place.stage_variables) or None

    def event(call: Call, facts: Facts, values: list[SourceValues | None]) -> bytes:
        headers, cookies = joined_headers(call, call.headers, _LOWER_NAMES)
        path = staged_path(call, place)
        return encode_event(
            _Event20(
                "2.0",
                "REQUEST",
                method_arn(call, call.resource_path),
                _texts(values) if values else None,
                place.route_key,
                path,
                call.query,
                cookies or UNSET,
                headers,
                joined_query(call.query) or UNSET,
                _context(call, place, path),
                decoded_parameters(facts) or None,
                variables,
            )
        )

    return event


def _context(call: Call, place: Place, path: str) -> Context20:
    host = call.domain_name or place.domain_name
    agent = call.text(b"user-agent")
    return Context20(
        place.account_id,
        place.api_id,
        host,
        host.partition(".")[0],
        HttpTold(call.method, path, call.protocol, call.source_ip, agent),
        call.request_id,
        place.route_key,
        place.stage,
        request_time(call.received_at),
        int(call.received_at * 1000),
        authentication=authentication(call),
    )


def _texts(values: list[SourceValues | None]) -> list[str]:
    """Give one text for each identity source; values of one are joined by commas."""
    return [_text(b",".join(each or ())) for each in values]


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")  # a header (RFC 9110 §5.5)
