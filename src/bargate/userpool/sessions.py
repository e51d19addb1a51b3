"""Challenge sessions: sealed state that a client holds between two calls, good for one answer.

    seal(Progress) ──► text ──► client ──► take(text) ──► Progress, or NotAuthorizedException
                                              └── give_back: the answer was wrong, it may be tried again

INVARIANT: sizes say nothing of what is sealed: they are filled up to whole kilobytes.
INVARIANT: what was used is remembered until it would have expired; what is forgotten (a restart, or
more sessions than are remembered) takes every session of before with it.
"""

from __future__ import annotations

import base64
import os
import threading
import zlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

from bargate.userpool.progress import Progress  # noqa: TC001  needed at run time: decoded
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.tokens.session import SealingKey

MIN_CHARACTERS: Final = 20
MAX_CHARACTERS: Final = 4_096  # AWS [M] SessionType
MAX_REMEMBERED: Final = 500_000
MAX_TRIES: Final = 6  # AWS [R] §2: six wrong codes were answered alike; there are no more here
_NONCE_BYTES: Final = 12
_ID_BYTES: Final = 12
_COMPRESS_FROM_BYTES: Final = 512
_MAX_OPEN_BYTES: Final = 65_536
_SKEW_S: Final = 1.0
_SIZES_BYTES: Final = 1_024  # sealed; three of them are as long in Base64 as a session may be
_OVERHEAD_BYTES: Final = 1 + _NONCE_BYTES + 16  # the key's id, the nonce, and GCM's tag

USED: Final = "Invalid session for the user, session can only be used once."
EXPIRED: Final = "Invalid session for the user, session is expired."
INVALID: Final = "Invalid session for the user."


class Session(Struct, frozen=True, kw_only=True, array_like=True):
    """What is sealed: for which pool, client and challenge, until when, and how far it has come."""

    id: bytes
    pool_id: str
    client_id: str
    challenge: str
    issued_s: float
    expires_s: float
    progress: Progress


class Sessions:
    """Seals sessions under the installation's keys, and lets each be used once."""

    def __init__(
        self, keys: tuple[SealingKey, ...], now_s: float, max_remembered: int = MAX_REMEMBERED
    ) -> None:
        self._ciphers = {_key_id(key): _cipher(key) for key in keys}
        self._first = next(iter(self._ciphers))
        self._since_s = now_s
        self._used: OrderedDict[bytes, Session] = OrderedDict()
        self._tries: OrderedDict[bytes, int] = OrderedDict()
        self._max_remembered = max_remembered
        self._lock = threading.Lock()  # transactions take sessions, too, in the store's thread

    def seal(self, session: Session) -> bytes:
        """Seal a session."""
        nonce = os.urandom(_NONCE_BYTES)
        content = _filled(_packed(_ENCODER.encode(session)))
        return self._first + nonce + self._ciphers[self._first].encrypt(nonce, content, self._first)

    def text(self, session: Session) -> str:
        """Seal a session as a client is given it; one that is too large is refused."""
        sealed = base64.urlsafe_b64encode(self.seal(session)).decode("ascii").rstrip("=")
        if len(sealed) > MAX_CHARACTERS:
            raise AwsError("InvalidParameterException", "The session is too large.")
        return sealed

    def take_text(self, text: str, now_s: float) -> Session:
        """Use a session that a client sent as text; raises NotAuthorizedException."""
        if not MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS or not text.isascii():
            raise _refused(INVALID)
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) if _is_url(text) else b""
        return self.take(raw, now_s)

    def take(self, sealed: bytes, now_s: float) -> Session:
        """Use a session: nobody else may from now on; raises NotAuthorizedException."""
        session = self._opened(sealed)
        if session is None:
            raise _refused(INVALID)
        with self._lock:
            if session.id in self._used:
                raise _refused(USED)
            if now_s >= session.expires_s or session.issued_s < self._since_s - _SKEW_S:
                raise _refused(EXPIRED)
            self._remember(session, now_s)
        return session

    def give_back(self, session: Session) -> None:
        """Let a session be tried again, unless it was too often."""
        with self._lock:
            tries = self._tries.get(session.id, 1)
            if tries >= MAX_TRIES:
                return
            self._tries[session.id] = tries + 1
            self._tries.move_to_end(session.id)
            if len(self._tries) > self._max_remembered:
                self._tries.popitem(last=False)  # guesses are counted by user, too
            self._used.pop(session.id, None)

    def _remember(self, session: Session, now_s: float) -> None:
        self._used[session.id] = session
        self._used.move_to_end(session.id)
        while self._used and next(iter(self._used.values())).expires_s <= now_s:
            self._forget()
        if len(self._used) > self._max_remembered:
            self._since_s = max(self._since_s, self._forget().issued_s + 2 * _SKEW_S)

    def _forget(self) -> Session:
        _, session = self._used.popitem(last=False)
        self._tries.pop(session.id, None)
        return session

    def _opened(self, sealed: bytes) -> Session | None:
        key_id, nonce = sealed[:1], sealed[1 : 1 + _NONCE_BYTES]
        cipher = self._ciphers.get(key_id)
        if cipher is None or len(nonce) < _NONCE_BYTES:
            return None
        try:
            content = cipher.decrypt(nonce, sealed[1 + _NONCE_BYTES :], key_id)
            return _DECODER.decode(_unpacked(_unfilled(content)))
        except (InvalidTag, ValueError, zlib.error, msgspec.MsgspecError):
            return None


def new_session_id() -> bytes:
    """Draw the id of a session."""
    return os.urandom(_ID_BYTES)


def _is_url(text: str) -> bool:
    return all(each.isalnum() or each in "-_" for each in text) and len(text) % 4 != 1


def _refused(message: str) -> AwsError:
    return AwsError("NotAuthorizedException", message)


def _key_id(key: SealingKey) -> bytes:
    """Give one byte that tells keys apart; a clash only means that one of two opens nothing."""
    return HKDF(SHA256(), 1, salt=None, info=b"bargate challenge session id").derive(
        key.id.encode() + b"\0" + key.key.reveal().encode()
    )


def _cipher(key: SealingKey) -> AESGCM:
    derive = HKDF(SHA256(), 32, salt=None, info=b"bargate challenge session 1")
    return AESGCM(derive.derive(key.key.reveal().encode()))


def _packed(content: bytes) -> bytes:
    if len(content) < _COMPRESS_FROM_BYTES:
        return b"\0" + content
    return b"\1" + zlib.compress(content, 9)


def _filled(content: bytes) -> bytes:
    """Fill up as ISO/IEC 7816-4 does: a one, then zeros."""
    size_bytes = len(content) + 1 + _OVERHEAD_BYTES
    return content + b"\x80" + bytes(-size_bytes % _SIZES_BYTES)


def _unfilled(content: bytes) -> bytes:
    return content.rstrip(b"\0")[:-1]


def _unpacked(content: bytes) -> bytes:
    if content[:1] == b"\0":
        return content[1:]
    inflate = zlib.decompressobj()
    opened = inflate.decompress(content[1:], _MAX_OPEN_BYTES)
    if not inflate.eof:
        raise ValueError("the session is too large")
    return opened


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Session)
