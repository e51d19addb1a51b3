"""From OpenAPI files to what a gateway serves: the only place that reads documents from disk.

    files ──► openapi ──► model.ServedStage ──► compile_api (a trial) ──► Loaded

Whatever is wrong with a document is a `Finding` with file, line, path and remedy, also when it
comes to light only as the document is compiled.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.access.resource_policy import check_signed_keys
from bargate.model.http_api import HttpApi
from bargate.model.installation import ServedStage, Stage
from bargate.model.invalid import InvalidConfiguration
from bargate.openapi import (
    Document,
    Finding,
    InvalidDocument,
    declared_api_id,
    import_document,
    read_document,
)
from bargate.snapshot.compile import compile_api
from bargate.snapshot.snapshot import DEFAULT_STAGE, CompiledApi

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bargate.access.key_directory import KeyDirectory
    from bargate.model.installation import Installation
    from bargate.model.rest_api import RestApi
    from bargate.source import Source

MAX_FILE_BYTES = 6 * 1024 * 1024  # AWS [D]: the import limit
DEFAULT_REST_STAGE = "prod"


class LoadedApi(Struct, frozen=True, eq=False):
    """One document, read and compiled on trial."""

    document: Document
    stages: tuple[ServedStage, ...]
    compiled: CompiledApi

    @property
    def api(self) -> RestApi | HttpApi:
        """The API, which all of its stages serve alike."""
        return self.stages[0].api


class Loaded(Struct, frozen=True, eq=False):
    """All documents; `warnings` are findings that do not stop them from being served."""

    installation: Installation
    apis: tuple[LoadedApi, ...]
    warnings: tuple[Finding, ...]


def load(source: Source, keys: KeyDirectory) -> Loaded:
    """Read and compile every document; raises InvalidDocument with all that is wrong."""
    errors: list[Finding] = []
    warnings: list[Finding] = []
    apis: list[LoadedApi] = []
    for name in source.files:
        try:
            loaded, findings = _load_one(Path(name), source, keys)
        except InvalidDocument as invalid:
            errors += invalid.findings
            continue
        warnings += findings
        apis.append(loaded)
    errors += _same_ids(apis)
    if errors:
        raise InvalidDocument(tuple(errors))
    served = tuple(stage for each in apis for stage in each.stages)
    return Loaded(source.installation(served), tuple(apis), tuple(warnings))


def _load_one(
    path: Path, source: Source, keys: KeyDirectory
) -> tuple[LoadedApi, tuple[Finding, ...]]:
    document = read_document(_read(path), file_name=str(path))
    imported = import_document(
        document,
        api_id=declared_api_id(document) or api_id_of(path),
        account_id=source.account_id,
        region=source.region,
        partition=source.partition,
        kind=source.kind,
    )
    is_http = isinstance(imported.api, HttpApi)
    if not is_http and DEFAULT_STAGE in source.stages:
        message = f"this is a REST API, and only HTTP APIs have a {DEFAULT_STAGE} stage"
        raise InvalidDocument((_finding(document, ("info", "title"), message),))
    stages = _stages(source, imported.api)
    try:
        compiled = compile_api(source.installation(), stages, keys)
        if not isinstance(imported.api, HttpApi):
            check_signed_keys(imported.api)
    except InvalidConfiguration as invalid:
        raise InvalidDocument((_finding(document, invalid.path, invalid.message),)) from invalid
    return LoadedApi(document, stages, compiled), imported.findings


def _finding(document: Document, path: tuple[str, ...], message: str) -> Finding:
    """Name the place in a document that a part of the model came from."""
    if "swagger" in document.root.entries:
        path = _in_swagger(path)
    position = document.locate(path)
    return Finding(
        severity="error",
        file=document.file_name,
        line=position.line,
        column=position.column,
        path=".".join(path),
        message=message,
        remedy="",
    )


def _in_swagger(path: tuple[str, ...]) -> tuple[str, ...]:
    """Give a path into an OpenAPI 3 document as it is in OpenAPI 2."""
    sections = {"securitySchemes": "securityDefinitions", "schemas": "definitions"}
    if len(path) > 1 and path[0] == "components" and path[1] in sections:
        return (sections[path[1]], *path[2:])
    return path


def _stages(source: Source, api: RestApi | HttpApi) -> tuple[ServedStage, ...]:
    usual = DEFAULT_STAGE if isinstance(api, HttpApi) else DEFAULT_REST_STAGE
    return tuple(
        ServedStage(
            account_id=source.account_id,
            region=source.region,
            api=api,
            stage=Stage(name=name, variables=source.stage_variables),
        )
        for name in source.stages or (usual,)
    )


def _read(path: Path) -> str:
    """Give the text of a file; what cannot be read is a finding like any other."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InvalidDocument((_file_finding(path, error.strerror or str(error)),)) from error
    if len(data) > MAX_FILE_BYTES:
        message = f"the file is larger than {MAX_FILE_BYTES} bytes, AWS's limit for an import"
        raise InvalidDocument((_file_finding(path, message),))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"not UTF-8: byte 0x{data[error.start]:02x} in line {line}"
        raise InvalidDocument((_file_finding(path, message, line),)) from error


def _file_finding(path: Path, message: str, line: int = 1) -> Finding:
    return Finding(
        severity="error",
        file=str(path),
        line=line,
        column=1,
        path="",
        message=message,
        remedy="give a readable OpenAPI document in UTF-8, as YAML or JSON",
    )


def api_id_of(path: Path) -> str:
    """Give a document's apiId: ten characters that stay the same while the file stays in place."""
    digest = hashlib.sha256(str(path.resolve()).encode()).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:10]


def _same_ids(apis: Sequence[LoadedApi]) -> list[Finding]:
    first: dict[str, LoadedApi] = {}
    findings = []
    for each in apis:
        other = first.setdefault(each.api.id, each)
        if other is not each:
            message = f"apiId {each.api.id} is that of {other.document.file_name} too"
            findings.append(_finding(each.document, ("x-bargate-api-id",), message))
    return findings
