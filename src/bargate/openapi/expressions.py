"""The form of mapping expressions: which kinds of values may go where (AWS [D] mappings)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bargate.openapi.findings import shown

if TYPE_CHECKING:
    from collections.abc import Collection

    from bargate.openapi.cursor import Cursor

_ANYWHERE = r"'[^']*'|context\.[A-Za-z0-9_.\[\]'\":-]+|stageVariables\.[A-Za-z0-9_]+"
REQUEST_TARGET = re.compile(r"integration\.request\.(?:header|querystring|path)\.[^\s.][^\s]*\Z")
RESPONSE_TARGET = re.compile(r"method\.response\.header\.[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
GATEWAY_TARGET = re.compile(r"gatewayresponse\.header\.[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
METHOD_PARAMETER = re.compile(
    r"method\.request\.(?:multivalue)?(header|querystring|path)\.([^\s]+)\Z"
)
REQUEST_SOURCE = re.compile(
    rf"(?s:{_ANYWHERE}|{METHOD_PARAMETER.pattern[:-2]}|method\.request\.body(?:[.\[].+)?)\Z"
)
RESPONSE_SOURCE = re.compile(
    rf"(?s:{_ANYWHERE}"
    r"|integration\.response\.(?:multivalue)?header\.[^\s]+"
    r"|integration\.response\.body(?:[.\[].+)?)\Z"
)
GATEWAY_SOURCE = re.compile(rf"(?s:{_ANYWHERE}|{METHOD_PARAMETER.pattern[:-2]})\Z")


def request_mapping(
    integration: Cursor, key: str, declared: Collection[str] | None
) -> dict[str, str]:
    """Read `integration.request.*: method.request.*`.

    Parameters of the method must be among `declared`, the keys of its request parameters, as AWS
    asks; None leaves that unchecked.
    """
    mapping = integration.text_map(key)
    for target, source in mapping.items():
        if not REQUEST_TARGET.match(target):
            _refuse(integration, key, target, target, "integration.request.header.NAME")
        elif not REQUEST_SOURCE.match(source):
            _refuse(integration, key, target, source, "method.request.header.NAME, 'text'")
        elif declared is not None and not is_declared(source, declared):
            # AWS [O]: its import refuses undeclared parameters with these words
            integration.error(
                f"Invalid mapping expression parameter specified: {shown(source)}",
                "list the parameter under the operation's parameters",
                key,
                target,
            )
    return mapping


def response_mapping(response: Cursor, key: str) -> dict[str, str]:
    """Read `method.response.header.*: integration.response.*`."""
    mapping = response.text_map(key)
    for target, source in mapping.items():
        if not RESPONSE_TARGET.match(target):
            _refuse(response, key, target, target, "method.response.header.NAME")
        elif not RESPONSE_SOURCE.match(source):
            _refuse(response, key, target, source, "integration.response.header.NAME, 'text'")
    return mapping


def gateway_mapping(response: Cursor, key: str) -> dict[str, str]:
    """Read `gatewayresponse.header.*: 'text'`."""
    mapping = response.text_map(key)
    for target, source in mapping.items():
        if not GATEWAY_TARGET.match(target):
            _refuse(response, key, target, target, "gatewayresponse.header.NAME")
        elif not GATEWAY_SOURCE.match(source):
            _refuse(response, key, target, source, "'text', method.request.header.NAME")
    return mapping


def is_declared(source: str, declared: Collection[str]) -> bool:
    """Say whether a source is no parameter of the method, or one of `declared`."""
    found = METHOD_PARAMETER.match(source)
    return found is None or f"method.request.{found[1]}.{found[2]}" in declared


def _refuse(owner: Cursor, key: str, target: str, wrong: str, right: str) -> None:
    rest = " or context.NAME" if right.endswith(("'text'", "NAME")) and "'" in right else ""
    owner.error(
        f"Invalid mapping expression specified: {shown(wrong)}",
        f"write for example {right}{rest}",
        key,
        target,
    )
