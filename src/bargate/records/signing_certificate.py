"""X.509 signing certificates of users."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.store.kind import Kind


class SigningCertificate(Struct, frozen=True, kw_only=True):
    """A signing certificate; `body` is PEM and `fingerprint` the SHA-256 of its DER."""

    account_id: str
    user_id: str
    id: str
    body: str
    fingerprint: str
    uploaded_at: datetime
    status: Literal["Active", "Inactive"] = "Active"


SIGNING_CERTIFICATE: Kind[SigningCertificate] = Kind(
    "iam_signing_certificate",
    SigningCertificate,
    lambda each: (each.account_id, each.user_id, each.id),
)
