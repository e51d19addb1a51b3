"""For each authorizer a call that passes and one that is refused, as curl lines to try."""

import shlex

from msgspec import Struct

from examples.authorizers.functions import Prepared
from examples.authorizers.slapd import PEOPLE


class Try(Struct, frozen=True):
    """One call: curl's arguments, the status that it ends with, and what is to be seen in it."""

    authorizer: str
    status: int
    arguments: tuple[str, ...]
    why: str


def calls(rest: str, http: str, made: Prepared, id_token: str) -> tuple[Try, ...]:
    """Give the calls of the REST API at `rest` and the HTTP API at `http`."""
    bearer = ("-H", f"Authorization: Bearer {made.token}")
    wrong = ("-H", "Authorization: Bearer wrong")
    partner = ("-X", "POST", "-H", "X-Partner: acme")
    hook, other = f"/hooks/acme?token={made.hook_token}", f"/hooks/other?token={made.hook_token}"
    user = f"ada:{made.password}"
    oidc = ("-H", f"Authorization: Bearer {id_token}")
    return (
        Try("tokens", 200, (*bearer, f"{rest}/tokens"), "a token of the table"),
        Try("tokens", 401, (*wrong, f"{rest}/tokens"), "another token"),
        Try("tokens_node", 200, (*bearer, f"{rest}/tokens/node"), "the same in JavaScript"),
        Try("tokens_node", 401, (*wrong, f"{rest}/tokens/node"), "another token"),
        Try("basic", 200, ("--user", user, f"{rest}/basic"), "the password"),
        Try("basic", 401, ("--user", "ada:wrong", f"{rest}/basic"), "another password"),
        Try("header_and_query", 200, (*partner, rest + hook), "both are right"),
        Try("header_and_query", 401, ("-X", "POST", rest + hook), "no header"),
        Try("header_and_query", 403, (*partner, rest + other), "another partner's path"),
        Try("oidc", 200, (*oidc, f"{rest}/oidc"), "a token of the provider"),
        Try("oidc", 401, (*bearer, f"{rest}/oidc"), "no token of the provider"),
        Try("tokens (HTTP API)", 200, (*bearer, f"{http}/tokens"), "a simple response"),
        Try("tokens (HTTP API)", 403, (*wrong, f"{http}/tokens"), "isAuthorized is false"),
        Try("header_and_query (HTTP API)", 200, (*partner, http + hook), "both are right"),
        Try("header_and_query (HTTP API)", 403, (*partner, http + other), "another's path"),
    )


def ldap_calls(rest: str) -> tuple[Try, ...]:
    """Give the calls that need a directory."""
    ada, ben, dora = (f"{user}:{PEOPLE[user][0]}" for user in ("ada", "ben", "dora"))
    pets, delete = f"{rest}/ldap/pets", ("-X", "DELETE")
    return (
        Try("ldap", 200, ("--user", ben, pets), "a reader reads"),
        Try("ldap", 403, (*delete, "--user", ben, pets), "a reader deletes"),
        Try("ldap", 200, (*delete, "--user", ada, pets), "a keeper deletes"),
        Try("ldap", 403, ("--user", dora, pets), "no group with rights"),
        Try("ldap", 401, ("--user", "ada:wrong", pets), "another password"),
        Try("ldap", 401, ("--user", "ada:", pets), "no password"),
        Try("ldap", 401, ("--user", "*)(uid=*:x", pets), "a filter for a name"),
    )


def line(arguments: tuple[str, ...]) -> str:
    """Write a call as it can be pasted."""
    return shlex.join(("curl", "-i", *arguments))
