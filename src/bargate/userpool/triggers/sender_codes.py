"""What custom senders are given of a code: the code itself, or what their key alone opens.

AWS encrypts by a KMS key with its Encryption SDK. There is no KMS here: the operator gives a public
RSA key, the function has the private one, and the message is one of the same SDK. So functions differ
from those at AWS by their keyring alone: a raw RSA one, OAEP with SHA-256, whose namespace is
`NAMESPACE` and whose key has the pool's KMSKeyID for its name.
"""

from __future__ import annotations

import base64
import logging
from typing import TYPE_CHECKING, Any, Final, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.user_pool import UserPool

NAMESPACE: Final = "bargate"
MIN_KEY_BITS: Final = 2_048
MAX_KEY_BITS: Final = 8_192


class UnusableKey(Exception):
    """A key cannot seal codes; the text says why."""


class SenderCodes(Protocol):
    """Gives what a custom sender's event holds for a code."""

    def given(self, pool: UserPool, secret: str) -> str | None:
        """Give the text of the event's `code`; None where codes of this pool are not handed over."""


class NoCodes:
    """Hands nothing over."""

    def given(self, pool: UserPool, secret: str) -> str | None:  # noqa: ARG002  as SenderCodes
        """Do as `SenderCodes.given`."""
        return None


class ClearCodes:
    """Hands codes over as they are."""

    def given(self, pool: UserPool, secret: str) -> str | None:  # noqa: ARG002  as SenderCodes
        """Do as `SenderCodes.given`."""
        return secret


class SealedCodes:
    """Seals codes under the key of a pool's KMSKeyID; `""` names the key of all that have none."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        # Two thirds of a second to import, and few need it.
        import aws_encryption_sdk as sdk  # noqa: PLC0415
        from aws_encryption_sdk.identifiers import Algorithm, CommitmentPolicy  # noqa: PLC0415

        for pem in keys.values():
            check_key(pem)
        # It tells of every code at INFO, and nobody here reads what it would tell at DEBUG.
        logging.getLogger(sdk.__name__).setLevel(logging.WARNING)
        policy = CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
        self._client = sdk.EncryptionSDKClient(commitment_policy=policy)
        self._algorithm = Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY
        self._keys = dict(keys)

    def given(self, pool: UserPool, secret: str) -> str | None:
        """Do as `SenderCodes.given`."""
        arn = str(pool.lambda_config.get("KMSKeyID") or "")
        pem = self._keys.get(arn) or self._keys.get("")
        if pem is None or not arn:
            return None
        sealed, _ = self._client.encrypt(
            source=secret.encode(),
            key_provider=_master_key(arn, pem),
            algorithm=self._algorithm,
            encryption_context={"userpool-id": pool.id},  # AWS [O]
        )
        return base64.b64encode(sealed).decode("ascii")


def _master_key(name: str, pem: str) -> Any:
    from aws_encryption_sdk.identifiers import (  # noqa: PLC0415  as above
        EncryptionKeyType,
        WrappingAlgorithm,
    )
    from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey  # noqa: PLC0415
    from aws_encryption_sdk.key_providers.raw import RawMasterKey  # noqa: PLC0415

    wrapping = WrappingKey(
        wrapping_algorithm=WrappingAlgorithm.RSA_OAEP_SHA256_MGF1,
        wrapping_key=pem.encode(),
        wrapping_key_type=EncryptionKeyType.PUBLIC,
    )
    return RawMasterKey(key_id=name, provider_id=NAMESPACE, wrapping_key=wrapping)


def check_key(pem: str) -> None:
    """Raise UnusableKey for what is no public RSA key of a good size."""
    if "PRIVATE KEY" in pem:
        raise UnusableKey(
            "it is a private key: give the public one, and leave the other out of here"
        )
    try:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  no start waits

        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKey("it is no public key in PEM") from None
    if not isinstance(key, RSAPublicKey):
        raise UnusableKey("it is no RSA key")
    if not MIN_KEY_BITS <= key.key_size <= MAX_KEY_BITS:
        raise UnusableKey(f"it has {key.key_size} bits: make one of 3072")
