"""Read what a request says about its signature, and hold it against what is expected.

    form ─► algorithm ─► parameters ─► signed headers ─► date ─► scope      checks 1-13, iam-sts §6

The first check that fails decides, in AWS's order [R].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.sigv4 import presented, quick
from bargate.sigv4.asymmetric import ECDSA_P256_SHA256
from bargate.sigv4.canonical import Uri, normalized_uri
from bargate.sigv4.dates import check_dates
from bargate.sigv4.escapes import check_escapes
from bargate.sigv4.fault import Form, SignatureFault
from bargate.sigv4.scope import check_scope
from bargate.sigv4.signed_headers import check_signed_headers
from bargate.sigv4.signing_key import HMAC_SHA256
from bargate.sigv4.style import JSON_SERVICES, Style

if TYPE_CHECKING:
    from bargate.sigv4.request import SignedRequest

DEFAULT_SKEW_S = 900


class Expected(Struct, frozen=True, kw_only=True):
    """What a signature is held against.

    `skew_s` bounds how far the signer's clock may be away, both ways. `uri` canonicalises the
    path, as all services but S3 do. `token_after_signing`: the session token may be unsigned, as a
    few AWS services have it.
    """

    service: str
    region: str
    style: Style = JSON_SERVICES
    skew_s: int = DEFAULT_SKEW_S
    uri: Uri = normalized_uri
    token_after_signing: bool = False


class Authorization(Struct, frozen=True, kw_only=True):
    """What a request says about its signature; all of it still unverified.

    `date`, `timestamp` are as written (`20150830`, `20150830T123600Z`); `scope` is date to
    terminator; `signed_headers` lower case, sorted and unique.
    """

    form: Form
    algorithm: str
    access_key_id: str
    date: str
    timestamp: str
    scope: str
    signed_headers: tuple[bytes, ...]
    signature: str
    session_token: str | None

    @property
    def is_asymmetric(self) -> bool:
        """Whether this is Signature Version 4A."""
        return self.algorithm == ECDSA_P256_SHA256


def read_authorization(
    request: SignedRequest, expected: Expected, now: float
) -> Authorization | SignatureFault:
    """Parse and check everything but key and signature; `now` is seconds since the epoch."""
    known = quick.read(request, (expected.region, expected.service), now, expected.skew_s)
    if known is not None:
        return _of_known(known)
    fault = check_escapes(request.path, request.query)
    if fault is not None:
        return fault
    found = presented.read(request, expected.style)
    if isinstance(found, SignatureFault):
        return found
    fault = (
        check_signed_headers(found, request, token_unsigned=expected.token_after_signing)
        or check_dates(found, now, expected.skew_s)
        or check_scope(found, expected.region, expected.service)
    )
    if fault is not None:
        return fault
    access_key_id, _, scope = found.credential.partition("/")
    return Authorization(
        form=found.form,
        algorithm=found.algorithm,
        access_key_id=access_key_id,
        date=scope[:8],
        timestamp=found.timestamp,
        scope=scope,
        signed_headers=tuple(found.signed_headers.encode("latin-1").split(b";")),
        signature=found.signature,
        session_token=found.session_token,
    )


def _of_known(known: quick.Read) -> Authorization:
    head = known.head
    return Authorization(
        form="header",
        algorithm=HMAC_SHA256,
        access_key_id=head.access_key_id,
        date=head.date,
        timestamp=known.timestamp,
        scope=head.scope,
        signed_headers=head.signed_headers,
        signature=known.signature,
        session_token=known.session_token,
    )
