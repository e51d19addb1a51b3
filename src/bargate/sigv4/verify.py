"""Check 16: recompute what was signed and compare (iam-sts §6)."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING

from bargate.sigv4.asymmetric import is_signed_p256
from bargate.sigv4.canonical import (
    SIGNATURE_PARAMETER,
    TOKEN_PARAMETER,
    canonical_headers,
    canonical_query,
    canonical_request,
)
from bargate.sigv4.fault import MISMATCH, SignatureFault, invalid
from bargate.sigv4.signing_key import signing_mac, string_to_sign

if TYPE_CHECKING:
    from bargate.secret import Secret
    from bargate.sigv4.authorization import Authorization, Expected
    from bargate.sigv4.request import SignedRequest

_BODY_HASH = b"x-amz-content-sha256"
_ECHO_MAX_CHARACTERS = 8_192
# What must not come back: the echo is part of an error, and errors reach logs.
_SECRET_LINES = re.compile(
    r"^(x-amz-security-token|x-api-key|cookie|(?:proxy-)?authorization):.*$", re.MULTILINE
)
_SECRET_PARAMETERS = re.compile(
    r"((?:^|&)[^=&\n]*(?:token|secret|password|signature|key|code)[^=&\n]*=)[^&\n]*",
    re.IGNORECASE | re.MULTILINE,
)


def verify(
    authorization: Authorization, request: SignedRequest, secret: Secret, expected: Expected
) -> SignatureFault | None:
    """Say why `secret` did not sign `request`; None means that it did.

    `expected` is what `authorization` was read with. Comparison takes constant time.
    """
    body_sha256 = request.body_sha256()
    sent_sha256 = request.header.get(_BODY_HASH)
    if sent_sha256 is not None and sent_sha256 != body_sha256.encode("ascii"):
        # UNSIGNED-PAYLOAD and STREAMING-… come here too: they are S3's alone.
        return invalid(MISMATCH, "body_hash", "x-amz-content-sha256 is not the hash of the body")
    canonical = canonical_of(authorization, request, body_sha256, expected)
    if canonical is None:
        return invalid(MISMATCH, "signed_header_absent", "a signed header is not in the request")
    to_sign = string_to_sign(
        authorization.algorithm, authorization.timestamp, authorization.scope, canonical
    )
    if _is_signed(authorization, to_sign, secret, expected):
        return None
    return invalid(
        MISMATCH + _echo(canonical, to_sign),
        "signature",
        f"the signature is not the one that access key {authorization.access_key_id[:128]} makes",
    )


def canonical_of(
    authorization: Authorization, request: SignedRequest, body_sha256: str, expected: Expected
) -> bytes | None:
    """Give the canonical request; None when a signed header is absent."""
    headers = canonical_headers(request.header, authorization.signed_headers)
    if headers is None:
        return None
    without: tuple[str, ...] = ()
    if authorization.form == "query":
        without = (SIGNATURE_PARAMETER,)
        if expected.token_after_signing:
            without = (SIGNATURE_PARAMETER, TOKEN_PARAMETER)
    query = canonical_query(request.query, without=without)
    target = (request.method, expected.uri(request.path), query)
    return canonical_request(target, headers, b";".join(authorization.signed_headers), body_sha256)


def _is_signed(
    authorization: Authorization, to_sign: bytes, secret: Secret, expected: Expected
) -> bool:
    if authorization.is_asymmetric:
        return is_signed_p256(secret, authorization.access_key_id, to_sign, authorization.signature)
    # INVARIANT: the scope was checked, so region and service are the expected ones.
    mac = signing_mac(secret, authorization.date, expected.region, expected.service)
    return hmac.compare_digest(
        mac.hexdigest(to_sign).encode("ascii"), authorization.signature.encode("utf-8")
    )


def _echo(canonical: bytes, to_sign: bytes) -> str:
    """Say what should have been signed, as AWS does, without the secrets among it."""
    text = canonical.decode("utf-8", "replace")
    if len(text) > _ECHO_MAX_CHARACTERS:
        return ""
    method, uri, query, rest = text.split("\n", 3)
    query = _SECRET_PARAMETERS.sub(r"\1(hidden)", query)
    rest = _SECRET_LINES.sub(r"\1:(hidden)", rest)
    shown = f"{method}\n{uri}\n{query}\n{rest}"
    return (
        f"\n\nThe Canonical String for this request should have been\n'{shown}'"
        f"\n\nThe String-to-Sign should have been\n'{to_sign.decode('utf-8', 'replace')}'\n"
    )
