"""What a store keeps: kinds of records, their keys, and the indexes they are found by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

Key = tuple[str, ...]
Record = TypeVar("Record", bound=Struct)


class Index(Struct, frozen=True, eq=False):
    """Another way to find records: `key_of` gives a record's key in it, None to leave it out.

    In a unique index a key names one record: creating a second raises AlreadyExists.
    """

    name: str
    key_of: Callable[[Any], Key | None]
    unique: bool = False


class Kind(Struct, Generic[Record], frozen=True, eq=False):
    """One kind of record: a frozen struct `type` whose key is part of it.

    `name` stands in the database and never changes; the key's texts must not hold NUL. New fields
    of the struct need a default, so that records written before them can still be read. A field
    that holds a Secret, or is on the way to one, keeps its name: sealing binds the value to it.

    `is_few` are records that nearly every call reads: as long as the bytes in the database are the
    same, they are not decoded and opened again.
    """

    name: str
    type: type[Record]
    key_of: Callable[[Record], Key]
    indexes: tuple[Index, ...] = ()
    is_few: bool = False
