"""Custom domain names with their certificates and mappings, as workers need them."""

from __future__ import annotations

from msgspec import Struct

from bargate.secret import Secret  # noqa: TC001  msgspec looks it up


class Mapping(Struct, frozen=True, kw_only=True):
    """Which API and stage answers below a base path ("" is the root, no slashes around it).

    `stage` None lets the next segment of the path name the stage.
    """

    base_path: str
    api_id: str
    stage: str | None = None


class DomainName(Struct, frozen=True, kw_only=True, tag="domain"):
    """A custom domain name, in lower case; `*.example.com` stands for one label.

    `certificate` is a PEM chain, leaf first; None where no certificate was given, and then the name
    answers without TLS alone. `truststore` is a PEM bundle: clients must show a certificate that it
    vouches for (mutual TLS). A private one is reached through `vpc_endpoint_ids` alone.
    """

    account_id: str
    region: str
    name: str
    id: str = ""
    certificate: str | None = None
    private_key: Secret | None = None
    security_policy: str = "TLS_1_2"
    truststore: str | None = None
    is_private: bool = False
    vpc_endpoint_ids: tuple[str, ...] = ()
    policy: str | None = None
    mappings: tuple[Mapping, ...] = ()
