from __future__ import annotations

import logging

import pytest
from msgspec import structs

from bargate.gateway.dispatch import Dispatcher
from bargate.gateway.fetch import fetch
from bargate.gateway.head import HeadReader
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.gateway.limits import Limits
from bargate.gateway.serving import CallRecord
from bargate.mapping.plan import Response
from bargate.snapshot.compile import Options, compile_snapshot
from building import PLACE, call, method, rest_api, served_stages


def test_an_endpoint_that_does_not_compile_at_its_first_call_is_denied_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)
    api = rest_api(("/bad", method(integration=None)), ("/good", method()))
    place = structs.replace(PLACE, served=served_stages(api))
    lazy = compile_snapshot(place, HttpKeyDirectory(fetch), None, Options(eager_max=0))
    dispatcher = Dispatcher(lazy, 1000)
    for _ in range(2):
        head = HeadReader(Limits()).read(b"GET /_api/petstore/prod/bad HTTP/1.1\r\nHost: h\r\n\r\n")
        record = CallRecord(call=call("GET", "/bad"))
        answer = dispatcher.begin(record, head)
        assert isinstance(answer, Response)
        assert answer.status == 500
        assert record.denial is not None
        assert record.denial.reason == "internal"
    assert "No integration defined" in caplog.text
    head = HeadReader(Limits()).read(b"GET /_api/petstore/prod/good HTTP/1.1\r\nHost: h\r\n\r\n")
    assert dispatcher.begin(CallRecord(call=call("GET", "/good")), head) is None
