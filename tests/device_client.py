"""A device that is remembered: amazon-cognito-identity-js's maths, apart from the server's code."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass, field
from typing import Any

from srp_client import N_HEX, SrpClient, hex_hash, pad_hex


@dataclass
class DeviceClient:
    """What a client keeps of a device: its keys, and a secret of its own."""

    key: str
    group: str
    password: str = field(default_factory=lambda: base64.b64encode(os.urandom(40)).decode())

    @classmethod
    def of(cls, result: dict[str, Any]) -> DeviceClient:
        """Take what a sign-in named."""
        told = result["NewDeviceMetadata"]
        return cls(told["DeviceKey"], told["DeviceGroupKey"])

    def config(self) -> dict[str, str]:
        """Give DeviceSecretVerifierConfig."""
        inner = hashlib.sha256(f"{self.group}{self.key}:{self.password}".encode()).hexdigest()
        salt = pad_hex(os.urandom(16).hex())
        verifier = pad_hex(pow(2, int(hex_hash(salt + inner), 16), int(N_HEX, 16)))
        return {
            "Salt": base64.b64encode(bytes.fromhex(salt)).decode(),
            "PasswordVerifier": base64.b64encode(bytes.fromhex(verifier)).decode(),
        }

    def srp(self) -> SrpClient:
        """Begin a proof of the device's secret."""
        srp = SrpClient("unused_name", self.password)
        srp.pool_name = self.group
        return srp

    def responses(self, srp: SrpClient, parameters: dict[str, str]) -> dict[str, str]:
        """Answer DEVICE_PASSWORD_VERIFIER."""
        answered = srp.responses({**parameters, "USER_ID_FOR_SRP": self.key})
        return {**answered, "USERNAME": parameters["USERNAME"], "DEVICE_KEY": self.key}
