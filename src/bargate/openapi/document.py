"""Read the text of a document into nodes with positions."""

import re
from typing import Final

from bargate.openapi.cursor import Cursor
from bargate.openapi.findings import Report, refusal_of
from bargate.openapi.json_source import parse_json
from bargate.openapi.source import (
    MAX_SIZE_BYTES,
    Malformed,
    Mapping,
    Node,
    Path,
    Position,
    check_text,
    locate,
)

API_ID_EXTENSION: Final = "x-bargate-api-id"
_UNCARRIED = re.compile("[\x00\ud800-\udfff]")
_API_ID = re.compile(r"[a-z0-9]{1,32}\Z")


class Document:
    """A parsed document: its name for messages and its root mapping."""

    __slots__ = ("file_name", "root")

    def __init__(self, file_name: str, root: Mapping) -> None:
        self.file_name = file_name
        self.root = root

    def locate(self, path: Path) -> Position:
        """Say where the deepest known prefix of `path` stands."""
        return locate(self.root, path)


def read_document(text: str, *, file_name: str) -> Document:
    """Parse YAML or JSON text; raises InvalidDocument when it cannot be read."""
    try:
        root = _parse(text.removeprefix("\ufeff"), file_name)
        if not isinstance(root, Mapping):
            raise Malformed(
                root.position, "the document is not an object", "write an OpenAPI document"
            )
    except Malformed as error:
        raise refusal_of(error, file_name) from None
    return Document(file_name, root)


def declared_api_id(document: Document) -> str | None:
    """Give the id that the document fixes for its API by `x-bargate-api-id`, if it does."""
    report = Report(document.file_name, document.root)
    found = api_id_of(Cursor(report, (), document.root))
    report.refuse_if_errors()
    return found


def api_id_of(root: Cursor) -> str | None:
    """Give the declared id, recording an error when it is none."""
    declared = root.text(API_ID_EXTENSION)
    if declared is not None and not _API_ID.match(declared):
        root.error(
            "this is no API id", "write 1 to 32 lower-case letters and digits", API_ID_EXTENSION
        )
        return None
    return declared


def _parse(text: str, file_name: str) -> Node:
    _check_characters(text)
    if not text.lstrip(" \t\r\n").startswith(("{", "[")):
        return _parse_yaml(text)
    try:
        return parse_json(text)
    except Malformed:
        # A flow mapping may open a YAML file too.
        if file_name.lower().endswith((".yaml", ".yml")):
            return _parse_yaml(text)
        raise


def _parse_yaml(text: str) -> Node:
    # Read when it is needed: a fifteenth of a second, in processes that seldom see a document.
    from bargate.openapi.yaml_source import parse_yaml  # noqa: PLC0415

    return parse_yaml(text)


def _check_characters(text: str) -> None:
    wrong = _UNCARRIED.search(text)
    if wrong is not None:
        line_start = text.rfind("\n", 0, wrong.start()) + 1
        line = text.count("\n", 0, wrong.start()) + 1
        check_text(wrong[0], Position(line, wrong.start() - line_start + 1))
    if len(text) > MAX_SIZE_BYTES or len(text.encode()) > MAX_SIZE_BYTES:
        # AWS [M] apigateway ImportRestApi: the payload limit
        raise Malformed(
            Position(1, 1), "the document is larger than 6 MiB", "split it, as AWS's import asks"
        )
