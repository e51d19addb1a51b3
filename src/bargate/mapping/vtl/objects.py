"""`$input` and `$util`: the objects every mapping template has (AWS [D] mapping template reference).

An object has the members listed here and no others. Methods get their arguments as text.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote_plus, unquote, unquote_plus

from bargate.access.call import Call, Facts
from bargate.mapping.json_path import JsonPathError, compile_json_path
from bargate.mapping.vtl.limits import Budget, TemplateFailure, UnreadableInput
from bargate.mapping.vtl.values import copied, json_of

_MISSING = object()


class TemplateObject:
    """An object with listed properties, and methods that get the budget and texts."""

    __slots__ = ("methods", "properties")

    def __init__(
        self, properties: Mapping[str, Any], methods: Mapping[str, Callable[..., Any]]
    ) -> None:
        self.properties = properties
        self.methods = methods


class _Input:
    """What `$input` knows; the body is read as JSON once, when it is first asked for."""

    __slots__ = ("_call", "_document", "_facts", "_parameters", "text")

    def __init__(self, call: Call, facts: Facts, body: bytes) -> None:
        self._call = call
        self._facts = facts
        self._document: Any = _MISSING
        self._parameters: dict[str, dict[str, str]] | None = None
        self.text = body.decode("utf-8", "replace")

    def path(self, budget: Budget, expression: str) -> Any:
        return copied(self._find(budget, expression), budget)

    def json(self, budget: Budget, expression: str = "$") -> str:
        # AWS [O]: what is not there gives an empty JSON string.
        found = self._find(budget, expression, _MISSING)
        return '""' if found is _MISSING else json_of(found, budget)

    def params(self, budget: Budget, name: str | None = None) -> Any:
        if self._parameters is None:
            self._parameters = _parameters(self._call, self._facts)
        if name is None:
            return copied(self._parameters, budget)
        return _parameter(self._parameters, name)

    def _find(self, budget: Budget, expression: str, missing: Any = None) -> Any:
        if self._document is _MISSING:
            budget.touch(self.text)
            self._document = self._parsed()
        try:
            return compile_json_path(expression).find(self._document, missing, budget.step)
        except JsonPathError as error:
            raise TemplateFailure(str(error)) from error

    def _parsed(self) -> Any:
        try:
            return json.loads(self.text) if self.text.strip() else {}
        except (ValueError, RecursionError) as error:
            raise UnreadableInput(f"the body is not JSON: {error}") from error


def input_object(call: Call, facts: Facts, body: bytes) -> TemplateObject:
    """Give `$input` over a body: the request's, or the backend's answer in response templates."""
    given = _Input(call, facts, body)
    methods: dict[str, Callable[..., Any]] = {
        "path": given.path,
        "json": given.json,
        "params": given.params,
    }
    return TemplateObject({"body": given.text or "{}"}, methods)


def _parameters(call: Call, facts: Facts) -> dict[str, dict[str, str]]:
    query = call.query.replace(";", "&")
    return {
        "path": {name: unquote(raw) for name, raw in facts.path_parameters.items()},
        "querystring": dict(parse_qsl(query, keep_blank_values=True)),
        "header": {name.decode("latin-1"): value.decode("latin-1") for name, value in call.headers},
    }


def _parameter(parameters: dict[str, dict[str, str]], name: str) -> str:
    """Look in path, query string and headers, in this order (AWS [D]); header case is free."""
    for location in ("path", "querystring", "header"):
        if name in parameters[location]:
            return parameters[location][name]
    wanted = name.lower()
    headers = parameters["header"].items()
    return next((value for sent, value in headers if sent.lower() == wanted), "")


def _parse_json(budget: Budget, text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TemplateFailure(f"the text is not JSON: {error}") from error
    # A parsed text is charged by its parts, as it may become a long list.
    budget.step(text.count(","))
    return value


def _escape_javascript(_budget: Budget, text: str) -> str:
    """Escape for a JavaScript string; single quotes too, as AWS documents."""
    return json.dumps(text)[1:-1].replace("'", "\\'").replace("/", "\\/")


def _base64_encode(_budget: Budget, text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


def _base64_decode(_budget: Budget, text: str) -> str:
    try:
        return base64.b64decode(text).decode("utf-8", "replace")
    except (binascii.Error, ValueError) as error:
        raise TemplateFailure("the text is not base64") from error


UTIL = TemplateObject(
    {},
    {
        "escapeJavaScript": _escape_javascript,
        "parseJson": _parse_json,
        "urlEncode": lambda _budget, text: quote_plus(text),
        "urlDecode": lambda _budget, text: unquote_plus(text),
        "base64Encode": _base64_encode,
        "base64Decode": _base64_decode,
    },
)
