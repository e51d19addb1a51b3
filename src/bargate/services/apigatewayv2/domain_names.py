"""Custom domain names, as this API shows the ones it shares with REST APIs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import structs

from bargate.records.base_path_mapping import BASE_PATH_MAPPING
from bargate.records.domain_name import DOMAIN_NAME, DomainName, DomainNameEndpoint, MutualTls
from bargate.services.apigatewayv2.errors import bad_request, conflict, not_found, shown
from bargate.services.apigatewayv2.ids import new_id
from bargate.services.apigatewayv2.pages import page
from bargate.services.apigatewayv2.tags import checked_tags
from bargate.services.domain_permissions import require_domain_change
from bargate.services.domain_tls import with_tls
from bargate.services.operation import OperationCall, Params, operation
from bargate.services.place import place_of
from bargate.store.interface import AlreadyExists

if TYPE_CHECKING:
    from collections.abc import Mapping

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})+\Z")
_CERTIFICATE = re.compile(r"arn:aws[a-z-]*:(?:acm|iam):[a-z0-9-]*:[0-9]{12}:[^\s]+\Z")
_TRUSTSTORE = re.compile(r"s3://[^\s/]+/[^\s]+\Z")
_MAX_NAME = 253
_HOSTED_ZONE_ID = "Z00000000BARGATE"
_MAPPINGS_ONLY = "API_MAPPING_ONLY"
_TO_RECORD = {_MAPPINGS_ONLY: "BASE_PATH_MAPPING_ONLY"}


@operation(writes=True)
def create_domain_name(call: OperationCall, request: Params) -> Params:
    """Claim a domain name for this account and region."""
    name = request["DomainName"].lower()
    if len(name) > _MAX_NAME or not _NAME.match(name):
        raise bad_request(f"Invalid domain name specified: {shown(name)}")
    configurations = request.get("DomainNameConfigurations") or []
    record = DomainName(
        account_id=call.account_id,
        region=call.region,
        domain_name=name,
        domain_name_arn=f"arn:{call.partition}:apigateway:{call.region}::/domainnames/{name}",
        endpoints=(_endpoint(call, configurations, DomainNameEndpoint()),),
        mutual_tls=_mutual_tls(request, None),
        routing_mode=_routing_mode(request),
        created_date=call.now,
        tags=checked_tags(request.get("Tags")),
    )
    require_domain_change(call, None, record)
    record = with_tls(call, None, record, bad_request)
    try:
        return show(call.tx.create(DOMAIN_NAME, record))
    except AlreadyExists:
        # AWS [O]; whose it is, is not said
        raise conflict("The domain name you provided already exists.") from None


@operation()
def get_domain_name(call: OperationCall, request: Params) -> Params:
    """Give one domain name."""
    return show(domain_of(call, request))


@operation()
def get_domain_names(call: OperationCall, request: Params) -> Params:
    """List the domain names of the account in the region; private ones belong to REST APIs."""
    output = page(call, request, DOMAIN_NAME, place_of(call).prefix, _show_public)
    output["Items"] = [item for item in output["Items"] if item]
    return output


@operation(writes=True)
def update_domain_name(call: OperationCall, request: Params) -> Params:
    """Change the certificate, the truststore or the like of a domain name."""
    old = domain_of(call, request)
    endpoints = old.endpoints
    configurations = request.get("DomainNameConfigurations")
    if configurations:
        was = endpoints[0] if endpoints else DomainNameEndpoint()
        endpoints = (_endpoint(call, configurations, was), *endpoints[1:])
    new = structs.replace(
        old,
        endpoints=endpoints,
        mutual_tls=_mutual_tls(request, old.mutual_tls),
        routing_mode=_routing_mode(request) if request.get("RoutingMode") else old.routing_mode,
    )
    require_domain_change(call, old, new)
    changed = with_tls(call, old, new, bad_request)
    call.tx.update(DOMAIN_NAME, _key(old), lambda _: changed)
    return show(changed)


@operation(writes=True)
def delete_domain_name(call: OperationCall, request: Params) -> Params:
    """Give up a domain name with all its mappings."""
    domain = domain_of(call, request)
    for mapping in call.tx.list(BASE_PATH_MAPPING, _key(domain)):
        call.tx.delete(BASE_PATH_MAPPING, BASE_PATH_MAPPING.key_of(mapping))
    call.tx.delete(DOMAIN_NAME, _key(domain))
    return {}


def domain_of(call: OperationCall, request: Params) -> DomainName:
    """Give the public domain name that the request names; raises NotFoundException."""
    name = request["DomainName"].lower()
    found = call.tx.find(DOMAIN_NAME, (*place_of(call).prefix, name))
    if found is None or found.is_private:
        raise not_found(f"Invalid domain name identifier specified: {shown(name)}")
    return found


def show(domain: DomainName) -> Params:
    """Give a domain name as this API shows it."""
    output: Params = {
        "ApiMappingSelectionExpression": (
            domain.api_mapping_selection_expression or "$request.basepath"
        ),
        "DomainName": domain.domain_name,
        "DomainNameArn": domain.domain_name_arn,
        "DomainNameConfigurations": [_shown_endpoint(each) for each in domain.endpoints],
        "RoutingMode": domain.routing_mode.replace("BASE_PATH_MAPPING", "API_MAPPING"),
        "Tags": dict(domain.tags),
    }
    if domain.mutual_tls is not None:
        output["MutualTlsAuthentication"] = _shown_mutual_tls(domain.mutual_tls)
    return output


def _show_public(domain: DomainName) -> Params:
    return {} if domain.is_private else show(domain)


def _key(domain: DomainName) -> tuple[str, str, str]:
    return (domain.account_id, domain.region, domain.domain_name)


def _endpoint(
    call: OperationCall, configurations: list[Mapping[str, Any]], old: DomainNameEndpoint
) -> DomainNameEndpoint:
    if len(configurations) != 1:
        raise bad_request("DomainNameConfigurations must hold exactly one configuration")
    given = configurations[0]
    if (given.get("EndpointType") or "REGIONAL") != "REGIONAL":
        raise bad_request("Only REGIONAL endpoints are supported for HTTP APIs")
    if (given.get("SecurityPolicy") or "TLS_1_2") != "TLS_1_2":
        raise bad_request("Only TLS_1_2 is supported as security policy for HTTP APIs")
    certificate = given.get("CertificateArn") or old.certificate_arn
    if certificate is None or not _CERTIFICATE.match(certificate):
        raise bad_request("Invalid certificate ARN specified")
    return structs.replace(
        old,
        type="REGIONAL",
        target_domain_name=old.target_domain_name
        or f"d-{new_id()}.execute-api.{call.region}.amazonaws.com",
        hosted_zone_id=old.hosted_zone_id or _HOSTED_ZONE_ID,
        certificate_arn=certificate,
        certificate_name=given.get("CertificateName") or old.certificate_name,
        certificate_upload_date=call.now,
        ip_address_type=given.get("IpAddressType") or old.ip_address_type,
        ownership_verification_certificate_arn=(
            given.get("OwnershipVerificationCertificateArn")
            or old.ownership_verification_certificate_arn
        ),
    )


def _mutual_tls(request: Params, old: MutualTls | None) -> MutualTls | None:
    given = request.get("MutualTlsAuthentication")
    if given is None:
        return old
    uri = given.get("TruststoreUri")
    if uri == "":
        return None  # AWS [D]: the way to disable it
    uri = uri or (None if old is None else old.truststore_uri)
    if uri is None or not _TRUSTSTORE.match(uri):
        raise bad_request("Invalid truststore URI specified. It must be s3://bucket/key")
    return MutualTls(truststore_uri=uri, truststore_version=given.get("TruststoreVersion") or None)


def _routing_mode(request: Params) -> str:
    mode = request.get("RoutingMode") or _MAPPINGS_ONLY
    if mode not in _TO_RECORD:
        # what rules would decide must not be decided by mappings
        raise bad_request(
            "Routing rules are not supported yet: RoutingMode must be API_MAPPING_ONLY"
        )
    return _TO_RECORD[mode]


def _shown_endpoint(endpoint: DomainNameEndpoint) -> Params:
    output: Params = {
        "ApiGatewayDomainName": endpoint.target_domain_name,
        "DomainNameStatus": (
            endpoint.status if endpoint.status not in {"PENDING", "FAILED"} else "UPDATING"
        ),
        "EndpointType": endpoint.type,
        "HostedZoneId": endpoint.hosted_zone_id,
        "IpAddressType": endpoint.ip_address_type,
        "SecurityPolicy": ("TLS_1_0" if endpoint.security_policy == "TLS_1_0" else "TLS_1_2"),
    }
    optional = {
        "CertificateArn": endpoint.certificate_arn,
        "CertificateName": endpoint.certificate_name,
        "CertificateUploadDate": endpoint.certificate_upload_date,
        "DomainNameStatusMessage": endpoint.status_message,
        "OwnershipVerificationCertificateArn": endpoint.ownership_verification_certificate_arn,
    }
    return output | {name: value for name, value in optional.items() if value is not None}


def _shown_mutual_tls(tls: MutualTls) -> Params:
    output: Params = {}
    if tls.truststore_uri is not None:
        output["TruststoreUri"] = tls.truststore_uri
    if tls.truststore_version is not None:
        output["TruststoreVersion"] = tls.truststore_version
    if tls.truststore_warnings:
        output["TruststoreWarnings"] = list(tls.truststore_warnings)
    return output
