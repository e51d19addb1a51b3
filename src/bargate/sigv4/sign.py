"""Sign requests, in the header and as presigned queries.

What is made here passes `read_authorization` and `verify` with the same region and service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from bargate.sigv4.asymmetric import ECDSA_P256_SHA256, REGION_SET, sign_p256
from bargate.sigv4.canonical import (
    SIGNATURE_PARAMETER,
    TOKEN_PARAMETER,
    Uri,
    canonical_headers,
    canonical_query,
    canonical_request,
    normalized_uri,
)
from bargate.sigv4.dates import format_basic
from bargate.sigv4.request import SignedRequest
from bargate.sigv4.signing_key import (
    HMAC_SHA256,
    TERMINATOR,
    signature_of,
    signing_key,
    string_to_sign,
)

if TYPE_CHECKING:
    from bargate.secret import Secret

# Proxies and clients change these on the way; no AWS SDK signs them.
_NEVER_SIGNED = frozenset(
    {b"authorization", b"connection", b"expect", b"transfer-encoding", b"user-agent",
     b"x-amzn-trace-id"}
)  # fmt: skip


class Signer(Struct, frozen=True, kw_only=True):
    """Who signs for what; `asymmetric` signs with Version 4A, `region` then being a region set."""

    access_key_id: str
    secret: Secret
    region: str
    service: str
    session_token: str | None = None
    asymmetric: bool = False
    uri: Uri = normalized_uri

    @property
    def algorithm(self) -> str:
        """The algorithm's name."""
        return ECDSA_P256_SHA256 if self.asymmetric else HMAC_SHA256

    def scope(self, date: str) -> str:
        """Give the credential scope of a day."""
        region = "" if self.asymmetric else f"{self.region}/"
        return f"{date}/{region}{self.service}/{TERMINATOR}"

    def signature(self, to_sign: bytes, date: str) -> str:
        """Sign the string to sign."""
        if self.asymmetric:
            return sign_p256(self.secret, self.access_key_id, to_sign)
        return signature_of(signing_key(self.secret, date, self.region, self.service), to_sign)


def sign(request: SignedRequest, signer: Signer, at: float) -> list[tuple[bytes, bytes]]:
    """Give the headers to add to a request that has a Host: date, token and Authorization."""
    timestamp = format_basic(at)
    added = [(b"X-Amz-Date", timestamp.encode())]
    if signer.asymmetric:
        added.append((REGION_SET.encode(), signer.region.encode()))
    if signer.session_token is not None:
        added.append((TOKEN_PARAMETER.encode(), signer.session_token.encode()))
    headers = request.headers + added
    names = _signable(headers)
    target = (request.method, signer.uri(request.path), canonical_query(request.query))
    canonical = _canonical(target, headers, names, request.body_sha256())
    date = timestamp[:8]
    to_sign = string_to_sign(signer.algorithm, timestamp, signer.scope(date), canonical)
    value = (
        f"{signer.algorithm} Credential={signer.access_key_id}/{signer.scope(date)},"
        f" SignedHeaders={b';'.join(names).decode('latin-1')},"
        f" Signature={signer.signature(to_sign, date)}"
    )
    return [*added, (b"Authorization", value.encode("latin-1"))]


def presign(request: SignedRequest, signer: Signer, at: float, expires_s: int) -> str:
    """Give the query that makes a request with a Host good for `expires_s` seconds."""
    timestamp = format_basic(at)
    date = timestamp[:8]
    names = _signable(request.headers)
    parameters = {
        "X-Amz-Algorithm": signer.algorithm,
        "X-Amz-Credential": f"{signer.access_key_id}/{signer.scope(date)}",
        "X-Amz-Date": timestamp,
        "X-Amz-Expires": str(expires_s),
        "X-Amz-SignedHeaders": b";".join(names).decode("latin-1"),
    }
    if signer.asymmetric:
        parameters[REGION_SET] = signer.region
    if signer.session_token is not None:
        parameters[TOKEN_PARAMETER] = signer.session_token
    added = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
    query = f"{request.query}&{added}" if request.query else added
    target = (request.method, signer.uri(request.path), canonical_query(query))
    canonical = _canonical(target, request.headers, names, request.body_sha256())
    to_sign = string_to_sign(signer.algorithm, timestamp, signer.scope(date), canonical)
    return f"{query}&{SIGNATURE_PARAMETER}={signer.signature(to_sign, date)}"


def _signable(headers: list[tuple[bytes, bytes]]) -> tuple[bytes, ...]:
    return tuple(sorted({name.lower() for name, _ in headers} - _NEVER_SIGNED))


def _canonical(
    target: tuple[str, str, str],
    headers: list[tuple[bytes, bytes]],
    names: tuple[bytes, ...],
    body_sha256: str,
) -> bytes:
    written = canonical_headers(SignedRequest("", "", "", headers).header, names)
    assert written is not None  # noqa: S101 - the names are those of `headers`
    return canonical_request(target, written, b";".join(names), body_sha256)
