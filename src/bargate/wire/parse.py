"""Parses a request into the parameters of its operation, typed by the model's shapes."""

from __future__ import annotations

import uuid
from functools import lru_cache
from typing import TYPE_CHECKING

from bargate.wire import protocols

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from bargate.wire.find import Found
    from bargate.wire.protocol import Params, ReadRequest
    from bargate.wire.request import HttpRequest


def parse_request(found: Found, request: HttpRequest) -> Params:
    """Parse: timestamps to aware datetimes, blobs to bytes, idempotency tokens filled in.

    Raises AwsError SerializationException (json, rest-json) or MalformedInput (query, ec2).
    """
    read, idempotent = _compiled(found.operation)
    params = read(found, request)
    for name in idempotent:
        if name not in params:
            params[name] = str(uuid.uuid4())
    return params


@lru_cache(maxsize=protocols.MAX_COMPILED)
def _compiled(operation: OperationModel) -> tuple[ReadRequest, list[str]]:
    protocol = protocols.of(operation.service_model)
    return protocol.compile_request(operation), list(operation.idempotent_members)
