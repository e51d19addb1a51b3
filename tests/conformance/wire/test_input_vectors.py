"""The published input vectors: every recorded request is read as the parameters it was made of."""

import gzip
import json

import pytest
from msgspec import structs

from bargate.wire.find import Found, protocol_of
from bargate.wire.form import parameters
from bargate.wire.parse import parse_request
from bargate.wire.uri_paths import UriPaths
from conformance.wire.protocol_vectors import cases, named, typed
from conformance.wire.through_botocore import http_request, request_of

pytestmark = pytest.mark.vectors

COUNTS = {"json": 78, "query": 63, "rest-json": 169}
LEFT_OUT = {"json": 2, "query": 2, "rest-json": 3}
# Its media type is a client's default, and then a member like any other.
CLIENT_ONLY = {"legacy-input-rest-json/25/7"}
# The client's own endpoint has a path, which its server takes off again.
ENDPOINT_PATHS = {"RestJsonHostWithPath": "/custom"}
# botocore writes `item.1` where the vector (and Smithy) has the list's own name, `Hi.1`, and puts
# a document that is the whole payload under a member called "null", and lets a map of the query
# string win over a named parameter.
BOTOCORE_DIFFERS = {
    "QueryFlattenedListArgWithXmlName",
    "DocumentTypeAsPayloadInput",
    "DocumentTypeAsPayloadInputString",
    "RestJsonQueryPrecedence",
}
# These members are given as JSON text, which the jsonvalue trait makes a value.
JSON_TEXTS = {"MediaTypeHeaderInputBase64": ["json"]}
# The recorded request has no body: only that a client announces its compression is recorded.
# Their own bodies, unzipped, are in `test_zipped_vectors…` below.
NO_BODY_RECORDED = {
    "SDKAppliedContentEncoding_awsJson1_1",
    "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1",
    "SDKAppliedContentEncoding_awsQuery",
    "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery",
    "SDKAppliedContentEncoding_restJson1",
    "SDKAppendedGzipAfterProvidedEncoding_restJson1",
}


def said(params):
    """What a request can say of parameters: an absent and an empty member are alike at the top."""
    return {key: named(each) for key, each in params.items() if each not in ({}, [], b"", "")}


def read(case, request):
    """The parameters that wire reads; a path is found as it would be among all operations."""
    labels, form, protocol = {}, None, protocol_of(case.operation.service_model)
    if protocol == "rest-json":
        paths = UriPaths()
        paths.add(request.method, case.operation.http["requestUri"], case.operation.name)
        match = paths.find(request.method, request.path, request.query)
        assert match is not None, request.path
        labels = match.labels
    if protocol == "query":
        form = parameters(request)
        assert form["Action"] == case.operation.name
    params = parse_request(Found("sample", case.operation, labels, form), request)
    for name in case.operation.idempotent_members:
        if name not in (case.data.get("params") or {}):
            assert len(params.pop(name)) == 36
    return params


def expected(case):
    """The parameters of a case; a map of the query string without what other members took."""
    shape, params = case.operation.input_shape, case.data.get("params") or {}
    if shape is None:
        return {}
    found, queried = typed(params, shape), query_members(shape)
    taken = {key for key, member in queried.values() if member.type_name != "map"}
    for name, (_, member) in queried.items():
        if member.type_name == "map" and name in found:
            found[name] = {key: each for key, each in found[name].items() if key not in taken}
    return found


def query_members(shape):
    return {
        name: (member.serialization.get("name", name), member)
        for name, member in shape.members.items()
        if member.serialization.get("location") == "querystring"
    }


@pytest.mark.parametrize(("protocol", "count"), COUNTS.items())
def test_recorded_requests_are_read_as_their_parameters(protocol, count):
    ran, left_out = 0, 0
    for case in cases("input", protocol):
        if case.name in NO_BODY_RECORDED | CLIENT_ONLY:
            left_out += 1
            continue
        recorded = case.data["serialized"]
        method = recorded.get("method", case.operation.http.get("method", "POST"))
        uri = recorded["uri"].removeprefix(ENDPOINT_PATHS.get(case.name, ""))
        url = "https://aws.example.com" + uri
        request = http_request(method, url, recorded.get("headers", {}), recorded.get("body"))
        wanted = expected(case)
        for name in JSON_TEXTS.get(case.name, ()):
            wanted[name] = json.loads(wanted[name])
        assert said(read(case, request)) == said(wanted), case.name
        ran += 1
    assert (ran, left_out) == (count - LEFT_OUT[protocol], LEFT_OUT[protocol])


@pytest.mark.parametrize(("protocol", "count"), COUNTS.items())
def test_requests_written_by_botocore_are_read_as_their_parameters(protocol, count):
    ran, left_out = 0, 0
    for case in cases("input", protocol):
        if case.name in CLIENT_ONLY | BOTOCORE_DIFFERS:
            left_out += 1
            continue
        request = request_of(sendable(case), case.operation)
        assert said(read(case, request)) == said(expected(case)), case.name
        ran += 1
    assert ran + left_out == count
    assert left_out == {"json": 0, "query": 1, "rest-json": 4}[protocol]


@pytest.mark.parametrize("protocol", COUNTS)
def test_zipped_vectors_are_unzipped_before_they_are_read(protocol):
    ran = 0
    for case in cases("input", protocol):
        if case.name not in NO_BODY_RECORDED:
            continue
        plain = request_of(sendable(case), case.operation)
        codings = case.data["serialized"]["headers"]["Content-Encoding"]
        headers = {**plain.headers, "content-encoding": codings}
        zipped = structs.replace(plain, headers=headers, body=gzip.compress(plain.body))
        assert said(read(case, zipped)) == said(expected(case)), case.name
        ran += 1
    assert ran == 2


def sendable(case):
    """Parameters as a caller of botocore gives them: special floats as floats."""
    shape, params = case.operation.input_shape, case.data.get("params") or {}
    return {
        name: float(value) if shape.members[name].type_name in ("float", "double") else value
        for name, value in params.items()
        if value is not None
    }
