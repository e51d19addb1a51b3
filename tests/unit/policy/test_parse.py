import json
from datetime import date

import pytest

from bargate.policy import MalformedPolicy, PolicyKind, parse_policy, render

K = PolicyKind
API = "arn:aws:execute-api:us-east-1:123456789012:abc/*"


def document(kind=K.IDENTITY, **changes):
    statement = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}
    if kind in (K.RESOURCE, K.ENDPOINT, K.TRUST):
        statement["Principal"] = {"AWS": "123456789012"}
    if kind is K.TRUST:
        statement["Action"] = "sts:AssumeRole"
        del statement["Resource"]
    statement |= changes
    statement = {k: v for k, v in statement.items() if v is not None}
    return {"Version": "2012-10-17", "Statement": [statement]}


def refusal(source, kind=K.IDENTITY, **options):
    with pytest.raises(MalformedPolicy) as caught:
        parse_policy(source, kind, **options)
    error = caught.value
    return error.message, "/".join(error.path)


SYNTAX = "Syntax errors in policy."
VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."


@pytest.mark.parametrize(
    ("changes", "message", "path"),
    [
        ({"Principle": "*"}, SYNTAX, "Principle"),
        ({"Effect": None}, SYNTAX, ""),
        ({"Effect": "allow"}, SYNTAX, "Effect"),
        ({"Effect": ["Allow"]}, SYNTAX, "Effect"),
        ({"Sid": 1}, SYNTAX, "Sid"),
        ({"Sid": "a b"}, "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*", "Sid"),
        ({"Principal": "*"}, "Policy document should not specify a principal.", "Principal"),
        ({"NotPrincipal": "*"}, "Policy document should not specify a principal.", "NotPrincipal"),
        ({"Action": None}, "Policy statement must contain actions.", ""),
        ({"Action": []}, "Policy statement must contain actions.", ""),
        ({"NotAction": "s3:*"}, SYNTAX, "NotAction"),
        ({"Action": "GetObject"}, VENDOR, "Action"),
        ({"Action": ["s3:*", "a:b:c"]}, "Actions/Condition can contain only one colon.", "Action/1"),
        ({"Action": "s*:Get"}, "Vendor s* is not valid", "Action"),
        ({"Action": "s3:"}, "Invalid Action: s3:", "Action"),
        ({"Action": "s3:${aws:username}"}, "Actions/Condition can contain only one colon.",
         "Action"),
        ({"Action": {"s3": "Get"}}, SYNTAX, "Action"),
        ({"Action": ["s3:Get", 1]}, SYNTAX, "Action/1"),
        ({"Resource": None}, "Policy statement must contain resources.", ""),
        ({"Resource": "bucket"}, 'Resource bucket must be in ARN format or "*".', "Resource"),
        ({"Resource": "**"}, 'Resource ** must be in ARN format or "*".', "Resource"),
        ({"Resource": "arn:awx:s3:::b"},
         'Partition "awx" is not valid for resource "arn:awx:s3:::b".', "Resource"),
        ({"Resource": "arn:aws:s*:::b"},
         "Resource vendor must be fully qualified and cannot contain regexes.", "Resource"),
        ({"Resource": "arn:aws"},
         "Resource vendor must be fully qualified and cannot contain regexes.", "Resource"),
        ({"Resource": "arn:aws:s3::b"}, "The policy failed legacy parsing", "Resource"),
        ({"Resource": "arn:aws:s3:${aws:x}::b"}, SYNTAX, "Resource"),
        ({"Resource": "arn:aws:s3:::${aws:x"}, SYNTAX, "Resource"),
        ({"Resource": "arn:aws:s3:::${}"}, SYNTAX, "Resource"),
        ({"Resource": "arn:aws:s3:::${aws:x,'a'}"}, SYNTAX, "Resource"),
        ({"Resource": "arn:aws:s3:::${aws:x, 'a}"}, SYNTAX, "Resource"),
        ({"Condition": []}, SYNTAX, "Condition"),
        ({"Condition": {"aws:SourceIp": "10.0.0.0/8"}}, SYNTAX, "Condition/aws:SourceIp"),
        ({"Condition": {"stringequals": {"aws:x": "a"}}}, SYNTAX, "Condition/stringequals"),
        ({"Condition": {"NullIfExists": {"aws:x": "true"}}}, SYNTAX, "Condition/NullIfExists"),
        ({"Condition": {"ForSomeValues:Bool": {"aws:x": "true"}}}, SYNTAX,
         "Condition/ForSomeValues:Bool"),
        ({"Condition": {"Bool": "true"}}, SYNTAX, "Condition/Bool"),
        ({"Condition": {"Bool": {"SecureTransport": "true"}}}, VENDOR,
         "Condition/Bool/SecureTransport"),
        ({"Condition": {"Bool": {"aws:A": "true", "AWS:a": "true"}}}, SYNTAX, "Condition/Bool/AWS:a"),
        ({"Condition": {"StringLike": {"aws:x": []}}}, SYNTAX, "Condition/StringLike/aws:x"),
        ({"Condition": {"StringLike": {"aws:x": None}}}, SYNTAX, "Condition/StringLike/aws:x"),
        ({"Condition": {"StringLike": {"aws:x": ["a", {}]}}}, SYNTAX,
         "Condition/StringLike/aws:x/1"),
        ({"Condition": {"StringLike": {"aws:x": "${aws:y"}}}, SYNTAX, "Condition/StringLike/aws:x"),
        *(
            ({"Condition": {operator: {"aws:x": value}}},
             "The policy failed legacy parsing", f"Condition/{operator}/aws:x")
            for operator, values in {
                "IpAddress": ["10.0.0.256", "10.0.0.0/33", "10.0.0", "::/129", "010.0.0.1", "a",
                              "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/08", "fe80::1%eth0", "",
                              "10.0.0.1 ", "${aws:x}"],
                "NotIpAddressIfExists": ["10.0.0.0/255.0.0.0"],
                "NumericLessThan": ["ten", "1e3", "NaN", "", "1_000", "0x1", "${aws:x}", True],
                "DateGreaterThan": ["tomorrow", "2026-13-01", "2026-02-30", "2026-01-01T25:00Z",
                                    "2026-01-01T00:00:00+99:00", "${aws:x}", "", -1],
                "Bool": ["yes", "1", "", 1],
                "Null": ["maybe", "${aws:x}"],
                "BinaryEquals": ["a", "!!!!", "YQ"],
                "ArnLike": ["*", "arn:aws:s3", "bucket", "x:aws:s3:::b"],
            }.items()
            for value in values
        ),
    ],
)  # fmt: skip
def test_identity_policies_are_refused_in_the_words_of_iam(changes, message, path):
    where = f"Statement/0/{path}".removesuffix("/")
    assert refusal(json.dumps(document(**changes))) == (message, where)
    assert refusal(document(**changes)) == (message, where)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", ""), ("{", ""), ("[]", ""), ('"a"', ""), ("null", ""), ("[" * 100_000, ""),
        ('{"Statement": NaN}', ""),
        ('{"Statement": [{"Effect": "Deny", "Effect": "Allow"}]}', "Statement/0/Effect"),
        ('{"Statement": []}', "Statement"), ('{"Statement": "a"}', "Statement"), ("{}", ""),
        ('{"Statement": [1]}', "Statement/0"), ('{"Version": "2012-10-18"}', "Version"),
        ('{"Version": 2012}', "Version"), ('{"Id": 1, "Statement": []}', "Statement"),
        ('{"statement": []}', "statement"), ('{"Version": "2012-10-17", "Conditions": {}}',
                                             "Conditions"),
        ('{"Statement": "\u0100"}', ""), ("{\x00}", ""), ('{"Statement": 1' + "0" * 5_000 + "}", ""),
    ],
)  # fmt: skip
def test_documents_of_the_wrong_shape_are_refused(text, path):
    assert refusal(text) == (SYNTAX, path)


