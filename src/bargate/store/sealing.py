"""Secrets at rest: AES-256-GCM (NIST SP 800-38D) under a master key.

    sealed = id of the key (4 bytes) ‖ nonce (96 random bits) ‖ ciphertext and tag

What a value belongs to is authenticated with it, so that it opens nowhere else.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY_BYTES = 32
_ID_BYTES = 4
_NONCE_BYTES = 12
_BODY = _ID_BYTES + _NONCE_BYTES


class CannotOpen(Exception):
    """A sealed value is damaged, belongs elsewhere, or was sealed under a key that is not here."""


class Sealer:
    """Seals with the first of `keys` (32 bytes each); all of them open what they sealed."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {_id_of(key): AESGCM(key) for key in keys}
        self._current_id = _id_of(keys[0])

    def seal(self, plain: bytes, belongs_to: bytes) -> bytes:
        """Encrypt under a nonce of its own."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._current_id].encrypt(nonce, plain, belongs_to)
        return self._current_id + nonce + sealed

    def open(self, sealed: bytes, belongs_to: bytes) -> bytes:
        """Decrypt what `seal` gave for the same `belongs_to`; raises CannotOpen."""
        cipher = self._ciphers.get(sealed[:_ID_BYTES])
        nonce, rest = sealed[_ID_BYTES:_BODY], sealed[_BODY:]
        if cipher is None or len(nonce) != _NONCE_BYTES:
            raise CannotOpen("no key that is here sealed this")
        try:
            return cipher.decrypt(nonce, rest, belongs_to)
        except InvalidTag:
            raise CannotOpen("a sealed value is damaged or belongs elsewhere") from None


def new_key() -> bytes:
    """Draw a master key."""
    return os.urandom(KEY_BYTES)


def text_of(key: bytes) -> str:
    """Write a master key as `parse_keys` reads it."""
    return base64.b64encode(key).decode("ascii")


def parse_keys(text: str) -> tuple[bytes, ...]:
    """Read master keys: base64 of 32 bytes each, the newest first, parted by white space.

    Raises ValueError, which does not repeat the text.
    """
    keys = tuple(_parse(each) for each in text.split())
    if not keys:
        raise ValueError("it is empty")
    return keys


def _parse(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("it is not base64") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, this one {len(key)}")
    return key


def _id_of(key: bytes) -> bytes:
    return hashlib.sha256(b"bargate master key\0" + key).digest()[:_ID_BYTES]
