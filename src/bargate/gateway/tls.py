"""TLS for clients of the gateway."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bargate.gateway.tls_names import base_context

if TYPE_CHECKING:
    import ssl

    from bargate.settings import TlsFiles

_log = logging.getLogger("bargate.worker")


def server_context(certificate: str, key: str) -> ssl.SSLContext:
    """Make a server context from PEM files: TLS 1.2 and later, HTTP/1.1 only.

    AWS [D]: the current security policies of API Gateway start at TLS 1.2. Raises OSError when
    a file cannot be read and ssl.SSLError when it is not what it should be.
    """
    context = base_context()
    # With a password OpenSSL asks nobody for one at the terminal; an encrypted key is an error.
    context.load_cert_chain(certificate, key, password="")
    return context


def renew_certificate(context: ssl.SSLContext, files: TlsFiles) -> None:
    """Let `context` use the certificate and key that the files hold now, for new connections.

    What cannot be used is logged, and the certificate before stays. A context of its own reads the
    files first: one that fails half-way is left with the key of another certificate.
    """
    try:
        server_context(files.certificate, files.key)
        context.load_cert_chain(files.certificate, files.key, password="")
    except OSError as error:  # ssl.SSLError is one
        _log.error("the TLS certificate is not renewed, the one before is still used: %s", error)
