"""The body of a request without its content coding; what it inflates to is bounded."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.wire.request import HttpRequest

MAX_BODY_BYTES = 10 * 1024 * 1024
_GZIP_WINDOW_BITS = 31


def content_codings(request: HttpRequest) -> list[str]:
    """Give the names in Content-Encoding, in the order they were applied."""
    header = request.headers.get("content-encoding", "")
    return [name.strip() for name in header.split(",") if name.strip()]


def is_zipped(request: HttpRequest) -> bool:
    """Tell whether gzip was applied last, as SDKs do (`SDKAppliedContentEncoding` [M])."""
    codings = content_codings(request)
    return bool(codings) and codings[-1].lower() == "gzip"


def plain_body(request: HttpRequest, code: str) -> bytes:
    """Give the body, unzipped if its last coding is gzip; raises AwsError with `code`."""
    if not is_zipped(request):
        return request.body
    inflate = zlib.decompressobj(_GZIP_WINDOW_BITS)
    try:
        body = inflate.decompress(request.body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise AwsError(code, "The request body is not valid gzip", 400) from error
    if len(body) > MAX_BODY_BYTES:
        raise AwsError(code, "The request body is too large", 413)
    if not inflate.eof or inflate.unused_data:
        raise AwsError(code, "The request body is not valid gzip", 400)
    return body
