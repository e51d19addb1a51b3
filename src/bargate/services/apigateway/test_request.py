"""The simulated request of a test invocation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bargate.access.call import Call
from bargate.mapping.headers import is_header_name
from bargate.services.apigateway.errors import bad_request

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

STAGE: Final = "test-invoke-stage"  # AWS [O]
SOURCE_IP: Final = "127.0.0.1"  # AWS [O] says test-invoke-source-ip, which no CIDR can hold
_TARGET: Final = re.compile(r"/[!-~]{0,10239}")
_MAX_BODY_BYTES: Final = 10 * 1024 * 1024  # AWS [D] apigw-objects §11
_MAX_HEADER_BYTES: Final = 10_240
_VALUE: Final = re.compile(r"[\t -~\x80-\xff]*")
_VARIABLE_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
_MAX_VARIABLES: Final = 1_000
_VARIABLE_VALUE: Final = re.compile(r"[A-Za-z0-9._~:/?#&=,@!$'()*+;%{}\[\]-]{0,2048}")


def simulated_call(call: OperationCall, request: Params, method: str, path: str) -> Call:
    """Make the call that a test invocation simulates; `path` is that of the resource.

    Raises BadRequestException for what could not come over the wire.
    """
    target = request.get("pathWithQueryString") or path
    if _TARGET.fullmatch(target) is None or "#" in target:
        raise bad_request("Invalid pathWithQueryString specified")
    path, _, query = target.partition("?")
    headers = _headers(request)
    body = (request.get("body") or "").encode("utf-8", "replace")
    if len(body) > _MAX_BODY_BYTES:
        raise bad_request("The body is larger than 10 MiB")
    known: dict[bytes, bytes] = {}
    for name, value in headers:
        folded = name.lower()
        known[folded] = known[folded] + b", " + value if folded in known else value
    return Call(
        method,
        f"/{STAGE}{path}",
        path,
        query,
        headers,
        known,
        SOURCE_IP,
        True,  # noqa: FBT003 - Call's fields are positional on the hot path
        "HTTP/1.1",
        call.now.timestamp(),
        call.request_id,
        call.request_id,
        body,
    )


def _headers(request: Params) -> list[tuple[bytes, bytes]]:
    """Give the headers; those with several values stand in place of one value of their name."""
    values: dict[str, list[str]] = {
        name: [value] for name, value in (request.get("headers") or {}).items()
    }
    values |= request.get("multiValueHeaders") or {}
    headers: list[tuple[bytes, bytes]] = []
    for name, each in values.items():
        for value in each:
            if not is_header_name(name) or _VALUE.fullmatch(value) is None:
                raise bad_request(f"Invalid header specified: {name[:64]}")
            headers.append((name.encode("ascii"), value.strip(" \t").encode("latin-1")))
    if sum(len(name) + len(value) + 4 for name, value in headers) > _MAX_HEADER_BYTES:
        raise bad_request("The headers are larger than 10240 bytes")
    return headers


def stage_variables(request: Params) -> dict[str, str]:
    """Read `stageVariables`, with the form that those of stages have."""
    variables: dict[str, str] = request.get("stageVariables") or {}
    if len(variables) > _MAX_VARIABLES:
        raise bad_request("Too many stage variables specified")
    for name, value in variables.items():
        if not _VARIABLE_NAME.fullmatch(name) or not _VARIABLE_VALUE.fullmatch(value):
            raise bad_request(f"Invalid stage variable specified: {name[:64]}")
    return dict(variables)
