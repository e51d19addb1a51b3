"""Principals in policies on resources: kept by unique id, shown by ARN.

    ARN of a user or role ──with_ids──► AIDA… | AROA… ──with_arns──► ARN, while the principal exists

AWS [D] iam-sts §2: what is kept is the unique id, so a principal made again under its old name
does not get back what the first one had.
"""

import json
from collections.abc import Callable
from typing import Any

from bargate.identity.find import iam_arn, role_of_arn, role_of_id, user_of_arn, user_of_id
from bargate.policy.json_document import read_json
from bargate.store.interface import Reader

_IDS = ("AIDA", "AROA")


def with_ids(tx: Reader, document: str) -> str:
    """Name the users and roles that exist by their ids.

    One that does not may belong to another installation, or come later, and stays as it is [I].
    """
    return with_principals(document, lambda name: _id_of(tx, name))


def with_arns(tx: Reader, document: str) -> str:
    """Name the users and roles that still exist by their ARNs."""
    return with_principals(document, lambda name: arn_of(tx, name))


def with_principals(document: str, change: Callable[[str], str]) -> str:
    """Change the names of AWS principals; a document without change keeps its own spelling."""
    read: Any = read_json(document)
    statements = read["Statement"]
    changed = False
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Principal", "NotPrincipal"):
            principal = statement.get(element)
            if not isinstance(principal, dict) or "AWS" not in principal:
                continue
            names = principal["AWS"]
            new = change(names) if isinstance(names, str) else [change(name) for name in names]
            changed = changed or new != names
            principal["AWS"] = new
    return json.dumps(read) if changed else document


def arn_of(tx: Reader, name: str) -> str:
    """Give the ARN that a kept id stands for; any other name as it is."""
    if not name.startswith(_IDS):
        return name
    found = user_of_id(tx, name) or role_of_id(tx, name)
    return name if found is None else found.arn


def _id_of(tx: Reader, name: str) -> str:
    arn = iam_arn(name)
    if arn is None or arn.resource == "root":
        return name
    found = user_of_arn(tx, name) or role_of_arn(tx, name)
    return name if found is None else found.id
