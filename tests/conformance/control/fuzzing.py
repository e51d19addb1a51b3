"""Raw requests to operations, broken; and how they reach an endpoint that takes any key."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import botocore.loaders
import botocore.model
from botocore import xform_name
from tests.endpoint import ACCOUNT, REGION, Answered, Endpoint

from bargate.control.services import SERVICES
from bargate.sigv4.request import SignedRequest, sha256_of
from bargate.sigv4.sign import Signer, sign
from bargate.wire.request import HttpRequest
from conformance.control.hostile import BODIES, ENCODINGS, TYPES, Hostile
from conformance.wire.generated_values import Values
from conformance.wire.through_botocore import request_of


@cache
def model(service: str) -> botocore.model.ServiceModel:
    found = botocore.loaders.Loader().load_service_model(service, "service-2")
    return botocore.model.ServiceModel(found, service)


def operations(service: str) -> list[Any]:
    """Give the operations of a service that are served."""
    served = SERVICES[service].operations
    found = model(service)
    return [
        found.operation_model(name) for name in found.operation_names if xform_name(name) in served
    ]


def protocol(service: str) -> str:
    name: str = model(service).metadata["protocol"]
    return name


def valid_request(operation: Any, seed: int) -> HttpRequest:
    """Write a request of generated values that keep all constraints."""
    shape = operation.input_shape
    params: Any = {}
    if shape is not None:
        params = Values(seed, fill=(0.0, 0.5, 1.0)[seed % 3]).value(shape)
    return request_of(params, operation)


def broken_request(operation: Any, valid: HttpRequest, hostile: Hostile) -> HttpRequest:
    """Break one side of a request."""
    is_form = protocol(operation.service_model.service_name) == "query"
    chance = hostile.random.random()
    headers = dict(valid.headers)
    method, path, query, body = valid.method, valid.path, valid.query, valid.body
    if chance < 0.12:
        body = hostile.one(BODIES)
    elif chance < 0.18:
        headers["content-encoding"] = hostile.one(ENCODINGS)
        body = gzip.compress(body) if hostile.random.random() < 0.5 else body
    elif chance < 0.24:
        headers["content-type"] = hostile.one(TYPES)
    elif chance < 0.44 and not is_form:
        path = hostile.path(path)
    elif chance < 0.6 and not is_form:
        query = hostile.query(query)
    elif chance < 0.62:
        method = hostile.one(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "X"))
    elif is_form:
        body = hostile.form(
            parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
        )
        if hostile.random.random() < 0.1:  # the same as a GET
            method, query, body = "GET", body.decode("latin-1"), b""
    else:
        body = hostile.json(_json(body))
    return HttpRequest(method, path, query, headers, body)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return {"body": "x"}


def send(endpoint: Endpoint, service: str, request: HttpRequest) -> Answered:
    """Send a request, signed by root unless the endpoint takes any key (`dev`)."""
    loose = {
        key: value.encode("utf-8", "replace").decode("latin-1")
        for key, value in request.headers.items()
        if key not in ("authorization", "host", "content-length")
    }
    headers = [("host", "127.0.0.1:4566"), *loose.items()]
    path = request.path.encode("utf-8", "surrogatepass").decode("latin-1")
    query = request.query.encode("utf-8", "surrogatepass").decode("latin-1")
    if endpoint.settings.dev:
        headers.append(("authorization", _unsigned(model(service).signing_name)))
    else:
        asked = HttpRequest(request.method, path, query, dict(headers), request.body)
        headers += signed_headers(endpoint, service, asked)
    target = path + (f"?{query}" if query else "")
    return endpoint.send(request.method, target, headers, request.body)


def _unsigned(signing_name: str) -> str:
    day = datetime.now(UTC).strftime("%Y%m%d")
    return (
        f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/{day}/{REGION}/{signing_name}/aws4_request,"
        " SignedHeaders=host, Signature=0"
    )


def signed_headers(endpoint: Endpoint, service: str, request: HttpRequest) -> list[tuple[str, str]]:
    """Give the headers that sign a request as root."""
    signer = Signer(
        access_key_id=endpoint.root.id,
        secret=endpoint.root.secret,
        region=REGION,
        service=model(service).signing_name,
    )
    headers = {"host": "127.0.0.1:4566", **request.headers}
    raw = [(key.encode("latin-1"), text.encode("latin-1")) for key, text in headers.items()]
    asked = SignedRequest(request.method, request.path, request.query, raw, sha256_of(request.body))
    added = sign(asked, signer, datetime.now(UTC).timestamp())
    return [(key.decode("latin-1"), text.decode("latin-1")) for key, text in added]
