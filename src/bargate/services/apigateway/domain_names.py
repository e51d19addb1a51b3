"""Custom domain names of REST APIs; the same records are those of HTTP APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.records.base_path_mapping import BASE_PATH_MAPPING
from bargate.records.domain_name import DOMAIN_NAME, DomainName, DomainNameEndpoint, MutualTls
from bargate.records.domain_name_access_association import DOMAIN_NAME_ACCESS_ASSOCIATION
from bargate.secret import Secret
from bargate.services.apigateway.domain_name_values import (
    certificate_arn_of,
    check_nobody_else_has,
    check_uploaded,
    checked_domain_name,
    checked_truststore,
    show_domain_name,
    the_domain_name,
)
from bargate.services.apigateway.errors import bad_request, conflict
from bargate.services.apigateway.more_listing import Listing, page
from bargate.services.apigateway.more_values import tags_of, text_of
from bargate.services.apigateway.resource_policy import stored_policy
from bargate.services.apigateway.shape import API_ID_CHARACTERS, delete_all, new_id
from bargate.services.domain_permissions import require_domain_change
from bargate.services.domain_tls import with_tls
from bargate.services.operation import operation
from bargate.store.interface import AlreadyExists

if TYPE_CHECKING:
    from bargate.records.domain_name import EndpointType
    from bargate.services.operation import OperationCall, Params

_EDGE_ZONE: Final = "Z2FDTNDATAQYW2"  # AWS [M] apigateway DomainName: for all the regions
_REGIONAL_ZONE: Final = "Z1UJRXOUMOOFQ8"  # AWS [O] us-east-1's; DNS is not served here
_MAX_TEXT: Final = 1_024
_MAX_VPC_ENDPOINTS: Final = 100


@operation(writes=True)
def create_domain_name(call: OperationCall, request: Params) -> Params:
    """Make a domain name; a public one must be nobody else's in the whole installation."""
    name = checked_domain_name(request["domainName"])
    endpoint = _endpoint(call, request)
    is_private = endpoint.type == "PRIVATE"
    domain_name_id = new_id(API_ID_CHARACTERS) if is_private else None
    if not is_private:
        check_nobody_else_has(call, name)
    record = DomainName(
        account_id=call.account_id,
        region=call.region,
        domain_name=name,
        domain_name_id=domain_name_id,
        domain_name_arn=_arn(call, name, domain_name_id),
        endpoints=(endpoint,),
        mutual_tls=_mutual_tls(request, endpoint),
        routing_mode=request.get("routingMode") or "BASE_PATH_MAPPING_ONLY",
        vpc_endpoint_ids=_vpc_endpoints(request, is_private=is_private),
        policy=_policy(call, request, is_private=is_private),
        certificate_body=request.get("certificateBody"),
        certificate_chain=request.get("certificateChain"),
        certificate_private_key=_private_key(request),
        created_date=call.now,
        tags=tags_of(request),
    )
    require_domain_change(call, None, record)
    record = with_tls(call, None, record, bad_request)
    try:
        return show_domain_name(call.tx.create(DOMAIN_NAME, record))
    except AlreadyExists as error:
        raise conflict("The domain name you provided already exists.") from error


def _arn(call: OperationCall, name: str, domain_name_id: str | None) -> str:
    """Write the ARN: that of a private name holds account and id (AWS [D] private domain names)."""
    start = f"arn:{call.partition}:apigateway:{call.region}"
    if domain_name_id is None:
        return f"{start}::/domainnames/{name}"
    return f"{start}:{call.account_id}:/domainnames/{name}+{domain_name_id}"


def _endpoint(call: OperationCall, request: Params) -> DomainNameEndpoint:
    configuration = request.get("endpointConfiguration") or {}
    types = configuration.get("types") or ["EDGE"]
    if len(types) != 1 or types[0] not in {"REGIONAL", "EDGE", "PRIVATE"}:
        raise bad_request("Cannot create a domain name with multiple Endpoint Types.")
    kind: EndpointType = types[0]
    prefix = "regionalC" if kind == "REGIONAL" else "c"
    other = "certificateArn" if kind == "REGIONAL" else "regionalCertificateArn"
    if request.get(other) is not None:
        raise bad_request(f"{other} is not that of a {kind} endpoint")
    arn = certificate_arn_of(request.get(f"{prefix}ertificateArn"))
    uploads = request.get("certificateBody") is not None
    return new_endpoint(
        call,
        kind,
        certificate_arn=arn,
        certificate_name=text_of(
            request, f"{prefix}ertificateName", _MAX_TEXT, "Invalid certificate name specified"
        ),
        certificate_upload_date=call.now if arn or uploads else None,
        ip_address_type=configuration.get("ipAddressType")
        or ("dualstack" if kind == "PRIVATE" else "ipv4"),
        security_policy=request.get("securityPolicy") or "TLS_1_2",
        endpoint_access_mode=request.get("endpointAccessMode"),
        ownership_verification_certificate_arn=certificate_arn_of(
            request.get("ownershipVerificationCertificateArn")
        ),
    )


