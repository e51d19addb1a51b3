"""The checks on an API's own settings, when it is created and when it is patched."""

from __future__ import annotations

from bargate.services.apigateway.errors import bad_request

API_KEY_SOURCES = ("HEADER", "AUTHORIZER")
MAX_COMPRESSION_BYTES = 10_485_760
_MAX_NAME_CHARACTERS = 1_024
_MAX_MEDIA_TYPES = 100


def checked_name(name: str) -> str:
    """Give the name, which must not be empty."""
    if not name.strip():
        raise bad_request("API name must not be empty")  # [I]
    if len(name) > _MAX_NAME_CHARACTERS:
        raise bad_request(f"API name must have at most {_MAX_NAME_CHARACTERS} characters")  # [I]
    return name


def checked_compression(size_bytes: int | None) -> int | None:
    """Give the least size of a compressed body (AWS [R] apigw-errors §5)."""
    if size_bytes is not None and not 0 <= size_bytes <= MAX_COMPRESSION_BYTES:
        raise bad_request(
            f"Invalid minimum compression size, must be between 0 and {MAX_COMPRESSION_BYTES}"
        )
    return size_bytes


def checked_media_types(media_types: tuple[str, ...]) -> tuple[str, ...]:
    """Give the binary media types, which have the form `type/subtype`."""
    if len(media_types) > _MAX_MEDIA_TYPES:
        raise bad_request(f"At most {_MAX_MEDIA_TYPES} binary media types are allowed")  # [I]
    for media_type in media_types:
        main, _, sub = media_type.partition("/")
        if not (main and sub) or any(character.isspace() for character in media_type):
            raise bad_request(f"Invalid binary media type specified: {media_type[:128]}")  # [I]
    return media_types
