"""The events of REST authorizers: TOKEN and REQUEST (AWS [D] apigw-objects §2).

    call ──► Struct with the names of the event as its fields ──► JSON

No event ever has the body. Headers and parameters that come twice: the last one counts in the
single-valued maps, `multiValue…` have all, as in Lambda proxy events [R] apigw-objects §3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec
from msgspec import Struct

from bargate.access.context import request_time, trace_id
from bargate.access.request_values import forwarded_for, query_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bargate.access.arrival import ClientCertificate
    from bargate.access.call import Call, Facts
    from bargate.access.context import Place
    from bargate.access.method_arn import MethodArn

    EventOf = Callable[[Call, Facts], bytes]

_encode = msgspec.json.Encoder().encode


class _TokenEvent(Struct, rename="camel"):
    type: str
    authorization_token: str
    method_arn: str


class Validity(Struct, rename="camel"):
    """When a client's certificate is valid."""

    not_before: str
    not_after: str


class ClientCert(Struct):
    """A client's certificate, by AWS's names."""

    client_cert_pem: str = msgspec.field(name="clientCertPem")
    issuer_dn: str = msgspec.field(name="issuerDN")
    serial_number: str = msgspec.field(name="serialNumber")
    subject_dn: str = msgspec.field(name="subjectDN")
    validity: Validity


class Identity(Struct, rename="camel", kw_only=True):
    """Who calls, as far as it is known before the authorizer; what is not known is null."""

    access_key: str | None = None
    account_id: str | None = None
    api_key: str | msgspec.UnsetType = msgspec.UNSET
    api_key_id: str | msgspec.UnsetType = msgspec.UNSET
    caller: str | None = None
    client_cert: ClientCert | msgspec.UnsetType = msgspec.UNSET
    cognito_authentication_provider: str | None = None
    cognito_authentication_type: str | None = None
    cognito_identity_id: str | None = None
    cognito_identity_pool_id: str | None = None
    principal_org_id: str | None = None
    source_ip: str
    user: str | None = None
    user_agent: str | None = None
    user_arn: str | None = None
    vpc_id: str | msgspec.UnsetType = msgspec.UNSET
    vpce_id: str | msgspec.UnsetType = msgspec.UNSET


class RestContext(Struct, rename="camel", kw_only=True):
    """`requestContext` of REST APIs and of payload format 1.0."""

    resource_id: str | None
    resource_path: str
    http_method: str
    extended_request_id: str
    request_time: str
    path: str
    account_id: str
    protocol: str
    stage: str
    domain_prefix: str
    request_time_epoch: int
    request_id: str
    identity: Identity
    domain_name: str
    api_id: str


class RequestEvent(Struct, rename="camel", kw_only=True):
    """A REQUEST event; `version` and what follows it are those of payload format 1.0 alone."""

    version: str | msgspec.UnsetType = msgspec.UNSET
    type: str = "REQUEST"
    method_arn: str
    identity_source: str | msgspec.UnsetType | None = msgspec.UNSET
    authorization_token: str | msgspec.UnsetType | None = msgspec.UNSET
    resource: str
    path: str
    http_method: str
    headers: dict[str, str]
    multi_value_headers: dict[str, list[str]] | msgspec.UnsetType = msgspec.UNSET
    query_string_parameters: dict[str, str]
    multi_value_query_string_parameters: dict[str, list[str]] | msgspec.UnsetType = msgspec.UNSET
    path_parameters: dict[str, str]
    stage_variables: Mapping[str, str]
    request_context: RestContext


def token_event(token: bytes, method_arn: str) -> bytes:
    """Write a TOKEN event: three members, and nothing else."""
    return _encode(_TokenEvent("TOKEN", token.decode("latin-1"), method_arn))


def compile_request_event(place: Place, method_arn: MethodArn) -> EventOf:
    """Give the function that writes the REQUEST events of a method."""
    # AWS [O]: maps without members are {} in authorizer events, not null
    variables = dict(place.stage_variables)

    def event(call: Call, facts: Facts) -> bytes:
        headers, multi_headers = header_maps(call)
        query, multi_query = query_maps(call.query)
        return _encode(
            RequestEvent(
                method_arn=method_arn(call, call.resource_path),
                resource=place.resource_path,
                path=call.resource_path,
                http_method=call.method,
                headers=headers,
                multi_value_headers=multi_headers,
                query_string_parameters=query,
                multi_value_query_string_parameters=multi_query,
                path_parameters=path_parameters(facts),
                stage_variables=variables,
                request_context=rest_context(call, place),
            )
        )

    return event


