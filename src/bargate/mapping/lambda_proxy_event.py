"""The event of a REST API's Lambda proxy integration.

AWS [R] recorded invocation payloads, [D] set-up-lambda-proxy-integrations: paths and their
parameters are as sent, query parameters decoded, header names as the client writes them.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import UNSET, Struct, UnsetType

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod
from bargate.access.event_headers import MultiValues, Values, header_maps
from bargate.access.event_parts import RequestContext, encode_event, query_maps
from bargate.mapping.context import Place, request_time
from bargate.mapping.event_parts import (
    claim_texts,
    event_body,
    identity_of,
    plain,
    rest_names,
)
from bargate.mapping.media_types import compile_binary_test

Authorizer: TypeAlias = Callable[[Facts], "dict[str, object] | UnsetType"]


class ProxyEvent(Struct, rename="camel"):
    """The event, in AWS's order."""

    resource: str
    path: str
    http_method: str
    headers: Values | None
    multi_value_headers: MultiValues | None
    query_string_parameters: Values | None
    multi_value_query_string_parameters: MultiValues | None
    path_parameters: Mapping[str, str] | None
    stage_variables: Mapping[str, str] | None
    request_context: RequestContext
    body: str | None
    is_base64_encoded: bool


class ProxyEvents:
    """Builds the events of one method at one stage."""

    __slots__ = ("_authorizer", "_is_binary", "_place", "_prefix", "_variables")

    def __init__(self, guarded: GuardedMethod, place: Place) -> None:
        self._place = place
        self._prefix = f"/{place.stage}"
        self._variables = dict(place.stage_variables) or None
        self._is_binary = compile_binary_test(guarded.api.binary_media_types)
        self._authorizer = _AUTHORIZERS.get(guarded.method.authorization_type, _nobody)

    def encoded(self, call: Call, facts: Facts) -> bytes:
        """Give the event of a call as JSON."""
        body, is_binary = call.body, False
        if body:
            is_binary = self._is_binary(call.text(b"content-type"))
        headers, multi_headers = header_maps(call, call.headers, rest_names(call))
        query, multi_query = query_maps(call.query)
        return encode_event(
            ProxyEvent(
                self._place.resource_path,
                call.path if call.domain_name else call.resource_path,
                call.method,
                headers,
                multi_headers,
                query or None,
                multi_query or None,
                facts.path_parameters or None,
                self._variables,
                self._context(call, facts),
                event_body(body, is_binary=is_binary) if body else None,
                is_binary,
            )
        )

    def _context(self, call: Call, facts: Facts) -> RequestContext:
        place = self._place
        domain_name = call.domain_name or place.domain_name
        return RequestContext(
            place.account_id,
            place.api_id,
            domain_name,
            domain_name.partition(".")[0],
            call.extended_request_id,
            call.method,
            identity_of(call, facts),
            call.path if call.domain_name else self._prefix + call.resource_path,
            call.protocol,
            call.request_id,
            request_time(call.received_at),
            int(call.received_at * 1000),
            place.resource_id,
            place.resource_path,
            place.stage,
            self._authorizer(facts),
        )


def _nobody(_facts: Facts) -> UnsetType:
    return UNSET


def _of_user_pool(facts: Facts) -> dict[str, object]:
    """AWS [D] apigateway-enable-cognito-user-pool: claims are texts under `claims`."""
    return {"claims": claim_texts(facts.claims or {}, "REST")}


def _of_function(facts: Facts) -> dict[str, object]:
    """AWS [D] apigw-evaluation §5: what the authorizer's context says, beside the principal."""
    told: dict[str, object] = dict(claim_texts(facts.authorizer_context, "REST"))
    if facts.principal_id is not None:
        told["principalId"] = plain(facts.principal_id)
    return told


_AUTHORIZERS: Mapping[str, Authorizer] = {
    "COGNITO_USER_POOLS": _of_user_pool,
    "CUSTOM": _of_function,
}
