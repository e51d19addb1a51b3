"""Check 8: which headers the signature covers (iam-sts §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.sigv4.fault import SignatureFault, invalid, shown

if TYPE_CHECKING:
    from bargate.sigv4.presented import Presented
    from bargate.sigv4.request import SignedRequest

_HOST = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
_TOKEN = b"x-amz-security-token"


def check_signed_headers(
    presented: Presented, request: SignedRequest, *, token_unsigned: bool
) -> SignatureFault | None:
    """Demand host and every `x-amz-*` header, and names that have one reading.

    [I]: AWS documents that `x-amz-*` headers must be signed, not what it says when one is not;
    S3's text is used.
    """
    names = presented.signed_headers.encode("latin-1", "replace").split(b";")
    if b"host" not in names and b":authority" not in names:
        return invalid(_HOST, "host_unsigned", "SignedHeaders does not list host")
    if names != sorted(set(names)) or presented.signed_headers != presented.signed_headers.lower():
        message = "'SignedHeaders' must be lower case, sorted and unique."
        return invalid(
            message,
            "signed_headers",
            f"SignedHeaders is not canonical: {shown(presented.signed_headers)}",
        )
    for key in request.header:
        if key[:6] != b"x-amz-" or key in names or (token_unsigned and key == _TOKEN):
            continue
        message = f"There were headers present in the request which were not signed: {shown(key.decode('latin-1'))}"
        return invalid(message, "header_unsigned", f"{shown(key.decode('latin-1'))} is not signed")
    return None
