"""What a REST API says to a request that no resource and method matches.

    Authorization absent, or a complete SigV4 one ──► Missing Authentication Token
    a part of it is no key=value pair             ──► Invalid key=value pair …
    it lacks parameters of SigV4                  ──► Authorization header requires …

AWS [O] apigw-evaluation §1 step 2b, apigw-errors §3: such a request is taken for a signed one. The
header's value comes back hashed only.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from bargate.access.verdict import Denial
from bargate.gateway.denials import NO_ROUTE_REST

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARAMETERS = (b"Credential", b"Signature", b"SignedHeaders")
_HASHED = "ashed with SHA-256 and encoded with Base64"  # AWS begins it with h and with H


def no_route_rest(header: Mapping[bytes, bytes]) -> Denial:
    """Give the denial of a request with these fields (names in lower case)."""
    authorization = header.get(b"authorization")
    if authorization is None:
        return NO_ROUTE_REST
    scheme, _, rest = authorization.partition(b" ")
    pairs = [pair.strip() for pair in (rest or scheme).split(b",")]
    if not all(b"=" in pair for pair in pairs):
        return _incomplete(
            "Invalid key=value pair (missing equal-sign) in Authorization header"
            f" (h{_HASHED}): '{_hash(authorization)}'."
        )
    missing = _missing({pair.partition(b"=")[0] for pair in pairs}, header)
    if missing:
        return _incomplete(f"{' '.join(missing)} (H{_HASHED}) Authorization={_hash(authorization)}")
    return NO_ROUTE_REST


def _missing(names: set[bytes], header: Mapping[bytes, bytes]) -> list[str]:
    sentences = [
        f"Authorization header requires '{name.decode('ascii')}' parameter."
        for name in _PARAMETERS
        if name not in names
    ]
    if b"x-amz-date" not in header and b"date" not in header:
        sentences.append(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    return sentences


def _incomplete(message: str) -> Denial:
    return Denial(
        response_type="INVALID_SIGNATURE",
        reason=NO_ROUTE_REST.reason,
        detail=NO_ROUTE_REST.detail,
        message=message,
        error_type="IncompleteSignatureException",
    )


def _hash(value: bytes) -> str:
    return base64.b64encode(hashlib.sha256(value).digest()).decode("ascii")
