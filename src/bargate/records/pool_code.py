"""Codes that were sent to users: known by digests alone, good once, and for one address."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.store.kind import Kind

# What a code is for: confirming a sign-up, a new password, or an address of one's own.
CodeUse = Literal["SignUp", "ForgotPassword", "email", "phone_number"]


class PoolCode(Struct, frozen=True, kw_only=True):
    """The code that was sent last for one use.

    `attribute` and `value` say where it went: it proves that address, and no other.
    """

    pool_id: str
    sub: str
    use: CodeUse
    digest: str
    attribute: str
    value: str
    expires_at: datetime


POOL_CODE: Kind[PoolCode] = Kind(
    "pool_code", PoolCode, lambda code: (code.pool_id, code.sub, code.use)
)
