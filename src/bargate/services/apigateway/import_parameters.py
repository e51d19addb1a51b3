"""The `parameters` of an import, and what a document says beside the model of its API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from bargate.openapi.cursor import Cursor
from bargate.openapi.findings import Report
from bargate.openapi.integrations import integration_of
from bargate.openapi.operations import path_items
from bargate.openapi.source import value_of
from bargate.records.rest_api import EndpointConfiguration
from bargate.records.rest_resource import Connection
from bargate.services.apigateway.endpoint_configuration import checked
from bargate.services.apigateway.errors import bad_request, one_of
from bargate.services.apigateway.rest_api_settings import checked_compression

if TYPE_CHECKING:
    from bargate.model.rest_api import Resource, RestApi
    from bargate.openapi import Document
    from bargate.services.operation import Params

_PREFIX: Final = "x-amazon-apigateway-"
_SEGMENT: Final = re.compile(r"[A-Za-z0-9._:~$@%,-]{1,255}")
# The query parameters of the operation itself, should a client send them among the others.
_OWN: Final = frozenset({"mode", "failonwarnings", "failOnWarnings"})
_TYPES: Final = ("REGIONAL", "EDGE", "PRIVATE")


class Choices(Struct, frozen=True):
    """How to import (AWS [M] ImportRestApi `parameters`)."""

    base_path: str = "ignore"
    ignores_documentation: bool = False
    endpoint_types: tuple[str, ...] = ()


def read_choices(request: Params) -> Choices:
    """Read `parameters`; one that is not known is refused, for it would silently do nothing."""
    choices = Choices()
    for name, value in (request.get("parameters") or {}).items():
        if name in {"basepath", "basePath"}:
            path = one_of(value, "parameters.basepath", ("ignore", "prepend", "split"))
            choices = replace(choices, base_path=path)
        elif name == "ignore":
            one_of(value, "parameters.ignore", ("documentation",))
            choices = replace(choices, ignores_documentation=True)
        elif name == "endpointConfigurationTypes":
            kind = one_of(value, "parameters.endpointConfigurationTypes", _TYPES)
            choices = replace(choices, endpoint_types=(kind,))
        elif name not in _OWN:
            raise bad_request(f"Invalid import parameter specified: {name[:64]}")
    return choices


def endpoint_of(document: Document, choices: Choices) -> EndpointConfiguration | None:
    """Give the endpoint configuration that parameters or document ask for."""
    root: dict[str, Any] = value_of(document.root)
    # AWS [D]: in OpenAPI 3 the extension stands at a server, or at the root.
    servers = root.get("servers")
    places = [*map(_mapping, servers if isinstance(servers, list) else ()), root]
    written: dict[str, Any] = {}
    for place in places:
        written |= _mapping(place.get(f"{_PREFIX}endpoint-configuration"))
    ids = tuple(dict.fromkeys(written.get("vpcEndpointIds") or ()))
    # INVARIANT: what names VPC endpoints is never made public, also where the type is left out.
    implied = ("PRIVATE",) if ids else ()
    types = choices.endpoint_types or tuple(written.get("types") or ()) or implied
    address: str | None = written.get("ipAddressType")
    if not types and address is None:
        return None
    default = EndpointConfiguration()
    kinds = types or default.types
    address = address or ("dualstack" if kinds == ("PRIVATE",) else default.ip_address_type)
    return checked(
        EndpointConfiguration(types=kinds, ip_address_type=address, vpc_endpoint_ids=ids)
    )


def compression_of(document: Document) -> int | None:
    """Give `x-amazon-apigateway-minimum-compression-size`."""
    size = value_of(document.root).get(f"{_PREFIX}minimum-compression-size")
    is_number = size is None or (isinstance(size, int) and not isinstance(size, bool))
    return checked_compression(size if is_number else -1)


def connections_of(
    document: Document, resources: tuple[Resource, ...]
) -> dict[tuple[str, str], Connection]:
    """Give the connections of integrations by path and verb; the document has been checked.

    `resources` are those that the document's paths became, in their order.
    """
    root = Cursor(Report(document.file_name, document.root), (), document.root)
    found: dict[tuple[str, str], Connection] = {}
    for item, resource in zip(path_items(root), resources, strict=True):
        for operation in item.operations:
            place = integration_of(operation.cursor, required=False)
            if place is not None:
                found[resource.path, operation.verb] = _connection(place)
    return found


def _connection(place: Cursor) -> Connection:
    kind = place.text("connectionType")
    return Connection(
        connection_type=None if kind is None else kind.upper(),
        connection_id=place.text("connectionId"),
        cache_namespace=place.text("cacheNamespace"),
        cache_key_parameters=place.texts("cacheKeyParameters"),
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def with_base_path(api: RestApi, document: Document, choices: Choices) -> RestApi:
    """Put the document's base path before every path, as `basepath` asks.

    AWS [D] "set the OpenAPI basePath property": prepend takes all of it, split leaves the first
    segment to the stage.
    """
    parts = [part for part in base_path_of(document).split("/") if part]
    if choices.base_path == "split":
        parts = parts[1:]
    if choices.base_path == "ignore" or not parts:
        return api
    for part in parts:
        if _SEGMENT.fullmatch(part) is None:
            raise bad_request("Invalid base path specified")
    prefix = "/" + "/".join(parts)
    resources = tuple(
        replace(each, path=(prefix + each.path).rstrip("/")) for each in api.resources
    )
    return replace(api, resources=resources)


def base_path_of(document: Document) -> str:
    """Give `basePath` of OpenAPI 2, or the path of the first server of OpenAPI 3.

    A server's variable `basePath` gives its default (AWS [D]).
    """
    root: dict[str, Any] = value_of(document.root)
    if "swagger" in root:
        return str(root.get("basePath") or "")
    servers = root.get("servers")
    first = _mapping(servers[0]) if isinstance(servers, list) and servers else {}
    url = str(first.get("url") or "")
    for name, variable in _mapping(first.get("variables")).items():
        default = str(_mapping(variable).get("default") or "")
        url = url.replace(f"{{{name}}}", default.strip("/"))
    try:
        return urlsplit(url).path
    except ValueError as error:
        raise bad_request("Invalid base path specified") from error
