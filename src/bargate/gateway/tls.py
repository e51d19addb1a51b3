"""TLS for clients of the gateway."""

import ssl


def server_context(certificate: str, key: str) -> ssl.SSLContext:
    """Make a server context from PEM files: TLS 1.2 and later, HTTP/1.1 only.

    AWS [D]: the current security policies of API Gateway start at TLS 1.2. Raises OSError when
    a file cannot be read and ssl.SSLError when it is not what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate, key)
    return context
