"""A token issuer: a user pool's ID and access tokens in Cognito's form, and plain JWTs."""

import time
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import KeyParameters, RSAKey

from examples.petstore.web import Answer, Asked

# The issuer of the JWT authorizer in http-api.yaml.
PORT = 8090
POOL_ID = "us-east-1_PetStore1"
POOL_ARN = f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{POOL_ID}"
POOL_CLIENT_ID = "2k9petstoreclient"
JWT_AUDIENCE = "petshop-client"

_KEY_ID = "petstore-1"
_LIFE_S = 12 * 3600
_SUBJECT = "7f5c1c0e-1d0a-4e36-9a55-0c9d2a1b6e10"


class Issuer:
    """Signs with a key made at the start; `url` is where it listens."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pool_url = f"{url}/{POOL_ID}"
        parameters: KeyParameters = {"kid": _KEY_ID, "use": "sig", "alg": "RS256"}
        self._key = RSAKey.generate_key(2048, parameters, private=True)
        self._documents = self._discovery(self.url, "") | self._discovery(
            self.pool_url, f"/{POOL_ID}"
        )

    def answer(self, asked: Asked) -> Answer:
        """Serve discovery and the key set, for the pool and for the plain issuer."""
        document = self._documents.get(asked.path)
        if document is None or asked.method != "GET":
            return 404, {"error": "not_found"}
        return 200, document

    def id_token(self) -> str:
        """Sign a pool user's ID token."""
        return self._sign(
            self._pool_claims("id")
            | {
                "aud": POOL_CLIENT_ID,
                "email": "ada@petstore.example",
                "email_verified": True,
                "cognito:username": "ada",
                "cognito:groups": ["customers"],
            }
        )

    def access_token(self, *scopes: str) -> str:
        """Sign a pool user's access token."""
        return self._sign(
            self._pool_claims("access")
            | {
                "client_id": POOL_CLIENT_ID,
                "username": "ada",
                "scope": " ".join(scopes),
                "version": 2,
            }
        )

    def jwt(self, *scopes: str) -> str:
        """Sign a JWT of the plain issuer."""
        claims = {"iss": self.url, "sub": "ada", "aud": JWT_AUDIENCE, "scope": " ".join(scopes)}
        return self._sign(claims | _times())

    def _pool_claims(self, use: str) -> dict[str, Any]:
        identity = {"sub": _SUBJECT, "iss": self.pool_url, "token_use": use}
        events = {"event_id": str(uuid4()), "origin_jti": str(uuid4()), "jti": str(uuid4())}
        return identity | events | _times() | {"auth_time": int(time.time())}

    def _sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": _KEY_ID, "typ": "JWT"}, claims, self._key)

    def _discovery(self, issuer: str, prefix: str) -> dict[str, Any]:
        keys = f"{prefix}/.well-known/jwks.json"
        return {
            keys: {"keys": [self._key.as_dict(private=False)]},
            f"{prefix}/.well-known/openid-configuration": {
                "issuer": issuer,
                "jwks_uri": f"{self.url}{keys}",
                "response_types_supported": ["token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            },
        }


def _times() -> dict[str, Any]:
    now = int(time.time())
    return {"iat": now, "exp": now + _LIFE_S}
