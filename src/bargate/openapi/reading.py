"""What one import knows from the start: the document, its dialect and where the API will live."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor

Dialect = Literal["2.0", "3.0", "3.1"]

_ID_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_ID_LENGTH = 10


class Reading(Struct, frozen=True, eq=False):
    """One import under way.

    In a draft, methods may lack their integrations and the models that no request uses are kept.
    """

    root: Cursor
    dialect: Dialect
    api_id: str
    account_id: str
    region: str
    partition: str
    is_draft: bool = False

    def components(self, kind: str) -> Cursor | None:
        """Give the reusable objects of `kind`, named as in OpenAPI 3."""
        if self.dialect == "2.0":
            return self.root.object(_SWAGGER_SECTIONS[kind])
        components = self.root.object("components")
        return None if components is None else components.object(kind)

    def derived_id(self, *parts: str) -> str:
        """Give the id of a part of the API; the same from one reading to the next."""
        digest = hashlib.sha256("\x00".join((self.api_id, *parts)).encode()).digest()
        return "".join(_ID_ALPHABET[byte % 36] for byte in digest[:_ID_LENGTH])


_SWAGGER_SECTIONS = {"schemas": "definitions", "securitySchemes": "securityDefinitions"}
