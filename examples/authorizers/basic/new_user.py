"""Add a user or change a password: `python new_user.py USER [GROUP…]`, which asks for it."""

import base64
import getpass
import json
import os
import sys
from pathlib import Path

from basic import USERS, hash_password

_SHORTEST = 12


def main(arguments: list[str]) -> int:
    """Ask for a password, and keep its hash."""
    if not arguments or arguments[0].startswith("-") or ":" in arguments[0]:
        sys.stderr.write("usage: python new_user.py USER [GROUP...]   (a USER has no colon)\n")
        return 2
    password = getpass.getpass(f"Password of {arguments[0]}: ")
    if len(password) < _SHORTEST:
        sys.stderr.write(f"new_user: a password has {_SHORTEST} characters or more\n")
        return 1
    add(USERS, arguments[0], password, arguments[1:])
    return 0


def add(users: Path, user: str, password: str, groups: list[str]) -> None:
    """Keep a user with a new salt."""
    salt = os.urandom(16)
    made = hash_password(password.encode(), salt)
    entries = json.loads(users.read_text("utf-8")) if users.exists() else {}
    entries[user] = {"salt": _text(salt), "hash": _text(made), "groups": groups}
    users.write_text(json.dumps(entries, indent=2) + "\n", "utf-8")


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
