"""Certificates by which the gateway shows backends that it is the gateway."""

from datetime import datetime

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Kind


class ClientCertificate(Struct, frozen=True, kw_only=True):
    """A self-signed certificate. The private key (PKCS #8 PEM) is never given away."""

    account_id: str
    region: str
    id: str
    description: str | None = None
    pem_encoded_certificate: str
    private_key: Secret
    created_date: datetime
    expiration_date: datetime
    tags: dict[str, str] = {}


CLIENT_CERTIFICATE = Kind(
    "client_certificate",
    ClientCertificate,
    lambda record: (record.account_id, record.region, record.id),
)
