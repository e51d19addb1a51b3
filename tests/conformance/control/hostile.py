"""Generated wrong input: texts, numbers, JSON, forms, paths and queries broken in seeded ways."""

from __future__ import annotations

import gzip
import json
import random
from typing import Any
from urllib.parse import quote, quote_plus

TEXTS = (
    "", " ", "\0", "a\0b", "\x01\x1f\x7f", "\u202e\u2066abc", "😀" * 40, "\u0440\u0430y\u0440\u0430l", "é" * 300,
    "e\u0301", "\ufeff", "\ufffe\uffff", "\ud800", "\udfff\ud800", "../../etc/passwd", "/", "//",
    "a/b", "%00", "%2f", "%", "${x}", "{x}", "{proxy+}", "*", "?", "arn:aws:iam::", "arn:" + ":" * 9,
    "arn:aws:iam::123456789012:role/\0", "' OR 1=1 --", "<x/>", "&lt;", "\r\nX-Evil: 1", "\u2028",
    "null", "true", "-1", "0", "1e400", "NaN", "9" * 400, "a" * 5_000, "a:b:c", ":", "a" * 128 + "\n",
    "v99999999999999999999", "[[[[", '{"a":', "~1", "~", "~01", "$", "$default", "integrations/",
    "2026-13-45", "0000-00-00", "99999-01-01", "\u0660\u0661", "\u017f", "İ", "ß" * 64,
)  # fmt: skip
# As written into JSON: numbers that are none, or too large for anything.
RAW = (
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9" * 400, "1.5", "-0", "01", "0x10",
    "[" * 3_000, "[" * 3_000 + "]" * 3_000, '{"a":' * 3_000 + "1" + "}" * 3_000,
    "tru", "'a'", '"\\ud800"', '"\\u0000"', '"\t"', '"\\x41"', "undefined", "/**/1",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63, -(2**63) - 1, 10**300, 1.5, -1e300, [], {}, [None],
    [[]], [{}], {"": ""}, {"a": None}, {"a": {"a": {"a": {}}}}, ["a"] * 200, {"\0": "\0"},
)  # fmt: skip
BODIES = (
    b"", b" ", b"null", b"[]", b"{}", b"0", b'""', b"{", b"}", b"\xff\xfe{\0}\0", b"\xef\xbb\xbf{}",
    b"\x80\x81", b"{" + b"\xff" * 9 + b"}", b"<x/>", b"a=b&a=b", b"Action=", b'{"a":1}{"a":2}',
    b'{"a":1,"a":2}', b"[" * 100_000, b'{"a":' * 50_000, b"\0" * 64, gzip.compress(b"{}"),
    b"\x1f\x8b\x08\0\0", gzip.compress(b"\0" * 200_000), b"a" * 70_000,
)  # fmt: skip
TYPES = (
    "", "application/json", "application/x-amz-json-1.1", "text/plain", "application/xml", "/",
    "application/x-www-form-urlencoded", "application/json; charset=utf-16", "multipart/form-data",
    "a" * 3_000, "application/json, text/plain", "application/cbor",
)  # fmt: skip
ENCODINGS = ("gzip", "br", "deflate", "identity", "gzip, gzip", "x", "")
ESCAPES = ("%", "%0", "%zz", "%00", "%ff", "%2f", "%2e%2e", "%e0%80%80", "%c0%af", "%25", "..", ".")
_MARK = "@raw@"


