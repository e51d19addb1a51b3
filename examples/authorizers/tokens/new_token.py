"""Draw a token, print it once, and keep its digest: `python new_token.py USER [GROUP…]`."""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
from pathlib import Path

TABLE = Path(__file__).with_name("tokens.json")


def main(arguments: list[str]) -> int:
    """Add a token for a user to the table."""
    if not arguments or arguments[0].startswith("-"):
        sys.stderr.write("usage: python new_token.py USER [GROUP...]\n")
        return 2
    sys.stdout.write(add(TABLE, arguments[0], arguments[1:]) + "\n")
    return 0


def add(table: Path, user: str, groups: list[str]) -> str:
    """Add a new token to the table; give it, as nobody can read it there."""
    token = secrets.token_urlsafe(32)
    owners = json.loads(table.read_text("utf-8")) if table.exists() else {}
    owners[hashlib.sha256(token.encode()).hexdigest()] = {"user": user, "groups": groups}
    table.write_text(json.dumps(owners, indent=2) + "\n", "utf-8")
    return token


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
