"""Groups, listeners, views, and what happens around a store's end."""

import asyncio
import threading

import pytest
from msgspec.structs import replace

from bargate.store.interface import (
    AlreadyExists,
    Change,
    NotFound,
    StoreBusy,
    StoreUnavailable,
)
from bargate.store.writer import MAX_WAITING
from conformance.store.kinds import KEY, PET, Pet

REX = Pet("s", "1", "rex")


def pet(number):
    return Pet("s", str(number), str(number))


def create(number):
    return lambda tx: tx.create(PET, pet(number))


def ids(store):
    return {each.id for each in store.read(lambda tx: tx.list(PET))}


async def _all(*works, store):
    return await asyncio.gather(*(store.submit(work) for work in works), return_exceptions=True)


def submit(store, *works):
    return asyncio.run(_all(*works, store=store))


def test_submitted_work_gives_its_results(store):
    assert submit(store, create(1), create(2)) == [pet(1), pet(2)]
    assert ids(store) == {"1", "2"}


def test_work_of_a_group_fails_alone(store):
    def fails(tx):
        tx.create(PET, pet(7))
        raise LookupError("mine")

    results = submit(
        store, create(1), fails, create(1), create(2), lambda tx: tx.get(PET, ("s", "7"))
    )
    assert [type(each) for each in results] == [Pet, LookupError, AlreadyExists, Pet, NotFound]
    assert ids(store) == {"1", "2"}


@pytest.mark.parametrize("error", [StopIteration, SystemExit, KeyboardInterrupt, RecursionError])
def test_no_exception_of_work_stops_the_thread_that_writes(store, error):
    def fails(tx):
        tx.create(PET, pet(7))
        raise error

    async def body():
        with pytest.raises(RuntimeError if error is StopIteration else error):
            await store.submit(fails)
        await store.submit(create(1))

    asyncio.run(body())
    assert ids(store) == {"1"}


def test_a_group_sees_its_work_in_the_order_of_submission(store):
    def add(tx):
        return tx.update(PET, ("s", "1"), lambda old: replace(old, age=old.age + 1)).age

    results = submit(store, create(1), *[add] * 200)
    assert results[1:] == list(range(1, 201))


def test_listeners_are_told_before_the_submitter_is_answered_on_the_loops_thread(store):
    told = []

    async def body():
        store.subscribe(lambda changes: told.append((changes, threading.get_ident())))
        await store.submit(create(1))
        assert told == [(frozenset({Change("pet", ("s", "1"))}), threading.get_ident())]

    asyncio.run(body())


def test_listeners_are_told_every_change_once_in_the_order_of_the_commits(store):
    told = []
    store.subscribe(told.append)

    def move(number):
        def work(tx):
            if number:
                tx.delete(PET, ("s", str(number - 1)))
            return tx.create(PET, pet(number))

        return work

    async def body():
        for start in range(0, 60, 20):
            waiting = [asyncio.ensure_future(store.submit(move(start + n))) for n in range(20)]
            await asyncio.sleep(0)
            # a direct write in between is told in its place
            store.write(lambda tx, start=start: tx.create(PET, Pet("t", str(start), str(start))))
            await asyncio.gather(*waiting)

    asyncio.run(body())
    created = [change.key for changes in told for change in changes if change.key[0] == "s"]
    # each record is told when it is made and when it is deleted, in one commit or in two
    assert set(created) == {("s", str(n)) for n in range(60)}
    last = -1
    for changes in told:
        numbers = sorted(int(change.key[1]) for change in changes if change.key[0] == "s")
        if numbers:
            assert numbers == list(range(max(last, 0), numbers[-1] + 1))
            last = numbers[-1]
    assert last == 59


def test_a_listener_sees_the_commit_that_it_is_told_of(store):
    seen = []
    store.subscribe(lambda _: seen.append(ids(store)))
    submit(store, create(1))
    store.write(create(2))
    assert seen == [{"1"}, {"1", "2"}]


def test_reading_and_failing_work_tells_nobody(store):
    told = []
    store.subscribe(told.append)
    store.read(lambda tx: tx.list(PET))
    submit(store, lambda tx: tx.list(PET))
    with pytest.raises(NotFound):
        store.write(lambda tx: tx.delete(PET, ("s", "1")))
    assert told == []


def test_a_failing_listener_keeps_no_other_from_being_told(store):
    told = []

    def fails(_):
        raise LookupError("a bug")

    store.subscribe(fails)
    store.subscribe(told.append)
    with pytest.raises(ExceptionGroup):
        store.write(create(1))
    reported = []

    async def body():
        asyncio.get_running_loop().set_exception_handler(lambda _, what: reported.append(what))
        assert await asyncio.wait_for(store.submit(create(2)), 5) == pet(2)

    asyncio.run(body())
    assert [{change.key[1] for change in changes} for changes in told] == [{"1"}, {"2"}]
    assert len(reported) == 1


def test_nothing_can_be_written_in_a_read(store):
    store.write(lambda tx: tx.create(PET, REX))
    for work in (
        lambda tx: tx.create(PET, pet(2)),
        lambda tx: tx.update(PET, ("s", "1"), lambda old: old),
        lambda tx: tx.delete(PET, ("s", "1")),
    ):
        with pytest.raises(AttributeError):
            store.read(work)
    assert ids(store) == {"1"}


