"""Seal sessions into tokens and open them again; formats and limits are in `session`.

    version · key id · 0 · nonce · AES-256-GCM( deflate?( msgpack(Session) ) )      in base64
    └───── authenticated ─────┘

INVARIANT: `unseal` gives exactly what `seal` was given, or None; nothing a client sends raises.
"""

from __future__ import annotations

import binascii
import os
import zlib
from base64 import b64decode, b64encode
from typing import Any, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bargate.secret import Secret
from bargate.tokens.session import SealingKey, Session

# Leaves room for the other headers: a request's header block has 10,240 bytes at most.
MAX_TOKEN_CHARACTERS = 8_192
_VERSION = b"\x17"
_PLAIN, _DEFLATED = b"\0", b"\1"
_NONCE_BYTES = 12
_KEY_BYTES = 32
_COMPRESS_FROM_BYTES = 512
_MAX_OPEN_BYTES = 262_144
_MAX_KEY_ID_CHARACTERS = 8


class SessionTooLarge(ValueError):
    """A session's policies and tags do not fit into a token (STS: PackedPolicyTooLarge)."""


class Sealer:
    """Seals with the first of its keys, opens with any of them."""

    __slots__ = ("_ciphers", "_first")

    def __init__(self, keys: tuple[SealingKey, ...]) -> None:
        self._ciphers = {_key_id(key): _cipher(key) for key in keys}
        self._first = next(iter(self._ciphers), None)

    def seal(self, session: Session) -> str:
        """Give the token of a session. Raises SessionTooLarge, and LookupError without a key."""
        if self._first is None:
            raise LookupError("there is no sealing key")
        head = _VERSION + self._first + b"\0"
        nonce = os.urandom(_NONCE_BYTES)
        content = _packed(_ENCODER.encode(session))
        sealed = self._ciphers[self._first].encrypt(nonce, content, head)
        token = b64encode(head + nonce + sealed).decode("ascii")
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise SessionTooLarge(
                f"the token has {len(token)} characters, {MAX_TOKEN_CHARACTERS} are allowed"
            )
        return token

    def unseal(self, token: str) -> Session | None:
        """Give the session of a token; None for anything that none of the keys has sealed.

        Whether it has expired, and whether its access key is the one presented, is the caller's.
        """
        if len(token) > MAX_TOKEN_CHARACTERS:
            return None
        try:
            raw = b64decode(token, validate=True)
            if b64encode(raw) != token.encode("ascii"):
                return None  # one session, one text: no second spelling of a token
            head, content = self._open(raw)
            return _DECODER.decode(_unpacked(content)) if head else None
        except (ValueError, InvalidTag, binascii.Error, zlib.error, msgspec.MsgspecError):
            return None

    def _open(self, raw: bytes) -> tuple[bytes, bytes]:
        end = raw.find(b"\0", 1, len(_VERSION) + _MAX_KEY_ID_CHARACTERS + 1)
        cipher = self._ciphers.get(raw[1:end]) if end > 0 and raw[:1] == _VERSION else None
        if cipher is None:
            return b"", b""
        head, rest = raw[: end + 1], raw[end + 1 :]
        return head, cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], head)


def _key_id(key: SealingKey) -> bytes:
    encoded = key.id.encode("ascii")
    if not 1 <= len(encoded) <= _MAX_KEY_ID_CHARACTERS or b"\0" in encoded:
        raise ValueError("a sealing key's id has 1 to 8 ASCII characters")
    return encoded


def _cipher(key: SealingKey) -> AESGCM:
    """Derive the AES key, so that the text of a sealing key may have any form."""
    derive = HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"bargate session token 1")
    return AESGCM(derive.derive(key.key.reveal().encode()))


def _packed(content: bytes) -> bytes:
    if len(content) < _COMPRESS_FROM_BYTES:
        return _PLAIN + content
    deflated = zlib.compress(content, 9)
    return _DEFLATED + deflated if len(deflated) < len(content) else _PLAIN + content


def _unpacked(content: bytes) -> bytes:
    kind, rest = content[:1], content[1:]
    if kind == _PLAIN:
        return rest
    if kind != _DEFLATED:
        raise ValueError("unknown packing")
    inflate = zlib.decompressobj()
    opened = inflate.decompress(rest, _MAX_OPEN_BYTES)
    if not inflate.eof:
        raise ValueError("the session is too large")
    return opened


Wanted = TypeVar("Wanted")


def _written(value: Any) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"a session holds no {type(value).__name__}")


def _read(kind: type[Wanted], value: Any) -> Wanted:
    if kind is Secret and isinstance(value, str):
        return kind(value)  # type: ignore[call-arg]  # a Secret, as was asked just now
    raise ValueError(f"a session holds no {kind.__name__}")


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_written)
_DECODER = msgspec.msgpack.Decoder(Session, dec_hook=_read)
