"""Decide a request offline: what `bargate explain` does.

    OfflineRequest ──► HeadReader ──► Dispatcher (host, stage, route) ──► snapshot.explain
                                          ▲                                    │
                                          └───── fetch a key set ◄── Need ─────┘

Everything here is the gateway's own: the head is read as from a connection, routed by the same
dispatcher, and decided by the same steps; only the backend is not asked.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.access.authorizer_answer import AuthorizerAsk, Told
from bargate.access.call import Call, Facts
from bargate.access.key_directory import KeySource
from bargate.gateway.dispatch import Dispatcher
from bargate.gateway.head import HeadReader
from bargate.gateway.limits import Limits
from bargate.gateway.request_line import BadRequest
from bargate.gateway.serving import CallRecord
from bargate.ledger.replay import Replayed
from bargate.mapping.plan import Response
from bargate.model.invocation import Returned
from bargate.snapshot.explain import (
    ExplainedCall,
    explain_call,
    explain_preflight,
    explain_unresolved,
)

if TYPE_CHECKING:
    from bargate.access.verdict import Need
    from bargate.gateway.head import RequestHead
    from bargate.gateway.key_directory import HttpKeyDirectory
    from bargate.snapshot.snapshot import Snapshot

MAX_FETCHES = 4


class OfflineRequest(Struct, frozen=True, kw_only=True):
    """A request that nobody sends.

    `target` is as on the API's own host name (`/prod/pets?limit=1`), `received_at` in seconds
    since the epoch; `authorizer_returns` is what a Lambda authorizer is taken to have
    returned, None where that is not known.
    """

    api_id: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    source_ip: str = "127.0.0.1"
    secure: bool = False
    received_at: float
    authorizer_returns: bytes | None = None


async def explain_offline(
    snapshot: Snapshot, keys: HttpKeyDirectory, request: OfflineRequest
) -> ExplainedCall:
    """Decide a request; key sets that are needed are fetched from their issuers.

    Raises BadRequest for what the gateway would refuse before it is a call.
    """
    head = HeadReader(Limits()).read(_head_block(snapshot, request))
    told: Told | None = None
    for _ in range(MAX_FETCHES):
        explained, need = _explain(snapshot, request, head, told)
        if need is None:
            break
        if isinstance(need.source, KeySource):
            await keys.fetch(need.source)
        elif isinstance(need.source, AuthorizerAsk) and request.authorizer_returns is not None:
            told = _told(need.source, request.authorizer_returns)
        else:
            break
    return explained


def _told(ask: AuthorizerAsk, returned: bytes) -> Told:
    """Take a given answer for the function's."""
    answer = ask.read(Returned(payload=returned, version="$LATEST"))
    return Told(answer=answer, sent=ask.invocation.payload, hidden=ask.hidden)


def _head_block(snapshot: Snapshot, request: OfflineRequest) -> bytes:
    """Write the request's head as a client would."""
    lines = [f"{request.method} {request.target} HTTP/1.1"]
    names = {name.lower() for name, _ in request.headers}
    if "host" not in names:
        lines.append(f"Host: {snapshot.apis[request.api_id].domain_name}")
    if request.body and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(request.body)}")
    lines += [f"{name}: {value}" for name, value in request.headers]
    try:
        return "\r\n".join([*lines, "", ""]).encode("latin-1")
    except UnicodeEncodeError as error:
        raise BadRequest(400, "the head has characters that cannot be sent") from error


def _explain(
    snapshot: Snapshot, request: OfflineRequest, head: RequestHead, told: Told | None
) -> tuple[ExplainedCall, Need | None]:
    record = CallRecord(call=_call(request, head))
    outcome = Dispatcher(snapshot, Limits().body_max_bytes).begin(record, head)
    call, stage, denial = record.call, record.stage, record.denial
    if stage is None:
        assert denial is not None  # noqa: S101  what is not resolved was refused
        answer = outcome if isinstance(outcome, Response) else None
        return explain_unresolved(call, denial, answer), None
    if record.facts is None and denial is None and isinstance(outcome, Response):
        return explain_preflight(stage, call, outcome), None
    parameters = record.facts.path_parameters if record.facts else {}
    known = denial if record.endpoint is None else None
    facts = Facts(parameters, counters=Replayed(), authorizer_answer=told)
    return explain_call(stage, record.endpoint, call, facts, known)


def _call(request: OfflineRequest, head: RequestHead) -> Call:
    request_id = str(uuid.uuid4())
    return Call(
        method=head.method,
        path=head.path,
        resource_path=head.path,
        query=head.query,
        headers=head.headers,
        header=head.header,
        source_ip=request.source_ip,
        secure=request.secure,
        protocol="HTTP/1.1",
        received_at=request.received_at,
        request_id=request_id,
        extended_request_id=request_id,
        body=request.body,
    )
