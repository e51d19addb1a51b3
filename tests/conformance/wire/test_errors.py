"""Errors of each protocol, read by botocore."""

import pytest

from bargate.wire.error import AwsError
from bargate.wire.fault import serialize_error
from bargate.wire.find import Found
from bargate.wire.models import ServiceModels
from conformance.wire.through_botocore import parsed_by_botocore

COUNTS = {"apigateway": 7, "apigatewayv2": 5, "iam": 38, "sts": 12, "dynamodb": 34}
MODELS = ServiceModels((*COUNTS, "ec2", "sqs"))
TEXT = "No such <thing> & \"that\" 'ü' \x00\x0b\ud800 end\r\n"


def read(service, error, called=None):
    model = MODELS.model(service)
    operation = MODELS.operation(service, model.operation_names[0])
    response = serialize_error(called or model, error, "id-1")
    return response, parsed_by_botocore(response, operation, None)


@pytest.mark.parametrize(("service", "count"), COUNTS.items())
def test_every_modelled_error_has_its_code_and_status(service, count):
    ran = 0
    for shape in MODELS.model(service).error_shapes:
        for given in {shape.error_code, shape.name}:
            response, parsed = read(service, AwsError(given, "text"))
            assert parsed["Error"]["Code"] == shape.error_code
            assert parsed["Error"]["Message"] == "text"
            assert parsed["ResponseMetadata"]["RequestId"] == "id-1"
            status = shape.metadata.get("error", {}).get("httpStatusCode")
            assert status in (None, response.status)
        ran += 1
    assert ran == count


@pytest.mark.parametrize("service", MODELS.names)
def test_any_text_arrives_or_is_replaced_and_never_breaks_the_document(service):
    _, parsed = read(service, AwsError("NoSuchThing", TEXT, 418))
    message = parsed["Error"]["Message"]
    assert message.startswith("No such <thing> & \"that\" 'ü' ")
    assert message.endswith(" end\r\n")
    assert parsed["ResponseMetadata"]["HTTPStatusCode"] == 418


def test_an_error_of_iam_says_whose_fault_it_is_and_has_its_namespace():
    response, parsed = read("iam", AwsError("NoSuchEntity", "x"))
    assert parsed["Error"]["Type"] == "Sender"
    assert b'<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">' in response.body
    response, parsed = read("iam", AwsError("ServiceFailure", "x"))
    assert (response.status, parsed["Error"]["Type"]) == (500, "Receiver")


def test_an_error_of_api_gateway_names_its_type_in_a_header():
    response, _ = read("apigateway", AwsError("NotFoundException", "gone"))
    assert response.status == 404
    assert response.body == b'{"message":"gone"}'
    assert ("x-amzn-ErrorType", "NotFoundException") in response.headers


def test_an_error_of_sqs_tells_clients_of_the_query_protocol_whose_fault_it_is():
    response, parsed = read("sqs", AwsError("QueueDoesNotExist", "x"))
    assert ("x-amzn-query-error", "QueueDoesNotExist;Sender") in response.headers
    assert parsed["Error"]["Type"] == "Sender"


def test_an_error_of_a_found_operation_is_one_of_its_service():
    found = Found("iam", MODELS.operation("iam", "GetUser"), {})
    response, parsed = read("iam", AwsError("AccessDenied", "no"), found)
    assert (response.status, parsed["Error"]["Code"]) == (403, "AccessDenied")


def test_a_request_that_names_no_service_is_answered_in_json():
    response = serialize_error(None, AwsError("UnknownOperationException", "?", 404), "id-1")
    assert (response.status, response.body) == (
        404,
        b'{"__type":"UnknownOperationException","message":"?"}',
    )


def test_a_code_with_a_line_break_cannot_add_a_header():
    response = serialize_error(None, AwsError("A\r\nset-cookie: x", "?"), "id\r\n2")
    assert ("x-amzn-ErrorType", "A??set-cookie: x") in response.headers
    assert ("x-amzn-RequestId", "id??2") in response.headers


def test_access_denied_is_403_in_rest_and_400_in_json():
    assert read("apigateway", AwsError("AccessDeniedException", "x"))[0].status == 403
    assert read("dynamodb", AwsError("AccessDeniedException", "x"))[0].status == 400
