"""Generates values from botocore's shapes: seeded, and within the model's constraints."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from functools import cache

from bargate.wire.pattern import Pattern

MAX_DEPTH = 6
# What the patterns of the models ask for; a pattern that none of these fits fails the run.
CANDIDATES = [
    "ab", "abc-1", "a1_b.c", "Abc", "A1", "123456", "123456789012", "7", "200", "v1.2-a", "/",
    "/division/team/", "o-abcdefghij", "r-ab12", "p-abcdefgh1", "https://example.com/a?b=c#d",
    "http://example.com", "ABCDEFGHIJKLMNOP", "arn:aws:iam::123456789012:role/x", "a b", "~x",
    "o-abcdefghij/r-ab12", "us-east-1", "us-east-1_abc", "example", "a" * 20, "ab12" * 10, "f" * 64,
    "arn:aws:s3:::bucket/key", "arn:aws:iam::aws:policy/x", "user@example.com", "us-east-1:" + "a" * 36,
    "/aws/service/x", "https://example.com:443/path", "#abc", "openid", "1.2.3.4", "2012-08-10",
    "+15555550100", "arn:aws:lambda:us-east-1:123456789012:function:f", "x" * 32, "ROLE/abc/def",
    "dynamodb:*", "aws:a", "é", "ABCD-EFGH", "12345678-1234-1234-1234-123456789012",
    "arn:aws:ses:us-east-1:123456789012:identity/a@example.com", "e" * 300, "en", "AKIAIOSFODNN7EXAMPLE",
    "https://example.com/" + "a" * 8, "abcdefgh" * 4, '{"a":1}', "x=y", "a.b.c", "custom:x",
    "unauthenticated", "{##ab##} {####} cd", "Level1", ",", "terms-of-use", "tkn" + "a" * 25, "cognito:default",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:abc", "12345678-1234-4234-a234-123456789012",
    "import-abc", "fcap-" + "a" * 17,
    "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
    "arn:aws:mobiletargeting:us-east-1:123456789012:apps/abc", "AWSServiceRoleForX", "TR-1",
    "lambda:InvokeFunction", "subnet-1a", "sg-1a", "/mnt/data", "ThisIsAException",
    "arn:aws:lambda:us-east-1:123456789012:layer:x:1", "arn:aws:lambda:us-east-1:123456789012:capacity-provider:x",
    "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-" + "a" * 17, "arn:aws:lambda:us-east-1::runtime:abc",
    "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-" + "a" * 17,
    "arn:aws:lambda:us-east-1:123456789012:runtime/abc/version/abc",
    "arn:aws:lambda:us-east-1:123456789012:function:f:1/durable-execution/a/b",
]  # fmt: skip
TEXTS = [
    "plain",
    "ü€😀",
    "a&b<c>\"d'",
    " edges ",
    "line\nline",
    "a=b&c=d",
    "100%",
    "a+b/c?d#e",
    "{x}",
]


@cache
def fitting(pattern, low, high):
    """The candidates that a pattern and its bounds allow."""
    java = Pattern(pattern)
    found = [each for each in CANDIDATES if low <= len(each) <= high and java.matches(each)]
    for unit in ("a", "1", "A", "{x}"):
        padded = unit * max(low, 1)
        if len(padded) <= high and java.matches(padded):
            found.append(padded)
    assert found, f"no candidate fits {pattern} from {low} to {high}"
    return found


class Values:
    """Values of shapes; `fill` is how likely an optional member is given.

    Outputs need not be `constrained` by patterns; a structure within another may be `hollow`.
    """

    def __init__(self, seed, *, fill, constrained=True, hollow=True):
        self.random = random.Random(seed)
        self.fill = fill
        self.constrained = constrained
        self.hollow = hollow

    def value(self, shape, depth=0, place="body"):
        if shape.metadata.get("document"):
            return self.random.choice([{"a": [1, "b", None, True]}, "text", 5, [1.5, {}], False])
        return getattr(self, f"_{shape.type_name}")(shape, depth, place)

    def _structure(self, shape, depth, place):
        names = list(shape.members)
        if shape.metadata.get("union"):
            names = [
                self.random.choice([n for n in names if self._is_flat(shape.members[n])] or names)
            ]
        found = {}
        for name in names:
            member = shape.members[name]
            wanted = name in shape.required_members or shape.metadata.get("union")
            if not wanted:
                wanted = self.random.random() < self.fill and depth < MAX_DEPTH
                wanted = wanted and (self._is_flat(member) or depth < MAX_DEPTH - 2)
            if wanted:
                inside = member.serialization.get("location", "body")
                inside = "payload" if shape.serialization.get("payload") == name else inside
                found[name] = self.value(member, depth + 1, inside)
        if not found and depth and names and not self.hollow:
            name = min(names, key=lambda each: not self._is_flat(shape.members[each]))
            found[name] = self.value(shape.members[name], depth + 1, place)
        return found

    def _is_flat(self, shape):
        return shape.type_name not in ("structure", "list", "map")

    def _count(self, shape, most=3):
        low = max(shape.metadata.get("min", 0), 1)
        return self.random.randint(low, max(low, min(shape.metadata.get("max", most), most)))

    def _list(self, shape, depth, place):
        if depth > MAX_DEPTH * 2:
            return []
        count = self._count(shape)
        found = [self.value(shape.member, depth + 1, place) for _ in range(count)]
        if place == "headers" or (place == "header" and shape.member.type_name == "string"):
            return [each.replace(",", "") for each in found]
        return found

    def _map(self, shape, depth, place):
        if depth > MAX_DEPTH * 2:
            return {}
        keys = {}
        while len(keys) < self._count(shape, 2):
            key = self.value(shape.key, depth + 1, place)
            if place in ("querystring", "headers"):
                key = f"x-own-{len(keys)}"
            keys[key] = self.value(shape.value, depth + 1, place)
        return keys

    def _string(self, shape, depth, place):
        words, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern")
        low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 10_000)
        if words:
            return self.random.choice(words)
        if pattern and self.constrained:
            return self.random.choice(fitting(pattern, low, high))
        if shape.serialization.get("jsonvalue") and place == "header":
            return {"a": [1, "ü"]}
        if place in ("header", "headers"):
            return self.random.choice(["plain", "a/b;c=d", "text value"])
        text = self.random.choice(TEXTS)
        if place in ("body", "payload"):
            text += self.random.choice(["", "\r\n\t", "\u2028"])
        text = text * (low // len(text) + 1) if len(text) < low else text
        return text[:high]

    _character = _string

    def _number(self, shape, low, high):
        return max(low, shape.metadata.get("min", low)), min(high, shape.metadata.get("max", high))

    def _integer(self, shape, depth, place):
        return self.random.randint(*self._number(shape, -(2**31), 2**31 - 1))

    def _long(self, shape, depth, place):
        return self.random.randint(*self._number(shape, -(2**63), 2**63 - 1))

    def _double(self, shape, depth, place):
        low, high = self._number(shape, -1000, 1000)
        return self.random.choice([float(low), float(high), (low + high) / 2 + 0.125])

    _float = _double

    def _boolean(self, shape, depth, place):
        return self.random.random() < 0.5

    def _blob(self, shape, depth, place):
        size = max(shape.metadata.get("min", 1), 3)
        return self.random.randbytes(min(size, shape.metadata.get("max", size)))

    def _timestamp(self, shape, depth, place):
        moment = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
        moment += timedelta(seconds=self.random.randint(0, 10**9))
        form = shape.serialization.get("timestampFormat", "rfc822" if place == "header" else "")
        if form.lower() == "rfc822" or self.random.random() < 0.5:
            return moment
        return moment + timedelta(milliseconds=self.random.randint(1, 999))
