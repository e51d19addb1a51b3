"""Values of the right types that are wrong: ids, patch operations, bounds, documents."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import bargate.services.apigateway
from conformance.control.hostile import TEXTS, Hostile
from conformance.wire.generated_values import Values

NUMBERS = (-1, 0, 1, 2, 49, 50, 899, 3600, 29_001, 43_201, 2**31 - 1, -(2**31), 1_000_001)
SENDABLE = tuple(each for each in TEXTS if not any("\ud800" <= c <= "\udfff" for c in each))
_RULE = re.compile(r'Rule\(\s*"(/[^"]*)"')
_ELSEWHERE = (
    "/nothing", "", "/", "name", "//", "/name/", "/name/x/y", "/~", "/~2", "/*/*", "/*/*/logging",
    "/~1pets/GET/throttling/rateLimit", "/~1pets/GET/caching/ttlInSeconds", "/a" * 400, "/variables",
    "/apiStages", "/apiStages/x:y/throttle/~1pets~1GET/rateLimit", "/0", "/-", "/\0",
)  # fmt: skip


@cache
def patch_paths() -> tuple[str, ...]:
    """Give the paths that the code has rules for, and some that it has none for."""
    folder = Path(bargate.services.apigateway.__file__).parent
    found = {path for file in folder.glob("*.py") for path in _RULE.findall(file.read_text())}
    assert len(found) > 80, "the rules are written in another way"
    return (*sorted(found), *_ELSEWHERE)


class WrongValues:
    """Changes parameters of a call; `ids` are those of the world, and of what it has not.

    `patches` are op and path of the patches that the operation has rules for.
    """

    def __init__(
        self, hostile: Hostile, ids: tuple[str, ...], patches: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self._hostile = hostile
        self._ids = ids
        self._patches = patches

    def of(self, params: dict[str, Any], shape: Any) -> dict[str, Any]:
        """Give parameters with one to three members wrong, or given besides."""
        changed = dict(params)
        if shape is None or not shape.members:
            return changed
        for _ in range(self._hostile.one((1, 1, 1, 2, 3))):
            name = self._member(changed, shape)
            changed[name] = self._value(changed.get(name), shape.members[name], name)
        return changed

    def _member(self, params: dict[str, Any], shape: Any) -> str:
        names = list(shape.members)
        if "patchOperations" in names and self._hostile.random.random() < 0.7:
            return "patchOperations"
        required = [name for name in names if name in params]
        loose = [name for name in names if name not in params]
        chosen: str = self._hostile.one(
            loose if loose and (not required or self._hostile.random.random() < 0.6) else required
        )
        return chosen

    def _value(self, value: Any, shape: Any, name: str) -> Any:
        if name == "patchOperations":
            count = self._hostile.one((1, 1, 1, 2, 5))
            return [self._patch() for _ in range(count)]
        if value is None or self._hostile.random.random() < 0.3:
            seed = self._hostile.random.randrange(10**6)
            value = Values(seed, fill=0.5).value(shape)
        if self._hostile.random.random() < 0.2:
            return value
        return self._wrong(value, shape)

    def _wrong(self, value: Any, shape: Any) -> Any:
        kind = shape.type_name
        if kind == "string":
            return self._text(str(value))
        if getattr(shape, "is_document_type", False):
            return _read(self._document(json.dumps(value).encode()), value)
        if kind == "structure" and value:
            name = self._hostile.one(list(value))
            return {**value, name: self._wrong(value[name], shape.members[name])}
        if kind == "list":
            items = [self._wrong(each, shape.member) for each in value]
            return self._hostile.one(([], items, items * 2, list(value) * 2, items[:1] * 60))
        if kind == "map":
            made = {self._text(key): self._wrong(each, shape.value) for key, each in value.items()}
            return self._hostile.one(({}, made, {**value, **made}, _many(made)))
        if kind in ("integer", "long"):
            return self._hostile.one(NUMBERS)
        if kind in ("double", "float"):
            return float(self._hostile.one(NUMBERS))
        if kind == "blob":
            return self._document(value)
        return value

    def _text(self, value: str) -> str:
        chance = self._hostile.random.random()
        if chance < 0.4:
            return self._hostile.one(self._ids)
        if chance < 0.75:
            return self._hostile.one(SENDABLE)
        if value.startswith("{"):
            return self._document(value.encode()).decode("utf-8", "replace")
        return self._hostile.one((value + "x", value[:-1], value.upper(), f"{value}\0", value * 40))

    def _document(self, value: bytes) -> bytes:
        try:
            read = json.loads(value)
        except (ValueError, RecursionError):
            read = {}
        return self._hostile.json(read or {"openapi": "3.0.1", "paths": {"/": {"get": {}}}})

    def _patch(self) -> dict[str, str]:
        op, path = self._hostile.one(("add", "replace", "remove", "copy", "move", "test")), "/"
        if self._patches and self._hostile.random.random() < 0.8:
            op, path = self._hostile.one(self._patches)
        else:
            path = self._hostile.one(patch_paths())
        patch = {"op": op, "path": re.sub(r"\{[\w ]+\}", lambda _: self._part(), path)}
        if self._hostile.random.random() < 0.9:
            patch["value"] = self._patch_value()
        if self._hostile.random.random() < 0.1:
            patch["from"] = self._hostile.one(patch_paths())
        if self._hostile.random.random() < 0.05:
            del patch[self._hostile.one(list(patch))]
        return patch

    def _part(self) -> str:
        if self._hostile.random.random() < 0.5:
            return self._hostile.one(_PARTS)
        text: str = self._hostile.one((*self._ids, *SENDABLE))
        return text.replace("~", "~0").replace("/", "~1")

    def _patch_value(self) -> str:
        chance = self._hostile.random.random()
        if chance < 0.4:
            return self._hostile.one(_PATCH_VALUES)
        return self._hostile.one(self._ids if chance < 0.6 else SENDABLE)


_PARTS = (
    "*",
    "GET",
    "~1pets",
    "application~1json",
    "method.request.header.a",
    "a",
    "REGIONAL",
    "0",
)
_PATCH_VALUES = (
    "true", "false", "0", "1", "100.0", "-1", "1e3", "1_000", " 1", "\uff11", "inf", "nan", "INFO",
    "EDGE", "REGIONAL", "PRIVATE", "AUTHORIZER", "HEADER", "arn:aws:iam::123456789012:role/x",
    "https://example.com", "method.request.header.a", '{"type":"object"}', '{"a":', "2..", "(((",
    "(a+)+$", "$context.requestId", "s3://b/k", "application/json", "TLS_1_2", "DAY", "WEEK",
)  # fmt: skip


def _read(document: bytes, value: Any) -> Any:
    """Read a hostile document, which boto3 sends as a value; as it was where it is none."""
    try:
        return json.loads(document)
    except (ValueError, RecursionError):
        return value


def _many(made: dict[str, Any]) -> dict[str, Any]:
    value = next(iter(made.values()), None)
    return {f"k{number}": value for number in range(60)} if made else {}
