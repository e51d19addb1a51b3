"""What a custom domain name may be, and how it is written out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm

from bargate.records.domain_name import DOMAIN_NAME, DomainName, DomainNameEndpoint, parent_of
from bargate.services.apigateway.errors import bad_request, conflict, not_found
from bargate.services.apigateway.more_values import is_storable
from bargate.services.apigateway.shape import present

if TYPE_CHECKING:
    from bargate.records.domain_name import MutualTls
    from bargate.services.operation import OperationCall, Params

MISSING: Final = "Invalid domain name identifier specified"  # AWS [O]
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})+", re.ASCII)
_MAX_NAME: Final = 253
_CERTIFICATE: Final = re.compile(
    r"arn:[a-z-]{3,16}:(?:acm|iam):[a-z0-9-]{0,32}:\d{12}:[\w+=,.@/-]{1,512}", re.ASCII
)
_MAX_PEM: Final = 65_536
_TRUSTSTORE: Final = re.compile(r"s3://[^\s/]{3,63}/\S{1,1024}", re.ASCII)


def checked_domain_name(text: str) -> str:
    """Give a domain name in lower case; `*.` may stand before it."""
    name = text.lower()
    if len(name) > _MAX_NAME or _NAME.fullmatch(name) is None:
        raise bad_request("Invalid domain name specified")
    return name


def check_nobody_else_has(call: OperationCall, name: str) -> None:
    """Refuse a public name that would take over calls of another account's, or give it ours.

    A wildcard stands for the names one label below, so that no two accounts may have names of one
    parent when one of them is the wildcard (AWS [D] wildcard custom domain names).
    """
    for other in call.tx.list_by(DOMAIN_NAME, "parent", (parent_of(name),)):
        has_wildcard = name.startswith("*.") or other.domain_name.startswith("*.")
        if other.domain_name == name or (has_wildcard and other.account_id != call.account_id):
            raise conflict("The domain name you provided already exists.")  # AWS [O]


def certificate_arn_of(text: str | None) -> str | None:
    """Check the form of a certificate's ARN; there is no ACM here that could know it."""
    if text is not None and _CERTIFICATE.fullmatch(text) is None:
        raise bad_request("Invalid certificate ARN specified")
    return text


def check_uploaded(body: str | None, chain: str | None, private_key: str | None) -> None:
    """Check an uploaded certificate: it can be read, and the key is its own."""
    if body is None and private_key is None:
        return
    if any(len(each or "") > _MAX_PEM for each in (body, chain, private_key)):
        raise bad_request("Invalid certificate specified")
    # Imported here: 20 ms that a start need not wait for.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        certificate = x509.load_pem_x509_certificate((body or "").encode())
        key = load_pem_private_key((private_key or "").encode(), password=None)
        fits = certificate.public_key() == key.public_key()
        x509.load_pem_x509_certificates((chain or body or "").encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # What the library says may hold parts of the key: nothing of it is passed on.
        raise bad_request("Invalid certificate specified") from None
    if not fits:
        raise bad_request("The private key is not that of the certificate")


def checked_truststore(uri: str | None) -> str | None:
    """Check the place of a truststore (AWS [D] apigw-objects §7: S3)."""
    if uri is not None and _TRUSTSTORE.fullmatch(uri) is None:
        raise bad_request("Invalid truststore URI specified")
    return uri


def the_domain_name(call: OperationCall, request: Params) -> DomainName:
    """Give the domain name that a request names; raises NotFoundException."""
    name: str = request["domainName"].lower()
    found = None
    if is_storable(name):
        found = call.tx.find(DOMAIN_NAME, (call.account_id, call.region, name))
    wanted = request.get("domainNameId")
    if found is None or (wanted is not None and wanted != found.domain_name_id):
        raise not_found(MISSING)
    if wanted is None and found.is_private:
        # AWS [M]: domainNameId is required for private custom domain names
        raise bad_request("domainNameId is required for private custom domain names")
    return found


def show_domain_name(record: DomainName) -> Params:
    """Write a domain name as v1 does. INVARIANT: an uploaded private key is in no output."""
    output = present(
        domainName=record.domain_name,
        domainNameId=record.domain_name_id,
        domainNameArn=record.domain_name_arn,
        mutualTlsAuthentication=_show_mutual_tls(record.mutual_tls),
        managementPolicy=record.management_policy,
        policy=record.policy,
        routingMode=record.routing_mode,
        tags=record.tags or None,
    )
    for endpoint in record.endpoints:
        output |= _show_endpoint(endpoint)
    configuration = present(
        types=[endpoint.type for endpoint in record.endpoints],
        ipAddressType=next((each.ip_address_type for each in record.endpoints), None),
        vpcEndpointIds=list(record.vpc_endpoint_ids) or None,
    )
    return output | {"endpointConfiguration": configuration}


def _show_mutual_tls(found: MutualTls | None) -> Params | None:
    if found is None:
        return None
    return present(
        truststoreUri=found.truststore_uri,
        truststoreVersion=found.truststore_version,
        truststoreWarnings=list(found.truststore_warnings) or None,
    )


def _show_endpoint(endpoint: DomainNameEndpoint) -> Params:
    common = present(
        domainNameStatus=endpoint.status,
        domainNameStatusMessage=endpoint.status_message,
        securityPolicy=endpoint.security_policy,
        endpointAccessMode=endpoint.endpoint_access_mode,
        ownershipVerificationCertificateArn=endpoint.ownership_verification_certificate_arn,
    )
    if endpoint.type == "REGIONAL":
        return common | present(
            regionalDomainName=endpoint.target_domain_name,
            regionalHostedZoneId=endpoint.hosted_zone_id,
            regionalCertificateArn=endpoint.certificate_arn,
            regionalCertificateName=endpoint.certificate_name,
        )
    certificate = present(
        certificateArn=endpoint.certificate_arn,
        certificateName=endpoint.certificate_name,
        certificateUploadDate=endpoint.certificate_upload_date,
    )
    if endpoint.type == "PRIVATE":
        return common | certificate
    return (
        common
        | certificate
        | present(
            distributionDomainName=endpoint.target_domain_name,
            distributionHostedZoneId=endpoint.hosted_zone_id,
        )
    )
