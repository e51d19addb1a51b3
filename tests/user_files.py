"""Files of users for tests, and pools that read them."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from bargate.records.user_pool import SchemaAttribute, UserPool
from bargate.userpool.imports.formats import FORMATS
from bargate.userpool.imports.formats.csv_file import header
from bargate.userpool.imports.row import BadRow, ImportedUser, Row
from bargate.userpool.schema import STANDARD

NOW = datetime(2026, 11, 28, tzinfo=UTC)
POOL = UserPool(
    account_id="000000000000",
    region="us-east-1",
    id="us-east-1_AbCdEfGhI",
    name="people",
    created_at=NOW,
    modified_at=NOW,
    schema=(*STANDARD, SchemaAttribute(name="custom:plan")),
    auto_verified=("email",),
)


def pool(**changes: Any) -> UserPool:
    return replace(POOL, **changes)


def rows(name: str, content: bytes | str, of: UserPool = POOL) -> list[Row]:
    data = content.encode() if isinstance(content, str) else content
    return list(FORMATS[name](io.BytesIO(data), of))


def the_user(found: list[Row]) -> ImportedUser:
    (row,) = found
    assert isinstance(row, ImportedUser), row
    return row


def the_reason(found: list[Row]) -> str:
    (row,) = found
    assert isinstance(row, BadRow), row
    return row.reason


def csv_of(*users: dict[str, str], of: UserPool = POOL, end: str = "\n") -> str:
    """Write AWS's CSV file; who says nothing else is Ann, with a verified address."""
    columns = header(of)
    least = {
        "cognito:username": "ann",
        "cognito:mfa_enabled": "false",
        "email": "ann@example.org",
        "email_verified": "true",
    }
    lines = [",".join((least | user).get(each, "") for each in columns) for user in users]
    return end.join((",".join(columns), *lines)) + end


def keycloak_of(*users: Any) -> str:
    """Write Keycloak's export of a realm."""
    return json.dumps({"realm": "acme", "roles": {"realm": []}, "users": users, "clients": [{}]})


def keycloak_password(algorithm: str, value: str, salt: str, **data: Any) -> dict[str, Any]:
    """Write a credential as Keycloak does: JSON in JSON."""
    return {
        "type": "password",
        "secretData": json.dumps({"value": value, "salt": salt, "additionalParameters": {}}),
        "credentialData": json.dumps({"algorithm": algorithm, **data}),
    }
