"""The client certificates that backends are shown, each in a TLS context of its own.

    part ──apply──► certificate and key ──(first connection)──► context, verifying or not

INVARIANT: a connection that must show a certificate is never opened without it.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from bargate.gateway.pem import load_chain
from bargate.model.client_certificate import ClientCertificate

if TYPE_CHECKING:
    from collections.abc import Callable


class NotShowable(Exception):
    """A client certificate cannot be shown; the text says which and why."""


class ClientCertificates:
    """The certificates of an installation, by id."""

    def __init__(
        self, new_context: Callable[[], ssl.SSLContext] = ssl.create_default_context
    ) -> None:
        self._new_context = new_context
        self._known: dict[str, ClientCertificate] = {}
        self._contexts: dict[tuple[str, bool], ssl.SSLContext] = {}

    def apply(self, name: str, part: object | None) -> None:
        """Take over a certificate by its part's name, None when it is gone."""
        kind, _, certificate_id = name.partition("/")
        if kind != "client_certificate":
            return
        self._known.pop(certificate_id, None)
        for verify in (True, False):
            self._contexts.pop((certificate_id, verify), None)
        if isinstance(part, ClientCertificate):
            self._known[certificate_id] = part

    def context(self, certificate_id: str, *, verify: bool) -> ssl.SSLContext:
        """Give the context that shows a certificate; raises NotShowable.

        It is made at the first connection, which takes some 20 ms, and kept.
        """
        context = self._contexts.get((certificate_id, verify))
        if context is None:
            context = self._made(certificate_id, verify=verify)
            self._contexts[certificate_id, verify] = context
        return context

    def _made(self, certificate_id: str, *, verify: bool) -> ssl.SSLContext:
        certificate = self._known.get(certificate_id)
        if certificate is None:
            raise NotShowable(f"the stage's client certificate {certificate_id} is not known")
        context = backend_context(self._new_context(), verify=verify)
        try:
            load_chain(context, certificate.certificate, certificate.private_key)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            text = f"the client certificate {certificate_id} cannot be loaded: {error}"
            raise NotShowable(text) from error
        return context


def backend_context(context: ssl.SSLContext, *, verify: bool) -> ssl.SSLContext:
    """Fit a fresh context for backends; without `verify` it takes any certificate."""
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context
