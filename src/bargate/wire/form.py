"""Decodes `application/x-www-form-urlencoded`: bodies of query requests, and query strings.

Strict: a bad escape, bytes that are not UTF-8 and a name given twice are refused rather than
read in one of several ways.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from bargate.wire.body import plain_body
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.wire.request import HttpRequest

# AWS's SDKs send one parameter a scalar; the largest request of IAM's model has a few hundred.
MAX_PARAMETERS = 20_000
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def decode(text: str, code: str) -> str:
    """Undo percent-encoding; raises AwsError with `code` where the text is not well-formed."""
    if "%" not in text:
        return text
    if _BAD_ESCAPE.search(text):
        raise AwsError(code, "Invalid percent-encoding in the request", 400)
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError as error:
        raise AwsError(code, "The request is not valid UTF-8", 400) from error


def pairs(text: str, code: str) -> list[tuple[str, str]]:
    """Split a form into its decoded names and values; raises AwsError with `code`."""
    fields = [field for field in text.split("&") if field]
    if len(fields) > MAX_PARAMETERS:
        raise AwsError(code, "The request has too many parameters", 400)
    found = []
    for field in fields:
        name, _, value = field.partition("=")
        found.append((decode(name.replace("+", " "), code), decode(value.replace("+", " "), code)))
    return found


def parameters(request: HttpRequest) -> dict[str, str]:
    """Give the parameters of a query request, from its query string and its form body."""
    found: dict[str, str] = {}
    for text in (request.query, form_text(request)):
        for name, value in pairs(text, "MalformedInput"):
            if name in found:
                raise AwsError("MalformedInput", "A parameter is given more than once", 400)
            found[name] = value
    return found


def form_text(request: HttpRequest) -> str:
    """Give a form body as text; raises AwsError MalformedInput."""
    try:
        return plain_body(request, "MalformedInput").decode("utf-8")
    except UnicodeDecodeError as error:
        raise AwsError("MalformedInput", "The request is not valid UTF-8", 400) from error


def action_of(request: HttpRequest) -> tuple[str | None, str | None]:
    """Give the Action and Version of a query request; None where absent or unreadable."""
    try:
        found = parameters(request)
    except AwsError:
        return None, None
    return found.get("Action"), found.get("Version")