@pytest.mark.parametrize(
    ("kind", "changes", "message", "path"),
    [
        (K.RESOURCE, {"Principal": None}, "Missing required field Principal", ""),
        (K.RESOURCE, {"Resource": None}, "Missing required field Resource", ""),
        (K.RESOURCE, {"Action": None}, "Missing required field Action", ""),
        (K.RESOURCE, {"Effect": "x"}, "Invalid effect: x", "Effect"),
        (K.RESOURCE, {"Foo": "x"}, "Unknown field Foo", "Foo"),
        (K.RESOURCE, {"Condition": {"Foo": {}}}, "Invalid Condition type : Foo", "Condition/Foo"),
        (K.RESOURCE, {"NotPrincipal": "*"}, "Invalid policy syntax.", "NotPrincipal"),
        (K.RESOURCE, {"Principal": {}}, "Invalid policy syntax.", "Principal"),
        (K.RESOURCE, {"Principal": "123456789012"}, "Invalid policy syntax.", "Principal"),
        (K.RESOURCE, {"Principal": {"Group": "*"}}, "Unknown field Group", "Principal/Group"),
        (K.RESOURCE, {"Resource": "execute-api:/*"},
         'Resource execute-api:/* must be in ARN format or "*".', "Resource"),
        (K.ENDPOINT, {"Principal": None}, "Missing required field Principal", ""),
        (K.TRUST, {"Resource": "*"}, "Has prohibited field Resource", "Resource"),
        (K.TRUST, {"Principal": None}, "Missing required field Principal", ""),
        (K.TRUST, {"Principal": "*"}, 'Invalid principal in policy: "STAR":"*"', "Principal"),
        (K.TRUST, {"Action": "*"}, "AssumeRole policy may only specify STS AssumeRole actions.",
         "Action"),
        (K.TRUST, {"Action": "s3:Get"},
         "AssumeRole policy may only specify STS AssumeRole actions.", "Action"),
    ],
)  # fmt: skip
def test_each_kind_has_its_own_elements(kind, changes, message, path):
    where = f"Statement/0/{path}".removesuffix("/")
    assert refusal(document(kind, **changes), kind) == (message, where)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("AWS", "arn:aws:iam::123456789012:user/*"),
        ("AWS", "arn:aws:iam::123456789012:role/a?"),
        ("AWS", "arn:aws:iam::*:root"),
        ("AWS", "12345"), ("AWS", ""), ("AWS", "Bob"),
        ("AWS", "arn:aws:iam::123456789012:group/a"),
        ("AWS", "arn:aws:iam::123456789012:user/"),
        ("AWS", "arn:aws:s3:::bucket"),
        ("AWS", "arn:aws:sts::123456789012:assumed-role/r"),
        ("AWS", "arn:aws:sts::123456789012:assumed-role/r/*"),
        ("AWS", "AGPAAAAAAAAAAAAAAAAAA"),
        ("Service", "*"), ("Service", "lambda"), ("Service", "Lambda amazonaws.com"),
        ("Federated", "*"), ("Federated", "arn:aws:iam::123456789012:role/a"),
        ("CanonicalUser", "*"), ("CanonicalUser", "abc"),
    ],
)  # fmt: skip
def test_principals_are_whole_names(key, name):
    changes = {"Principal": {key: [name]}}
    message, path = refusal(document(K.RESOURCE, **changes), K.RESOURCE)
    assert message == f'Invalid principal in policy: "{key}":"{name}"'
    assert path == f"Statement/0/Principal/{key}/0"


