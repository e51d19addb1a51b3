"""From a document to an API: the one way in."""

from typing import Literal

from msgspec import Struct

from bargate.model.http_api import HttpApi
from bargate.model.rest_api import RestApi
from bargate.openapi.cursor import Cursor
from bargate.openapi.document import Document
from bargate.openapi.extensions import check_extensions
from bargate.openapi.findings import Finding, Report
from bargate.openapi.http import read_http_api
from bargate.openapi.kind import kind_of
from bargate.openapi.reading import Reading
from bargate.openapi.rest import read_rest_api
from bargate.openapi.structure import check_structure, dialect_of, mention_base_path


class Imported(Struct, frozen=True):
    """An API and the warnings that came with it."""

    api: RestApi | HttpApi
    findings: tuple[Finding, ...]


def import_document(  # noqa: PLR0913 - what an import knows from the start
    document: Document,
    *,
    api_id: str,
    account_id: str,
    region: str,
    partition: str,
    kind: Literal["REST", "HTTP"] | None = None,
    is_draft: bool = False,
) -> Imported:
    """Translate a document into an API; `kind` None lets its contents choose.

    A draft will be worked on before it is served: methods may lack their integrations, and a base
    path is what the import's `basepath` makes of it, so that it is no news.

    Raises InvalidDocument with every error found (at most 50).
    """
    report = Report(document.file_name, document.root)
    root = Cursor(report, (), document.root)
    dialect = dialect_of(root)
    report.refuse_if_errors()
    if dialect is None:
        raise AssertionError("an unknown dialect is an error")  # INVARIANT: reported above
    check_structure(root, dialect)
    if not is_draft:
        mention_base_path(root)
    chosen = kind or kind_of(root)
    check_extensions(root, chosen)
    reading = Reading(root, dialect, api_id, account_id, region, partition, is_draft)
    api = read_rest_api(reading) if chosen == "REST" else read_http_api(reading)
    report.refuse_if_errors()
    return Imported(api, report.findings())
