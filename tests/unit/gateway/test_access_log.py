from __future__ import annotations

import os
import threading
from pathlib import Path

from bargate.gateway import access_log
from bargate.gateway.access_log import AccessLog
from bargate.gateway.serving import CallRecord
from building import call


def line(record: CallRecord) -> bytes:
    return f"{record.status}\n".encode()


def record(number: int) -> CallRecord:
    return CallRecord(call=call(), status=number)


def test_writes_every_line_in_order(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = AccessLog(str(path), line)
    for number in range(2000):
        log.call_done(record(number))
    log.close()
    assert path.read_text().split() == [str(number) for number in range(2000)]
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_rotated_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = AccessLog(str(path), line)
    log.call_done(record(1))
    log.flush()
    while not path.read_text():
        pass  # the writer's thread is about to write; the test's time limit bounds this
    path.rename(tmp_path / "log.1")
    log.reopen()
    log.call_done(record(2))
    log.close()
    assert (tmp_path / "log.1").read_text() == "1\n"
    assert path.read_text() == "2\n"


def test_a_reader_that_stalls_costs_lines_not_calls() -> None:
    reading, writing = os.pipe()
    log = AccessLog(f"/dev/fd/{writing}", lambda _: b"x" * 4000 + b"\n")
    done = threading.Event()

    def many() -> None:
        for _ in range(access_log.MAX_BATCH_LINES * (access_log.MAX_QUEUED_BATCHES + 4)):
            log.call_done(record(1))
        done.set()

    threading.Thread(target=many, daemon=True).start()
    assert done.wait(20), "logging held up the calls"
    assert log._dropped > 0
    os.close(writing)
    os.close(reading)


def test_a_pipe_gets_whole_lines_in_pieces_that_stay_together() -> None:
    reading, writing = os.pipe()
    lines = [b"%d %b\n" % (number, b"y" * 900) for number in range(40)]
    got: list[bytes] = []

    def read() -> None:
        while data := os.read(reading, 65536):
            got.append(data)

    reader = threading.Thread(target=read)
    reader.start()
    access_log._write(writing, lines)
    os.close(writing)
    reader.join(10)
    os.close(reading)
    assert b"".join(got) == b"".join(lines)
