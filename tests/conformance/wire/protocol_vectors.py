"""The published protocol vectors (boto/botocore): their cases as botocore operation models."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from botocore.model import OperationModel, ServiceModel

from bargate.wire.scalars import json_float

VECTORS = Path(__file__).parents[3].parent / "shared" / "vectors" / "aws-protocols"


class Case(NamedTuple):
    name: str
    operation: OperationModel
    data: dict


def cases(kind, protocol):
    """The cases of a kind (input or output) and protocol, of the current and legacy files."""
    found = []
    for name in (f"{kind}-{protocol}.json", f"legacy-{kind}-{protocol}.json"):
        for number, suite in enumerate(_load(name)):
            for at, data in enumerate(suite["cases"]):
                label = data.get("id", f"{name.removesuffix('.json')}/{number}/{at}")
                found.append(Case(label, _operation(suite, data["given"]), data))
    return found


def _load(name):
    path = VECTORS / name
    if not path.is_file():
        absent = f"the published vectors are not at ../shared/vectors/aws-protocols/{name}"
        if os.environ.get("CI") == "true":
            pytest.fail(absent)
        pytest.skip(absent)
    return json.loads(path.read_bytes())


def _operation(suite, given):
    """The operation of a case; legacy suites leave out what these defaults fill in."""
    given = {"http": {"method": "POST", "requestUri": "/"}, "name": "OperationName", **given}
    if suite["metadata"]["protocol"] == "query" and "output" in given:
        # Every query operation has a wrapper; the suites leave it to be understood.
        given["output"] = {"resultWrapper": f"{given['name']}Result", **given["output"]}
    metadata = {"apiVersion": "2014-01-01", "endpointPrefix": "x", **suite["metadata"]}
    model = {
        "metadata": metadata,
        "shapes": suite["shapes"],
        "operations": {given["name"]: given},
    }
    return ServiceModel(model, "sample").operation_model(given["name"])


def typed(value, shape):
    """A value as written in a vector's JSON, in the types that wire reads and writes."""
    if value is None or shape.metadata.get("document"):
        return value
    kind = shape.type_name
    if kind == "structure":
        return {k: typed(v, shape.members[k]) for k, v in value.items() if v is not None}
    if kind == "list":
        return [typed(each, shape.member) for each in value]
    if kind == "map":
        return {key: typed(each, shape.value) for key, each in value.items()}
    if kind == "timestamp":
        return datetime.fromtimestamp(value, UTC)
    if kind == "blob":
        return value.encode()
    return float(value) if kind in ("float", "double") else value


def named(value):
    """A value with special floats by their names, as JSON has them, and a stream as its bytes."""
    if isinstance(value, dict):
        return {key: named(each) for key, each in value.items()}
    if isinstance(value, list):
        return [named(each) for each in value]
    if isinstance(value, bytearray):
        return bytes(value)
    return json_float(value) if isinstance(value, float) else value
