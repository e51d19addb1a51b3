"""Every modelled operation goes through botocore both ways with generated values."""

import itertools

import pytest

from bargate.wire.check import check_request
from bargate.wire.find import Found
from bargate.wire.models import ServiceModels
from bargate.wire.parse import parse_request
from bargate.wire.serialize import serialize_response
from conformance.wire.generated_values import Values
from conformance.wire.through_botocore import found_of, parsed_by_botocore, request_of

SERVED = {"apigateway": 124, "apigatewayv2": 103, "iam": 180, "sts": 11}
# Not served yet; they prove the json and ec2 protocols. Of ec2 every tenth operation.
PROOFS = {"dynamodb": 62, "sqs": 23, "cognito-idp": 141, "cognito-identity": 23, "ec2": 83}
FILLS = (0.0, 0.5, 1.0)

MODELS = ServiceModels((*SERVED, *PROOFS))


def operations(service):
    names = sorted(MODELS.model(service).operation_names)
    return [MODELS.operation(service, n) for n in (names[::10] if service == "ec2" else names)]


def generated_input(operation, fill):
    """Parameters that the operation's protocol can say: a query leaves no trace of a hollow
    structure. A pattern of ec2's matches nothing at all: `…placement-group/^.{1,255}$`.
    """
    service = operation.service_model.metadata["protocol"]
    hollow, constrained = service not in ("query", "ec2"), service != "ec2"
    seed = f"{operation.name}{fill}"
    values = Values(seed, fill=fill, constrained=constrained, hollow=hollow)
    return {} if operation.input_shape is None else values.value(operation.input_shape)


def generated_output(operation, fill):
    """An output; the body of a streamed one is never absent, only empty, and has a media type."""
    shape = operation.output_shape
    values = Values(f"{operation.name}{fill}", fill=fill, constrained=False)
    output = {} if shape is None else values.value(shape)
    if operation.has_streaming_output:
        output.setdefault(shape.serialization["payload"], b"")
        for name, member in shape.members.items():
            if member.serialization.get("name") == "Content-Type":
                output.setdefault(name, "application/yaml")
    return output


@pytest.mark.parametrize(("service", "count"), [*SERVED.items(), *PROOFS.items()])
def test_requests_of_every_operation_are_read_as_botocore_writes_them(service, count):
    ran = 0
    for operation in operations(service):
        for fill in FILLS:
            params = generated_input(operation, fill)
            request = request_of(params, operation)
            found = found_of(request, MODELS, operation)
            parsed = parse_request(found, request)
            for name in set(operation.idempotent_members) - set(params):
                assert len(parsed.pop(name)) == 36
            assert parsed == params, operation.name
            if service != "ec2":
                check_request(found, parsed)
        ran += 1
    assert ran == count


@pytest.mark.parametrize(("service", "count"), [*SERVED.items(), *PROOFS.items()])
def test_outputs_of_every_operation_are_read_by_botocore_as_given(service, count):
    ran, numbers = 0, itertools.count()
    for operation in operations(service):
        for fill in FILLS:
            shape, request_id = operation.output_shape, f"id-{next(numbers)}"
            output = generated_output(operation, fill)
            found = Found(service, operation, {})
            response = serialize_response(found, output, request_id)
            parsed = parsed_by_botocore(response, operation, shape)
            metadata = parsed.pop("ResponseMetadata")
            assert metadata["RequestId"] == request_id
            assert metadata["HTTPStatusCode"] == operation.http.get("responseCode", 200)
            assert parsed == output, operation.name
        ran += 1
    assert ran == count
