"""Load the functions of examples/authorizers as a runtime does, and write events as AWS does."""

from __future__ import annotations

import base64
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

AUTHORIZERS = Path(__file__).parents[1] / "examples" / "authorizers"
STAGE = "arn:aws:execute-api:us-east-1:000000000000:abc/prod"
METHOD = f"{STAGE}/GET/pets/1"


def load(folder: Path, name: str) -> ModuleType:
    """Import a module with its folder on the path; its siblings do not stay importable by name."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # ldap3, of pyasn1
            __import__(name)
        return sys.modules[name]
    finally:
        sys.path.remove(str(folder))
        for loaded in set(sys.modules) - before:
            if str(folder) in (getattr(sys.modules[loaded], "__file__", None) or ""):
                del sys.modules[loaded]


def token_event(header: str, method_arn: str = METHOD) -> dict[str, Any]:
    """Give the event of a TOKEN authorizer (AWS [D] apigw-objects §2)."""
    return {"type": "TOKEN", "authorizationToken": header, "methodArn": method_arn}


def basic(user: str, password: str | bytes) -> str:
    """Give an Authorization header of basic credentials."""
    secret = password if isinstance(password, bytes) else password.encode()
    return "Basic " + base64.b64encode(user.encode() + b":" + secret).decode()


def statement(answer: dict[str, Any]) -> dict[str, Any]:
    """Give the one statement of an authorizer's policy."""
    document = answer["policyDocument"]
    assert document["Version"] == "2012-10-17"
    (only,) = document["Statement"]
    assert only["Action"] == "execute-api:Invoke"
    return only
