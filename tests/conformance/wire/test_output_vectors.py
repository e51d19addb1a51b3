"""The published output vectors: results and errors reach botocore as the vectors have them."""

import json
from xml.etree import ElementTree as ET

import pytest

from bargate.wire.error import AwsError
from bargate.wire.fault import serialize_error
from bargate.wire.find import Found
from bargate.wire.serialize import serialize_response
from conformance.wire.protocol_vectors import cases, named, typed
from conformance.wire.through_botocore import parsed_by_botocore

pytestmark = pytest.mark.vectors

# botocore looks for a flattened list under its element's name, the vector has the list's own (no
# service served here has a flattened list), refuses to read an empty body as an unset union, and
# splits headers at commas in quotes and in dates. Event streams are of
# no service served here. Of 9/0, two header maps each read what the other
# one wrote; 17/2 has a union member that the model does not.
LEFT_OUT = {
    "QueryXmlLists": "query",
    "RestJsonHttpPayloadWithUnsetUnion": "rest-json",
    "RestJsonInputAndOutputWithQuotedStringHeaders": "rest-json",
    "RestJsonInputAndOutputWithTimestampHeaders": "rest-json",
    "legacy-output-json/6/0": "json",
    "legacy-output-rest-json/9/0": "rest-json",
    "legacy-output-rest-json/17/2": "rest-json",
}
# Bodies that are read alike and written otherwise here: other time zones (`+00:00` is `Z` here),
# unknown members, nulls, and query answers that a real service never leaves without an envelope.
OTHER_BODIES = {
    "json": {
        "AwsJson11DateTimeWithNegativeOffset",
        "AwsJson11DateTimeWithPositiveOffset",
        "AwsJson11DeserializeIgnoreType",
        "AwsJson11StructuresDontDeserializeNullValues",
        "handles_unexpected_json_output",
        "legacy-output-json/2/0",
        "legacy-output-json/5/0",
    },
    "query": {
        "AwsQueryDateTimeWithNegativeOffset",
        "AwsQueryDateTimeWithPositiveOffset",
        "QueryEmptyInputAndEmptyOutput",
        "QueryNoInputAndNoOutput",
        "QueryNoInputAndOutput",
        "legacy-output-query/15/0",
    },
    "rest-json": {
        "RestJsonDateTimeWithNegativeOffset",
        "RestJsonDateTimeWithPositiveOffset",
        "RestJsonDeserializeIgnoreType",
        "RestJsonDeserializesDenseSetMapAndSkipsNull",
        "RestJsonDoesntDeserializeNullStructureValues",
        "legacy-output-rest-json/2/0",
        "legacy-output-rest-json/7/0",
        "legacy-output-rest-json/8/0",
    },
}
COUNTS = {"json": 78, "query": 57, "rest-json": 124}
ERRORS = {"json": 16, "query": 6, "rest-json": 19}


def result_of(case):
    """A vector's result in the types of an output."""
    shape, result = case.operation.output_shape, case.data.get("result") or {}
    return {} if shape is None else typed(result, shape)


@pytest.mark.parametrize(("protocol", "count"), COUNTS.items())
def test_results_are_written_so_that_botocore_reads_the_same(protocol, count):
    ran, others, left_out = 0, set(), 0
    for case in cases("output", protocol):
        if "errorCode" in case.data or case.name in LEFT_OUT:
            left_out += 1
            continue
        result = result_of(case)
        response = serialize_response(Found("sample", case.operation, {}), result, "id-1")
        ours = parsed_by_botocore(response, case.operation, case.operation.output_shape)
        assert ours.pop("ResponseMetadata")["RequestId"] == "id-1"
        for each in filter(lambda value: isinstance(value, dict), ours.values()):
            # A map of headers with an empty prefix also reads those of the protocol itself.
            for name in {"x-amzn-RequestId", "Content-Type"} - set(result):
                each.pop(name, None)
        assert _given(ours) == _given(result), case.name
        if body_of(response.body) != body_of(case.data["response"].get("body", "").encode()):
            others.add(case.name)
        ran += 1
    assert others == OTHER_BODIES[protocol]
    assert ran + left_out == count
    assert left_out == ERRORS[protocol] + list(LEFT_OUT.values()).count(protocol)


@pytest.mark.parametrize(("protocol", "count"), ERRORS.items())
def test_errors_are_written_so_that_botocore_reads_code_and_message(protocol, count):
    ran = 0
    for case in cases("output", protocol):
        if "errorCode" not in case.data:
            continue
        error = AwsError(case.data["errorCode"], case.data.get("errorMessage", ""))
        response = serialize_error(case.operation.service_model, error, "id-1")
        parsed = parsed_by_botocore(response, case.operation, None)
        assert parsed["Error"]["Code"] == case.data["errorCode"], case.name
        assert (parsed["Error"]["Message"] or "") == case.data.get("errorMessage", "")
        assert parsed["ResponseMetadata"]["RequestId"] == "id-1"
        ran += 1
    assert ran == count


def _given(result):
    """A result with special floats by name; the empty body of a stream is an absent one."""
    return {name: named(each) for name, each in result.items() if each not in (b"", "")}


def body_of(body):
    """A body's meaning: JSON by value, none as an empty object, XML by elements."""
    if not body:
        return {}
    try:
        return json.loads(body)
    except ValueError:
        pass
    try:
        return _element(ET.fromstring(body))
    except ET.ParseError:
        return bytes(body)


def _element(element):
    tag = element.tag.rpartition("}")[2]
    inside = [_element(each) for each in element if "ResponseMetadata" not in each.tag]
    return tag, (element.text or "").strip(), sorted(inside)
