"""Random work on a store and on a dict gives the same records, pages, refusals."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from bargate.store.interface import AlreadyExists, NotFound
from conformance.store.kinds import FORMS, PET, Pet, a_store

texts = st.sampled_from(["", "a", "ab", "b", "\x01", "é", "\U0010ffff"])
colours = st.sampled_from([None, "", "a", "ab"])
pets = st.builds(Pet, texts, texts, texts, colours, st.integers(0, 3))
prefixes = st.lists(texts, max_size=3).map(tuple)
positions = st.none() | st.lists(texts | st.text(max_size=2), max_size=4).map(tuple)
limits = st.none() | st.integers(0, 4)


class Undo(Exception):
    pass


class Model(dict[tuple[str, str], Pet]):
    """What a store should do, in the plainest way."""

    def put(self, pet: Pet) -> None:
        for other in self.values():
            if (other.shelter, other.name) == (pet.shelter, pet.name) and (
                (other.shelter, other.id) != (pet.shelter, pet.id)
            ):
                raise AlreadyExists("pet", (pet.shelter, pet.name), "name")
        self[pet.shelter, pet.id] = pet

    def create(self, pet: Pet) -> None:
        if (pet.shelter, pet.id) in self:
            raise AlreadyExists("pet", (pet.shelter, pet.id))
        self.put(pet)

    def page(self, index, prefix, after, limit):
        # tuples of texts sort as their code points do
        rows = []
        for key, pet in self.items():
            if index == "colour" and pet.colour is None:
                continue
            entry = {
                None: key,
                "name": (pet.shelter, pet.name),
                "colour": (pet.shelter, pet.colour),
            }[index]
            position = key if index is None else entry + key
            # an index's prefix never reaches into the record's own key
            if entry[: len(prefix)] == prefix and (after is None or position > after):
                rows.append((position, pet))
        return [pet for _, pet in sorted(rows, key=lambda row: row[0])][:limit]


def refusal(work):
    try:
        work()
    except (AlreadyExists, NotFound) as refused:
        return type(refused), str(refused)
    return None


class Machine(RuleBasedStateMachine):
    form = "memory"

    def __init__(self):
        super().__init__()
        self.opened = a_store(self.form)
        self.store = self.opened.__enter__()
        self.model = Model()
        self.told = set()
        self.store.subscribe(self.told.update)

    def teardown(self):
        self.opened.__exit__(None, None, None)

    def both(self, work, model_work):
        before = dict(self.model)
        self.told.clear()
        assert refusal(lambda: self.store.write(work)) == refusal(model_work)
        keys = before.keys() | self.model.keys()
        assert {change.key for change in self.told} >= {
            key for key in keys if before.get(key) != self.model.get(key)
        }

    @rule(pet=pets)
    def create(self, pet):
        self.both(lambda tx: tx.create(PET, pet), lambda: self.model.create(pet))

    @rule(pet=pets)
    def update(self, pet):
        key = (pet.shelter, pet.id)

        def model_work():
            if key not in self.model:
                raise NotFound("pet", key)
            self.model.put(pet)

        self.both(lambda tx: tx.update(PET, key, lambda _: pet), model_work)

    @rule(pet=pets)
    def delete(self, pet):
        key = (pet.shelter, pet.id)

        def model_work():
            if self.model.pop(key, None) is None:
                raise NotFound("pet", key)

        self.both(lambda tx: tx.delete(PET, key), model_work)

    @rule(created=st.lists(pets, max_size=3))
    def fail_half_way(self, created):
        def work(tx):
            for pet in created:
                if tx.find(PET, (pet.shelter, pet.id)) is not None:
                    tx.delete(PET, (pet.shelter, pet.id))
                else:
                    tx.create(PET, replace(pet, name=f"{pet.name} {len(tx.changes)}"))
            raise Undo

        with pytest.raises((Undo, AlreadyExists)):
            self.store.write(work)

    @rule(
        index=st.sampled_from([None, "name", "colour"]),
        prefix=prefixes,
        after=positions,
        limit=limits,
    )
    def page(self, index, prefix, after, limit):
        def work(tx):
            if index is None:
                return tx.list(PET, prefix, after=after, limit=limit)
            return tx.list_by(PET, index, prefix, after=after, limit=limit)

        assert self.store.read(work) == self.model.page(index, prefix, after, limit)

    @rule(prefix=prefixes)
    def count(self, prefix):
        found = self.store.read(lambda tx: tx.count(PET, prefix))
        assert found == len(self.model.page(None, prefix, None, None))

    @rule(shelter=texts, name=texts)
    def find_by(self, shelter, name):
        found = self.store.read(lambda tx: tx.find_by(PET, "name", (shelter, name)))
        expected = [p for p in self.model.values() if (p.shelter, p.name) == (shelter, name)]
        assert ([] if found is None else [found]) == expected

    @invariant()
    def every_record_is_the_same(self):
        listed = self.store.read(lambda tx: tx.list(PET))
        assert listed == [self.model[key] for key in sorted(self.model)]
        for pet in listed:
            assert self.store.read(lambda tx, pet=pet: tx.get(PET, (pet.shelter, pet.id))) == pet


@pytest.mark.parametrize("form", FORMS)
def test_a_store_does_as_a_dict_does(form):
    machine = type("Machine", (Machine,), {"form": form})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60 if form == "memory" else 15,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
