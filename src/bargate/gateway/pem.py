"""Certificates and keys into TLS contexts, without a file that anybody could read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    from bargate.secret import Secret


def load_chain(context: ssl.SSLContext, chain: str, key: Secret) -> None:
    """Load a PEM chain and its key, which `ssl` reads from files alone. Raises OSError, ValueError.

    INVARIANT: the key is in memory that has no name in any file system, and goes with the call.
    """
    descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(f"{key.reveal()}\n{chain}".encode())
        # Never asks a terminal for a password: a key that has one is refused.
        context.load_cert_chain(f"/proc/self/fd/{descriptor}", password="")
    finally:
        os.close(descriptor)
