"""Base64url without padding (RFC 7515 §2), one spelling a value."""

from binascii import Error, a2b_base64, b2a_base64
from typing import Final

_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")


def decode(text: bytes) -> bytes | None:
    """Decode `text`, None unless it is the one canonical spelling of what it says.

    Encoding the result again must give `text` back: this refuses padding, white space, foreign
    characters, the other alphabet and stray trailing bits in one comparison. A second spelling of
    a verified token would be a second name for it in every cache.
    """
    try:
        raw = a2b_base64(text.translate(_FROM_URL) + b"==")
    except Error:
        return None
    return raw if encode(raw) == text else None


def encode(raw: bytes) -> bytes:
    """Give the one spelling of `raw`."""
    return b2a_base64(raw, newline=False).translate(_TO_URL).rstrip(b"=")
