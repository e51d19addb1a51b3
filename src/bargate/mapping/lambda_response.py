"""What a proxied Lambda function answers, read strictly: a status, headers and a body, or nothing.

AWS [R] apigw-errors §1 "Lambda proxy output validation" for REST APIs; [R] recorded HTTP APIs:
they ignore what they do not know, and want a statusCode in format 1.0.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec
from msgspec import Struct

from bargate.mapping.headers import PassedNames, header_value, is_header_name
from bargate.mapping.plan import Headers
from bargate.model.invocation import MAX_PAYLOAD_BYTES

Scalar: TypeAlias = str | int | float | bool

MAX_HEADERS = 200
MAX_HEADER_BYTES = 64 * 1024
_STATUSES = range(200, 600)  # an informational status ends no call
_STATUS_DIGITS = 3


class MalformedResponse(ValueError):
    """What a function answered is no response; the text says why, and quotes nothing of it."""


class ProxyResponse(Struct, rename="camel", forbid_unknown_fields=True):
    """What a function of a REST API may answer; nothing else [R]."""

    status_code: int | str | None = None
    headers: dict[str, Scalar] | None = None
    multi_value_headers: dict[str, list[Scalar]] | None = None
    body: str | None = None
    is_base64_encoded: bool | None = None


class LenientResponse(Struct, rename="camel"):
    """What a function of an HTTP API may answer, whatever else is there [R]."""

    status_code: int | str | None = None
    headers: dict[str, Scalar] | None = None
    multi_value_headers: dict[str, list[Scalar]] | None = None
    body: str | None = None
    is_base64_encoded: bool | None = None
    cookies: list[Scalar] | None = None


_strict = msgspec.json.Decoder(ProxyResponse)
_lenient = msgspec.json.Decoder(LenientResponse)


def read_strictly(payload: bytes) -> ProxyResponse:
    """Read the answer of a REST API's function. Raises MalformedResponse."""
    check_size(payload)
    try:
        return _strict.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedResponse(_told(error)) from error


def read_leniently(payload: bytes) -> LenientResponse:
    """Read the answer of an HTTP API's function. Raises MalformedResponse."""
    check_size(payload)
    try:
        return _lenient.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedResponse(_told(error)) from error


def check_size(payload: bytes) -> None:
    """Refuse an answer that is longer than a function's may be."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise MalformedResponse(f"it has {len(payload)} bytes, {MAX_PAYLOAD_BYTES} are allowed")


def status_of(status_code: int | str) -> int:
    """Give a status; AWS [R] takes digits in quotes too. Raises MalformedResponse."""
    if isinstance(status_code, str):
        digits = status_code if len(status_code) == _STATUS_DIGITS else ""
        status_code = int(digits) if digits.isascii() and digits.isdigit() else 0
    if status_code not in _STATUSES:
        raise MalformedResponse("its statusCode is not a number from 200 to 599")
    return status_code


def headers_of(
    single: Mapping[str, Scalar] | None,
    multi: Mapping[str, list[Scalar]] | None,
    names: PassedNames,
) -> Headers:
    """Give the headers that a client gets: those of many values first (AWS [R]), then the others.

    AWS [D]: a pair that is in both is there once. Raises MalformedResponse for what is no header.
    """
    pairs = [(name, value) for name, values in (multi or {}).items() for value in values]
    seen = frozenset((name.lower(), _text(value)) for name, value in pairs)
    pairs += [
        (name, value)
        for name, value in (single or {}).items()
        if not seen or (name.lower(), _text(value)) not in seen
    ]
    return _passed(pairs, names)


def cookies_of(cookies: Iterable[Scalar] | None) -> Headers:
    """Give a Set-Cookie header for each cookie. Raises MalformedResponse."""
    return [(b"set-cookie", _wire(_text(cookie))) for cookie in cookies or ()]


def check_headers(headers: Headers) -> None:
    """Refuse more headers than a client should have to read [I]."""
    size = sum(len(name) + len(value) for name, value in headers)
    if len(headers) > MAX_HEADERS or size > MAX_HEADER_BYTES:
        raise MalformedResponse(f"it has more than {MAX_HEADERS} headers, or too long ones")


def body_of(text: str | None, *, is_base64: bool) -> bytes:
    """Give the body's bytes. Raises MalformedResponse where base64 is said and is none."""
    if not text:
        return b""
    if not is_base64:
        return text.encode("utf-8", "replace")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedResponse("isBase64Encoded is true and its body is not base64") from error


def has_header(headers: Headers, wanted: bytes) -> bool:
    """Say whether a header (lower case) is there."""
    return any(name.lower() == wanted for name, _ in headers)


def _passed(pairs: Iterable[tuple[str, Scalar]], names: PassedNames) -> Headers:
    headers = []
    for name, value in pairs:
        if not is_header_name(name):
            raise MalformedResponse("one of its headers has a name that is none")
        passed = names[name.encode("ascii")]
        if passed is not None:
            headers.append((passed, _wire(_text(value))))
    return headers


def _text(value: Scalar) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"  # AWS [R]
    try:
        return str(value)
    except ValueError as error:  # more digits than Python writes
        raise MalformedResponse("one of its headers is too long a number") from error


def _wire(text: str) -> bytes:
    # Refused, not mended: a line end in a value is an attempt to write a second header.
    if "\n" in text or "\r" in text or "\0" in text:
        raise MalformedResponse("one of its headers holds a line end or NUL")
    return header_value(text)


def _told(error: Exception) -> str:
    """Say what was wrong; texts of the decoder name members and types, and bound their length."""
    return str(error)[:200].encode("ascii", "replace").decode("ascii")
