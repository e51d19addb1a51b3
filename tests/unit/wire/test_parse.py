import gzip
import json
from datetime import UTC, datetime

import pytest

from bargate.wire.body import MAX_BODY_BYTES
from bargate.wire.error import AwsError
from bargate.wire.find import find_operation
from bargate.wire.models import ServiceModels
from bargate.wire.parse import parse_request
from bargate.wire.request import HttpRequest

MODELS = ServiceModels(("apigateway", "apigatewayv2", "iam", "sts", "dynamodb", "cognito-idp"))


def parse(method, path, body, signing_name="apigateway", *, query="", headers=None):
    request = HttpRequest(method, path, query, headers or {}, body)
    return parse_request(find_operation(request, MODELS, signing_name), request)


def create(body, **more):
    return parse("POST", "/restapis", body, **more)


def form(text, signing_name="iam"):
    return parse("POST", "/", text, signing_name)


def refused(call, *arguments, **more):
    with pytest.raises(AwsError) as caught:
        call(*arguments, **more)
    return caught.value


def test_unknown_and_null_members_are_ignored():
    assert create(b'{"name":"a","nope":{"x":1},"description":null}') == {"name": "a"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"name":true}', "class java.lang.Boolean can not be converted to an String"),
        (b'{"name":1}', "class java.lang.Integer can not be converted to an String"),
        (b'{"name":{}}', "Start of structure or map found where not expected."),
        (b'{"name":["a"]}', "Start of list found where not expected."),
        (b'{"tags":"x"}', "Unrecognized collection type class java.lang.String"),
        (b'{"tags":{"a":null}}', "A null value was found where not expected."),
        (
            b'{"minimumCompressionSize":"1"}',
            "class java.lang.String can not be converted to an Integer",
        ),
        (b'{"minimumCompressionSize":4294967296}', "A number is out of the range of integer"),
    ],
)
def test_wrong_types_are_told_in_the_words_of_java(body, message):
    error = refused(create, body)
    assert (error.code, error.message, error.status) == ("SerializationException", message, 400)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"[]",
        b'"text"',
        b"null",
        b'{"name":"a","name":"b"}',
        b'{"x":NaN}',
        b'{"x":-Infinity}',
        b'{"x":1e999}',
        b'{"x":' + b"9" * 500 + b"}",
        b'{"x":' + b"9" * 5000 + b"}",
        b'{"x":' + b"[" * 200 + b"]" * 200 + b"}",
        b"[" * 100_000,
        b'{"x":"' + b'\\"' * 50_000,
        b'{"name":"\\ud800"}',
        b'{"name":"\xff"}',
        b'{"name":"a"}{"name":"b"}',
    ],
)
def test_json_that_could_be_read_in_more_than_one_way_is_refused(body):
    error = refused(create, body)
    assert (error.code, error.status) == ("SerializationException", 400)


def test_brackets_in_a_text_are_not_nesting():
    text = "[{" * 500 + '"\\'
    assert create(json.dumps({"name": text}).encode())["name"] == text


def test_a_surrogate_pair_is_one_character():
    assert create(b'{"name":"\\ud83d\\ude00"}') == {"name": "😀"}


def test_a_query_parameter_is_typed_and_may_not_be_repeated():
    assert parse("GET", "/restapis", b"", query="limit=5&position=a%20b") == {
        "limit": 5,
        "position": "a b",
    }
    for query in ("limit=x", "limit=", "limit=1&limit=2", "limit=%ff", "position=%zz"):
        assert refused(parse, "GET", "/restapis", b"", query=query).status == 400


def test_a_label_is_decoded_once():
    assert parse("GET", "/restapis/a%252Fb", b"") == {"restApiId": "a%2Fb"}
    assert refused(parse, "GET", "/restapis/%ff", b"").code == "SerializationException"


def test_the_signature_of_a_presigned_import_is_no_parameter():
    query = "mode=import&failonwarnings=true&basepath=split&X-Amz-Signature=abc"
    params = create(b"{}", query=query)
    assert params == {"failOnWarnings": True, "parameters": {"basepath": "split"}, "body": b"{}"}


def test_a_zipped_body_is_unzipped():
    coding = {"content-encoding": "gzip"}
    assert create(gzip.compress(b'{"name":"a"}'), headers=coding) == {"name": "a"}


