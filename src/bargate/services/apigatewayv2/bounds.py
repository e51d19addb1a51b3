"""Lengths that every request is held to before its operation runs.

The model writes them into the names of its shapes (`StringWithLengthBetween1And128`) and nowhere
else (AWS [M] apigatewayv2). Shapes without a length get ours [I], so that nothing is unbounded.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from botocore import xform_name

from bargate.services.apigatewayv2.errors import bad_request, shown
from bargate.wire.service_files import service_data

if TYPE_CHECKING:
    from botocore.model import Shape

    from bargate.services.operation import OperationCall, OperationFunction, Params

_NAMED = re.compile(r"WithLengthBetween([0-9]+)And([0-9]+)(K?)\Z")
_UNCARRIED = re.compile("[\x00\ud800-\udfff]")
_MAX_TEXT = 4_096
_MAX_ITEMS = 500
_MAX_BODY = 6 * 1024 * 1024  # AWS [M] the payload of an import
_BODIES = frozenset({"Body"})


def bounded(name: str, run: OperationFunction) -> OperationFunction:
    """Give an operation's function (`create_api`) with its request checked first."""
    # An update takes "" for "remove this", so that only creating asks for a length.
    needs_length = not name.startswith("update_")

    def checked(call: OperationCall, request: Params) -> Any:
        shape = _input_shapes()[name]
        if shape is not None:
            _check(shape, request, "", needs_length=needs_length)
        return run(call, request)

    return checked


@lru_cache(maxsize=1)
def _input_shapes() -> dict[str, Shape | None]:
    """Read botocore's model of this API at the first call, and keep it."""
    from botocore.model import ServiceModel  # noqa: PLC0415  a tenth of a second, not at start

    model = ServiceModel(service_data("apigatewayv2"), "apigatewayv2")
    return {
        xform_name(name): model.operation_model(name).input_shape for name in model.operation_names
    }


def _check(shape: Shape, value: Any, name: str, *, needs_length: bool) -> None:
    kind = shape.type_name
    if kind == "structure":
        for member, each in value.items():
            if member in shape.members and each is not None:
                _check(shape.members[member], each, member, needs_length=needs_length)
    elif kind in {"list", "map"}:
        _check_items(shape, value, name, needs_length=needs_length)
    elif kind == "string":
        _check_text(shape.name, value, name, needs_length=needs_length)
    elif kind in {"integer", "long"}:
        _check_number(shape, value, name)


def _check_items(shape: Any, value: Any, name: str, *, needs_length: bool) -> None:
    if len(value) > _MAX_ITEMS:
        raise bad_request(f"{name} has {len(value)} entries; at most {_MAX_ITEMS} are allowed")
    if shape.type_name == "list":
        for each in value:
            _check(shape.member, each, name, needs_length=needs_length)
        return
    for key, each in value.items():
        _check(shape.key, key, f"the key of {name}", needs_length=needs_length)
        _check(shape.value, each, f"{name}.{shown(key)}", needs_length=needs_length)


def _check_text(shape_name: str, text: str, name: str, *, needs_length: bool) -> None:
    low, high = _bounds(shape_name)
    if name in _BODIES:
        high = _MAX_BODY
    if len(text) > high or (needs_length and len(text) < low):
        raise bad_request(f"{name} must be from {low} to {high} characters long")
    wrong = _UNCARRIED.search(text)
    if wrong is not None:
        raise bad_request(f"{name} holds the character U+{ord(wrong[0]):04X}")


def _check_number(shape: Shape, number: int, name: str) -> None:
    low, high = shape.metadata.get("min", -(2**31)), shape.metadata.get("max", 2**31 - 1)
    if not low <= number <= high:
        raise bad_request(f"{name} must be from {low} to {high}")


@lru_cache(maxsize=256)
def _bounds(shape_name: str) -> tuple[int, int]:
    named = _NAMED.search(shape_name)
    if named is None:
        return 0, _MAX_TEXT
    return int(named[1]), int(named[2]) * (1024 if named[3] else 1)
