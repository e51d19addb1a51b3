"""The functions of this folder, ready to run: copied, with tables, users and settings of their own."""

import hashlib
import importlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from msgspec import Struct

from examples.authorizers import slapd
from examples.authorizers.slapd import Slapd

HERE = Path(__file__).parent
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.json", "*.md")


class Function(Struct, frozen=True):
    """One function: its folder, its handler, its environment variables, its time-out."""

    name: str
    folder: Path
    handler: str
    environment: dict[str, str] = {}
    timeout_s: int = 3


class Prepared(Struct, frozen=True):
    """Functions, and what callers must know to be let in."""

    functions: tuple[Function, ...]
    token: str
    password: str
    hook_token: str


def prepare(work: Path, issuer: str, audience: str, directory: Slapd | None) -> Prepared:
    """Copy all functions below `work` and give them secrets made on the spot."""
    tokens, node = _copy("tokens", work), _copy("tokens_node", work)
    basic, webhook = _copy("basic", work), _copy("header_and_query", work)
    token = str(_load(tokens, "new_token").add(tokens / "tokens.json", "ada", ["admins"]))
    shutil.copy(tokens / "tokens.json", node)
    password, hook_token = (token[::-1], hashlib.sha256(token.encode()).hexdigest())
    _load(basic, "new_user").add(basic / "users.json", "ada", password, ["admins"])
    digest = hashlib.sha256(hook_token.encode()).hexdigest()
    (webhook / "partners.json").write_text(json.dumps({"acme": digest, "other": "0" * 64}))
    provider = {"ISSUER": issuer, "AUDIENCE": audience}
    functions = [
        Function("tokens", tokens, "tokens.handler"),
        Function("tokens-http", tokens, "tokens.simple_handler"),
        Function("tokens-node", node, "index.handler"),
        Function("basic", basic, "basic.handler"),
        Function("webhook", webhook, "webhook.handler"),
        Function("oidc", _copy("oidc", work), "oidc.handler", provider, 6),
    ]
    if directory is not None:
        folder = _copy("ldap", work)
        shutil.copy(directory.ca_file, folder / "ca.pem")
        settings = directory_settings(directory)
        functions.append(Function("ldap", folder, "directory.handler", settings, 10))
    return Prepared(tuple(functions), token, password, hook_token)


def directory_settings(directory: Slapd) -> dict[str, str]:
    """Give the variables of `ldap` for a directory, over ldaps; the CA lies in its package."""
    rights = {slapd.READERS_DN: ["GET/ldap/*"], slapd.KEEPERS_DN: ["*/ldap/*"]}
    return {
        "LDAP_URL": f"ldaps://127.0.0.1:{directory.tls_port}",
        "LDAP_CA_FILE": "ca.pem",
        "LDAP_BIND_DN": slapd.SERVICE_DN,
        "LDAP_BIND_PASSWORD": slapd.SERVICE_PASSWORD,
        "LDAP_BASE_DN": slapd.BASE_DN,
        "RIGHTS": json.dumps(rights),
    }


def _copy(name: str, work: Path) -> Path:
    """Copy a function's folder without whatever tables somebody made in it."""
    shutil.copytree(HERE / name, work / name, ignore=_NOT_COPIED)
    return work / name


def _load(folder: Path, name: str) -> Any:
    """Import a module of a function's folder, which nobody else finds by its name."""
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop(name, None)
