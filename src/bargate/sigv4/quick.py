"""The quick way through checks 1 to 13: what signers write day in, day out.

    AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=    the same for all calls of a signer
                                                                  on one day: read once, remembered
    64 hexadecimal digits, X-Amz-Date, X-Amz-Security-Token       read at every call

INVARIANT: gives exactly what the checks one by one give, and only where all of them pass. None
sends a request there: whatever is wrong or merely unusual is found and worded by them alone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.sigv4.dates import moment_of

if TYPE_CHECKING:
    from bargate.sigv4.request import SignedRequest

_HEAD = re.compile(
    rb"AWS4-HMAC-SHA256 Credential=([!-+\--.0-<>-~]+)/([0-9]{8}/([a-z0-9-]+)/([a-z0-9-]+)"
    rb"/aws4_request), ?SignedHeaders=([a-z0-9;_-]+), ?Signature="
)
_SIGNATURE_CHARACTERS = 64
# Together with the number remembered, this bounds what a stranger can make us hold.
_HEAD_MAX_BYTES = 512


class SignerHead(Struct, frozen=True):
    """What an Authorization header says before its signature."""

    access_key_id: str
    date: str
    region: str
    service: str
    scope: str
    signed_headers: tuple[bytes, ...]
    names: frozenset[bytes]


class Read(Struct, frozen=True):
    """A signature in the header that passed checks 1 to 13."""

    head: SignerHead
    timestamp: str
    signature: str
    session_token: str | None


def read(request: SignedRequest, place: tuple[str, str], now: float, skew_s: int) -> Read | None:
    """Read a plain request signed in its header for `place` (region, service); None: look closer.

    `now` is seconds since the epoch, `skew_s` how far the signer's clock may be away.
    """
    header = request.header
    value, stamp = header.get(b"authorization"), header.get(b"x-amz-date")
    if value is None or stamp is None or not _is_plain(request):
        return None
    signature = value[-_SIGNATURE_CHARACTERS:]
    head = _head_of(value[:-_SIGNATURE_CHARACTERS]) if len(value) <= _HEAD_MAX_BYTES else None
    if head is None or not signature.isalnum() or (head.region, head.service) != place:
        return None
    timestamp = stamp.decode("latin-1")
    signed_at = moment_of(timestamp)
    if signed_at is None or timestamp[:8] != head.date or not -skew_s <= now - signed_at <= skew_s:
        return None
    names = head.names
    for name in header:
        if name[:6] == b"x-amz-" and name not in names:
            return None
    token = header.get(b"x-amz-security-token")
    text = None if token is None else token.decode("latin-1")
    return Read(head, timestamp, signature.decode("ascii"), text)


def _is_plain(request: SignedRequest) -> bool:
    """Say whether nothing is escaped, repeated or climbing, and no signature in the query."""
    path, query = request.path, request.query
    return (
        path[:1] == "/"
        and ".." not in path
        and "%" not in path
        and "%" not in query
        and "mz-" not in query
        and len(request.header) == len(request.headers)
    )


@lru_cache(maxsize=1024)
def _head_of(value: bytes) -> SignerHead | None:
    found = _HEAD.fullmatch(value)
    if found is None:
        return None
    access_key_id, scope, region, service = (found[at].decode("ascii") for at in range(1, 5))
    names = tuple(found[5].split(b";"))
    is_canonical = b"host" in names and list(names) == sorted(set(names))
    if not is_canonical:
        return None
    return SignerHead(access_key_id, scope[:8], region, service, scope, names, frozenset(names))