@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(b"{}")[:-4], gzip.compress(b"{}") + b"more", b""],
    ids=["no gzip", "cut", "more", "nothing"],
)
def test_a_body_that_is_not_gzip_is_refused(body):
    error = refused(create, body, headers={"content-encoding": "gzip"})
    assert (error.code, error.status) == ("SerializationException", 400)


def test_a_gzip_bomb_is_refused_before_it_unfolds():
    bomb = gzip.compress(b"0" * (MAX_BODY_BYTES + 1))
    assert refused(create, bomb, headers={"content-encoding": "gzip"}).status == 413


def test_lists_and_structures_of_a_form_are_put_together_by_number():
    body = (
        b"Action=TagUser&UserName=a+b&Tags.member.10.Key=z&Tags.member.10.Value="
        b"&Tags.member.2.Key=y&Tags.member.2.Value=%C3%BC&Unknown.1=x"
    )
    tags = [{"Key": "y", "Value": "ü"}, {"Key": "z", "Value": ""}]
    assert form(body) == {"UserName": "a b", "Tags": tags}


@pytest.mark.parametrize(
    "body",
    [
        b"Tags.1.Key=a",  # dropping it in silence would drop a restriction
        b"Tags.member.1.Key=a&Tags.member.1.Value=b&Tags.2.Key=c",
        b"Tags.member.0.Key=a",
        b"Tags.member.01.Key=a",
        b"Tags.member.x.Key=a",
        b"Tags.member.1=a",
        b"Tags=a",
        b"Tags.member.1.Key.x=a",
        b"UserName=a&UserName=b",
        b"UserName=a&UserName.x=b",
        b"UserName..x=a",
        b".UserName=a",
        b"UserName=%ff",
        b"UserName=%4",
        b"UserName=\xff",
        b"&".join(b"x%d.y%d.z%d=" % (i, i, i) for i in range(19_000)),
        b"&".join(b"x%d=" % i for i in range(30_000)),
        b"x" + b".x" * 5000 + b"=",
    ],
)
def test_a_form_that_is_not_spelled_as_the_protocol_has_it_is_malformed(body):
    error = refused(form, b"Action=TagUser&" + body)
    assert (error.code, error.status) == ("MalformedInput", 400)


def test_an_empty_list_is_a_list():
    assert form(b"Action=TagUser&UserName=a&Tags=") == {"UserName": "a", "Tags": []}


def test_numbers_and_booleans_of_a_form_are_typed():
    body = b"Action=ListUsers&MaxItems=5"
    assert form(body) == {"MaxItems": 5}
    for wrong in (b"5.0", b"0x5", b"%D9%A3", b"99999999999", b""):
        assert refused(form, b"Action=ListUsers&MaxItems=" + wrong).code == "MalformedInput"
    assert refused(form, b"Action=UpdateAccountPasswordPolicy&RequireSymbols=yes").status == 400


def test_an_idempotency_token_is_filled_in():
    target = {"x-amz-target": "DynamoDB_20120810.TransactWriteItems"}
    first = parse("POST", "/", b"{}", "dynamodb", headers=target)["ClientRequestToken"]
    again = parse("POST", "/", b"{}", "dynamodb", headers=target)["ClientRequestToken"]
    assert len(first) == 36
    assert first != again
    given = parse("POST", "/", b'{"ClientRequestToken":"a"}', "dynamodb", headers=target)
    assert given == {"ClientRequestToken": "a"}


def test_timestamps_and_blobs_have_their_types():
    target = {"x-amz-target": "DynamoDB_20120810.ListBackups"}
    body = b'{"TimeRangeLowerBound":1.5}'
    found = parse("POST", "/", body, "dynamodb", headers=target)["TimeRangeLowerBound"]
    assert found == datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)
    target = {"x-amz-target": "DynamoDB_20120810.GetItem"}
    item = parse("POST", "/", b'{"Key":{"k":{"B":"AQI="}}}', "dynamodb", headers=target)
    assert item == {"Key": {"k": {"B": b"\x01\x02"}}}
    for wrong in (b'"A!=="', b'"AQI"', b"1"):
        body = b'{"Key":{"k":{"B":' + wrong + b"}}}"
        assert refused(parse, "POST", "/", body, "dynamodb", headers=target).status == 400
