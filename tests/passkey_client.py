"""An authenticator and the browser before it, in Python: makes passkeys and signs with them.

device = Authenticator()                                     # ES256, verifies its user
made = device.create(options, "https://auth.example.org")    # RegistrationResponseJSON
shown = device.get(request, "https://auth.example.org")      # AuthenticationResponseJSON

What a good one would never do is done by a test that says so: `Lies`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field, replace
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 1, 4, 64
CREATE, GET = "webauthn.create", "webauthn.get"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True)
class Lies:
    """What is other than the truth in one answer."""

    rp_id: str | None = None
    challenge: str | None = None
    type: str | None = None
    flags: int | None = None
    count: int | None = None
    user_handle: bytes | None = None
    format: str = "none"
    client_data: dict[str, Any] = field(default_factory=dict)


HONEST = Lies()


@dataclass
class Passkey:
    id: bytes
    rp_id: str
    user: bytes
    key: Any
    count: int = 0


@dataclass
class Authenticator:
    """Holds passkeys. `step` is what it counts by: 0 as synchronised ones do."""

    algorithm: int = -7
    verifies: bool = True
    step: int = 1
    held: list[Passkey] = field(default_factory=list)

    def create(self, options: dict[str, Any], origin: str, lies: Lies = HONEST) -> dict[str, Any]:
        user, rp_id = decoded(options["user"]["id"]), lies.rp_id or options["rp"]["id"]
        made = Passkey(os.urandom(32), rp_id, user, _new_key(self.algorithm), self.step)
        self.held.append(made)
        attested = b"\0" * 16 + len(made.id).to_bytes(2) + made.id + self._cose(made.key)
        data = self._data(made, ATTESTED, lies) + attested
        said = _client_data(CREATE, options["challenge"], origin, lies)
        statement: dict[str, Any] = {}
        if lies.format == "packed":
            signed = _signature(made.key, data + hashlib.sha256(said).digest())
            statement = {"alg": self.algorithm, "sig": signed}
        attestation = {"fmt": lies.format, "attStmt": statement, "authData": data}
        return {
            "id": encoded(made.id),
            "rawId": encoded(made.id),
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(said),
                "attestationObject": encoded(cbor2.dumps(attestation)),
                "transports": ["usb", "nfc", "carrier-pigeon"],
            },
        }

    def get(self, options: dict[str, Any], origin: str, lies: Lies = HONEST) -> dict[str, Any]:
        allowed = [each["id"] for each in options["allowCredentials"]]
        made = next(each for each in self.held if encoded(each.id) in allowed)
        return self.sign(made, options, origin, lies)

    def sign(
        self, made: Passkey, options: dict[str, Any], origin: str, lies: Lies = HONEST
    ) -> dict[str, Any]:
        """Answer with a passkey of one's own, whether or not it was asked for."""
        made.count += self.step
        data = self._data(made, 0, lies)
        said = _client_data(GET, options["challenge"], origin, lies)
        return {
            "id": encoded(made.id),
            "rawId": encoded(made.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(said),
                "authenticatorData": encoded(data),
                "signature": encoded(_signature(made.key, data + hashlib.sha256(said).digest())),
                "userHandle": encoded(made.user if lies.user_handle is None else lies.user_handle),
            },
        }

    def copied(self) -> Authenticator:
        """Give what a thief has who copied it as it is now."""
        return replace(self, held=[replace(each) for each in self.held])

    def _data(self, made: Passkey, flags: int, lies: Lies) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        flags = flags if lies.flags is None else lies.flags
        count = made.count if lies.count is None else lies.count
        rp_id = lies.rp_id or made.rp_id
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + count.to_bytes(4)

    def _cose(self, key: Any) -> bytes:
        if isinstance(key, rsa.RSAPrivateKey):
            numbers = key.public_key().public_numbers()
            parts = {-1: _big(numbers.n), -2: _big(numbers.e)}
            return cbor2.dumps({1: 3, 3: self.algorithm} | parts)
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: key.public_key().public_bytes_raw()})
        point = key.public_key().public_numbers()
        curve = 1 if key.curve.name == "secp256r1" else 2
        size = (key.curve.key_size + 7) // 8
        at = {-2: point.x.to_bytes(size), -3: point.y.to_bytes(size)}
        return cbor2.dumps({1: 2, 3: self.algorithm, -1: curve} | at)


def _new_key(algorithm: int) -> Any:
    if algorithm == -257:
        return rsa.generate_private_key(65537, 2048)
    if algorithm == -8:
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1())


def _signature(key: Any, data: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), SHA256())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    return key.sign(data, ec.ECDSA(SHA256()))


def _client_data(kind: str, challenge: str, origin: str, lies: Lies) -> bytes:
    said = {
        "type": lies.type or kind,
        "challenge": lies.challenge or challenge,
        "origin": origin,
        "crossOrigin": False,
    }
    return json.dumps(said | lies.client_data).encode()


def _big(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)
