"""Server certificates."""

from datetime import datetime

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Index, Kind


class ServerCertificate(Struct, frozen=True, kw_only=True):
    """A server certificate (ASCA…) with its private key; texts are PEM."""

    account_id: str
    id: str
    name: str
    path: str
    body: str
    private_key: Secret
    uploaded_at: datetime
    expires_at: datetime
    chain: str | None = None
    partition: str = "aws"
    tags: dict[str, str] = {}

    @property
    def arn(self) -> str:
        """The ARN, path included."""
        return (
            f"arn:{self.partition}:iam::{self.account_id}:server-certificate{self.path}{self.name}"
        )


SERVER_CERTIFICATE: Kind[ServerCertificate] = Kind(
    "iam_server_certificate",
    ServerCertificate,
    lambda each: (each.account_id, each.name.lower()),
    (Index("id", lambda each: (each.id,), unique=True),),
)
