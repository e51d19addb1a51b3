"""The events of HTTP API authorizers, payload formats 1.0 and 2.0 (AWS [D] apigw-objects §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from bargate.access.authorizer_event import (
    ClientCert,
    RequestEvent,
    client_cert,
    forwarding,
    header_maps,
    path_parameters,
    query_maps,
    rest_context,
    scrubbed,
)
from bargate.access.context import request_time
from bargate.access.request_values import query_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bargate.access.authorizer_sources import Values
    from bargate.access.call import Call, Facts
    from bargate.access.context import Place
    from bargate.access.method_arn import MethodArn

    EventOf = Callable[[Call, Facts, list[Values | None]], bytes]

_encode = msgspec.json.Encoder().encode


class _Http(Struct, rename="camel", kw_only=True):
    method: str
    path: str
    protocol: str
    source_ip: str
    user_agent: str | None


class _Authentication(Struct, rename="camel"):
    client_cert: ClientCert


class _Context(Struct, rename="camel", kw_only=True):
    account_id: str
    api_id: str
    authentication: _Authentication | None
    domain_name: str
    domain_prefix: str
    http: _Http
    request_id: str
    route_key: str
    stage: str
    time: str
    time_epoch: int


class _Event(Struct, rename="camel", kw_only=True):
    version: str = "2.0"
    type: str = "REQUEST"
    route_arn: str
    identity_source: list[str] | None
    route_key: str
    raw_path: str
    raw_query_string: str
    cookies: list[str] | msgspec.UnsetType
    headers: dict[str, str]
    query_string_parameters: dict[str, str] | msgspec.UnsetType
    request_context: _Context
    path_parameters: dict[str, str] | None
    stage_variables: Mapping[str, str] | None


def compile_event_1_0(place: Place, method_arn: MethodArn) -> EventOf:
    """Give the function that writes events of format 1.0: as REQUEST of REST APIs, and more."""

    def event(call: Call, facts: Facts, values: list[Values | None]) -> bytes:
        headers, _ = header_maps(call)
        query, _ = query_maps(call.query)
        source = ",".join(_texts(values)) if values else None
        return _encode(
            RequestEvent(
                version="1.0",
                method_arn=method_arn(call, call.resource_path),
                identity_source=source,
                authorization_token=source,
                resource=place.resource_path,
                path=raw_path(call, place),
                http_method=call.method,
                headers=headers,
                query_string_parameters=query,
                path_parameters=path_parameters(facts),
                stage_variables=dict(place.stage_variables),
                request_context=rest_context(call, place),
            )
        )

    return event


def compile_event_2_0(place: Place, method_arn: MethodArn) -> EventOf:
    """Give the function that writes events of format 2.0."""
    variables = dict(place.stage_variables) or None

    def event(call: Call, facts: Facts, values: list[Values | None]) -> bytes:
        certificate = call.arrival.client_certificate
        cookies = _cookies(call)
        query = _joined_query(call.query)
        host = call.domain_name or place.domain_name
        path = raw_path(call, place)
        return _encode(
            _Event(
                route_arn=method_arn(call, call.resource_path),
                identity_source=_texts(values) if values else None,
                route_key=place.route_key,
                raw_path=path,
                raw_query_string=call.query,
                cookies=cookies or msgspec.UNSET,
                headers=joined_headers(call),
                query_string_parameters=query or msgspec.UNSET,
                request_context=_Context(
                    account_id=place.account_id,
                    api_id=place.api_id,
                    authentication=None
                    if certificate is None
                    else _Authentication(client_cert(certificate)),
                    domain_name=host,
                    domain_prefix=host.partition(".")[0],
                    http=_Http(
                        method=call.method,
                        path=path,
                        protocol="HTTP/1.1",
                        source_ip=call.source_ip,
                        user_agent=call.text(b"user-agent"),
                    ),
                    request_id=call.request_id,
                    route_key=place.route_key,
                    stage=place.stage,
                    time=request_time(call.received_at),
                    time_epoch=int(call.received_at * 1000),
                ),
                path_parameters=path_parameters(facts) or None,
                stage_variables=variables,
            )
        )

    return event


def raw_path(call: Call, place: Place) -> str:
    """Give the path with its stage, as HTTP APIs tell it; `$default` is none."""
    if call.domain_name:
        return call.path
    return (
        call.resource_path if place.stage == "$default" else f"/{place.stage}{call.resource_path}"
    )


def joined_headers(call: Call) -> dict[str, str]:
    """Give headers by lower-case names, those that came twice joined by commas, without cookies."""
    if len(call.header) == len(call.headers):  # nothing came twice
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in call.header.items()
        }
        headers |= forwarding(call, "x-amzn-trace-id", "x-forwarded-")
    else:
        _, multi = header_maps(call)
        headers = {name.lower(): ",".join(values) for name, values in multi.items()}
    headers.pop("cookie", None)
    return headers


def _cookies(call: Call) -> list[str]:
    return [
        cookie
        for name, value in call.headers
        if name.lower() == b"cookie"
        for cookie in value.decode("latin-1").split("; ")
        if cookie
    ]


def _joined_query(query: str) -> dict[str, str]:
    multi: dict[str, list[str]] = {}
    if query:
        for name, value in query_pairs(query):
            multi.setdefault(scrubbed(name), []).append(scrubbed(value))
    return {name: ",".join(values) for name, values in multi.items()}


def _texts(values: list[Values | None]) -> list[str]:
    """Give one text for each identity source; values of one are joined by commas."""
    return [_text(b",".join(each or ())) for each in values]


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")  # a header (RFC 9110 §5.5)
