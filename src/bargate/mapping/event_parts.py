"""What the events of Lambda proxy integrations say of a request: headers, query, body, who calls.

AWS [R] apigw-objects §3: single-value maps keep the last of repeated values, and are null where
there is none. Texts are escaped by the JSON encoder alone, so no value of a client can end its own.
"""

import base64
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType

from bargate.access.call import Call, Facts
from bargate.access.request_values import forwarded_for, query_pairs
from bargate.mapping.context import claim_text, request_time, trace_id
from bargate.mapping.headers import (
    DROPPED_FROM_REQUEST,
    FORWARDED,
    OWNED_BY_GATEWAY,
    Headers,
    RepeatedHeaders,
    is_signature,
)

Values: TypeAlias = dict[str, str]
MultiValues: TypeAlias = dict[str, list[str]]
HeaderMaps: TypeAlias = tuple[Values, MultiValues]

encode_event = msgspec.json.Encoder().encode

_DROPPED = DROPPED_FROM_REQUEST | OWNED_BY_GATEWAY | FORWARDED
_MOST_NAMES = 64
_MOST_NAME_BYTES = 64


class EventNames(dict[bytes, str | None]):
    """Gives the names that a client's headers have in an event, None for those it has not.

    A name that differs from a dropped one by `_` for `-` alone is dropped as well (see
    `headers.PassingNames`). Names are remembered as they are written, up to a bound. Compared by
    identity.
    """

    __slots__ = ("_dropped", "_lowers")
    __hash__ = object.__hash__  # type: ignore[assignment]  # unlike a dictionary's
    __eq__ = object.__eq__
    __ne__ = object.__ne__

    def __init__(self, dropped: Iterable[bytes], *, lowers: bool) -> None:
        super().__init__()
        self._dropped = frozenset(dropped)
        self._lowers = lowers

    def __missing__(self, name: bytes) -> str | None:
        """Look at a name that is not remembered."""
        lower = name.lower()
        dashed = lower.replace(b"_", b"-")
        shown: str | None = (lower if self._lowers else name).decode("latin-1")
        if dashed in self._dropped or (dashed != lower and dashed == b"content-length"):
            shown = None
        if len(name) <= _MOST_NAME_BYTES:
            if len(self) >= _MOST_NAMES:
                self.clear()
            self[name] = shown
        return shown


# AWS [O]: HTTP APIs tell the length, which was checked against the body, and lower-case names.
_DROPPED_FROM_HTTP = _DROPPED - {b"content-length"}
REST_NAMES = EventNames(_DROPPED, lowers=False)
REST_NAMES_SIGNED = EventNames(_DROPPED | {b"authorization"}, lowers=False)
HTTP_NAMES = EventNames(_DROPPED_FROM_HTTP, lowers=True)
HTTP_NAMES_SIGNED = EventNames(_DROPPED_FROM_HTTP | {b"authorization"}, lowers=True)


class ClientCertValidity(Struct, rename="camel"):
    """How long a client's certificate holds."""

    not_before: str
    not_after: str


class ClientCert(Struct):
    """The certificate that a client showed (AWS [D] rest-api-mutual-tls)."""

    client_cert_pem: str = msgspec.field(name="clientCertPem")
    subject_dn: str = msgspec.field(name="subjectDN")
    issuer_dn: str = msgspec.field(name="issuerDN")
    serial_number: str = msgspec.field(name="serialNumber")
    validity: ClientCertValidity


class Identity(Struct, rename="camel"):
    """`requestContext.identity` of REST APIs and of format 1.0."""

    source_ip: str
    user_agent: str | None
    access_key: str | None = None
    account_id: str | None = None
    caller: str | None = None
    cognito_authentication_provider: str | None = None
    cognito_authentication_type: str | None = None
    cognito_identity_id: str | None = None
    cognito_identity_pool_id: str | None = None
    principal_org_id: str | None = None
    user: str | None = None
    user_arn: str | None = None
    api_key: str | UnsetType = UNSET
    api_key_id: str | UnsetType = UNSET
    client_cert: ClientCert | UnsetType = UNSET
    vpc_id: str | UnsetType = UNSET
    vpce_id: str | UnsetType = UNSET


def identity_of(call: Call, facts: Facts) -> Identity:
    """Tell who called: from where, signed as whom, with which key and certificate."""
    agent = call.header.get(b"user-agent")
    told = Identity(call.source_ip, None if agent is None else agent.decode("latin-1"))
    signer = facts.identity
    if signer is not None:
        told.access_key = signer.access_key_id
        told.account_id = signer.account_id
        told.caller = told.user = signer.user_id
        told.user_arn = signer.arn
    if facts.api_key_id is not None:
        told.api_key_id = facts.api_key_id
        # INVARIANT: a header of the client is not told as the key that an authorizer gave.
        told.api_key = facts.usage_identifier_key or call.text(b"x-api-key") or UNSET
    arrival = call.arrival
    if arrival.client_certificate is not None:
        told.client_cert = client_cert(call)
    if arrival.vpc_endpoint_id:
        told.vpc_id, told.vpce_id = arrival.vpc_id, arrival.vpc_endpoint_id
    return told


