"""A disk that takes no more: a clear error, nothing lost, and all goes on when there is room."""

import asyncio
import resource

import pytest

from bargate.store.folder import open_folder
from bargate.store.interface import StoreRefused, StoreUnavailable
from conformance.store.kinds import PET, Pet
from e2e.store.children import Child

MEBIBYTE = 1024 * 1024


def big(number):
    return lambda tx: tx.create(PET, Pet("s", str(number), str(number), "x" * 20_000))


async def fill(store, count=400):
    return await asyncio.gather(
        *(store.submit(big(number)) for number in range(count)), return_exceptions=True
    )


def check_whole(store, results):
    stored = {pet.id for pet in store.read(lambda tx: tx.list(PET, ("s",)))}
    assert stored == {each.id for each in results if isinstance(each, Pet)}
    assert len(store.read(lambda tx: tx.list_by(PET, "name", ("s",)))) == len(stored)


def test_a_file_that_may_not_grow_fails_each_piece_of_the_group_and_heals(tmp_path):
    def body(tell):
        told = []
        store = open_folder(tmp_path / "data", {})
        store.subscribe(told.append)
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MEBIBYTE, unlimited[1]))
        results = asyncio.run(fill(store))
        failed = [each for each in results if not isinstance(each, Pet)]
        assert failed
        assert {type(each) for each in failed} == {StoreUnavailable}
        check_whole(store, results)
        assert len(set().union(*told)) == len(results) - len(failed)
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        store.write(lambda tx: tx.create(PET, Pet("s", "after", "after")))
        store.close()
        for each in {str(failure) for failure in failed}:
            tell(each)
        tell(str(len(results) - len(failed)))

    *messages, kept = Child(body).finish()
    assert messages
    for message in messages:
        assert message.startswith(("the disk failed", "the disk is full"))
        assert message.endswith("nothing was written")
    store = open_folder(tmp_path / "data", {})
    assert store.read(lambda tx: tx.count(PET)) == int(kept) + 1
    assert store._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store.close()


def test_a_full_disk_is_called_so_and_reading_goes_on(tmp_path):
    store = open_folder(tmp_path / "data", {})
    store.write(lambda tx: tx.create(PET, Pet("s", "before", "before")))
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages + 20}")
    results = asyncio.run(fill(store))
    failed = [each for each in results if not isinstance(each, Pet)]
    assert {type(each) for each in failed} == {StoreUnavailable}
    assert {str(each) for each in failed} == {
        "the disk is full (database or disk is full); nothing was written"
    }
    assert store.read(lambda tx: tx.get(PET, ("s", "before")))
    with pytest.raises(StoreUnavailable, match="the disk is full"):
        store.write(lambda tx: [big(number)(tx) for number in range(1_000, 1_100)])
    store._connection.execute("PRAGMA max_page_count = 1000000")
    store.write(big("after"))
    assert store._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store.close()
    store = open_folder(tmp_path / "data", {})
    assert store.read(lambda tx: tx.find(PET, ("s", "after")))
    store.close()


def test_a_store_is_not_created_by_halves_where_there_is_no_room(tmp_path):
    def body(tell):
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
        for limit in (0, 10, 60, 3_000, 5_000, 9_000, 30_000):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, unlimited[1]))
            try:
                open_folder(tmp_path / "data", {}).close()
                tell("opened")
            except StoreRefused as error:
                tell(f"StoreRefused: {error}")
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        open_folder(tmp_path / "data", {}).close()
        tell("opened")

    *lines, last = Child(body).finish()
    assert last == "opened"
    assert len(lines) == 7
    assert sum(line.startswith("StoreRefused: ") for line in lines) >= 4, lines
    assert {line.split(":")[0] for line in lines} <= {"StoreRefused", "opened"}, lines
