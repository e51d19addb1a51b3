"""A written document as text: JSON, or YAML that says the same."""

from __future__ import annotations

import json
from typing import Any


def write_json(document: dict[str, Any]) -> str:
    """Give a document as indented JSON."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write_yaml(document: dict[str, Any]) -> str:
    """Give a document as YAML; what could be taken for a number or a truth is quoted."""
    # Imported here: 15 ms that a start need not wait for.
    from bargate.openapi.yaml_dumper import dump  # noqa: PLC0415

    return dump(document)
