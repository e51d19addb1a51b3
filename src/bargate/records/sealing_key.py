"""The keys that seal temporary credentials, shared by the control plane and every worker."""

from datetime import datetime

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Kind


class SealingKeyRecord(Struct, frozen=True, kw_only=True):
    """A key of 32 bytes in Base64; the newest seals, and all open what they sealed."""

    id: str
    key: Secret
    created_at: datetime


SEALING_KEY: Kind[SealingKeyRecord] = Kind("sealing_key", SealingKeyRecord, lambda key: (key.id,))
