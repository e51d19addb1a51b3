"""OpenAPI 2/3 documents with `x-amazon-apigateway-*` extensions, read as AWS's imports read them.

    text ──read_document──► Document ──import_document──► Imported(RestApi | HttpApi, warnings)
           yaml_source,      nodes with    structure, extensions, kind,
           json_source       positions     then rest or http

A `Cursor` walks the nodes and reports what is wrong with file, line and path; every error of a
document is found in one reading (`InvalidDocument.findings`, at most 50). Nothing that decides
access is skipped: unknown members, misplaced extensions and schemes that cannot be enforced are
errors. The package takes text, never files.
"""

from bargate.openapi.document import Document, declared_api_id, read_document
from bargate.openapi.findings import Finding, InvalidDocument
from bargate.openapi.importing import Imported, import_document
from bargate.openapi.source import Position

__all__ = [
    "Document",
    "Finding",
    "Imported",
    "InvalidDocument",
    "Position",
    "declared_api_id",
    "import_document",
    "read_document",
]
