"""The last refused calls, and a sample of the allowed ones, by request id: for `bargate why`.

    call_done ──► remember ──► ring: at most MAX_CALLS calls and MAX_BYTES bytes ──► why

What is kept is the call itself, so that the very steps can be run again, with its body as far as
that is short, and with its denial's texts cut. It stays in the worker's memory and only
explanations leave it. A call keeps what decided it, but for the routes of all other calls:
`forget_old` is told of every change, so that no more than KEPT_FRAMES are held beside those served.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, structs

from bargate.access.call import Call, Facts
from bargate.access.explain import Recorded
from bargate.access.verdict import Denial
from bargate.ledger.replay import Replayed
from bargate.snapshot.explain import (
    ExplainedCall,
    explain_call,
    explain_preflight,
    explain_unresolved,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.access.authorizer_answer import Told
    from bargate.gateway.serving import CallRecord
    from bargate.ledger.counters import Counted, Counters
    from bargate.snapshot.compiled import CompiledStage, Endpoint

MAX_CALLS = 1000
MAX_BYTES = 16 * 1024 * 1024
MAX_BODY_BYTES = 8192
MAX_EVENT_BYTES = 16 * 1024
MAX_TEXT_CHARACTERS = 1024
SAMPLE_EVERY = 100
KEPT_FRAMES = 16
_CALL_BYTES = 2048  # of objects, besides what they hold
_FIELD_BYTES = 256  # of the objects of one header field

_log = logging.getLogger("bargate.worker")


class _Remembered(Struct, frozen=True):
    call: Call
    stage: CompiledStage | None
    endpoint: Endpoint | None
    path_parameters: Mapping[str, str]
    denial: Denial | None
    has_body: bool
    size_bytes: int
    counted: Counted | None
    told: Told | None


class RecentCalls:
    """A ring of finished calls; what remains of their quotas is asked of `counters`."""

    def __init__(self, counters: Counters | None = None) -> None:
        self._counters = counters
        self._calls: OrderedDict[str, _Remembered] = OrderedDict()
        self._allowed = 0
        self.held_bytes = 0

    def remember(self, record: CallRecord) -> None:
        """Keep a refused call, or every hundredth allowed one."""
        if record.denial is None:
            self._allowed += 1
            if self._allowed % SAMPLE_EVERY:
                return
        remembered = _remembered(record)
        self._forget(record.call.request_id)
        self._calls[record.call.request_id] = remembered
        self.held_bytes += remembered.size_bytes
        while len(self._calls) > MAX_CALLS or self.held_bytes > MAX_BYTES:
            self._forget(next(iter(self._calls)))

    def forget_old(self, served: set[int]) -> None:
        """Forget the calls decided in frames of the past, but for the last few frames.

        `served` are the identities of the frames in use; call it when they may have changed.
        """
        past: dict[int, None] = {}
        for request_id, remembered in reversed(tuple(self._calls.items())):
            frame = id(remembered.stage.frame) if remembered.stage is not None else 0
            if not frame or frame in served:
                continue
            past[frame] = None
            if len(past) > KEPT_FRAMES:
                self._forget(request_id)
                del past[frame]

    def why(self, request_id: str) -> ExplainedCall | None:
        """Explain a remembered call, None when it is not remembered. Never raises."""
        remembered = self._calls.get(request_id)
        if remembered is None:
            return None
        try:
            explained = _explain(remembered, self._counters)
            msgspec.msgpack.encode(explained)  # texts of a client may hold what UTF-8 cannot
        except Exception:  # noqa: BLE001 - a bug met by the call is met again: tell what is known
            _log.exception("request %s: its steps could not be run again", request_id)
            return _as_recorded(remembered)
        return explained

    def _forget(self, request_id: str) -> None:
        forgotten = self._calls.pop(request_id, None)
        if forgotten is not None:
            self.held_bytes -= forgotten.size_bytes


def _remembered(record: CallRecord) -> _Remembered:
    call, denial, stage = record.call, record.denial, record.stage
    denial = denial and _cut(denial)
    has_body = len(call.body) <= MAX_BODY_BYTES
    if not has_body:
        call = structs.replace(call, body=b"")
    told = _kept(record.facts.authorizer_answer) if record.facts else None
    return _Remembered(
        call,
        None if stage is None else stage.without_routes(),
        record.endpoint,
        record.facts.path_parameters if record.facts else {},
        denial,
        has_body,
        _size_bytes(call) + (_text_bytes(denial) if denial else 0) + _told_bytes(told),
        record.facts.counted if record.facts else None,
        told,
    )


def _kept(told: Told | None) -> Told | None:
    """Give what an authorizer was sent and answered, the event only as far as it is short."""
    if told is None:
        return None
    answer = _cut(told.answer) if isinstance(told.answer, Denial) else told.answer
    sent = told.sent if len(told.sent) <= MAX_EVENT_BYTES else b""
    return structs.replace(told, answer=answer, sent=sent)


def _told_bytes(told: Told | None) -> int:
    if told is None:
        return 0
    answer = told.answer
    held = _text_bytes(answer) if isinstance(answer, Denial) else answer.size_bytes
    return len(told.sent) + held


def _size_bytes(call: Call) -> int:
    """Give a bound of what a call holds: each header field is there twice."""
    fields = sum(map(len, call.header)) + sum(map(len, call.header.values()))
    texts = 2 * len(call.path) + len(call.query) + len(call.body)
    return 2 * fields + _FIELD_BYTES * len(call.headers) + texts + _CALL_BYTES


def _text_bytes(denial: Denial) -> int:
    return 4 * sum(map(len, filter(None, _texts(denial))))


def _texts(denial: Denial) -> tuple[str | None, ...]:
    return denial.detail, denial.message, denial.validation_error, denial.www_authenticate


def _cut(denial: Denial) -> Denial:
    """Give `denial` with texts of bounded length, each safe to encode."""
    if all(t is None or (t.isascii() and len(t) <= MAX_TEXT_CHARACTERS) for t in _texts(denial)):
        return denial
    return structs.replace(
        denial,
        detail=_cut_text(denial.detail) or "",
        message=_cut_text(denial.message),
        validation_error=_cut_text(denial.validation_error),
        www_authenticate=_cut_text(denial.www_authenticate),
    )


def _cut_text(text: str | None) -> str | None:
    if text is None:
        return None
    cut = text if len(text) <= MAX_TEXT_CHARACTERS else f"{text[:MAX_TEXT_CHARACTERS]}…"
    return cut.encode("utf-8", "replace").decode("utf-8")


def _explain(remembered: _Remembered, counters: Counters | None) -> ExplainedCall:
    call, stage, denial = remembered.call, remembered.stage, remembered.denial
    if stage is None:
        assert denial is not None  # noqa: S101  an unresolved call was refused
        return explain_unresolved(call, denial, None)
    if remembered.endpoint is None and denial is None and stage.cors is not None:
        preflight = stage.cors.preflight(call)  # the one answer that needs no route
        if preflight is not None:
            return explain_preflight(stage, call, preflight)
    replayed = Replayed(remembered.counted, counters)
    facts = Facts(remembered.path_parameters, counters=replayed, authorizer_answer=remembered.told)
    explained, _ = explain_call(stage, remembered.endpoint, call, facts, denial)
    if not remembered.has_body and denial is not None:
        return structs.replace(
            explained, outcome="refused", reason=denial.reason, detail=denial.detail
        )
    return explained


def _as_recorded(remembered: _Remembered) -> ExplainedCall:
    """Tell how a call ended without running any of its steps again."""
    stage, endpoint, denial = remembered.stage, remembered.endpoint, remembered.denial
    known = _cut(denial or _NOT_EXPLAINED)
    end = Recorded("call", "refused" if denial else "undecided", f"{known.detail} [{known.reason}]")
    return structs.replace(
        explain_unresolved(remembered.call, known, None),
        api=f"{stage.api_name} ({stage.api_id})" if stage else "",
        stage=stage.name if stage else "",
        endpoint=f"{endpoint.http_method} {endpoint.resource_path}" if endpoint else "",
        steps=(end,),
        outcome="refused" if denial else "allowed",
    )


_NOT_EXPLAINED = Denial(
    response_type="API_CONFIGURATION_ERROR",
    reason="internal",
    detail="the call was allowed; its steps could not be run again, see the log",
)
