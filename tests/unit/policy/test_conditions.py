import time

import pytest

from bargate.policy import AccessRequest, Anonymous, PolicyKind, compile_policy, parse_policy


def holds(operator, written, context, version="2012-10-17", key="aws:K", resource="*"):
    policy = parse_policy(
        {
            "Version": version,
            "Statement": {
                "Effect": "Allow",
                "Action": "*",
                "Resource": resource,
                "Condition": {operator: {key: written}},
            },
        },
        PolicyKind.IDENTITY,
    )
    request = AccessRequest(Anonymous(), "s3:Get", "arn:aws:s3:::b/k", context)
    return compile_policy(policy).decide(request).allowed


@pytest.mark.parametrize(
    ("operator", "written", "value", "expected"),
    [
        ("StringEquals", "a", "a", True), ("StringEquals", "a", "A", False),
        ("StringEquals", "a*", "ab", False), ("StringEquals", ["a", "b"], "b", True),
        ("StringNotEquals", ["a", "b"], "b", False), ("StringNotEquals", ["a", "b"], "c", True),
        ("StringEqualsIgnoreCase", "aB", "Ab", True), ("StringEqualsIgnoreCase", "a", "b", False),
        ("StringNotEqualsIgnoreCase", "aB", "Ab", False),
        ("StringLike", "a*c", "abc", True), ("StringLike", "a?c", "ac", False),
        ("StringLike", "*b*", "abc", True), ("StringLike", "A*", "abc", False),
        ("StringNotLike", ["a*", "b*"], "bc", False), ("StringNotLike", "a*", "c", True),
        ("NumericEquals", "10", "10.0", True), ("NumericEquals", "10", "ten", False),
        ("NumericEquals", "0.1", "0.10", True), ("NumericNotEquals", "10", "10.0", False),
        ("NumericEquals", "9007199254740993", "9007199254740992", False),
        ("NumericLessThan", "10", "9", True), ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", "10", "10", True), ("NumericGreaterThan", "-1", "0", True),
        ("NumericGreaterThanEquals", "5", "4", False), ("NumericLessThan", "10", "-Infinity", False),
        ("DateEquals", "2026-01-01T00:00:00Z", "1767225600", True),
        ("DateEquals", "2026-01-01T02:30:00+02:30", "2026-01-01T00:00:00Z", True),
        ("DateNotEquals", "2026-01-01", "2026-01-01T00:00:00Z", False),
        ("DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59.999Z", True),
        ("DateGreaterThan", "2026", "1970-01-01T01:00:00Z", True),
        ("DateGreaterThanEquals", "2026-01", "2026-01-01T00:00:00Z", True),
        ("DateLessThanEquals", "2026-01-01", "2026-01-02", False),
        ("Bool", "true", "TRUE", True), ("Bool", "False", "true", False), ("Bool", "true", "1", False),
        ("BinaryEquals", "YQ==", "YQ==", True), ("BinaryEquals", "YQ==", "YR!=", False),
        ("IpAddress", "203.0.113.0/24", "203.0.113.255", True),
        ("IpAddress", "203.0.113.7/24", "203.0.113.1", True),
        ("IpAddress", "203.0.113.0/24", "203.0.114.0", False),
        ("IpAddress", ["10.0.0.0/8", "10.1.0.0/16", "192.168.0.1"], "192.168.0.1", True),
        ("IpAddress", ["10.0.0.0/8", "10.1.0.0/16", "192.168.0.1"], "192.168.0.2", False),
        ("IpAddress", ["10.0.0.0/8", "10.1.0.0/16"], "10.200.0.1", True),
        ("IpAddress", "0.0.0.0/0", "::1", False), ("IpAddress", "::/0", "10.0.0.1", False),
        ("IpAddress", "::/0", "2001:db8::1", True), ("IpAddress", "2001:DB8::/32", "2001:db8:1::", True),
        ("IpAddress", "10.0.0.0/8", "::ffff:10.0.0.1", True),
        ("IpAddress", "::ffff:10.0.0.0/104", "10.0.0.1", True),
        ("IpAddress", "0.0.0.0/0", "garbage", False), ("IpAddress", "0.0.0.0/0", "10.0.0.1, 1.1.1.1", False),
        ("IpAddress", "0.0.0.0/0", "", False), ("IpAddress", "10.0.0.8", "10.0.0.010", False),
        ("NotIpAddress", ["10.0.0.0/8", "11.0.0.0/8"], "11.0.0.1", False),
        ("NotIpAddress", "10.0.0.0/8", "11.0.0.1", True),
        ("ArnLike", "arn:aws:iam::*:role/a*", "arn:aws:iam::1:role/a/b:c", True),
        ("ArnEquals", "arn:aws:iam::*:role/*", "arn:aws:iam::1:role/x", True),
        ("ArnLike", "arn:aws:*:1:role/x:y", "arn:aws:iam::1:role/x:y", False),
        ("ArnLike", "arn:aws:iam::1:role/X", "arn:aws:iam::1:role/x", False),
        ("ArnLike", "arn:aws:iam::1:*", "not an arn", False),
        ("ArnNotLike", "arn:aws:iam::1:*", "arn:aws:iam::2:role/x", True),
        ("ArnNotEquals", ["arn:aws:iam::1:*", "arn:aws:iam::2:*"], "arn:aws:iam::2:x", False),
        ("Null", "true", "a", False), ("Null", "false", "a", True), ("Null", "false", "", True),
    ],
)  # fmt: skip
def test_operators(operator, written, value, expected):
    assert holds(operator, written, {"aws:k": value}) is expected


