"""Records that the suite stores, and the forms of store that it runs on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.folder import open_folder
from bargate.store.kind import Index, Kind
from bargate.store.sqlite import SqliteStore

FORMS = ("memory", "file")


class Pet(Struct, frozen=True):
    shelter: str
    id: str
    name: str = ""
    colour: str | None = None
    age: int = 0


class Key(Struct, frozen=True):
    id: str
    value: Secret
    more: dict[str, Secret] = {}


def _by_colour(pet: Pet) -> tuple[str, ...] | None:
    return None if pet.colour is None else (pet.shelter, pet.colour)


PET = Kind(
    "pet",
    Pet,
    lambda pet: (pet.shelter, pet.id),
    (
        Index("name", lambda pet: (pet.shelter, pet.name), unique=True),
        Index("colour", _by_colour),
    ),
)
KEY = Kind("key", Key, lambda key: (key.id,))
# names that begin alike must not be taken for one another: keys of one and of two texts
FREE = Kind("pe", Pet, lambda pet: (pet.id,) if pet.shelter == "-" else (pet.shelter, pet.id))


@contextmanager
def a_store(form: str) -> Iterator[SqliteStore]:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore() if form == "memory" else open_folder(Path(folder) / "data", {})
        try:
            yield store
        finally:
            store.close()
