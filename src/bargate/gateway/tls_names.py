"""Which TLS settings hold for which server name: the certificate, the versions, who must show one.

    DomainName parts ──► TlsName (by name, wildcard) ──(first connection)──► its own SSLContext
                                 └── any other name: the gateway's own certificate, or none

Each name has a context of its own, so no session of one can be resumed for another; a name with
mutual TLS has no sessions at all.
"""

from __future__ import annotations

import logging
import ssl
from typing import TYPE_CHECKING, Final

from bargate.gateway.pem import load_chain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.model.domain_name import DomainName

MAX_CHAIN: Final = 4  # AWS [D] apigw-objects §7

_log = logging.getLogger("bargate.worker")


class TlsName:
    """A custom domain name, or the gateway itself (`domain` None), as TLS needs it."""

    __slots__ = ("_context", "domain")

    def __init__(self, domain: DomainName | None, context: ssl.SSLContext | None = None) -> None:
        self.domain = domain
        self._context = context

    @property
    def name(self) -> str:
        """The custom domain name, "" for the gateway's own."""
        return "" if self.domain is None else self.domain.name

    @property
    def is_mutual(self) -> bool:
        """Whether clients must show a certificate."""
        return self.domain is not None and self.domain.truststore is not None

    def context(self) -> ssl.SSLContext:
        """Give the context, made at the first connection; raises OSError, ValueError."""
        if self._context is None:
            assert self.domain is not None  # noqa: S101  the gateway's own is there from the start
            self._context = _context(self.domain)
        return self._context


class TlsNames:
    """All names that have a certificate; `usual` is the gateway's own context, if it has one."""

    def __init__(self, usual: ssl.SSLContext | None = None) -> None:
        self._usual = None if usual is None else TlsName(None, usual)
        self._names: dict[str, TlsName] = {}

    def take(self, domains: Iterable[DomainName]) -> None:
        """Know these names and no others; those that are as before keep their contexts."""
        names: dict[str, TlsName] = {}
        for domain in domains:
            if domain.certificate is None or domain.is_private:
                continue
            known = self._names.get(domain.name)
            is_same = (
                known is not None and known.domain is not None and _is_as(known.domain, domain)
            )
            names[domain.name] = known if known is not None and is_same else TlsName(domain)
        self._names = names

    def find(self, server_name: str) -> TlsName | None:
        """Give what holds for a name (lower case, "" when the client names none)."""
        found = self._names.get(server_name)
        if found is None and server_name:
            found = self._names.get(f"*.{server_name.partition('.')[2]}")
        return found or self._usual


def _is_as(one: DomainName, other: DomainName) -> bool:
    """Say whether two versions of a name are alike to TLS."""
    return (one.certificate, one.private_key, one.security_policy, one.truststore) == (
        other.certificate,
        other.private_key,
        other.security_policy,
        other.truststore,
    )


def base_context(security_policy: str = "TLS_1_2") -> ssl.SSLContext:
    """Make a server context: TLS 1.2 and later, or 1.3 alone where a policy says so.

    AWS [D]: the current security policies of API Gateway start at TLS 1.2; of the older `TLS_1_0`
    that part is served [I].
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    is_13 = security_policy.startswith("SecurityPolicy_TLS13_1_3")
    context.minimum_version = ssl.TLSVersion.TLSv1_3 if is_13 else ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    return context


def _context(domain: DomainName) -> ssl.SSLContext:
    assert domain.certificate is not None  # noqa: S101  `take` leaves the others out
    assert domain.private_key is not None  # noqa: S101  it comes with the certificate
    context = base_context(domain.security_policy)
    load_chain(context, domain.certificate, domain.private_key)
    if domain.truststore is not None:
        # INVARIANT: a resumed session is one whose client was not asked again.
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=domain.truststore)
    return context
