"""What every peer of a run stands on: a work folder, the backend, an issuer and its tokens."""

import json
import time
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import RSAKey
from msgspec import Struct

from bench.load import Request

WORK = Path(__file__).with_name(".work")
SCOPE = "pets/read"
AUDIENCE = "petstore-client"

_TOKEN_LIFE_S = 7200


class Testbed(Struct, frozen=True):
    """`issuer` is the backend itself, which also serves the key set `jwks` (JSON)."""

    work: Path
    backend_port: int
    issuer: str
    jwks: str
    token: str


class Gateway(Struct, frozen=True):
    """A gateway that is up.

    `refused` is a request that it must refuse, with the status it must give: shows before the
    measurement that the control which is measured is on. `worker` is the process that serves,
    None where it can be told from the others by its size.
    """

    pid: int
    port: int
    request: Request
    refused: tuple[Request, int] | None = None
    worker: int | None = None


def new_testbed(backend_port: int, key: RSAKey) -> Testbed:
    """Describe the testbed with a token that lasts longer than the run."""
    issuer = f"http://127.0.0.1:{backend_port}"
    return Testbed(WORK, backend_port, issuer, jwks(key), new_token(key, issuer))


def new_key() -> RSAKey:
    """Make the issuer's RSA key."""
    return RSAKey.generate_key(2048, {"kid": "bench", "use": "sig", "alg": "RS256"}, private=True)


def jwks(key: RSAKey) -> str:
    """Give the public half as a JSON Web Key Set."""
    return json.dumps({"keys": [key.as_dict(private=False)]})


def new_token(key: RSAKey, issuer: str, number: int = 0) -> str:
    """Sign an access token with the scope that the guarded route asks for."""
    now = int(time.time())
    claims = {
        "iss": issuer,
        "sub": f"bench-{number}",
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + _TOKEN_LIFE_S,
        "scope": f"{SCOPE} pets/write",
    }
    return jwt.encode({"alg": "RS256", "kid": "bench", "typ": "JWT"}, claims, key)


def bearer(token: str) -> str:
    """Give the header line that carries a token."""
    return f"Authorization: Bearer {token}"
