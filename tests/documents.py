"""Documents that tests write to disk and serve."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

POOL = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Pool00001"


def proxy(uri: str, method: str = "GET", **fields: Any) -> dict[str, Any]:
    """An http_proxy integration."""
    return {"type": "http_proxy", "httpMethod": method, "uri": uri, **fields}


def operation(integration: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """An operation with an integration."""
    return {
        "responses": {"200": {"description": "ok"}},
        "x-amazon-apigateway-integration": integration,
        **fields,
    }


def rest(paths: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A REST API document."""
    return {"openapi": "3.0.1", "info": {"title": "Test", "version": "1"}, "paths": paths, **fields}


def write(folder: Path, document: dict[str, Any], name: str = "api.json") -> Path:
    """Write a document atomically, as editors do."""
    path = folder / name
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(document, indent=1))
    fresh.replace(path)
    return path