ABSENT = [
    ("StringEquals", "a", False), ("StringNotEquals", "a", True), ("NotIpAddress", "10.0.0.1", True),
    ("IpAddress", "10.0.0.1", False), ("Bool", "true", False), ("BoolIfExists", "true", True),
    ("StringEqualsIfExists", "a", True), ("StringNotEqualsIfExists", "a", True),
    ("Null", "true", True), ("Null", "false", False), ("Null", ["true", "false"], True),
    ("ForAllValues:StringEquals", "a", True), ("ForAnyValue:StringEquals", "a", False),
    ("ForAllValues:StringNotEquals", "a", True), ("ForAnyValue:StringNotEquals", "a", False),
    ("ForAnyValue:StringEqualsIfExists", "a", True),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "written", "expected"), ABSENT)
@pytest.mark.parametrize("context", [{}, {"aws:k": ()}], ids=["absent", "empty"])
def test_absent_keys(operator, written, expected, context):
    assert holds(operator, written, context) is expected


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("ForAllValues:StringEquals", ("a", "b"), True), ("ForAllValues:StringEquals", ("a", "c"), False),
        ("ForAnyValue:StringEquals", ("a", "c"), True), ("ForAnyValue:StringEquals", ("c", "d"), False),
        ("ForAllValues:StringNotEquals", ("c", "d"), True),
        ("ForAllValues:StringNotEquals", ("a", "d"), False),
        ("ForAnyValue:StringNotEquals", ("a", "d"), True),
        ("ForAnyValue:StringNotEquals", ("a", "b"), False),
        ("ForAllValues:StringEquals", "a", True), ("ForAnyValue:StringLike", "a", True),
        ("StringEquals", ("a",), False), ("StringEquals", ("a", "b"), False),
        ("StringNotEquals", ("c", "d"), False), ("StringEqualsIfExists", ("a",), False),
        ("ForAllValues:StringEqualsIfExists", ("c",), False),
    ],
)  # fmt: skip
def test_several_values(operator, values, expected):
    assert holds(operator, ["a", "b"], {"aws:k": values}) is expected


def test_keys_match_whatever_their_case():
    assert holds("StringEquals", "a", {"aws:principaltag/team": "a"}, key="AWS:PrincipalTag/Team")


