"""Signed requests for tests: made by the package's own signer, then changed at will."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from bargate.secret import Secret
from bargate.sigv4.authorization import Authorization, Expected, read_authorization
from bargate.sigv4.fault import SignatureFault
from bargate.sigv4.request import SignedRequest, sha256_of
from bargate.sigv4.sign import Signer, presign, sign
from bargate.sigv4.style import EXECUTE_API
from bargate.sigv4.verify import verify

NOW = 1_534_392_489.0  # 20180816T040809Z
KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
HOST = (b"Host", b"api.execute-api.us-east-1.localhost")
SIGNER = Signer(access_key_id=KEY, secret=SECRET, region="us-east-1", service="execute-api")
EXPECTED = Expected(service="execute-api", region="us-east-1", style=EXECUTE_API, skew_s=300)


def request(
    method: str = "GET",
    path: str = "/prod/pets",
    query: str = "",
    headers: list[tuple[bytes, bytes]] | None = None,
    body: bytes = b"",
) -> SignedRequest:
    return SignedRequest(method, path, query, [HOST, *(headers or [])], sha256_of(body))


def signed(made: SignedRequest | None = None, at: float = NOW, **signer: Any) -> SignedRequest:
    """Sign a request in its header."""
    made = made or request()
    return structs.replace(
        made, headers=made.headers + sign(made, structs.replace(SIGNER, **signer), at)
    )


def presigned(
    made: SignedRequest | None = None, at: float = NOW, expires_s: int = 60, **signer: Any
) -> SignedRequest:
    """Sign a request in its query."""
    made = made or request()
    return structs.replace(
        made, query=presign(made, structs.replace(SIGNER, **signer), at, expires_s)
    )


def fault_of(
    made: SignedRequest, now: float = NOW, expected: Expected = EXPECTED, secret: Secret = SECRET
) -> SignatureFault | None:
    """Give what is wrong with a request, None when it is verified."""
    found = read_authorization(made, expected, now)
    if not isinstance(found, Authorization):
        return found
    return verify(found, made, secret, expected)


def refused(made: SignedRequest, now: float = NOW, expected: Expected = EXPECTED) -> SignatureFault:
    found = fault_of(made, now, expected)
    assert found is not None, "it was accepted"
    return found


def with_header(made: SignedRequest, name: bytes, value: bytes | None) -> SignedRequest:
    """Replace a header, or remove it; one that is not there is added."""
    others = [pair for pair in made.headers if pair[0].lower() != name.lower()]
    return structs.replace(made, headers=others if value is None else [*others, (name, value)])


def authorization(made: SignedRequest) -> str:
    return dict(made.headers)[b"Authorization"].decode()


def with_authorization(made: SignedRequest, value: str) -> SignedRequest:
    return with_header(made, b"Authorization", value.encode("latin-1"))
