"""What the function is told by its environment variables; what is missing or unsafe is refused."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ldap3.core.exceptions import LDAPInvalidDnError
from ldap3.utils.dn import parse_dn

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_RIGHT = re.compile(r"(\*|[A-Z]+)/[^\s${}]*")
_MEMBERS = "(&(objectClass=groupOfNames)(member={dn}))"


@dataclass(frozen=True)
class Settings:
    """Where the directory is, how users and groups are found, what groups may call.

    `name_attribute` holds the name by which backends know the user.
    `rights` maps a group's DN, in one spelling, to patterns VERB/PATH. Without `group_filter` the
    groups are read from the user's own `memberOf`.
    """

    host: str
    port: int
    is_ldaps: bool
    start_tls: bool
    ca_file: str | None
    bind_dn: str
    bind_password: str
    base_dn: str
    user_filter: str
    name_attribute: str
    group_base_dn: str
    group_filter: str
    rights: Mapping[str, tuple[str, ...]]


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings; raise `ValueError` that says which variable is wrong."""
    url = urlsplit(_required(environment, "LDAP_URL"))
    if url.scheme not in ("ldap", "ldaps") or not url.hostname:
        raise ValueError("LDAP_URL: ldap://HOST or ldaps://HOST")
    is_ldaps = url.scheme == "ldaps"
    user_filter = environment.get("LDAP_USER_FILTER", "(uid={user})")
    if "{user}" not in user_filter:
        raise ValueError("LDAP_USER_FILTER: must hold {user}, or everybody is everyone")
    base_dn = _required(environment, "LDAP_BASE_DN")
    return Settings(
        host=url.hostname,
        port=url.port or (636 if is_ldaps else 389),
        is_ldaps=is_ldaps,
        start_tls=not is_ldaps and _starts_tls(environment, url.hostname),
        ca_file=environment.get("LDAP_CA_FILE"),
        bind_dn=_required(environment, "LDAP_BIND_DN"),
        bind_password=_required(environment, "LDAP_BIND_PASSWORD"),
        base_dn=base_dn,
        user_filter=user_filter,
        name_attribute=environment.get("LDAP_NAME_ATTRIBUTE", "uid"),
        group_base_dn=environment.get("LDAP_GROUP_BASE_DN", base_dn),
        group_filter=environment.get("LDAP_GROUP_FILTER", _MEMBERS),
        rights=_rights(_required(environment, "RIGHTS")),
    )


def spell(dn: str) -> str:
    """Give a DN in one spelling, so that two of the same entry are equal."""
    try:
        parts = parse_dn(dn, escape=True, strip=True)
    except LDAPInvalidDnError as error:
        raise ValueError(f"{dn!r} is not a DN: {error}") from error
    return "".join(f"{name}={value}{separator}" for name, value, separator in parts).lower()


def name_of(dn: str) -> str:
    """Give what an entry is called in its DN: `readers` of `cn=readers,ou=groups,…`."""
    return str(parse_dn(dn)[0][1])


def _starts_tls(environment: Mapping[str, str], host: str) -> bool:
    """Say whether the connection is secured; without TLS, passwords never leave this machine."""
    asked = environment.get("LDAP_STARTTLS", "yes")
    if asked not in ("yes", "no"):
        raise ValueError("LDAP_STARTTLS: yes or no")
    if asked == "no" and host not in _LOOPBACK:
        raise ValueError("LDAP_STARTTLS: no is for a directory on this machine alone")
    return asked == "yes"


def _rights(text: str) -> dict[str, tuple[str, ...]]:
    try:
        given = json.loads(text)
    except ValueError as error:
        raise ValueError(f"RIGHTS: not JSON: {error}") from None
    if not isinstance(given, dict) or not given:
        raise ValueError('RIGHTS: {"GROUP DN": ["GET/path/*", …]}')
    for patterns in given.values():
        is_list = isinstance(patterns, list) and all(isinstance(each, str) for each in patterns)
        if not is_list or not all(_RIGHT.fullmatch(each) for each in patterns):
            raise ValueError(f"RIGHTS: {patterns!r} is no list of VERB/PATH")
    return {spell(dn): tuple(patterns) for dn, patterns in given.items()}


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise ValueError(f"{name}: must be set")
    return value
