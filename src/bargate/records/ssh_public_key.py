"""SSH public keys of users (for CodeCommit)."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.store.kind import Kind


class SshPublicKey(Struct, frozen=True, kw_only=True):
    """An SSH public key (APKA…); `body` is in OpenSSH's form."""

    account_id: str
    user_id: str
    id: str
    body: str
    fingerprint: str
    uploaded_at: datetime
    status: Literal["Active", "Inactive"] = "Active"


SSH_PUBLIC_KEY: Kind[SshPublicKey] = Kind(
    "iam_ssh_public_key", SshPublicKey, lambda each: (each.account_id, each.user_id, each.id)
)
