"""The request being decided (`Call`) and what the steps learn about it (`Facts`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from bargate.access.arrival import DIRECT, Arrival
from bargate.ledger.counters import Counters, NoLedger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.access.api_keys import Admission
    from bargate.access.authorizer_answer import Told
    from bargate.access.iam_credentials import Signer
    from bargate.access.identities import Identity
    from bargate.ledger.counters import Counted, Limit
    from bargate.policy import Decision


NO_LEDGER = NoLedger()


class Call(Struct, gc=False):
    """One request as it arrived on the wire.

    INVARIANT: written by the connection alone, and only `body` after the head was decided (the
    body arrives later than the head). Steps never write to it.

    Shapes: `path` is the percent-encoded path from the root as sent; `resource_path` the part of
    it below API and stage, still percent-encoded, with a leading slash; `query` is raw, without
    the question mark; `headers` keeps order and case of names; `header` maps lower-case names to
    values, repeated ones joined by `, ` (RFC 9110 §5.3); `received_at` is seconds since the epoch;
    `sent_method` is what the request line said, empty when `method` is that; `arrival` is the door
    that it came in by; `domain_name` and `base_path` are those of the custom domain name and mapping
    that led here, empty and None where none did.
    """

    method: str
    path: str
    resource_path: str
    query: str
    headers: list[tuple[bytes, bytes]]
    header: dict[bytes, bytes]
    source_ip: str
    secure: bool
    protocol: str
    received_at: float
    request_id: str
    extended_request_id: str
    body: bytes = b""
    sent_method: str = ""
    arrival: Arrival = DIRECT
    domain_name: str = ""
    base_path: str | None = None

    def text(self, name: bytes) -> str | None:
        """Value of the header `name` (lower case) as text, None when absent."""
        value = self.header.get(name)
        return None if value is None else value.decode("latin-1")


class Facts(Struct, eq=False):
    """What is known about a call so far; one instance a call, fields written once.

    | field | written by |
    |---|---|
    | path_parameters | routing |
    | endpoint_decision | VPC endpoint policy |
    | resource_decision | resource policy |
    | signer (claimed) | iam authorizer: credentials |
    | identity (verified) | iam authorizer: signature |
    | iam_decision | iam authorizer: permissions |
    | principal_id, claims, scopes, authorizer_context | the authorizer |
    | authorizer_answer, authorizer_decision, usage_identifier_key | a Lambda authorizer |
    | api_key_id, admission | api key |
    | counted, limits (what was answered, of what) | usage plan and throttling |
    | validation_error | request validation |

    `counters` is what limits are asked of: the worker's, or those of a replay.
    """

    path_parameters: Mapping[str, str]
    resource_decision: Decision | None = None
    endpoint_decision: Decision | None = None
    signer: Signer | None = None
    identity: Identity | None = None
    iam_decision: Decision | None = None
    principal_id: str | None = None
    claims: Mapping[str, Any] | None = None
    scopes: tuple[str, ...] = ()
    authorizer_context: Mapping[str, Any] = {}
    authorizer_answer: Told | None = None
    authorizer_decision: Decision | None = None
    usage_identifier_key: str | None = None
    api_key_id: str | None = None
    admission: Admission | None = None
    counted: Counted | None = None
    limits: tuple[Limit, ...] = ()
    validation_error: str | None = None
    step: int = 0
    counters: Counters = NO_LEDGER
