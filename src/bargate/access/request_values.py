"""Query parameters and forwarding headers as functions and backends are told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from bargate.access.call import Call


def query_pairs(query: str) -> list[tuple[str, str]]:
    """Give the decoded parameters; `;` splits too (AWS [D] apigw-objects §11)."""
    found = []
    for pair in query.replace(";", "&").split("&"):
        if pair:
            name, _, value = pair.partition("=")
            found.append((unquote_plus(name), unquote_plus(value)))
    return found


def query_values(query: str, name: str) -> list[str]:
    """Give the decoded values of a query parameter."""
    found = []
    for pair in query.replace(";", "&").split("&"):
        key, _, value = pair.partition("=")
        if (key == name or unquote_plus(key) == name) and pair:
            found.append(unquote_plus(value))
    return found


def forwarded_for(call: Call) -> str:
    """Give X-Forwarded-For as backends see it: what was sent, then the address seen here."""
    sent = call.text(b"x-forwarded-for")
    return call.source_ip if sent is None else f"{sent}, {call.source_ip}"
