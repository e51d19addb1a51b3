"""The ring of recent calls: bounded, and never the end of a worker."""

from __future__ import annotations

from typing import Any

from msgspec import msgpack

from bargate.access.call import Call
from bargate.access.verdict import Denial
from bargate.gateway import recent
from bargate.gateway.recent import RecentCalls
from bargate.gateway.serving import CallRecord
from bargate.model.http_api import Cors, HttpApi, HttpIntegration, Route
from bargate.model.installation import Stage
from bargate.snapshot.compiled import CompiledStage
from building import call, method, rest_api, snapshot


def _call(number: int, body: bytes = b"", value: bytes = b"b") -> Call:
    headers = [(b"A%d" % at, value) for at in range(3)]
    return Call(
        "GET",
        "/a",
        "/a",
        "",
        headers,
        {name.lower(): value for name, value in headers},
        "127.0.0.1",
        False,
        "HTTP/1.1",
        1.8e9,
        f"id-{number}",
        f"extended-{number}",
        body,
    )


def _refused(number: int, detail: str = "d", **call: Any) -> CallRecord:
    denial = Denial(
        response_type="ACCESS_DENIED", reason="test", detail=detail, validation_error="v"
    )
    return CallRecord(call=_call(number, **call), denial=denial)


def test_keeps_a_number_of_calls() -> None:
    calls = RecentCalls()
    for number in range(recent.MAX_CALLS + 10):
        calls.remember(_refused(number))
    assert calls.why("id-9") is None
    assert calls.why("id-10") is not None


def test_keeps_a_number_of_bytes() -> None:
    calls = RecentCalls()
    for number in range(recent.MAX_CALLS):
        calls.remember(_refused(number, body=b"b" * 8192, value=b"v" * 3000))
        assert calls.held_bytes <= recent.MAX_BYTES
    assert calls.why("id-0") is None
    assert calls.why(f"id-{recent.MAX_CALLS - 1}") is not None


def test_an_id_seen_twice_is_counted_once() -> None:
    calls = RecentCalls()
    calls.remember(_refused(1))
    once = calls.held_bytes
    calls.remember(_refused(1))
    assert calls.held_bytes == once


def test_cuts_texts() -> None:
    calls = RecentCalls()
    calls.remember(_refused(1, "k" * 1_000_000))
    explained = calls.why("id-1")
    assert explained is not None
    assert len(explained.detail or "") <= recent.MAX_TEXT_CHARACTERS + 1
    assert calls.held_bytes < 20_000


def test_what_is_given_can_be_sent() -> None:
    calls = RecentCalls()
    calls.remember(_refused(1, "a lone surrogate: \ud800"))
    explained = calls.why("id-1")
    assert explained is not None
    assert b"a lone surrogate: ?" in msgpack.encode(explained)


def _decided(number: int, stage: CompiledStage) -> CallRecord:
    record = _refused(number)
    record.stage = stage
    return record


def _stage(name: str) -> CompiledStage:
    return snapshot(rest_api(("/a", method())), Stage(name=name)).apis["petstore"].stages[name]


def test_forgets_what_frames_of_the_past_decided() -> None:
    calls, served = RecentCalls(), _stage("served")
    calls.remember(_decided(0, served))
    for number in range(recent.KEPT_FRAMES + 2):
        calls.remember(_decided(number + 1, _stage(f"s{number}")))
    calls.forget_old({id(served.frame)})
    assert calls.why("id-0") is not None  # the oldest, but of what is served
    assert calls.why("id-1") is None
    assert calls.why("id-2") is None
    assert calls.why("id-3") is not None


def test_what_is_kept_of_a_stage_holds_no_routes() -> None:
    stage = _stage("prod")
    kept = stage.without_routes()
    assert (kept.router.endpoints, kept.sources, kept.served, kept.canary) == ((), {}, None, None)
    assert (kept.title, kept.frame, kept.refuser) == (stage.title, stage.frame, stage.refuser)


class _Broken:
    """A stage whose parts all fail."""

    api_name, api_id, name, kind = "api", "a1", "prod", "REST"

    def without_routes(self) -> _Broken:
        return self

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


def test_a_bug_is_answered_by_what_was_recorded() -> None:
    calls = RecentCalls()
    record = _refused(1)
    record.stage = _Broken()  # type: ignore[assignment]
    calls.remember(record)
    explained = calls.why("id-1")
    assert explained is not None
    assert (explained.outcome, explained.reason, explained.stage) == ("refused", "test", "prod")


def test_a_preflight_that_was_answered_is_not_told_as_refused() -> None:
    backend = HttpIntegration(type="HTTP_PROXY", uri="http://127.0.0.1:9000")
    api = HttpApi(
        id="shop",
        name="Shop",
        routes=(Route(route_key="GET /a", integration=backend),),
        cors=Cors(allow_origins=("https://a.example",), allow_methods=("GET",)),
    )
    stage = snapshot(api, Stage(name="$default")).apis["shop"].stages["$default"]
    headers = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    calls = RecentCalls()
    for _ in range(recent.SAMPLE_EVERY):
        made = call("OPTIONS", "/a", headers=headers)
        calls.remember(CallRecord(call=made, stage=stage, status=204))
    explained = calls.why(made.request_id)
    assert explained is not None
    assert explained.outcome == "allowed"
    assert explained.steps[-1].control == "CORS preflight"
