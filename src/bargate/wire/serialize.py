"""Serialises the output of an operation into its HTTP response."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from bargate.wire import protocols

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from bargate.wire.find import Found
    from bargate.wire.protocol import Params, WriteResponse
    from bargate.wire.request import HttpResponse


def serialize_response(found: Found, output: Params, request_id: str) -> HttpResponse:
    """Serialise an output, keyed by the members of the operation's output shape."""
    return _compiled(found.operation)(output, request_id)


@lru_cache(maxsize=protocols.MAX_COMPILED)
def _compiled(operation: OperationModel) -> WriteResponse:
    return protocols.of(operation.service_model).compile_response(operation)
