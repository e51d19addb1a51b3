"""Records as bytes: msgpack, with every Secret sealed for its place in its record.

    record ──► msgpack, secrets as extension 1 ──► extension 2: sealed for (kind, key, path)

What holds a secret is marked by a first byte that msgpack never uses. A secret that is not sealed
is never accepted from the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

import msgspec
from msgspec import Struct
from msgspec.msgpack import Decoder, Encoder, Ext

from bargate.secret import Secret
from bargate.store.interface import StoreUnavailable, Unstorable
from bargate.store.sealing import CannotOpen, Sealer

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.store.kind import Kind, Record

MAX_REMEMBERED = 1_000
_PLAIN, _SEALED = 1, 2
_MARK = b"\xc1"  # "never used" (the msgpack specification)

Path: TypeAlias = tuple[str | int, ...]


class _HoldsSecret(Exception):
    pass


class RecordBytes:
    """Writes and reads records under one store's keys."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._open_encoder = Encoder(enc_hook=_refuse_secret)
        self._secret_encoder = Encoder(enc_hook=_plain)
        self._decoders: dict[type, tuple[Decoder[Any], Decoder[Any]]] = {}
        self._remembered: dict[tuple[str, bytes], tuple[bytes, Struct]] = {}

    def encode(self, kind: str, key: bytes, record: Struct) -> bytes:
        """Write a record; raises Unstorable."""
        try:
            try:
                return self._open_encoder.encode(record)
            except _HoldsSecret:
                return _MARK + self._sealed(kind, key, self._secret_encoder.encode(record))
        except (UnicodeEncodeError, OverflowError) as error:
            raise Unstorable(f"a {kind} cannot be stored: {error}") from None

    def decode(self, kind: Kind[Record], key: bytes, stored: bytes) -> Record:
        """Read a record; raises StoreUnavailable when it is damaged."""
        if not kind.is_few:
            return self._decoded(kind, key, stored)
        # INVARIANT: what was decoded is given for the very bytes that it was decoded from alone.
        place = (kind.name, key)
        found = self._remembered.get(place)
        if found is not None and found[0] == stored:
            return cast("Record", found[1])
        record = self._decoded(kind, key, stored)
        if len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[place] = (stored, record)
        return record

    def _decoded(self, kind: Kind[Record], key: bytes, stored: bytes) -> Record:
        without_secrets, with_secrets = self._decoders_of(kind.type)
        try:
            if stored[:1] != _MARK:
                record = without_secrets.decode(stored)
            else:
                record = with_secrets.decode(self._opened(kind.name, key, stored[1:]))
        except (msgspec.DecodeError, CannotOpen, UnicodeDecodeError) as error:
            raise StoreUnavailable(f"a {kind.name} in the store is damaged: {error}") from None
        return cast("Record", record)

    def _decoders_of(self, record_type: type[Struct]) -> tuple[Decoder[Any], Decoder[Any]]:
        found = self._decoders.get(record_type)
        if found is None:
            found = (
                Decoder(record_type, dec_hook=_refuse_plain),
                Decoder(record_type, dec_hook=_secret),
            )
            self._decoders[record_type] = found
        return found

    def _sealed(self, kind: str, key: bytes, packed: bytes) -> bytes:
        def seal(found: Ext, path: Path) -> Ext:
            belongs_to = _place(kind, key, path)
            return Ext(_SEALED, self._sealer.seal(bytes(found.data), belongs_to))

        return msgspec.msgpack.encode(_replaced(msgspec.msgpack.decode(packed), (), seal))

    def _opened(self, kind: str, key: bytes, packed: bytes) -> bytes:
        def unseal(found: Ext, path: Path) -> Ext:
            if found.code != _SEALED:
                raise CannotOpen("a secret is not sealed")
            return Ext(_PLAIN, self._sealer.open(bytes(found.data), _place(kind, key, path)))

        return msgspec.msgpack.encode(_replaced(msgspec.msgpack.decode(packed), (), unseal))


def _place(kind: str, key: bytes, path: Path) -> bytes:
    return msgspec.msgpack.encode((kind, key, path))


def _replaced(value: Any, path: Path, replace: Callable[[Ext, Path], Ext]) -> Any:
    """Copy what msgpack gave, its extensions replaced; `path` is where `value` stands."""
    if isinstance(value, Ext):
        return replace(value, path)
    if isinstance(value, dict):
        if not all(isinstance(name, str | int) for name in value):
            raise CannotOpen("a record with secrets has keys that are neither texts nor numbers")
        return {name: _replaced(each, (*path, name), replace) for name, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, (*path, number), replace) for number, each in enumerate(value)]
    return value


def _refuse_secret(value: object) -> Any:
    if isinstance(value, Secret):
        raise _HoldsSecret
    raise TypeError(f"a record cannot hold a {type(value).__name__}")


def _plain(value: object) -> Any:
    if isinstance(value, Secret):
        return Ext(_PLAIN, value.reveal().encode())
    raise TypeError(f"a record cannot hold a {type(value).__name__}")


def _secret(type_: type, value: object) -> Any:
    if type_ is Secret and isinstance(value, Ext) and value.code == _PLAIN:
        return Secret(bytes(value.data).decode())
    raise CannotOpen("a secret is not sealed")


def _refuse_plain(type_: type, value: object) -> Any:  # noqa: ARG001 (msgspec's signature)
    raise CannotOpen("a secret is not sealed")
