"""Asks the directory: who is this user, is this his password, which groups is he in."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ldap3 import NONE, SUBTREE, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars
from settings import Settings, spell

_TIMEOUT_S = 2  # of each step: API Gateway waits 10 s on HTTP APIs, 29 s on REST APIs
_MOST_GROUPS = 500

_SUCCESS = 0
# RFC 4511 §4.1.9, what servers answer to a bind that is refused: constraintViolation (a locked
# account), inappropriateAuthentication, invalidCredentials, insufficientAccessRights,
# unwillingToPerform (a disabled account).
_REFUSED = {19, 48, 49, 50, 53}


class DirectoryError(Exception):
    """The directory cannot be asked, or does not answer as it should: nobody is let in."""


@dataclass(frozen=True)
class User:
    """A user whose password was right: his name as the directory spells it, his groups' DNs."""

    name: str
    groups: frozenset[str]


class Directory:
    """One directory; connects anew at each question, as the gateway's cache makes them rare."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def sign_in(self, user: str, password: bytes) -> User | None:
        """Give the user of a name and a password; None when there is none such.

        Raises `DirectoryError`.
        """
        try:
            with self._service() as service:
                entry = self._find_user(service, user)
                if entry is None or not self._is_password(entry["dn"], password):
                    return None
                return User(self._name(entry), self._groups(service, entry))
        except (LDAPException, OSError, ValueError) as error:
            raise DirectoryError(f"{self._settings.host}: {error}") from error

    @contextmanager
    def _service(self) -> Iterator[Connection]:
        """Bind as the service account."""
        dn, password = self._settings.bind_dn, self._settings.bind_password.encode()
        with self._connected(dn, password) as connection:
            if not connection.bind():
                raise DirectoryError(f"the service account is refused: {_said(connection)}")
            yield connection

    def _find_user(self, service: Connection, user: str) -> dict[str, Any] | None:
        """Find the one entry of a user; two of a name are nobody."""
        where = self._settings.user_filter.replace("{user}", escape_filter_chars(user))
        found = self._search(
            service, self._settings.base_dn, where, ["memberOf", self._settings.name_attribute], 2
        )
        if len(found) > 1:
            print("refused: the user filter finds more than one entry")
        return found[0] if len(found) == 1 else None

    def _is_password(self, dn: str, password: bytes) -> bool:
        """Bind as a user.

        The password goes as the bytes that the caller sent: of a text, ldap3 makes another one
        (RFC 4013), or fails when it makes none of it.
        """
        with self._connected(dn, password) as connection:
            is_right = bool(connection.bind())
            if not is_right and connection.result["result"] not in _REFUSED:
                raise DirectoryError(f"the user's bind failed: {_said(connection)}")
            return is_right

    def _name(self, entry: dict[str, Any]) -> str:
        """Give a user's name as it is stored: ` ADA` finds `ada`, too, and backends must not care."""
        values = entry["attributes"].get(self._settings.name_attribute) or []
        if len(values) != 1:
            raise DirectoryError(f"an entry has not one {self._settings.name_attribute}")
        return str(values[0])

    def _groups(self, service: Connection, entry: dict[str, Any]) -> frozenset[str]:
        if not self._settings.group_filter:
            return frozenset(spell(dn) for dn in entry["attributes"].get("memberOf", []))
        where = self._settings.group_filter.replace("{dn}", escape_filter_chars(entry["dn"]))
        found = self._search(service, self._settings.group_base_dn, where, ["1.1"], _MOST_GROUPS)
        return frozenset(spell(group["dn"]) for group in found)

    def _search(
        self, service: Connection, base: str, where: str, attributes: list[str], most: int
    ) -> list[dict[str, Any]]:
        """Give entries below a base, `most` of them; referrals to other servers are left out."""
        service.search(
            base,
            where,
            SUBTREE,
            attributes=attributes,
            size_limit=most,
            time_limit=_TIMEOUT_S,
        )
        size_limit_exceeded = 4
        if service.result["result"] not in (_SUCCESS, size_limit_exceeded):
            raise DirectoryError(f"a search failed: {_said(service)}")
        return [each for each in service.response if each["type"] == "searchResEntry"]

    @contextmanager
    def _connected(self, dn: str, password: bytes) -> Iterator[Connection]:
        """Open a connection, secured before anything is said on it, and close it whatever happens."""
        settings = self._settings
        server = Server(
            settings.host,
            settings.port,
            use_ssl=settings.is_ldaps,
            tls=_CheckedTls(ca_certs_file=settings.ca_file),
            connect_timeout=_TIMEOUT_S,
            get_info=NONE,
        )
        connection = Connection(
            server,
            dn,
            password,
            auto_referrals=False,  # or the password would be sent wherever a server points to
            receive_timeout=_TIMEOUT_S,
            read_only=True,
        )
        try:
            connection.open()
            if settings.start_tls and not connection.start_tls():
                raise DirectoryError("StartTLS is refused")
            yield connection
            connection.unbind()
        finally:
            if connection.socket is not None:
                connection.socket.close()


class _CheckedTls(Tls):  # type: ignore[misc]
    """TLS with Python's own check of certificate and host name; ldap3 checks nothing by default."""

    def wrap_socket(self, connection: Connection, do_handshake: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        context = ssl.create_default_context(cafile=self.ca_certs_file)
        host = connection.server.host
        connection.socket = context.wrap_socket(connection.socket, server_hostname=host)


def _said(connection: Connection) -> str:
    """Give what the server answered, for the log: never what was asked."""
    result = connection.result
    return f"{result['description']} {result['message']}".strip()
