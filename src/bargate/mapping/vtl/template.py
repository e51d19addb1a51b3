"""Compile a mapping template and render it for a call."""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from bargate.access.call import Call, Facts
from bargate.mapping.context import VARIABLES, Place, claim_text
from bargate.mapping.vtl.limits import MAX_TEMPLATE_BYTES, Stop, TemplateFailure, UnknownElement
from bargate.mapping.vtl.objects import UTIL, input_object
from bargate.mapping.vtl.run import Run, Statement
from bargate.mapping.vtl.statements import compile_block
from bargate.model.invalid import InvalidConfiguration

# airspeed reads `[$…` twice (as a range, then as a list), so that nesting doubles its work.
MAX_OPEN_ARRAYS = 10
_ARRAY = re.compile(r"\[\s*(\$)?|\]")

_REFUSED = {
    "EvaluateDirective": "#evaluate",
    "IncludeDirective": "#include",
    "ParseDirective": "#parse",
    "ReturnDirective": "#return",
    "UserDefinedDirective": "a user-defined directive",
}


class Overrides(Struct):
    """What a template set: `$context.requestOverride` and `$context.responseOverride`."""

    request_headers: Mapping[str, Any]
    request_path: Mapping[str, Any]
    request_query: Mapping[str, Any]
    response_headers: Mapping[str, Any]
    response_status: Any


class Template:
    """A compiled mapping template."""

    __slots__ = ("_block", "_uses_context")

    def __init__(self, block: Statement, *, uses_context: bool) -> None:
        self._block = block
        self._uses_context = uses_context

    def render(
        self, call: Call, facts: Facts, place: Place, body: bytes
    ) -> tuple[str, Overrides | None]:
        """Give the text and what was overridden. Raises TemplateFailure."""
        context = _context(call, facts, place) if self._uses_context else None
        variables = {
            "input": input_object(call, facts, body),
            "util": UTIL,
            "context": context,
            "stageVariables": dict(place.stage_variables),
        }
        run = Run(variables)
        try:
            self._block(run)
        except Stop:
            pass
        except RecursionError as error:
            raise TemplateFailure("the template nests too deep") from error
        return "".join(run.out), None if context is None else _overrides(context)


def compile_template(text: str, path: tuple[str, ...]) -> Template:
    """Compile a template. Raises InvalidConfiguration with what is wrong and where."""
    if len(text.encode("utf-8", "replace")) > MAX_TEMPLATE_BYTES:
        raise InvalidConfiguration(
            path, f"the template is larger than {MAX_TEMPLATE_BYTES // 1024} KB"
        )
    if _open_arrays(text) > MAX_OPEN_ARRAYS:
        raise InvalidConfiguration(path, "the template nests arrays too deep")
    try:
        block = compile_block(_parse(text, path))
    except UnknownElement as error:
        what = _REFUSED.get(str(error), str(error))
        raise InvalidConfiguration(path, f"mapping templates cannot use {what}") from error
    except RecursionError as error:
        raise InvalidConfiguration(path, "the template nests too deep") from error
    return Template(block, uses_context="context" in text)


def _parse(text: str, path: tuple[str, ...]) -> Any:
    import airspeed  # noqa: PLC0415 - workers without templates do without it

    template = airspeed.Template(text)
    try:
        template.ensure_compiled()
    except airspeed.TemplateError as error:
        raise InvalidConfiguration(path, f"the template cannot be read: {error}") from error
    except RecursionError as error:
        raise InvalidConfiguration(path, "the template nests too deep") from error
    except Exception as error:  # the parser's own NoMatch escapes from some broken directives
        if type(error).__name__ != "NoMatch" and not isinstance(error, ValueError):
            raise
        raise InvalidConfiguration(
            path, "the template cannot be read: a directive is not complete"
        ) from error
    return template.root_element.block


def _open_arrays(text: str) -> int:
    """Give how deep arrays that begin with a reference nest."""
    deepest = depth = 0
    stack: list[bool] = []
    for match in _ARRAY.finditer(text):
        if match.group(0)[0] == "[":
            stack.append(match.group(1) is not None)
            depth += stack[-1]
            deepest = max(deepest, depth)
        elif stack:
            depth -= stack.pop()
    return deepest


def _context(call: Call, facts: Facts, place: Place) -> dict[str, Any]:
    """Give `$context` as nested maps; `requestOverride` and `responseOverride` can be written."""
    context: dict[str, Any] = {
        "requestOverride": {"header": {}, "path": {}, "querystring": {}},
        "responseOverride": {"header": {}, "status": None},
    }
    for name, variable in VARIABLES.items():
        *parents, last = name.split(".")
        inner = context
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[last] = variable(call, facts, place)
    authorizer = context["authorizer"]
    authorizer.update(facts.authorizer_context)
    claims = facts.claims or {}
    authorizer["claims"] = {name: claim_text(value, place.kind) for name, value in claims.items()}
    return context


def _overrides(context: dict[str, Any]) -> Overrides:
    request = _map(context.get("requestOverride"))
    response = _map(context.get("responseOverride"))
    return Overrides(
        request_headers=_map(request.get("header")),
        request_path=_map(request.get("path")),
        request_query=_map(request.get("querystring")),
        response_headers=_map(response.get("header")),
        response_status=response.get("status"),
    )


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