def header_maps(call: Call) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Give each header's last value, and all its values, names as sent.

    INVARIANT: X-Forwarded-* and the trace id are the gateway's, whatever the client sent of them.
    """
    multi: dict[str, list[str]] = {}
    known: dict[bytes, str] = {}
    for sent, value in call.headers:
        lower = sent.lower()
        if lower in _OURS:
            continue
        name = known.get(lower)
        if name is None:
            name = known[lower] = sent.decode("latin-1")
            multi[name] = [value.decode("latin-1")]
        else:
            multi[name].append(value.decode("latin-1"))
    for name, text in forwarding(call).items():
        multi[name] = [text]
    return {name: values[-1] for name, values in multi.items()}, multi


def forwarding(
    call: Call, trace: str = "X-Amzn-Trace-Id", forwarded: str = "X-Forwarded-"
) -> dict[str, str]:
    """Give the headers that the gateway adds, by these names."""
    port = call.header.get(b"host", b"").rpartition(b":")[2]
    default_port = "443" if call.secure else "80"
    ends = ("for", "port", "proto") if forwarded.islower() else ("For", "Port", "Proto")
    return {
        trace: trace_id(call),
        forwarded + ends[0]: forwarded_for(call),
        forwarded + ends[1]: port.decode("ascii") if port.isdigit() else default_port,
        forwarded + ends[2]: "https" if call.secure else "http",
    }


_OURS = frozenset(
    {b"x-forwarded-for", b"x-forwarded-port", b"x-forwarded-proto", b"x-amzn-trace-id"}
)


def query_maps(query: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Give each query parameter's last value, and all its values, decoded."""
    multi: dict[str, list[str]] = {}
    if query:
        for name, value in query_pairs(query):
            multi.setdefault(scrubbed(name), []).append(scrubbed(value))
    return {name: values[-1] for name, values in multi.items()}, multi


def path_parameters(facts: Facts) -> dict[str, str]:
    """Give the path parameters, decoded."""
    return {name: unquote(value) for name, value in facts.path_parameters.items()}


def scrubbed(text: str) -> str:
    """Give a text that can be written as UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def rest_context(call: Call, place: Place) -> RestContext:
    """Give `requestContext`."""
    path = call.path if call.domain_name else f"/{place.stage}{call.resource_path}"
    host = call.domain_name or place.domain_name
    return RestContext(
        resource_id=place.resource_id or None,
        resource_path=place.resource_path,
        http_method=call.method,
        extended_request_id=call.extended_request_id,
        request_time=request_time(call.received_at),
        path=path if place.stage != "$default" or call.domain_name else call.resource_path,
        account_id=place.account_id,
        protocol="HTTP/1.1",
        stage=place.stage,
        domain_prefix=host.partition(".")[0],
        request_time_epoch=int(call.received_at * 1000),
        request_id=call.request_id,
        identity=identity_of(call),
        domain_name=host,
        api_id=place.api_id,
    )


def identity_of(call: Call) -> Identity:
    """Give `requestContext.identity`: the key that was sent is not yet known to be one."""
    arrival = call.arrival
    certificate = arrival.client_certificate
    key = call.text(b"x-api-key")
    return Identity(
        source_ip=call.source_ip,
        user_agent=call.text(b"user-agent"),
        api_key=msgspec.UNSET if key is None else key,
        client_cert=msgspec.UNSET if certificate is None else client_cert(certificate),
        vpc_id=arrival.vpc_id or msgspec.UNSET,
        vpce_id=arrival.vpc_endpoint_id or msgspec.UNSET,
    )


def client_cert(certificate: ClientCertificate) -> ClientCert:
    """Give the certificate that a client proved to own."""
    return ClientCert(
        client_cert_pem=certificate.pem,
        issuer_dn=certificate.issuer_dn,
        serial_number=certificate.serial_number,
        subject_dn=certificate.subject_dn,
        validity=Validity(certificate.not_before, certificate.not_after),
    )