def test_operators_and_keys_must_all_hold():
    condition = {"StringEquals": {"aws:a": "1", "aws:b": "1"}, "Bool": {"aws:c": "true"}}
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    compiled = compile_policy(parse_policy({"Statement": statement}, PolicyKind.IDENTITY))
    full = {"aws:a": "1", "aws:b": "1", "aws:c": "true"}

    def asked(context):
        return AccessRequest(Anonymous(), "s3:Get", "*", context)

    assert compiled.decide(asked(full)).allowed
    for key in full:
        request = asked(full | {key: "x"})
        assert not compiled.decide(request).allowed
        (trace,) = compiled.trace(request)
        assert [name.lower().endswith(key) for name in trace.failed] == [True]


@pytest.mark.parametrize(
    ("operator", "written", "context", "expected"),
    [
        ("StringEquals", "${aws:U}", {"aws:u": "x", "aws:k": "x"}, True),
        ("StringEquals", "${aws:u}", {"aws:k": "x"}, False),
        ("StringNotEquals", "${aws:u}", {"aws:k": "x"}, True),
        ("StringEquals", "${aws:u, 'x'}", {"aws:k": "x"}, True),
        ("StringEquals", "${aws:u, 'x'}", {"aws:k": "x", "aws:u": "y"}, False),
        ("StringEquals", "${aws:u}", {"aws:k": "x", "aws:u": ("x",)}, False),
        ("StringLike", "${aws:u}", {"aws:k": "xy", "aws:u": "x*"}, False),
        ("StringLike", "${aws:u}*", {"aws:k": "x*y", "aws:u": "x*"}, True),
        ("StringLike", "a${*}", {"aws:k": "ab"}, False), ("StringLike", "a${*}", {"aws:k": "a*"}, True),
        ("StringLike", "a${?}*", {"aws:k": "a?b"}, True), ("StringEquals", "${$}{x}", {"aws:k": "${x}"}, True),
        ("StringEqualsIgnoreCase", "${aws:u}", {"aws:k": "X", "aws:u": "x"}, True),
        ("Bool", "${aws:u}", {"aws:k": "true", "aws:u": "True"}, True),
        ("Bool", "${aws:u}", {"aws:k": "x", "aws:u": "x"}, False),
        ("ArnLike", "arn:aws:iam::${aws:u}:role/*", {"aws:k": "arn:aws:iam::1:role/a", "aws:u": "1"}, True),
        ("ArnLike", "arn:aws:iam::${aws:u}:role/*", {"aws:k": "arn:aws:iam::1:role/a", "aws:u": "*"}, False),
        ("ArnNotLike", "arn:aws:iam::${aws:u}:role/*", {"aws:k": "arn:aws:iam::1:role/a"}, True),
    ],
)  # fmt: skip
def test_variables(operator, written, context, expected):
    assert holds(operator, written, context) is expected


def test_the_old_version_has_no_variables():
    context = {"aws:k": "${aws:u}", "aws:u": "x"}
    assert holds("StringEquals", "${aws:u}", context, version="2008-10-17")
    assert not holds("StringEquals", "${aws:u", {"aws:k": "x"}, version="2008-10-17")


@pytest.mark.parametrize(
    ("resource", "context", "expected"),
    [
        ("arn:aws:s3:::b/${aws:u}", {"aws:u": "k"}, True),
        ("arn:aws:s3:::b/${aws:u}", {"aws:u": "*"}, False),
        ("arn:aws:s3:::b/${aws:u}", {}, False),
        ("arn:aws:s3:::b/${aws:u, 'k'}", {}, True),
        ("arn:AWS:S3:::b/k".replace("AWS", "aws"), {}, True),
        ("arn:aws:s3:::B/k", {}, False),
        ("arn:aws:s3", {}, True),
        ("arn:aws:s3:*", {}, True),
        ("arn:aws:s3:::b/*${aws:u}", {"aws:u": "/k"}, False),
    ],
)
def test_resources(resource, context, expected):
    assert holds("Null", "true", context, key="aws:none", resource=resource) is expected


def test_hostile_values_in_variables_take_bounded_time():
    pattern = "*${aws:u}" * 200
    context = {"aws:u": "a" * 50 + "*", "aws:k": "a" * 8_000}
    started = time.process_time()
    assert not holds("StringLike", pattern, context)
    assert time.process_time() - started < 1
