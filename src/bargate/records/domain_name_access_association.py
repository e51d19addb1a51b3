"""Which interface endpoints may reach which private custom domain names."""

from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Index, Kind


class DomainNameAccessAssociation(Struct, frozen=True, kw_only=True):
    """An association, owned by the account of the endpoint (`source`, a vpce- id)."""

    account_id: str
    region: str
    arn: str
    domain_name_arn: str
    source_type: str = "VPCE"
    source: str
    created_date: datetime
    tags: dict[str, str] = {}


DOMAIN_NAME_ACCESS_ASSOCIATION = Kind(
    "domain_name_access_association",
    DomainNameAccessAssociation,
    lambda record: (record.account_id, record.region, record.arn),
    indexes=(Index("domain_name", lambda record: (record.domain_name_arn,)),),
)
