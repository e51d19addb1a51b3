"""Write the pages that are made from the code: `make docs`; a test holds them fresh."""

from __future__ import annotations

import ast
from pathlib import Path

from botocore import xform_name

from bargate.control.services import SERVICES
from bargate.mapping.errors import ERROR_TYPES
from bargate.wire.models import ServiceModels

ROOT = Path(__file__).resolve().parent.parent
ERRORS_PAGE = ROOT / "docs" / "errors.md"
COVERAGE_PAGE = ROOT / "docs" / "coverage.md"

_HEAD = """\
# Errors: what clients and operators read

Made from the code by `make docs`.

A refused client reads what AWS sends and no more. The operator reads a reason code and a sentence:
in the access log (`reason`, `detail`), from `bargate why REQUEST_ID` while the gateway remembers
the call, and from `bargate explain` offline. Reason codes are stable.

## What clients read (REST APIs)

Each type can be customised by `x-amazon-apigateway-gateway-responses`; these are the defaults.

| response type | status | x-amzn-ErrorType | message |
|---|---|---|---|
"""

_HTTP = """
HTTP APIs answer `{"message": …}` with 401 Unauthorized, 403 Forbidden, 404 Not Found, 413 Request
Entity Too Large, 500 Internal Server Error, 503 Service Unavailable or 504 Gateway Timeout, and
`www-authenticate` where a JWT is missing or refused.

## What operators read

`*` stands for a part that depends on the case.

| reason | where it is decided |
|---|---|
"""


_COVERAGE_HEAD = """\
# Coverage: which operations of AWS's APIs are answered

Made from the code by `make docs`. An operation that is not implemented answers 501 `NotImplemented`
and says so.
"""


def coverage_page() -> str:
    """Give the page of operations, implemented or not, by service."""
    models = ServiceModels(tuple(SERVICES))
    sections = [_COVERAGE_HEAD]
    for name, service in SERVICES.items():
        known = models.model(name).operation_names
        done = [each for each in known if xform_name(each) in service.operations]
        rest = [each for each in known if each not in done]
        rows = [f"| {each} | yes |" for each in done] + [f"| {each} | no |" for each in rest]
        sections.append(
            f"\n## {name}: {len(done)} of {len(known)}\n\n| operation | implemented |\n|---|---|\n"
            + "\n".join(rows)
            + "\n"
        )
    return "".join(sections)


def errors_page() -> str:
    """Give the page of response types and reasons."""
    rows = [
        f"| {name} | {each.status} | {each.error_type} | {each.message or '`null`'} |"
        for name, each in sorted(ERROR_TYPES.items())
    ]
    reasons = [f"| `{reason}` | `{module}` |" for reason, module in sorted(_reasons())]
    return _HEAD + "\n".join(rows) + "\n" + _HTTP + "\n".join(reasons) + "\n"


def _reasons() -> set[tuple[str, str]]:
    """Collect every reason that the source gives a denial."""
    found = set()
    source = ROOT / "src" / "bargate"
    for path in source.rglob("*.py"):
        module = path.relative_to(source).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            reason = _reason_in(node)
            if reason is not None and "." in reason:
                found.add((reason, module))
    return found


def _reason_in(node: ast.AST) -> str | None:
    """Give `reason=…` of a call, or that of `SignatureFault(code, message, reason, detail)`."""
    if isinstance(node, ast.keyword) and node.arg == "reason":
        return _text(node.value)
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return None
    return _text(node.args[2]) if node.func.id == "SignatureFault" else None


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "*" for part in node.values)
    return None


if __name__ == "__main__":
    ERRORS_PAGE.write_text(errors_page())
    COVERAGE_PAGE.write_text(coverage_page())
