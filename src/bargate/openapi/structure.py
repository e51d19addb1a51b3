"""The outer form of an OpenAPI document: version, title, sections, and what AWS leaves unread."""

import re
from typing import cast

from bargate.openapi.cursor import Cursor
from bargate.openapi.reading import Dialect

_SWAGGER_MEMBERS = {
    "swagger", "info", "host", "basePath", "schemes", "consumes", "produces", "paths",
    "definitions", "parameters", "responses", "securityDefinitions", "security", "tags",
    "externalDocs",
}  # fmt: skip
_OPENAPI_MEMBERS = {
    "openapi", "info", "servers", "paths", "components", "security", "tags", "externalDocs",
    "jsonSchemaDialect", "webhooks",
}  # fmt: skip
_COMPONENTS = {
    "schemas", "responses", "parameters", "examples", "requestBodies", "headers",
    "securitySchemes", "links", "callbacks", "pathItems",
}  # fmt: skip
_OPENAPI_VERSION = re.compile(r"(3\.[01])\.[0-9]{1,3}\Z")
_SERVER_PATH = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*(/.*)?\Z")


def dialect_of(root: Cursor) -> Dialect | None:
    """Give the version of OpenAPI that the document says it is written in."""
    if root.has("swagger") and root.has("openapi"):
        root.error("the document is both swagger and openapi", "keep one of them", "openapi")
        return None
    if root.has("swagger"):
        return _swagger(root)
    if root.has("openapi"):
        return _openapi(root)
    root.error("this is no OpenAPI document", "write openapi: 3.0.1 (or swagger: '2.0') first")
    return None


def check_structure(root: Cursor, dialect: Dialect) -> None:
    """Check the members of the root that every API needs, and refuse those that none has."""
    known = _SWAGGER_MEMBERS if dialect == "2.0" else _OPENAPI_MEMBERS
    root.refuse_unknown(known, extensible=True)
    info = root.object("info", required=True)
    if info is not None:
        info.text("title", required=True)
        info.label("version")
        info.text("description")
    root.object("paths", required=True)
    components = root.object("components")
    if components is not None:
        components.refuse_unknown(_COMPONENTS, extensible=True)


def _swagger(root: Cursor) -> Dialect | None:
    version = root.label("swagger")
    if version not in {"2.0", None}:
        root.error(f"version {version} of swagger is not known", "write '2.0'", "swagger")
    return "2.0" if version == "2.0" else None


def _openapi(root: Cursor) -> Dialect | None:
    version = root.label("openapi")
    if version is None:
        return None
    found = _OPENAPI_VERSION.match(version)
    if found is None:
        root.error(f"version {version} of OpenAPI is not known", "write 3.0.1 or 3.1.0", "openapi")
        return None
    return cast("Dialect", found[1])


def mention_base_path(root: Cursor) -> None:
    """Warn of a base path that no path will have."""
    # AWS [M] apigateway ImportRestApi: `basepath` is `ignore` unless the caller asks otherwise
    base_path = root.text("basePath")
    if base_path not in {None, "", "/"}:
        root.warn(
            f"basePath {base_path!r} is not part of any path (AWS imports with basepath=ignore)",
            "write it into the paths if it should be",
            "basePath",
        )
    for server in root.list("servers"):
        _mention_server_path(server)


def _mention_server_path(server: Cursor) -> None:
    if not server.is_object():
        return
    found = _SERVER_PATH.match(server.text("url") or "")
    path = _substituted(server, (found[1] or "") if found else "").strip("/")
    if path:
        server.warn(
            f"the path /{path} of this server is not part of any path (as AWS imports)",
            "write it into the paths if it should be",
        )


def _substituted(server: Cursor, path: str) -> str:
    """Put the default of `{basePath}` in its place."""
    variables = server.object("variables")
    variable = variables.object("basePath") if variables else None
    default = (variable.label("default") if variable else None) or ""
    return path.replace("{basePath}", default.strip("/"))
