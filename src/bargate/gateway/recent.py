"""The last refused calls, and a sample of the allowed ones, by request id: for `bargate why`.

Bounded in number and in bytes. What is kept is the call itself, so that the very steps can be run
again; it stays in the worker's memory and only explanations leave it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from bargate.access.call import Facts
from bargate.snapshot.explain import ExplainedCall, explain_call, explain_unresolved

if TYPE_CHECKING:
    from bargate.gateway.serving import CallRecord

MAX_CALLS = 1000
MAX_BODY_BYTES = 8192
SAMPLE_EVERY = 100


class _Remembered(Struct):
    record: CallRecord
    has_body: bool


class RecentCalls:
    """A ring of finished calls."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, _Remembered] = OrderedDict()
        self._allowed = 0

    def remember(self, record: CallRecord) -> None:
        """Keep a refused call, or every hundredth allowed one."""
        if record.denial is None:
            self._allowed += 1
            if self._allowed % SAMPLE_EVERY:
                return
        has_body = len(record.call.body) <= MAX_BODY_BYTES
        if not has_body:
            record.call = structs.replace(record.call, body=b"")
        self._calls[record.call.request_id] = _Remembered(record, has_body)
        if len(self._calls) > MAX_CALLS:
            self._calls.popitem(last=False)

    def why(self, request_id: str) -> ExplainedCall | None:
        """Explain a remembered call, None when it is not remembered."""
        remembered = self._calls.get(request_id)
        return None if remembered is None else _explain(remembered)


def _explain(remembered: _Remembered) -> ExplainedCall:
    record = remembered.record
    call, stage, denial = record.call, record.stage, record.denial
    if stage is None:
        assert denial is not None  # noqa: S101  an unresolved call was refused
        return explain_unresolved(call, denial, None)
    parameters = record.facts.path_parameters if record.facts else {}
    explained, _ = explain_call(stage, record.endpoint, call, Facts(parameters), denial)
    if not remembered.has_body and denial is not None:
        return structs.replace(
            explained, outcome="refused", reason=denial.reason, detail=denial.detail
        )
    return explained