def client_cert(call: Call) -> ClientCert | UnsetType:
    """Tell the certificate that a client showed; absent without mutual TLS."""
    shown = call.arrival.client_certificate
    if shown is None:
        return UNSET
    validity = ClientCertValidity(shown.not_before, shown.not_after)
    return ClientCert(shown.pem, shown.subject_dn, shown.issuer_dn, shown.serial_number, validity)


def rest_header_maps(call: Call) -> HeaderMaps:
    """Give the headers of a REST event, those of the gateway included."""
    names = REST_NAMES_SIGNED if is_signed(call) else REST_NAMES
    known_single, known_multi = _known_maps(call, names)
    single, multi = known_single.copy(), known_multi.copy()
    for name, value in zip(_GIVEN, given_values(call), strict=True):
        single[name] = value
        multi[name] = [value]
    return single, multi


def http_header_maps(call: Call, headers: Headers) -> HeaderMaps:
    """Give `headers`, changed or not, as an event of an HTTP API holds them."""
    names = HTTP_NAMES_SIGNED if is_signed(call) else HTTP_NAMES
    multi: MultiValues = {}
    for name, value in headers:
        text = names[name]
        if text is not None:
            multi.setdefault(text, []).append(value.decode("latin-1"))
    for text, given in zip(_GIVEN_LOWER, given_values(call), strict=True):
        multi[text] = [given]
    return {name: values[-1] for name, values in multi.items()}, multi


def is_signed(call: Call) -> bool:
    """Say whether the call's Authorization is a signature, which goes no further (AWS [D])."""
    authorization = call.header.get(b"authorization")
    return authorization is not None and is_signature(authorization)


_GIVEN = ("X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Amzn-Trace-Id")
_GIVEN_LOWER = tuple(name.lower() for name in _GIVEN)


def given_values(call: Call) -> tuple[str, str, str, str]:
    """Give the values of the headers that the gateway tells by itself."""
    port, scheme = port_and_scheme(call.header.get(b"host", b""), call.secure)
    return forwarded_for(call), port, scheme, trace_id(call)


@lru_cache(maxsize=1024)
def port_and_scheme(host: bytes, secure: bool) -> tuple[str, str]:  # noqa: FBT001 - a cache key
    """Give X-Forwarded-Port and -Proto."""
    port = host.rpartition(b":")[2]
    if not port.isdigit():
        port = b"443" if secure else b"80"
    return port.decode("ascii"), "https" if secure else "http"


def _known_maps(call: Call, names: EventNames) -> HeaderMaps:
    """Give the maps of the client's own headers, which must not be changed."""
    headers = call.headers
    if type(headers) is not RepeatedHeaders:
        return header_maps(call, names)
    maps: HeaderMaps | None = headers.known.get(names)
    if maps is None:
        maps = header_maps(call, names)
        headers.remember(names, maps)
    return maps


def header_maps(call: Call, names: EventNames) -> HeaderMaps:
    """Give headers by name: the last value of each, and all of them."""
    shown = [
        (text, value.decode("latin-1"))
        for name, value in call.headers
        if (text := names[name]) is not None
    ]
    if len(call.header) == len(call.headers):
        return dict(shown), {name: [value] for name, value in shown}
    written: dict[str, str] = {}
    multi: MultiValues = {}
    for name, value in shown:
        # Names are one whatever their case; the first way it was written names them all.
        multi.setdefault(written.setdefault(name.lower(), name), []).append(value)
    return {name: values[-1] for name, values in multi.items()}, multi


def query_maps(query: str) -> tuple[Values, MultiValues] | tuple[None, None]:
    """Give the query by name: the last value of each, and all; null where there is none."""
    if not query:
        return None, None
    multi: MultiValues = {}
    for name, value in query_pairs(query):
        multi.setdefault(name, []).append(value)
    if not multi:
        return None, None
    return {name: values[-1] for name, values in multi.items()}, multi


def event_body(body: bytes, *, is_binary: bool) -> str:
    """Give a body as an event holds it: base64 where it is binary, else text."""
    if is_binary:
        return base64.b64encode(body).decode("ascii")
    return body.decode("utf-8", "replace")


@lru_cache(maxsize=8)
def event_time(second: int) -> str:
    """Give a second in Common Log Format."""
    return request_time(second)


def plain(text: str) -> str:
    """Give a text that every encoder takes: a lone surrogate of a token's becomes `?`."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def claim_texts(claims: Mapping[str, object], kind: Literal["REST", "HTTP"]) -> Values:
    """Give claims as the texts that AWS makes of them."""
    return {
        plain(name): plain(value if isinstance(value, str) else claim_text(value, kind))
        for name, value in claims.items()
    }
