"""What the events of Lambda authorizers and of Lambda proxy integrations have in common.

AWS [D] apigw-objects §2, §3: the structures of `requestContext`, query parameters, path parameters.
Texts are escaped by the JSON encoder alone, so no value of a client can end its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec
from msgspec import UNSET, Struct, UnsetType

from bargate.access.event_headers import MultiValues, Values  # noqa: TC001  msgspec reads them
from bargate.access.request_values import query_pairs

if TYPE_CHECKING:
    from bargate.access.call import Call, Facts
    from bargate.access.context import Place

encode_event = msgspec.json.Encoder().encode


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


class Authentication(Struct, rename="camel"):
    """`requestContext.authentication` of format 2.0."""

    client_cert: ClientCert


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


class RequestContext(Struct, rename="camel"):
    """`requestContext` of REST APIs and of format 1.0."""

    account_id: str
    api_id: str
    domain_name: str
    domain_prefix: str
    extended_request_id: str
    http_method: str
    identity: Identity
    path: str
    protocol: str
    request_id: str
    request_time: str
    request_time_epoch: int
    resource_id: str | None
    resource_path: str
    stage: str
    authorizer: dict[str, object] | UnsetType = UNSET


class HttpTold(Struct, rename="camel"):
    """`requestContext.http` of format 2.0."""

    method: str
    path: str
    protocol: str
    source_ip: str
    user_agent: str | None


class Context20(Struct, rename="camel"):
    """`requestContext` of format 2.0."""

    account_id: str
    api_id: str
    domain_name: str
    domain_prefix: str
    http: HttpTold
    request_id: str
    route_key: str
    stage: str
    time: str
    time_epoch: int
    authorizer: dict[str, object] | UnsetType = UNSET
    authentication: Authentication | UnsetType | None = UNSET


def anyone(call: Call) -> Identity:
    """Tell who calls as far as the connection and User-Agent say it."""
    agent = call.header.get(b"user-agent")
    told = Identity(call.source_ip, None if agent is None else agent.decode("latin-1"))
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


def authentication(call: Call) -> Authentication | None:
    """Tell the same for format 2.0; None without mutual TLS."""
    shown = client_cert(call)
    return None if isinstance(shown, UnsetType) else Authentication(shown)


def query_maps(query: str) -> tuple[Values, MultiValues]:
    """Give the query by name: the last value of each, and all."""
    multi: MultiValues = {}
    if query:
        for name, value in query_pairs(query):
            multi.setdefault(name, []).append(value)
    return {name: values[-1] for name, values in multi.items()}, multi


def joined_query(query: str) -> Values:
    """Give the query by name, repeated values joined by commas, as format 2.0 does."""
    joined: Values = {}
    if query:
        for name, value in query_pairs(query):
            joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def decoded_parameters(facts: Facts) -> Values:
    """Give the path parameters, decoded."""
    return {name: unquote(value) for name, value in facts.path_parameters.items()}


def staged_path(call: Call, place: Place) -> str:
    """Give the path below its stage; `$default` is none.

    AWS [D] http-api-develop-integrations-lambda: what format 2.0 tells as `rawPath`, without the
    mapping of a custom domain name.
    """
    path = call.resource_path
    return path if place.stage == "$default" else f"/{place.stage}{path}"


def told_path(call: Call, place: Place) -> str:
    """Give the path as sent to a custom domain name, its mapping included; else `staged_path`."""
    return call.path if call.domain_name else staged_path(call, place)
