"""The events of an HTTP API's Lambda integrations, payload formats 1.0 and 2.0.

AWS [D] http-api-develop-integrations-lambda: 2.0 joins repeated values by commas, holds cookies
apart and leaves out what there is none of; 1.0 is as a REST API's, with null.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import UNSET, Struct, UnsetType

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedRoute
from bargate.access.event_headers import MultiValues, Values, header_maps, joined_headers
from bargate.access.event_parts import (
    Context20,
    HttpTold,
    RequestContext,
    authentication,
    decoded_parameters,
    encode_event,
    joined_query,
    query_maps,
)
from bargate.access.repeated_headers import Headers
from bargate.mapping.context import Place, request_time
from bargate.mapping.event_parts import claim_texts, event_body, http_names, identity_of, plain
from bargate.mapping.media_types import media_type
from bargate.model.http_api import Route

Told: TypeAlias = "dict[str, object] | UnsetType"
Authorizer: TypeAlias = Callable[[Facts], Told]

# AWS [O] tried against HTTP APIs: all else is base64, forms and bodies without a type as well.
_TEXT_TYPES = frozenset({"application/json", "application/xml", "application/javascript"})


class Sent(Struct):
    """What the event tells of the request, after the route's parameter mappings."""

    headers: Headers
    query: str
    path: str


class Event20(Struct, rename="camel"):
    """An event of format 2.0, in AWS's order."""

    version: str
    route_key: str
    raw_path: str
    raw_query_string: str
    cookies: list[str] | UnsetType
    headers: Values
    query_string_parameters: Values | UnsetType
    request_context: Context20
    body: str | UnsetType
    path_parameters: Values | UnsetType
    is_base64_encoded: bool
    stage_variables: Mapping[str, str] | UnsetType


class Event10(Struct, rename="camel"):
    """An event of format 1.0, in AWS's order."""

    version: str
    resource: str
    path: str
    http_method: str
    headers: Values
    multi_value_headers: MultiValues
    query_string_parameters: Values | None
    multi_value_query_string_parameters: MultiValues | None
    request_context: RequestContext
    path_parameters: Values | None
    stage_variables: Mapping[str, str] | None
    body: str | None
    is_base64_encoded: bool


class Events20:
    """Builds events of format 2.0 for one route at one stage."""

    __slots__ = ("_authorizer", "_place", "_variables")

    def __init__(self, route: Route, place: Place) -> None:
        self._place = place
        self._variables = dict(place.stage_variables) or UNSET
        self._authorizer = _authorizer_2_0(route)

    def encoded(self, call: Call, facts: Facts, sent: Sent) -> bytes:
        """Give the event of a call as JSON."""
        headers, cookies = joined_headers(call, sent.headers, http_names(call))
        body, is_binary = _body(call)
        return encode_event(
            Event20(
                "2.0",
                self._place.route_key,
                sent.path,
                sent.query,
                cookies or UNSET,
                headers,
                joined_query(sent.query) or UNSET,
                self._context(call, facts, sent),
                UNSET if body is None else body,
                decoded_parameters(facts) or UNSET,
                is_binary,
                self._variables,
            )
        )

    def _context(self, call: Call, facts: Facts, sent: Sent) -> Context20:
        place = self._place
        domain_name = call.domain_name or place.domain_name
        agent = call.text(b"user-agent") or ""
        return Context20(
            place.account_id,
            place.api_id,
            domain_name,
            domain_name.partition(".")[0],
            HttpTold(call.method, sent.path, call.protocol, call.source_ip, agent),
            call.request_id,
            place.route_key,
            place.stage,
            request_time(call.received_at),
            int(call.received_at * 1000),
            self._authorizer(facts),
            authentication(call) or UNSET,
        )


class Events10:
    """Builds events of format 1.0 for one route at one stage."""

    __slots__ = ("_authorizer", "_place", "_variables")

    def __init__(self, route: Route, place: Place) -> None:
        self._place = place
        self._variables = dict(place.stage_variables) or None
        self._authorizer = _authorizer_1_0(route)

    def encoded(self, call: Call, facts: Facts, sent: Sent) -> bytes:
        """Give the event of a call as JSON."""
        single, multi = header_maps(call, sent.headers, http_names(call))
        query, multi_query = query_maps(sent.query)
        body, is_binary = _body(call)
        # AWS [D]: unlike 2.0 it tells the path with the mapping of a custom domain name.
        path = call.path if call.domain_name else sent.path
        return encode_event(
            Event10(
                "1.0",
                self._place.resource_path,
                path,
                call.method,
                single,
                multi,
                query or None,
                multi_query or None,
                self._context(call, facts, path),
                decoded_parameters(facts) or None,
                self._variables,
                body,
                is_binary,
            )
        )

    def _context(self, call: Call, facts: Facts, path: str) -> RequestContext:
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
            path,
            call.protocol,
            call.request_id,
            request_time(call.received_at),
            int(call.received_at * 1000),
            place.route_key,  # AWS [O]
            place.resource_path,
            place.stage,
            self._authorizer(facts),
        )


def compile_events(guarded: GuardedRoute, place: Place, version: str) -> Events10 | Events20:
    """Give what builds the events of a route."""
    return Events20(guarded.route, place) if version == "2.0" else Events10(guarded.route, place)


def _body(call: Call) -> tuple[str | None, bool]:
    """Give the body as an event holds it, and whether that is base64."""
    if not call.body:
        return None, False
    kind = media_type(call.text(b"content-type")) or ""
    if kind not in _TEXT_TYPES and not kind.startswith("text/"):
        return event_body(call.body, is_binary=True), True
    return event_body(call.body, is_binary=False), False


def _nobody(_facts: Facts) -> UnsetType:
    return UNSET


def _authorizer_2_0(route: Route) -> Authorizer:
    kind, has_scopes = route.authorization_type, bool(route.authorization_scopes)
    if kind == "JWT":
        return lambda facts: {"jwt": _jwt(facts, has_scopes=has_scopes)}
    if kind == "CUSTOM":
        return lambda facts: {"lambda": dict(facts.authorizer_context) or None}
    return _iam if kind == "AWS_IAM" else _nobody


def _authorizer_1_0(route: Route) -> Authorizer:
    kind, has_scopes = route.authorization_type, bool(route.authorization_scopes)
    if kind == "JWT":
        return lambda facts: _jwt(facts, has_scopes=has_scopes)
    return _of_function if kind == "CUSTOM" else _nobody


def _jwt(facts: Facts, *, has_scopes: bool) -> dict[str, object]:
    """AWS [D]/[O]: claims are texts, and scopes null for a route that asks for none."""
    scopes = [plain(scope) for scope in facts.scopes] if has_scopes else None
    return {"claims": claim_texts(facts.claims or {}, "HTTP"), "scopes": scopes}


def _iam(facts: Facts) -> Told:
    signer = facts.identity
    if signer is None:
        return UNSET
    return {
        "iam": {
            "accessKey": signer.access_key_id,
            "accountId": signer.account_id,
            "callerId": signer.user_id,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": signer.arn,
            "userId": signer.user_id,
        }
    }


def _of_function(facts: Facts) -> dict[str, object]:
    told: dict[str, object] = dict(facts.authorizer_context)
    if facts.principal_id is not None:
        told["principalId"] = plain(facts.principal_id)
    return told