@pytest.mark.parametrize(
    "principal",
    [
        "*", {"AWS": "*"}, {"AWS": ["123456789012", "arn:aws:iam::123456789012:root"]},
        {"AWS": ["AIDAAAAAAAAAAAAAAAAAA", "AROAAAAAAAAAAAAAAAAAA"]},
        {"AWS": "arn:aws:iam::123456789012:role/path/r"},
        {"AWS": "arn:aws:sts::123456789012:assumed-role/r/session@x"},
        {"AWS": "arn:aws-cn:sts::123456789012:federated-user/f"},
        {"Service": ["lambda.amazonaws.com", "s3.cn-north-1.amazonaws.com.cn"]},
        {"Federated": ["accounts.google.com", "arn:aws:iam::123456789012:saml-provider/x"]},
        {"CanonicalUser": "0" * 64},
    ],
)  # fmt: skip
def test_principals_aws_knows_are_read_and_rendered(principal):
    policy = parse_policy(document(K.RESOURCE, Principal=principal), K.RESOURCE)
    assert parse_policy(render(policy), K.RESOURCE) == policy


def test_sids_are_unique_where_aws_demands_it():
    def two(kind):
        one = document(kind, Sid="a")
        return one | {"Statement": one["Statement"] * 2}

    message = "Statement IDs (SID) in a single policy must be unique."
    assert refusal(two(K.IDENTITY)) == (message, "Statement/1/Sid")
    assert len(parse_policy(two(K.RESOURCE), K.RESOURCE).statements) == 2


