"""kill -9 at any moment: what was acknowledged is there, nothing is half-written."""

import asyncio
import itertools
import random
import time

from bargate.store.folder import open_folder
from conformance.store.kinds import PET, Pet
from e2e.store.children import Child

ROUNDS = 25
SUBMITTERS = 16


def pair(round_, submitter, number):
    """Two records that are made, or not made, together; their predecessors go."""
    name = f"{round_}-{submitter}-{number}"

    def work(tx):
        tx.create(PET, Pet("a", name, name, "x"))
        tx.create(PET, Pet("b", name, name, "x" * (number % 3_000)))
        tx.update(
            PET, ("count", str(submitter)), lambda old: Pet(*_key(old), old.name, None, old.age + 1)
        )

    return name, work


def _key(pet):
    return pet.shelter, pet.id


def writes_for_ever(folder, round_):
    def body(tell):
        store = open_folder(folder, {})
        tell("ready")

        async def one(submitter):
            for number in itertools.count():
                name, work = pair(round_, submitter, number)
                await store.submit(work)
                tell(name)

        async def all_of_them():
            await asyncio.gather(*(one(submitter) for submitter in range(SUBMITTERS)))

        asyncio.run(all_of_them())

    return body


def test_what_was_acknowledged_survives_and_nothing_is_half_written(tmp_path):
    folder = tmp_path / "data"
    store = open_folder(folder, {})
    store.write(
        lambda tx: [tx.create(PET, Pet("count", str(n), str(n))) for n in range(SUBMITTERS)]
    )
    store.close()
    acknowledged = set()
    unacknowledged = 0
    chance = random.Random(7)
    for round_ in range(ROUNDS):
        child = Child(writes_for_ever(folder, round_))
        assert child.line() == "ready"
        time.sleep(chance.uniform(0.0, 0.15))
        acknowledged.update(child.kill())
        store = open_folder(folder, {})  # the lock died with its holder
        stored = {pet.id for pet in store.read(lambda tx: tx.list(PET, ("a",)))}
        assert acknowledged <= stored
        assert {pet.id for pet in store.read(lambda tx: tx.list(PET, ("b",)))} == stored
        assert {pet.id for pet in store.read(lambda tx: tx.list_by(PET, "name", ("b",)))} == stored
        assert len(store.read(lambda tx: tx.list_by(PET, "colour", ("a", "x")))) == len(stored)
        counted = store.read(lambda tx: sum(pet.age for pet in tx.list(PET, ("count",))))
        assert counted == len(stored)
        unacknowledged = len(stored) - len(acknowledged)
        # what was being written when the kill came, at most one piece a submitter and round
        assert unacknowledged <= SUBMITTERS * (round_ + 1)
        store.close()
    assert len(acknowledged) > ROUNDS * SUBMITTERS


def test_a_kill_while_the_store_is_created_leaves_one_that_opens(tmp_path):
    chance = random.Random(8)
    for round_ in range(30):
        folder = tmp_path / str(round_)

        def body(tell, folder=folder):
            tell("go")
            open_folder(folder, {})
            tell("done")
            time.sleep(20)

        child = Child(body)
        assert child.line() == "go"
        time.sleep(chance.uniform(0.0, 0.012))
        child.kill()
        store = open_folder(folder, {})
        store.write(lambda tx: tx.create(PET, Pet("s", "1")))
        store.close()
