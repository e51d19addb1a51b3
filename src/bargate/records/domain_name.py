"""Custom domain names, of REST (`apigateway`) and HTTP (`apigatewayv2`) APIs alike."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Index, Kind

EndpointType = Literal["REGIONAL", "EDGE", "PRIVATE"]
DomainNameStatus = Literal[
    "AVAILABLE",
    "UPDATING",
    "PENDING",
    "PENDING_CERTIFICATE_REIMPORT",
    "PENDING_OWNERSHIP_VERIFICATION",
    "FAILED",
]


class MutualTls(Struct, frozen=True, kw_only=True):
    """Where the CAs stand that sign the clients of a domain name, and what stood there (PEM)."""

    truststore_uri: str | None = None
    truststore_version: str | None = None
    truststore_warnings: tuple[str, ...] = ()
    bundle: str | None = None


class DomainNameEndpoint(Struct, frozen=True, kw_only=True):
    """One endpoint of a domain name: v2's DomainNameConfiguration, v1's members of its type.

    REGIONAL and PRIVATE: `target_domain_name` is v1's regionalDomainName, the certificate its
    regionalCertificate*; EDGE: distributionDomainName and certificate*.
    """

    type: EndpointType = "REGIONAL"
    target_domain_name: str = ""
    hosted_zone_id: str = ""
    certificate_arn: str | None = None
    certificate_name: str | None = None
    certificate_upload_date: datetime | None = None
    ip_address_type: Literal["ipv4", "dualstack"] = "ipv4"
    security_policy: str = "TLS_1_2"
    endpoint_access_mode: str | None = None
    ownership_verification_certificate_arn: str | None = None
    status: DomainNameStatus = "AVAILABLE"
    status_message: str | None = None


class DomainName(Struct, frozen=True, kw_only=True):
    """A custom domain name, in lower case. `certificate_private_key` is an uploaded one (v1 EDGE)."""

    account_id: str
    region: str
    domain_name: str
    domain_name_id: str | None = None
    domain_name_arn: str
    endpoints: tuple[DomainNameEndpoint, ...] = ()
    mutual_tls: MutualTls | None = None
    api_mapping_selection_expression: str | None = None
    routing_mode: str = "BASE_PATH_MAPPING_ONLY"
    vpc_endpoint_ids: tuple[str, ...] = ()
    policy: str | None = None
    management_policy: str | None = None
    certificate_body: str | None = None
    certificate_chain: str | None = None
    certificate_private_key: Secret | None = None
    created_date: datetime
    tags: dict[str, str] = {}

    @property
    def is_private(self) -> bool:
        """Tell whether only interface endpoints reach it."""
        return any(endpoint.type == "PRIVATE" for endpoint in self.endpoints)


def _public_name(record: DomainName) -> tuple[str, ...] | None:
    return None if record.is_private else (record.domain_name,)


def parent_of(domain_name: str) -> str:
    """Give what stands after the first label: a name and the wildcard over it have it in common."""
    return domain_name.partition(".")[2]


def _parent(record: DomainName) -> tuple[str, ...] | None:
    return None if record.is_private else (parent_of(record.domain_name),)


# INVARIANT: a public name belongs to one account and region of the whole installation: a host is
# routed by its name alone, so a second owner would take over the first one's traffic.
DOMAIN_NAME = Kind(
    "domain_name",
    DomainName,
    lambda record: (record.account_id, record.region, record.domain_name),
    indexes=(Index("public_name", _public_name, unique=True), Index("parent", _parent)),
)