def test_a_transaction_cannot_be_used_when_it_is_over(store):
    kept = []
    store.write(kept.append)
    store.read(kept.append)
    submit(store, kept.append)
    assert len(kept) == 3
    for transaction in kept:
        with pytest.raises(RuntimeError, match="over"):
            transaction.find(PET, ("s", "1"))
    with pytest.raises(RuntimeError, match="over"):
        kept[0].create(PET, REX)
    assert ids(store) == set()


def test_work_that_writes_through_its_own_store_is_refused_and_the_store_goes_on(store):
    for run in (store.write, lambda work: submit(store, work)[0]):
        found = None
        try:
            found = run(lambda _: store.write(create(1)))
        except RuntimeError as error:
            found = error
        assert isinstance(found, RuntimeError)
        assert "must not use the store" in str(found)
    store.write(create(2))
    assert ids(store) == {"2"}


def test_views_of_many_threads_are_each_consistent(store):
    store.write(lambda tx: [tx.create(PET, pet(1)), tx.create(PET, pet(2))])
    stop = threading.Event()
    torn = []

    def look():
        while not stop.is_set():

            def work(tx):
                return tx.get(PET, ("s", "1")).age, tx.get(PET, ("s", "2")).age

            first, second = store.read(work)
            if first != second:
                torn.append((first, second))

    def both(tx):
        for number in "12":
            tx.update(PET, ("s", number), lambda old: replace(old, age=old.age + 1))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(300):
        store.write(both)
    stop.set()
    for thread in threads:
        thread.join()
    assert torn == []
    assert store.read(lambda tx: tx.get(PET, ("s", "1"))).age == 300


def test_threads_that_write_do_not_lose_each_others_work(store):
    store.write(create(1))

    def add():
        for _ in range(100):
            store.write(
                lambda tx: tx.update(PET, ("s", "1"), lambda old: replace(old, age=old.age + 1))
            )

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.read(lambda tx: tx.get(PET, ("s", "1"))).age == 400


def test_more_work_than_may_wait_is_refused(store):
    release = threading.Event()

    async def body():
        first = asyncio.ensure_future(store.submit(lambda _: release.wait(20)))

        waiting = [asyncio.ensure_future(store.submit(create(n))) for n in range(MAX_WAITING + 64)]
        await asyncio.sleep(0)
        refused = [
            each for each in waiting if each.done() and isinstance(each.exception(), StoreBusy)
        ]
        release.set()

        assert await first
        results = await asyncio.gather(*waiting, return_exceptions=True)
        return len(refused), results

    refused, results = asyncio.run(body())
    assert 0 < refused <= 64
    assert len(ids(store)) == MAX_WAITING + 64 - refused
    assert sum(isinstance(each, Pet) for each in results) == MAX_WAITING + 64 - refused


def test_a_cancelled_task_does_not_take_the_others_answers(store):
    async def body():
        tasks = [asyncio.ensure_future(store.submit(create(n))) for n in range(10)]
        await asyncio.sleep(0)
        tasks[3].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(body())
    assert isinstance(results[3], asyncio.CancelledError)
    assert sum(isinstance(each, Pet) for each in results) == 9
    submit(store, create(99))
    assert len(ids(store)) == 11


def test_an_event_loop_that_went_away_takes_nothing_with_it(store):
    async def leaves():
        left = asyncio.ensure_future(store.submit(create(1)))
        await asyncio.sleep(0)
        assert not left.cancelled()

    asyncio.run(leaves())
    told = []
    store.subscribe(told.append)
    assert submit(store, create(2)) == [pet(2)]
    assert Change("pet", ("s", "2")) in set().union(*told)
    assert ids(store) == {"1", "2"}


def test_close_finishes_what_was_submitted_and_refuses_what_comes_later(store):
    told = []

    async def body():
        store.subscribe(told.append)
        tasks = [asyncio.ensure_future(store.submit(create(n))) for n in range(100)]
        await asyncio.sleep(0)
        store.close()
        assert len(set().union(*told)) == 100
        return await asyncio.gather(*tasks)

    assert len(asyncio.run(body())) == 100
    for use in (
        lambda: store.read(lambda tx: tx.list(PET)),
        lambda: store.write(create(1)),
        lambda: asyncio.run(store.submit(create(1))),
        store.reset,
    ):
        with pytest.raises(StoreUnavailable, match="closed"):
            use()
    store.close()


def test_reset_leaves_nothing_and_tells_of_every_record(store):
    told = []
    store.write(lambda tx: [tx.create(PET, Pet("ä", str(n), str(n), "brown")) for n in range(50)])
    store.subscribe(told.append)
    store.reset()
    assert told == [frozenset(Change("pet", ("ä", str(n))) for n in range(50))]
    assert store.read(lambda tx: (tx.list(PET), tx.list(KEY), tx.count(PET))) == ([], [], 0)
    assert store.read(lambda tx: tx.list_by(PET, "colour", ("ä",))) == []
    store.write(lambda tx: tx.create(PET, Pet("ä", "1", "1", "brown")))
