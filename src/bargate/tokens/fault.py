"""Why a token is refused."""

from enum import Enum

SHOWN_CHARACTERS = 64


class Fault(Enum):
    """The first thing that is wrong with a token; values are stable parts of reason codes."""

    TOO_LARGE = "too_large"
    SEGMENTS = "segments"
    ENCODING = "encoding"
    HEADER = "header"
    CRITICAL = "critical_header"
    ALGORITHM = "algorithm"
    KEY_ID = "no_key_id"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "signature"
    PAYLOAD = "payload"
    DATE = "date"
    EXPIRED = "expired"
    REVOKED = "revoked"
    NOT_YET_VALID = "not_yet_valid"
    ISSUED_LATER = "issued_later"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    TOKEN_USE = "token_use"  # noqa: S105 - the name of a claim, no secret


class InvalidToken(ValueError):
    """A token is refused; `detail` is for the operator and never holds a part of the token.

    Two things a token claims may stand in it, cut by `shown`: its `kid` and its `alg`.
    """

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault
        self.detail = detail


def shown(value: object) -> str:
    """Give an untrusted value in a form fit for a log line: quoted, escaped and cut."""
    text = ascii(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
