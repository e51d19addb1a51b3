from bargate.gateway.budget import MemoryBudget
from bargate.gateway.deadlines import Deadlines
from bargate.gateway.framing import BadResponse, response_head
from bargate.gateway.ids import RequestIds


def test_expires_in_order_once_and_not_after_stop() -> None:
    now, expired = [0.0], []
    deadlines = Deadlines(lambda: now[0])
    queue = deadlines.queue(10.0, expired.append)
    for item in "abc":
        queue.start(item)
        now[0] += 1
    queue.start("a")  # from 3
    queue.stop("b")
    queue.stop("unknown")
    now[0] = 12.5
    deadlines.sweep()
    assert expired == ["c"]
    now[0] = 13.0
    deadlines.sweep()
    deadlines.sweep()
    assert expired == ["c", "a"]
    assert len(queue) == 0


def test_an_item_may_start_again_while_it_expires() -> None:
    now = [0.0]
    deadlines = Deadlines(lambda: now[0])
    again: list[str] = []

    def expire(item: str) -> None:
        again.append(item)
        queue.start(item)

    queue = deadlines.queue(1.0, expire)
    queue.start("a")
    now[0] = 5.0
    deadlines.sweep()
    assert again == ["a"]


def test_the_budget_is_never_exceeded() -> None:
    budget = MemoryBudget(10)
    assert budget.reserve(6)
    assert not budget.reserve(5)
    assert budget.reserve(4)
    budget.release(10)
    assert budget.held_bytes == 0


def test_ids_are_unique() -> None:
    ids = RequestIds()
    drawn = [ids.draw() for _ in range(2_000)]
    assert len({one for one, _ in drawn}) == len({other for _, other in drawn}) == 2_000


def test_a_response_is_never_split() -> None:
    for field in (
        (b"X", b"a\r\nB: c"),
        (b"X\r\nB", b"c"),
        (b"X", b"\n"),
        (b"X", b"\r"),
        (b"X", b"\0"),
    ):
        try:
            response_head(200, [field], b"", b"")
        except BadResponse:
            continue
        raise AssertionError(field)
    head = response_head(200, [(b"Transfer-Encoding", b"chunked"), (b"A", b"b")], b"", b"")
    assert head == b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n"
