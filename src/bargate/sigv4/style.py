"""How a service words what is wrong with a signature."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

from msgspec import Struct

FaultCode: TypeAlias = Literal[
    "BadRequest",
    "IncompleteSignature",
    "InvalidSignature",
    "MalformedQueryString",
    "MissingAuthenticationToken",
]


class Style(Struct, frozen=True, kw_only=True):
    """The names and texts of one kind of service (iam-sts §6).

    `names` are the services' own for a fault's code; `unknown_key` and `expired_token` those of
    checks 14 and 15, which are the caller's. `hashes_authorization`: the header comes back hashed
    only, and one of any scheme is read as a signature (AWS [O] apigw-errors §3, 2025).
    """

    names: Mapping[FaultCode, str]
    unknown_key: str
    expired_token: str
    missing: str
    both: str
    hashes_authorization: bool = False


_MISSING = "Request is missing Authentication Token"
_BOTH = "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
_JSON_NAMES: Mapping[FaultCode, str] = MappingProxyType(
    {
        "BadRequest": "BadRequestException",
        "IncompleteSignature": "IncompleteSignatureException",
        "InvalidSignature": "InvalidSignatureException",
        "MalformedQueryString": "MalformedQueryStringException",
        "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    }
)

JSON_SERVICES = Style(
    names=_JSON_NAMES,
    unknown_key="UnrecognizedClientException",
    expired_token="ExpiredTokenException",  # noqa: S106 - an error's name
    missing=_MISSING,
    both=_BOTH,
)
QUERY_SERVICES = Style(
    names=MappingProxyType(
        {
            "BadRequest": "BadRequest",
            "IncompleteSignature": "IncompleteSignature",
            "InvalidSignature": "SignatureDoesNotMatch",
            "MalformedQueryString": "MalformedQueryString",
            "MissingAuthenticationToken": "MissingAuthenticationToken",
        }
    ),
    unknown_key="InvalidClientTokenId",
    expired_token="ExpiredToken",  # noqa: S106 - an error's name
    missing=_MISSING,
    both="",
)
EXECUTE_API = Style(
    names=_JSON_NAMES,
    unknown_key="UnrecognizedClientException",
    expired_token="ExpiredTokenException",  # noqa: S106 - an error's name
    missing="Missing Authentication Token",
    both=_BOTH,
    hashes_authorization=True,
)
