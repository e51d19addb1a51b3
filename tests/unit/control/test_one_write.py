from __future__ import annotations

import asyncio
from typing import Any

from bargate.control.one_write import OneWrite


class Transport:
    def __init__(self) -> None:
        self.events: list[Any] = []

    def write(self, data: bytes) -> None:
        self.events.append(data)

    def close(self) -> None:
        self.events.append("close")

    def abort(self) -> None:
        self.events.append("abort")

    def is_closing(self) -> bool:
        return False


async def _after(*writes: bytes, then: str = "") -> list[Any]:
    transport = Transport()
    one = OneWrite(transport, asyncio.get_running_loop())  # type: ignore[arg-type]
    for data in writes:
        one.write(data)
    assert transport.events == [], "nothing goes out before the turn ends"
    if then:
        getattr(one, then)()
    await asyncio.sleep(0)
    return transport.events


def test_head_and_body_go_out_in_one_piece() -> None:
    assert asyncio.run(_after(b"head", b"body")) == [b"headbody"]


def test_what_was_written_goes_out_before_the_end() -> None:
    assert asyncio.run(_after(b"head", b"body", then="close")) == [b"headbody", "close"]


def test_what_is_aborted_is_not_sent() -> None:
    assert asyncio.run(_after(b"head", then="abort")) == ["abort"]


def test_a_second_response_is_a_second_piece() -> None:
    async def run() -> list[Any]:
        transport = Transport()
        one = OneWrite(transport, asyncio.get_running_loop())  # type: ignore[arg-type]
        for data in (b"one", b"two"):
            one.write(data)
            await asyncio.sleep(0)
        assert not one.is_closing()
        return transport.events

    assert asyncio.run(run()) == [b"one", b"two"]
