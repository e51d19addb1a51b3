"""What everybody may read of a user pool: its public keys, and where its things are.

GET /{pool id}/.well-known/jwks.json, /{pool id}/.well-known/openid-configuration
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from bargate.userpool.find import pool_of_id
from bargate.userpool.keys import discovery
from bargate.wire.error import AwsError
from bargate.wire.request import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from bargate.store.interface import Reader
    from bargate.userpool.pools import Pools

_PATH: Final = re.compile(
    r"/(?P<pool>[\w-]{1,45}_[0-9a-zA-Z]{1,20})/\.well-known/(?P<name>jwks\.json|openid-configuration)",
    re.ASCII,
)
# Any page may read what is public.
_HEADERS: Final = (
    ("content-type", "application/json"),
    ("cache-control", "public, max-age=3600"),
    ("access-control-allow-origin", "*"),
)


class PoolDocuments:
    """Answers these two; `pools` None where there are none."""

    def __init__(self, pools: Pools | None) -> None:
        self._pools = pools

    def answer(self, request: HttpRequest) -> HttpResponse | None:
        """Answer a request for a document, None if it is for something else."""
        found = _PATH.fullmatch(request.path)
        if found is None or self._pools is None or request.method not in ("GET", "HEAD"):
            return None
        pools = self._pools
        try:
            body = pools.store.read(lambda tx: _document(pools, tx, found["pool"], found["name"]))
        except AwsError as refused:
            return HttpResponse(
                404, _HEADERS[:1], msgspec.json.encode({"message": refused.message})
            )
        return HttpResponse(200, _HEADERS, body)


def _document(pools: Pools, tx: Reader, pool_id: str, name: str) -> bytes:
    pool = pool_of_id(tx, pool_id)
    if name == "jwks.json":
        return msgspec.json.encode(pools.keyring.of(tx, pool.id).key_set())
    return msgspec.json.encode(discovery(pools.issuer_of(pool)))
