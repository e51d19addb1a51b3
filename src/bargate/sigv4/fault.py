"""What is wrong with a signature."""

from typing import Literal

from msgspec import Struct

from bargate.sigv4.style import FaultCode

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your"
    " AWS Secret Access Key and signing method. Consult the service documentation for details."
)
_MAX_SHOWN_CHARACTERS = 512


class SignatureFault(Struct, frozen=True):
    """Why a request is not accepted as signed.

    `code` is the check's (`Style.names` has the service's own name), `message` the client's text,
    `reason` a stable dotted code and `detail` a sentence without secrets, both for the operator.
    """

    code: FaultCode
    message: str
    reason: str
    detail: str


def incomplete(message: str, reason: str, detail: str) -> SignatureFault:
    """Make an IncompleteSignature."""
    return SignatureFault("IncompleteSignature", message, f"sigv4.{reason}", detail)


def invalid(message: str, reason: str, detail: str) -> SignatureFault:
    """Make an InvalidSignature."""
    return SignatureFault("InvalidSignature", message, f"sigv4.{reason}", detail)


def shown(text: str) -> str:
    """Cut what a client sent to a length that may be said back."""
    return text if len(text) <= _MAX_SHOWN_CHARACTERS else f"{text[:_MAX_SHOWN_CHARACTERS]}…"


Form = Literal["header", "query"]
