"""Binary media types: which bodies are bytes, and when base64 is put on or taken off.

AWS [D] api-gateway-payload-encodings-workflow; `contentHandling` of an integration or of an
integration response overrides what the media types say.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import TypeAlias

from bargate.model.rest_api import ContentHandling

JSON = "application/json"

MediaTypeTest: TypeAlias = Callable[[str | None], bool]


class UnreadableBase64(ValueError):
    """A text body that stands for binary data is not base64."""


def media_type(content_type: str | None) -> str | None:
    """Give the media type of a Content-Type, or the first of an Accept, lower case, bare."""
    if content_type is None:
        return None
    return content_type.partition(",")[0].partition(";")[0].strip().lower() or None


def choose_content_type(templates: Mapping[str, object], accept: str | None) -> str:
    """Choose a template by Accept: the first type named, else application/json, else the first.

    AWS [R] recorded: application/json is preferred over the first template.
    """
    for offered in (accept or "").split(","):
        wanted = offered.partition(";")[0].strip().lower()
        if wanted in templates:
            return wanted
    return JSON if JSON in templates else next(iter(templates))


def compile_binary_test(binary_media_types: tuple[str, ...]) -> MediaTypeTest:
    """Compile `binaryMediaTypes` to a test of a Content-Type or Accept (its first type, AWS [D]).

    Entries are exact, `type/*` or `*/*`; `~1` stands for a slash as in AWS's patch paths.
    """
    entries = [entry.replace("~1", "/").strip().lower() for entry in binary_media_types]
    exact = frozenset(entry for entry in entries if not entry.endswith("/*"))
    families = frozenset(entry[:-2] for entry in entries if entry.endswith("/*"))
    everything = "*" in families

    def is_binary(value: str | None) -> bool:
        wanted = media_type(value)
        if wanted is None:
            return False
        return everything or wanted in exact or wanted.partition("/")[0] in families

    return is_binary if entries else _never


def _never(_value: str | None) -> bool:
    return False


def convert_request(body: bytes, handling: ContentHandling | None, *, is_binary: bool) -> bytes:
    """Give the body that goes to mapping and backend. Raises UnreadableBase64."""
    if handling == "CONVERT_TO_TEXT" and is_binary:
        return base64.b64encode(body)
    if handling == "CONVERT_TO_BINARY" and not is_binary:
        return _decoded(body)
    return body


def convert_response(
    body: bytes, handling: ContentHandling | None, *, is_binary: bool, accepts_binary: bool
) -> bytes:
    """Give the body that goes to the client. Raises UnreadableBase64."""
    if is_binary:
        as_text = handling == "CONVERT_TO_TEXT" or (handling is None and not accepts_binary)
        return base64.b64encode(body) if as_text else body
    as_binary = handling == "CONVERT_TO_BINARY" or (handling is None and accepts_binary)
    return _decoded(body) if as_binary else body


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableBase64(str(error)) from error
