"""Formats of files of users, one module each: every record is an ImportedUser or a BadRow.

    FORMATS[name](file, pool) ──► Row, Row, …   in the order of the file, in constant memory
                             └──► WrongFormat   the file as a whole cannot be read (on)

A format more is a module with `read` and a line here. INVARIANT: nothing in a file but its format
stops it, and no reason says a secret.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bargate.userpool.imports.formats import auth0, bargate_file, csv_file, keycloak
from bargate.userpool.imports.formats.format import Reader, WrongFormat

__all__ = ["FORMATS", "Reader", "WrongFormat"]

FORMATS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "auth0": auth0.read,
        "bargate": bargate_file.read,
        "csv": csv_file.read,
        "keycloak": keycloak.read,
    }
)
