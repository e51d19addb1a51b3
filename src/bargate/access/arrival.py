"""How a call reached the gateway: what its connection alone can know, and no header can change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from bargate.policy import CompiledPolicy


class ClientCertificate(Struct, frozen=True, kw_only=True):
    """The certificate that a client proved to own, in the forms of `$context.identity.clientCert`.

    `not_before` and `not_after` are as AWS writes them (`May 28 12:30:02 2019 GMT`).
    """

    pem: str
    subject_dn: str
    issuer_dn: str
    serial_number: str
    not_before: str
    not_after: str


class Arrival(Struct, frozen=True, kw_only=True):
    """The door that a connection came in by.

    `vpc_endpoint_id` and `vpc_id` are those of the interface endpoint that it arrived at, empty for
    a public one, and `vpc_endpoint_policy` is its policy, for `execute-api:Invoke`. `server_name` is
    the custom domain name whose TLS settings the handshake obeyed, empty where there was none.
    `name` tells arrivals apart that may lead to different places.
    """

    vpc_endpoint_id: str = ""
    vpc_id: str = ""
    vpc_endpoint_policy: CompiledPolicy | None = None
    server_name: str = ""
    client_certificate: ClientCertificate | None = None
    name: str = ""


DIRECT = Arrival()
