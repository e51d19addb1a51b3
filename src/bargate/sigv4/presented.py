"""Checks 5 to 7: where the signature stands, and its parameters (iam-sts §6, apigw-errors §3).

Authorization: AWS4-… Credential=…, SignedHeaders=…, Signature=…         header form
?X-Amz-Algorithm=AWS4-…&X-Amz-Credential=…&X-Amz-Signature=…             query form (presigned)
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from msgspec import Struct

from bargate.sigv4.asymmetric import ECDSA_P256_SHA256, REGION_SET
from bargate.sigv4.canonical import SIGNATURE_PARAMETER, TOKEN_PARAMETER
from bargate.sigv4.fault import Form, SignatureFault, incomplete, invalid, shown
from bargate.sigv4.signing_key import HMAC_SHA256

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.sigv4.request import SignedRequest
    from bargate.sigv4.style import Style

ALGORITHMS = (HMAC_SHA256, ECDSA_P256_SHA256)
_PREFIX = "AWS4-"
_IN_HEADER = ("Credential", "Signature", "SignedHeaders")
_IN_QUERY = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    SIGNATURE_PARAMETER,
    "X-Amz-SignedHeaders",
    "X-Amz-Date",
)


class Presented(Struct, frozen=True, kw_only=True):
    """The parameters of a signature as text; `expires` is the query form's alone."""

    form: Form
    algorithm: str
    credential: str
    signature: str
    signed_headers: str
    timestamp: str
    session_token: str | None
    region_set: str | None = None
    expires: str | None = None


def read(request: SignedRequest, style: Style) -> Presented | SignatureFault:
    """Find the signature of a request, in its header or in its query."""
    value = request.header.get(b"authorization")
    in_query = "mz-" in request.query or "%" in request.query
    query = query_parameters(request.query) if in_query else {}
    if value is not None and "X-Amz-Algorithm" in query:
        return invalid(style.both, "both_forms", "a signature stands in header and query")
    if value is not None and _is_repeated(request):
        # [I]: which of the two a reader behind the gateway believes is anybody's guess.
        message = "Found more than one 'Authorization' HTTP header."
        return invalid(message, "repeated_header", "the Authorization header is repeated")
    if value is not None:
        return _from_header(value.decode("latin-1"), request.header, style)
    return _from_query(query) if "X-Amz-Algorithm" in query else _missing(style)


def _is_repeated(request: SignedRequest) -> bool:
    if len(request.header) == len(request.headers):
        return False
    return sum(name.lower() == b"authorization" for name, _ in request.headers) > 1


def query_parameters(query: str) -> dict[str, list[str]]:
    """Decode the X-Amz-* parameters of a query; others are left out."""
    parameters: dict[str, list[str]] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if "%" in name or "+" in name:
            name = unquote_plus(name)
        if name.startswith("X-Amz-"):
            parameters.setdefault(name, []).append(unquote_plus(value))
    return parameters


def _from_header(
    value: str, header: Mapping[bytes, bytes], style: Style
) -> Presented | SignatureFault:
    algorithm, _, rest = value.partition(" ")
    if algorithm.startswith(_PREFIX):
        if algorithm not in ALGORITHMS:
            return _unsupported(algorithm)
    elif not style.hashes_authorization:
        return _missing(style)
    given = _key_values(rest or algorithm, value, style)
    if isinstance(given, SignatureFault):
        return given
    timestamp = _text(header.get(b"x-amz-date") or header.get(b"date"))
    sentences = [
        f"Authorization header requires '{n}' parameter." for n in _IN_HEADER if n not in given
    ]
    if not timestamp:
        sentences.append(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    if sentences:
        return incomplete(
            f"{' '.join(sentences)} {_authorization(value, style)}", "parameters", sentences[0]
        )
    if algorithm not in ALGORITHMS:
        return _unsupported(algorithm)
    return Presented(
        form="header",
        algorithm=algorithm,
        credential=given["Credential"],
        signature=given["Signature"],
        signed_headers=given["SignedHeaders"],
        timestamp=timestamp or "",
        session_token=_text(header.get(b"x-amz-security-token")),
        region_set=_text(header.get(b"x-amz-region-set")),
    )


def _key_values(rest: str, value: str, style: Style) -> dict[str, str] | SignatureFault:
    """Read `key=value, …`; of a repeated key the last counts, as at AWS [R]."""
    given: dict[str, str] = {}
    for part in rest.split(","):
        key, equals, text = part.strip().partition("=")
        if not equals:
            return incomplete(
                _no_pair(key, value, style),
                "key_value",
                "a part of Authorization has no equal sign",
            )
        given[key] = text
    return given


def _no_pair(part: str, value: str, style: Style) -> str:
    if style.hashes_authorization:
        return (
            "Invalid key=value pair (missing equal-sign) in Authorization header"
            f" (hashed with SHA-256 and encoded with Base64): '{_hashed(value)}'."
        )
    return (
        f"'{shown(part)}' not a valid key=value pair (missing equal-sign) in Authorization header:"
        f" '{shown(value)}'."
    )


def _authorization(value: str, style: Style) -> str:
    if style.hashes_authorization:
        return f"(Hashed with SHA-256 and encoded with Base64) Authorization={_hashed(value)}"
    return f"Authorization={shown(value)}"


def _hashed(value: str) -> str:
    return b64encode(sha256(value.encode("latin-1")).digest()).decode("ascii")


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def _from_query(query: Mapping[str, list[str]]) -> Presented | SignatureFault:
    first = {name: values[0] for name, values in query.items()}  # the first counts, as at AWS [R]
    algorithm = first["X-Amz-Algorithm"]
    if not algorithm.startswith(_PREFIX) or algorithm not in ALGORITHMS:
        return _unsupported(algorithm)
    missing = [name for name in _IN_QUERY if name not in first]
    if missing:
        sentences = [f"AWS query-string parameters must include '{name}'." for name in missing]
        message = f"{' '.join(sentences)} Re-examine the query-string parameters."
        return incomplete(message, "parameters", sentences[0])
    if len(query[SIGNATURE_PARAMETER]) > 1:
        # [I]: no signature covers this parameter, so a second one could say anything.
        message = f"Found more than one '{SIGNATURE_PARAMETER}' as a query-string param."
        return invalid(message, "repeated_signature", f"{SIGNATURE_PARAMETER} is repeated")
    return Presented(
        form="query",
        algorithm=algorithm,
        credential=first["X-Amz-Credential"],
        signature=first[SIGNATURE_PARAMETER],
        signed_headers=first["X-Amz-SignedHeaders"],
        timestamp=first["X-Amz-Date"],
        session_token=first.get(TOKEN_PARAMETER),
        region_set=first.get(REGION_SET),
        expires=first.get("X-Amz-Expires"),
    )


def _missing(style: Style) -> SignatureFault:
    return SignatureFault(
        "MissingAuthenticationToken",
        style.missing,
        "sigv4.missing",
        "the request is not signed: it has neither an AWS4 Authorization header nor"
        " X-Amz-Algorithm in its query",
    )


def _unsupported(algorithm: str) -> SignatureFault:
    message = f"Unsupported AWS 'algorithm': '{shown(algorithm)}'."
    return incomplete(message, "algorithm", f"known are {' and '.join(ALGORITHMS)}")
