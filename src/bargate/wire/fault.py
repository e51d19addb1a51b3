"""Serialises an AwsError in the protocol of the service that was called."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from bargate.wire import protocols
from bargate.wire.find import Found, protocol_of
from bargate.wire.protocol import Fault

if TYPE_CHECKING:
    from botocore.model import ServiceModel

    from bargate.wire.error import AwsError
    from bargate.wire.request import HttpResponse

DEFAULT_STATUS = 400
# Errors every service has and no model lists (AWS [D] "Common error types" of each API reference).
_COMMON = {
    "AccessDenied": 403,
    "ExpiredToken": 403,
    "InternalFailure": 500,
    "InternalServerError": 500,
    "InvalidClientTokenId": 403,
    "MissingAuthenticationToken": 403,
    "OptInRequired": 403,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
}
# rest-json only: services of the json protocol answer 400 to these (AWS [D]).
_COMMON_REST = {
    "AccessDeniedException": 403,
    "ExpiredTokenException": 403,
    "IncompleteSignatureException": 403,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "UnrecognizedClientException": 403,
}


class Modelled(NamedTuple):
    """An error as the model has it: its code on the wire and its HTTP status."""

    code: str
    status: int


def serialize_error(
    called: Found | ServiceModel | None, error: AwsError, request_id: str
) -> HttpResponse:
    """Serialise an error of an operation, of a service, or of a request that named neither.

    The status is the error's own, else the model's for that code (or shape), else 400.
    """
    service = called.operation.service_model if isinstance(called, Found) else called
    modelled = {} if service is None else _modelled(service)
    known = modelled.get(error.code) or Modelled(error.code, _common(service, error.code))
    status = known.status if error.status is None else error.status
    fault = Fault(known.code, error.message, status)
    return protocols.of(service).write_error(service, fault, request_id)


@lru_cache(maxsize=protocols.MAX_COMPILED)
def _modelled(service: ServiceModel) -> dict[str, Modelled]:
    """Give a service's errors by shape name and by code, the latter first."""
    by_name, by_code = {}, {}
    for shape in service.error_shapes:
        trait = shape.metadata.get("error", {})
        code = shape.error_code or shape.name
        found = Modelled(code, trait.get("httpStatusCode", _common(service, code)))
        by_name[shape.name] = by_code[code] = found
    return {**by_name, **by_code}


def _common(service: ServiceModel | None, code: str) -> int:
    is_rest = service is None or protocol_of(service) == "rest-json"
    known = {**_COMMON, **_COMMON_REST} if is_rest else _COMMON
    return known.get(code, DEFAULT_STATUS)