class Hostile:
    """Breaks input; the same seed breaks it the same way."""

    def __init__(self, seed: object) -> None:
        self.random = random.Random(str(seed))

    def one(self, choices: Any) -> Any:
        return self.random.choice(choices)

    def text(self) -> str:
        text: str = self.one(TEXTS)
        return text + self.one(TEXTS) if self.random.random() < 0.2 else text

    # JSON

    def json(self, value: Any) -> bytes:
        """Write a JSON value with one or two of its places broken, in Python's or raw ways."""
        raws: list[str] = []
        for _ in range(self.random.randint(1, 2)):
            value = self._broken(value, raws)
        written = json.dumps(value, ensure_ascii=self.random.random() < 0.5)
        for raw in raws:
            written = written.replace(f'"{_MARK}"', raw, 1)
        return written.encode("utf-8", "surrogatepass")

    def _broken(self, value: Any, raws: list[str]) -> Any:
        if isinstance(value, dict) and value and self.random.random() < 0.85:
            return self._broken_object(dict(value), raws)
        if isinstance(value, list) and value and self.random.random() < 0.6:
            place = self.random.randrange(len(value))
            return [*value[:place], self._broken(value[place], raws), *value[place + 1 :]]
        return self._anything(raws)

    def _broken_object(self, value: dict[str, Any], raws: list[str]) -> dict[str, Any]:
        name = self.one(list(value))
        chance = self.random.random()
        if chance < 0.1:
            del value[name]
        elif chance < 0.2:
            value[self.text()] = self._anything(raws)
        elif chance < 0.25:
            raws.append(f"1,{json.dumps(name)}:{json.dumps(self.one(VALUES))}")
            value[name] = _MARK
        else:
            value[name] = self._broken(value[name], raws)
        return value

    def _anything(self, raws: list[str]) -> Any:
        chance = self.random.random()
        if chance < 0.45:
            return self.text()
        if chance < 0.75:
            return self.one(VALUES)
        raws.append(self.one(RAW))
        return _MARK

    # forms

    def form(self, pairs: list[tuple[str, str]]) -> bytes:
        """Write a form with some of its names and values broken."""
        fixed = [pair for pair in pairs if pair[0] in ("Action", "Version")]
        loose = [pair for pair in pairs if pair not in fixed]
        for _ in range(self.random.randint(1, 2)):
            loose = self._broken_form(loose or [("UserName", "a")])
        if fixed and self.random.random() < 0.05:
            fixed = self._broken_form(fixed)
        return "&".join(f"{_plus(name)}={_plus(value)}" for name, value in fixed + loose).encode(
            "latin-1", "replace"
        )

    def _broken_form(self, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        place = self.random.randrange(len(pairs))
        name, value = pairs[place]
        parts = name.split(".")
        broken: list[list[tuple[str, str]]] = [
            [],
            [(name, self.text())],
            [(name, self.text())],
            [(name, value), (name, self.text())],
            [(self.text(), value)],
            [(f"{name}.{self.one(('member', 'entry', '1', '', '-1'))}", value)],
            [(f"{name}.member.{self.one(_NUMBERS)}", value)],
            [(f"{parts[0]}.member.{self.one(_NUMBERS)}.{self.one(('Key', 'Value', '', 'x'))}", value)],
            [(".".join(self.one(_NUMBERS) if each.isdigit() else each for each in parts), value)],
            [(f"{name}{'.member.1' * 300}", value)],
            [(name, value), (f"{name}.1", value)],
            [(f"{parts[0]}.member.{n}", "x") for n in range(self.one((3, 400)))],
        ]  # fmt: skip
        return [*pairs[:place], *self.one(broken), *pairs[place + 1 :]]

    # paths and queries

    def path(self, path: str) -> str:
        """Break a part of a path."""
        parts = path.split("/")
        place = self.random.randrange(len(parts))
        chance = self.random.random()
        if chance < 0.5:
            parts[place] = self.one(ESCAPES) + self.one(("", parts[place]))
        elif chance < 0.9:
            parts[place] = _quoted(self.text())
        else:
            parts.insert(place, self.one(("", "..", ".", "a" * 9_000)))
        return "/".join(parts) if parts[0] == "" else "/" + "/".join(parts)

    def query(self, query: str) -> str:
        """Break a query, or write one where there was none."""
        pairs = query.split("&") if query else []
        names = [each.partition("=")[0] for each in pairs] or ["limit", "position", "mode"]
        name = self.one(names)
        added = self.one(
            (
                f"{name}={_quoted(self.text())}",
                f"{name}={self.one(ESCAPES)}",
                name,
                f"{name}=",
                f"{name}=1&{name}=2",
                "&" * 500,
                f"{self.one(ESCAPES)}=a",
                f"limit={_quoted(self.text())}",
                f"position={_quoted(self.text())}",
                f"{_quoted(self.text())}={_quoted(self.text())}",
            )
        )
        kept = [each for each in pairs if self.random.random() < 0.8]
        return "&".join([*kept, added])


_NUMBERS = ("0", "-1", "1", "2", "99999999", "9" * 40, "01", "1.5", "", "x", "\u0661")


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def _plus(text: str) -> str:
    if text.startswith("%"):
        return text  # a broken escape stays broken
    return quote_plus(text.encode("utf-8", "surrogatepass"))
