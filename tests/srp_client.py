"""A client of AWS's SRP, written from amazon-cognito-identity-js and apart from the server's code.

The names are those of that library; big integers are hexadecimal texts, padded as it does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from datetime import UTC, datetime

N_HEX = (
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD1"
    "29024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245"
    "E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3D"
    "C2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D"
    "670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9"
    "DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64"
    "ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6B"
    "F12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB31"
    "43DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def pad_hex(number: int | str) -> str:
    text = number if isinstance(number, str) else f"{number:x}"
    if len(text) % 2:
        return "0" + text
    return "00" + text if text[0] in "89ABCDEFabcdef" else text


def hex_hash(text: str) -> str:
    return hashlib.sha256(bytes.fromhex(text)).hexdigest()


class SrpClient:
    """One sign-in of one user; `a` is given by tests that want it fixed."""

    def __init__(self, pool_id: str, password: str, a: int | None = None) -> None:
        self.pool_name = pool_id.split("_")[1]
        self.password = password
        self.n = int(N_HEX, 16)
        self.k = int(hex_hash("00" + N_HEX + "02"), 16)
        self.a = a or int.from_bytes(os.urandom(128), "big") % self.n
        self.large_a = pow(2, self.a, self.n)

    @property
    def srp_a(self) -> str:
        return f"{self.large_a:x}"

    def key(self, user_id: str, srp_b: str, salt: str) -> bytes:
        large_b = int(srp_b, 16)
        u = int(hex_hash(pad_hex(self.large_a) + pad_hex(large_b)), 16)
        inner = hashlib.sha256(f"{self.pool_name}{user_id}:{self.password}".encode()).hexdigest()
        x = int(hex_hash(pad_hex(int(salt, 16)) + inner), 16)
        base = (large_b - self.k * pow(2, x, self.n)) % self.n
        s = pow(base, self.a + u * x, self.n)
        prk = hmac.new(bytes.fromhex(pad_hex(u)), bytes.fromhex(pad_hex(s)), "sha256").digest()
        return hmac.new(prk, b"Caldera Derived Key\x01", "sha256").digest()[:16]

    def responses(self, parameters: dict[str, str], now: datetime | None = None) -> dict[str, str]:
        """Answer PASSWORD_VERIFIER."""
        user_id, block = parameters["USER_ID_FOR_SRP"], parameters["SECRET_BLOCK"]
        key = self.key(user_id, parameters["SRP_B"], parameters["SALT"])
        timestamp = timestamp_of(now or datetime.now(UTC))
        message = f"{self.pool_name}{user_id}".encode() + base64.b64decode(block)
        signature = hmac.new(key, message + timestamp.encode(), "sha256").digest()
        return {
            "USERNAME": user_id,
            "PASSWORD_CLAIM_SECRET_BLOCK": block,
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(signature).decode(),
            "TIMESTAMP": timestamp,
        }


def timestamp_of(now: datetime) -> str:
    return (
        f"{_DAYS[now.weekday()]} {_MONTHS[now.month - 1]} {now.day} {now:%H:%M:%S} UTC {now.year}"
    )
