"""Certificates that were imported into ACM."""

from datetime import datetime

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Kind


class AcmCertificate(Struct, frozen=True, kw_only=True):
    """A certificate with its private key; `body` and `chain` are PEM, `names` what it is good for."""

    account_id: str
    region: str
    id: str
    arn: str
    body: str
    chain: str | None = None
    private_key: Secret
    names: tuple[str, ...] = ()
    created_at: datetime
    imported_at: datetime
    not_before: datetime
    not_after: datetime
    tags: dict[str, str] = {}


ACM_CERTIFICATE = Kind(
    "acm_certificate",
    AcmCertificate,
    lambda record: (record.account_id, record.region, record.id),
)