def test_organizations_policies_follow_their_own_grammar():
    refused = (
        "The provided policy document does not meet the requirements of the specified policy type."
    )
    short = document(Effect="Deny", Resource="arn:aws:s3")
    assert refusal(short, K.SERVICE_CONTROL) == (refused, "Statement/0/Resource")
    assert parse_policy(document(Resource="arn:aws:s3:*"), K.SERVICE_CONTROL)
    assert refusal(document(Principal="*"), K.SERVICE_CONTROL)[0] == refused
    assert refusal({"Statement": document()["Statement"]}, K.SERVICE_CONTROL)[1] == "Version"
    everything = document(Principal="*", Action="*", Resource="*")
    assert parse_policy(everything, K.RESOURCE_CONTROL)
    for changes in (
        {"Principal": {"AWS": "*"}}, {"Action": "s3:*"}, {"Action": None, "NotAction": "s3:*"},
        {"Effect": "Deny", "Resource": "arn:aws:s3:*"},
    ):  # fmt: skip
        with pytest.raises(MalformedPolicy):
            parse_policy(
                document(**{"Principal": "*", "Action": "*"} | changes), K.RESOURCE_CONTROL
            )


def test_size_is_counted_as_aws_counts_it():
    text = json.dumps(document(), indent=8)
    tight = sum(not c.isspace() for c in text)
    assert parse_policy(text, K.IDENTITY, max_size=tight)
    with pytest.raises(MalformedPolicy) as caught:
        parse_policy(text, K.IDENTITY, max_size=tight - 1)
    assert (caught.value.code, caught.value.message) == (
        "LimitExceeded", f"Cannot exceed quota for PolicySize: {tight - 1}"
    )  # fmt: skip
    resource = json.dumps(document(K.RESOURCE), indent=8)
    with pytest.raises(MalformedPolicy):
        parse_policy(resource, K.RESOURCE, max_size=len(resource) - 1)


def test_the_old_version_is_the_default_and_can_be_refused():
    old = {"Statement": document()["Statement"]}
    assert parse_policy(old, K.IDENTITY).version == "2008-10-17"
    message = "Policy document must be version 2012-10-17 or greater."
    assert refusal(old, current_version_only=True) == (message, "Version")
    yaml = document() | {"Version": date(2012, 10, 17)}
    assert parse_policy(yaml, K.IDENTITY).version == "2012-10-17"


def test_a_single_statement_and_scalars_are_read_as_lists_are():
    single = document(Condition={"NumericEquals": {"aws:n": 5}, "Bool": {"aws:b": True},
                                 "NumericLessThan": {"aws:n": 0.5}})  # fmt: skip
    policy = parse_policy(single | {"Statement": single["Statement"][0]}, K.IDENTITY)
    assert [c.values for c in policy.statements[0].conditions] == [("5",), ("true",), ("0.5",)]
    bad = document(Effect="x")["Statement"][0]
    assert refusal({"Statement": bad}) == (SYNTAX, "Statement/Effect")


def test_what_is_wrong_is_said_in_the_detail():
    with pytest.raises(MalformedPolicy, match=r"203\.0\.113\.0/24") as caught:
        parse_policy(document(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}}), K.IDENTITY)
    assert caught.value.code == "MalformedPolicyDocument"
    assert "10.0.0.0/33" in caught.value.detail
