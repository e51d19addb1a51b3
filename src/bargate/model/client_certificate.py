"""Certificates that the gateway shows to backends."""

from __future__ import annotations

from msgspec import Struct

from bargate.secret import Secret  # noqa: TC001  msgspec looks it up


class ClientCertificate(Struct, frozen=True, kw_only=True, tag="client_certificate"):
    """A certificate and its private key, both PEM; the id is unique in the installation."""

    account_id: str
    region: str
    id: str
    certificate: str
    private_key: Secret
