"""Which `x-amazon-apigateway-*` extension may stand where; all others are refused.

An extension that is misspelt or misplaced would be a control that is silently off, so every
member of the whole document whose name looks like one is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bargate.nearest import did_you_mean
from bargate.openapi.document import API_ID_EXTENSION, api_id_of
from bargate.openapi.findings import shown
from bargate.openapi.source import Mapping, Path, Scalar

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor

PREFIX = "x-amazon-apigateway-"

# AWS [D] apigw-objects §10
_PLACES: dict[str, tuple[str, ...]] = {
    "any-method": ("path",),
    "api-key-source": ("root",),
    "auth": ("operation",),
    "authorizer": ("security scheme",),
    "authtype": ("security scheme",),
    "binary-media-types": ("root",),
    "cors": ("root",),
    "documentation": ("root",),
    "endpoint-access-mode": ("root",),
    "endpoint-configuration": ("root", "server"),
    "gateway-responses": ("root",),
    "importexport-version": ("root",),
    "integration": ("operation",),
    "integrations": ("components",),
    "minimum-compression-size": ("root",),
    "policy": ("root",),
    "request-validator": ("root", "operation"),
    "request-validators": ("root",),
    "security-policy": ("root",),
    "tag-value": ("tag",),
}
_OURS = ("x-amazon", "x-aws-api", "x-api-gateway", "x-bargate")
_KNOWN = tuple(PREFIX + name for name in _PLACES)

_REFUSED_IN_REST = {
    "cors": "a REST API has no CORS settings: write OPTIONS methods with a mock integration, "
    "or import with --http-api",
}
_REFUSED_IN_HTTP = {
    "policy": "an HTTP API has no resource policy: import as a REST API",
    "request-validator": "an HTTP API validates nothing: import as a REST API",
    "request-validators": "an HTTP API validates nothing: import as a REST API",
}
_UNREAD_IN_HTTP = (
    "api-key-source",
    "binary-media-types",
    "gateway-responses",
    "minimum-compression-size",
)
_UNREAD = {
    "endpoint-access-mode": "the gateway decides by listeners, not by access modes",
    "minimum-compression-size": "responses are not compressed",
    "security-policy": "TLS versions are those of the listener",
}
_VERBS = {
    "get", "put", "post", "delete", "options", "head", "patch", "trace", PREFIX + "any-method",
}  # fmt: skip


def check_extensions(root: Cursor, kind: Literal["REST", "HTTP"]) -> None:
    """Refuse every extension that is unknown, misplaced or not enforceable for this kind."""
    api_id_of(root)
    _scan(root)
    _check_kind(root, kind)
    version = root.label(PREFIX + "importexport-version")
    if version not in {None, "1.0"}:
        root.error(
            f"version {shown(str(version))} is not known",
            "write '1.0'",
            PREFIX + "importexport-version",
        )


def _scan(cursor: Cursor) -> None:
    for item in cursor.elements():
        _scan(item)
    for name, member in cursor.members():
        if looks_like_ours(name):
            _check_member(name, member)
        is_read = not name.lower().startswith("x-") or name == PREFIX + "any-method"
        if is_read and not isinstance(member.node, Scalar):
            _scan(member)


def looks_like_ours(name: str) -> bool:
    """Say whether a member is, or was meant to be, an extension that this import knows."""
    folded = name.lower().replace("_", "-")
    return folded.startswith(_OURS) or (
        folded.startswith("x-") and ("amazon" in folded or "apigateway" in folded)
    )


def _check_member(name: str, member: Cursor) -> None:
    place = _place_of(member.path[:-1])
    if name == API_ID_EXTENSION and place == "root":
        return
    if name not in _KNOWN:
        known = (*_KNOWN, API_ID_EXTENSION)
        remedy = did_you_mean(name, known, "remove it")
        member.error(f"the extension {shown(name)!r} is not known", remedy)
        return
    allowed = _PLACES[name.removeprefix(PREFIX)]
    if place not in allowed:
        places = " or ".join(f"the {where}" for where in allowed)
        member.error(f"{name} has no effect here", f"it belongs at {places}")


def _place_of(path: Path) -> str | None:
    match path:
        case ():
            return "root"
        case ("components",):
            return "components"
        case ("servers", _):
            return "server"
        case ("tags", _):
            return "tag"
        case ("securityDefinitions", _) | ("components", "securitySchemes", _):
            return "security scheme"
        case ("paths", _) | ("components", "pathItems", _):
            return "path"
        case ("paths", _, verb) | ("components", "pathItems", _, verb) if verb in _VERBS:
            return "operation"
    return None


def _check_kind(root: Cursor, kind: Literal["REST", "HTTP"]) -> None:
    refused = _REFUSED_IN_REST if kind == "REST" else _REFUSED_IN_HTTP
    for name, member in _everywhere(root):
        remedy = refused.get(name.removeprefix(PREFIX))
        if remedy is not None:
            member.error(f"{name} cannot be enforced for this kind of API", remedy)
    for name, why in _UNREAD.items():
        if root.has(PREFIX + name):
            root.warn("this is not read", why, PREFIX + name)
    if kind == "HTTP":
        for name in _UNREAD_IN_HTTP:
            if root.has(PREFIX + name):
                root.warn("this is not read", "it is for REST APIs only", PREFIX + name)


def _everywhere(root: Cursor) -> list[tuple[str, Cursor]]:
    """Give the extensions of the root and of every operation."""
    found = list(root.members())
    for section in (root.at("paths"), _path_items(root)):
        for _, item in section.members() if section else ():
            for _, operation in item.members():
                found.extend(operation.members())
    return [(name, member) for name, member in found if name in _KNOWN]


def _path_items(root: Cursor) -> Cursor | None:
    components = root.at("components")
    return (
        components.at("pathItems") if components and isinstance(components.node, Mapping) else None
    )
