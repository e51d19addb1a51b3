"""The events of REST authorizers: TOKEN and REQUEST (AWS [D] apigw-objects §2).

    call ──► Struct with the names of the event as its fields ──► JSON

No event ever has the body. Headers and parameters that come twice: the last one counts in the
single-valued maps, `multiValue…` have all, as in Lambda proxy events [R] apigw-objects §3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import UNSET, Struct, UnsetType

from bargate.access.context import request_time
from bargate.access.event_headers import EventNames, MultiValues, Values, header_maps
from bargate.access.event_parts import (
    Identity,
    RequestContext,
    anyone,
    decoded_parameters,
    encode_event,
    query_maps,
    told_path,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bargate.access.call import Call, Facts
    from bargate.access.context import Place
    from bargate.access.method_arn import MethodArn

    EventOf = Callable[[Call, Facts], bytes]

# An authorizer is told all that was sent, as it decides by it; but see `event_headers`.
NAMES: Final = EventNames(lowers=False)


class _TokenEvent(Struct, rename="camel"):
    type: str
    authorization_token: str
    method_arn: str


class RequestEvent(Struct, rename="camel"):
    """A REQUEST event; `version`, `identity_source` and the token are of format 1.0 alone."""

    type: str
    method_arn: str
    resource: str
    path: str
    http_method: str
    headers: Values
    query_string_parameters: Values
    path_parameters: Values
    stage_variables: Mapping[str, str]
    request_context: RequestContext
    multi_value_headers: MultiValues | UnsetType = UNSET
    multi_value_query_string_parameters: MultiValues | UnsetType = UNSET
    version: str | UnsetType = UNSET
    identity_source: str | UnsetType | None = UNSET
    authorization_token: str | UnsetType | None = UNSET


def token_event(token: bytes, method_arn: str) -> bytes:
    """Write a TOKEN event: three members, and nothing else."""
    return encode_event(_TokenEvent("TOKEN", token.decode("latin-1"), method_arn))


def compile_request_event(place: Place, method_arn: MethodArn) -> EventOf:
    """Give the function that writes the REQUEST events of a method."""
    # AWS [O]: maps without members are {} in authorizer events, not null
    variables = dict(place.stage_variables)

    def event(call: Call, facts: Facts) -> bytes:
        headers, multi_headers = header_maps(call, call.headers, NAMES)
        query, multi_query = query_maps(call.query)
        return encode_event(
            RequestEvent(
                "REQUEST",
                method_arn(call, call.resource_path),
                place.resource_path,
                call.resource_path,
                call.method,
                headers,
                query,
                decoded_parameters(facts),
                variables,
                rest_context(call, place),
                multi_headers,
                multi_query,
            )
        )

    return event


def rest_context(call: Call, place: Place) -> RequestContext:
    """Give `requestContext`."""
    host = call.domain_name or place.domain_name
    return RequestContext(
        place.account_id,
        place.api_id,
        host,
        host.partition(".")[0],
        call.extended_request_id,
        call.method,
        _identity(call),
        told_path(call, place),
        call.protocol,
        call.request_id,
        request_time(call.received_at),
        int(call.received_at * 1000),
        place.resource_id or None,
        place.resource_path,
        place.stage,
    )


def _identity(call: Call) -> Identity:
    """Give `requestContext.identity`: the key that was sent is not yet known to be one."""
    told = anyone(call)
    key = call.text(b"x-api-key")
    if key is not None:
        told.api_key = key
    return told