def new_endpoint(call: OperationCall, kind: EndpointType, **members: object) -> DomainNameEndpoint:
    """Make an endpoint of a type, with a name that DNS could point to."""
    if kind == "EDGE":
        target, zone = f"d{new_id(13)}.cloudfront.net", _EDGE_ZONE
    else:
        suffix = "amazonaws.com.cn" if call.partition == "aws-cn" else "amazonaws.com"
        target = f"d-{new_id(API_ID_CHARACTERS)}.execute-api.{call.region}.{suffix}"
        zone = _REGIONAL_ZONE
    fields: dict[str, object] = {"target_domain_name": target, "hosted_zone_id": zone, **members}
    return DomainNameEndpoint(type=kind, **fields)  # type: ignore[arg-type]


def _mutual_tls(request: Params, endpoint: DomainNameEndpoint) -> MutualTls | None:
    written = request.get("mutualTlsAuthentication")
    if not written or not written.get("truststoreUri"):
        return None
    if endpoint.type != "REGIONAL" or endpoint.security_policy == "TLS_1_0":
        # AWS [D] apigw-objects §7
        raise bad_request("Mutual TLS needs a REGIONAL endpoint and TLS 1.2 or later")
    return MutualTls(
        truststore_uri=checked_truststore(written["truststoreUri"]),
        truststore_version=text_of(
            written, "truststoreVersion", _MAX_TEXT, "Invalid truststore version specified"
        ),
    )


def _vpc_endpoints(request: Params, *, is_private: bool) -> tuple[str, ...]:
    ids = (request.get("endpointConfiguration") or {}).get("vpcEndpointIds") or ()
    if ids and not is_private:
        raise bad_request("VPCEndpoints can only be specified with PRIVATE domain names")
    if len(ids) > _MAX_VPC_ENDPOINTS:
        raise bad_request(f"At most {_MAX_VPC_ENDPOINTS} VPC endpoints can be specified")
    return tuple(dict.fromkeys(ids))


def _policy(call: OperationCall, request: Params, *, is_private: bool) -> str | None:
    policy = request.get("policy")
    if policy and not is_private:
        # AWS [M]: supported only for private custom domain names
        raise bad_request("A policy can only be specified with PRIVATE domain names")
    return stored_policy(call, "*", policy, private=True)


def _private_key(request: Params) -> Secret | None:
    members = ("certificateBody", "certificateChain", "certificatePrivateKey")
    check_uploaded(*(request.get(each) for each in members))
    key = request.get("certificatePrivateKey")
    return None if key is None else Secret(key)


@operation()
def get_domain_name(call: OperationCall, request: Params) -> Params:
    """Give a domain name."""
    return show_domain_name(the_domain_name(call, request))


@operation()
def get_domain_names(call: OperationCall, request: Params) -> Params:
    """List the caller's domain names; those of other accounts are never shown."""
    if request.get("resourceOwner") == "OTHER_ACCOUNTS":
        return {"items": []}  # [I] names are not shared between accounts here
    listing = Listing(kind=DOMAIN_NAME, prefix=(call.account_id, call.region))
    return page(call, request, listing, show_domain_name)


@operation(writes=True)
def delete_domain_name(call: OperationCall, request: Params) -> Params:
    """Take a domain name away, with its mappings and associations."""
    record = the_domain_name(call, request)
    key = DOMAIN_NAME.key_of(record)
    delete_all(call.tx, BASE_PATH_MAPPING, key)
    for each in call.tx.list_by(
        DOMAIN_NAME_ACCESS_ASSOCIATION, "domain_name", (record.domain_name_arn,)
    ):
        kind = DOMAIN_NAME_ACCESS_ASSOCIATION
        call.tx.delete(kind, kind.key_of(each))
    call.tx.delete(DOMAIN_NAME, key)
    return {}
