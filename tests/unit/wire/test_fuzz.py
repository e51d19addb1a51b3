"""Whatever a client sends, the answer is a parsed request or an AwsError, and nothing else."""

import contextlib
import gzip
import json
import random
import string
from datetime import datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bargate.wire import timestamps
from bargate.wire.check import check_request
from bargate.wire.error import AwsError
from bargate.wire.fault import serialize_error
from bargate.wire.find import find_operation, find_service
from bargate.wire.models import ServiceModels
from bargate.wire.parse import parse_request
from bargate.wire.request import HttpRequest

SERVED = ("apigateway", "apigatewayv2", "iam", "sts")
SIGNING_NAMES = st.sampled_from([None, "apigateway", "iam", "sts", "dynamodb", "ec2", "s3", ""])
MODELS = ServiceModels((*SERVED, "dynamodb", "ec2"))
METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "get", ""])
PATHS = st.one_of(
    st.sampled_from(["/", "", "//", "/restapis", "/restapis/x", "/v2/apis", "/tags/a%2Fb", "/%ff"]),
    st.text(max_size=40),
    st.lists(st.sampled_from(["restapis", "%zz", "", "v2", "..", "é", "%00", "a" * 300])).map(
        lambda parts: "/" + "/".join(parts)
    ),
)
QUERIES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["limit=a", "limit=%zz", "limit=1&limit=2", "mode=import&x=%ff", "a=b=c&&=&"]),
)
BODIES = st.one_of(
    st.binary(max_size=80),
    st.sampled_from([b"[]", b"null", b'{"name":1}', b"Action=GetUser&a.b=1&a=2", b"{" * 5000]),
    st.binary(max_size=30).map(gzip.compress),
    st.text(max_size=40).map(lambda text: f"Action=CreateUser&UserName={text}".encode()),
)
HEADERS = st.dictionaries(
    st.sampled_from(["x-amz-target", "content-encoding", "content-type", "accept"]),
    st.one_of(st.text(max_size=20), st.sampled_from(["gzip", "DynamoDB_20120810.GetItem", "gzip,gzip"])),
)  # fmt: skip


def take(request, signing_name):
    """Go the way of a request; what it raises other than AwsError fails the test."""
    try:
        found = find_operation(request, MODELS, signing_name)
        params = parse_request(found, request)
        check_request(found, params)
    except AwsError as error:
        service = find_service(request, MODELS, signing_name)
        response = serialize_error(service, error, "id-1")
        assert 400 <= response.status < 500
        return None
    assert isinstance(params, dict)
    return params


@settings(max_examples=400, deadline=None)
@given(METHODS, PATHS, QUERIES, HEADERS, BODIES, SIGNING_NAMES)
def test_any_request_is_answered(method, path, query, headers, body, signing_name):
    take(HttpRequest(method, path, query, headers, body), signing_name)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
NAMES = st.sampled_from(["name", "tags", "endpointConfiguration", "binaryMediaTypes", "version", "policy"])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(NAMES, JSON))
def test_any_json_is_answered(body):
    take(HttpRequest("POST", "/restapis", "", {}, json.dumps(body).encode()), "apigateway")


WRONG = [
    None,
    True,
    7,
    -(10**30),
    1.5,
    "text",
    "",
    "\x00",
    "é😀",
    [],
    [[]],
    {},
    {"a": {}},
    [None],
    [{}],
]


@cache
def operations(service):
    return [
        MODELS.operation(service, name) for name in sorted(MODELS.model(service).operation_names)
    ]


def wrong_json(shape, rng, depth=0):
    """A value that is wrong somewhere, in most of its members."""
    if rng.random() < 0.5 or depth > 4:
        return rng.choice(WRONG)
    if shape.type_name == "structure":
        return {
            member.serialization.get("name", name): wrong_json(member, rng, depth + 1)
            for name, member in shape.members.items()
        }
    if shape.type_name == "list":
        return [wrong_json(shape.member, rng, depth + 1)]
    if shape.type_name == "map":
        return {rng.choice(["", "k", "é"]): wrong_json(shape.value, rng, depth + 1)}
    return rng.choice(WRONG)


def wrong_form(shape, rng, prefix, depth=0):
    """Parameters spelled and typed wrongly."""
    values = ["", "text", "true", "-1", "9" * 25, "%00", "%F0%9F%98%80", "1e999", "%zz", "%ff"]
    if shape.type_name == "structure" and depth < 4:
        for name, member in shape.members.items():
            at = f"{prefix}.{name}" if prefix else name
            if rng.random() < 0.7:
                yield from wrong_form(member, rng, at, depth + 1)
    elif shape.type_name == "list" and depth < 4:
        number = rng.choice(["1", "0", "01", "-1", "x", "9" * 30, ""])
        middle = rng.choice(["member.", "", "entry."])
        yield from wrong_form(shape.member, rng, f"{prefix}.{middle}{number}", depth + 1)
    if shape.type_name not in ("structure", "list") or rng.random() < 0.2:
        yield f"{prefix}{rng.choice(['', '', '.x', '..', '.'])}={rng.choice(values)}"


@pytest.mark.parametrize(("service", "count"), [("iam", 180), ("sts", 11), ("ec2", 830)])
def test_wrong_parameters_of_every_query_operation_are_answered(service, count):
    ran, rng = 0, random.Random(7)
    for operation in operations(service):
        shape = operation.input_shape
        for _ in range(3):
            form = [] if shape is None else list(wrong_form(shape, rng, ""))
            body = "&".join([f"Action={operation.name}", *form]).encode()
            take(HttpRequest("POST", "/", "", {}, body), service)
        ran += 1
    assert ran == count


@pytest.mark.parametrize(("service", "count"), [("apigateway", 124), ("apigatewayv2", 103)])
def test_wrong_bodies_of_every_rest_operation_are_answered(service, count):
    ran, rng = 0, random.Random(8)
    for operation in operations(service):
        shape, http = operation.input_shape, operation.http
        path, _, query = http["requestUri"].partition("?")
        for _ in range(5):
            label = rng.choice(["x", "%ff", "%zz", "%2F", "é", "%00"])
            at = "/".join(label if part.startswith("{") else part for part in path.split("/"))
            more = rng.choice(["", "limit=x", "limit=-1", "template=2&position=%ff", "a=b"])
            body = b"" if shape is None else json.dumps(wrong_json(shape, rng)).encode()
            asked = "&".join(filter(None, (query, more)))
            take(HttpRequest(http["method"], at, asked, {}, body), "apigateway")
        ran += 1
    assert ran == count


def test_wrong_bodies_of_every_json_operation_are_answered():
    ran, rng = 0, random.Random(9)
    for operation in operations("dynamodb"):
        for _ in range(5):
            target = {"x-amz-target": f"DynamoDB_20120810.{operation.name}"}
            body = json.dumps(wrong_json(operation.input_shape, rng)).encode()
            take(HttpRequest("POST", "/", "", target, body), "dynamodb")
        ran += 1
    assert ran == 62


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=string.digits + "-:.TZ+ eE,GMT", max_size=40), st.sampled_from(["iso8601", "rfc822", "unixTimestamp"]))  # fmt: skip
def test_any_text_is_a_timestamp_or_refused(text, form):
    with contextlib.suppress(timestamps.InvalidTimestamp):
        assert isinstance(timestamps.parse(text, form), datetime)
