"""Lists: their order, their prefixes and their pages, also of many records in little memory."""

import tracemalloc

import pytest

from conformance.store.kinds import FREE, PET, Pet

# neighbours in every order that a text could be confused with: bytes, UTF-16, case, NUL's next
TEXTS = (
    "",
    "\x01",
    "\x02",
    "A",
    "a",
    "a\x01",
    "ab",
    "aé",
    "é",
    "\uffff",
    "\U00010000",
    "\U0010ffff",
)


def pages(give, position_of, size):
    found, after = [], None
    while page := give(after, size):
        assert len(page) <= size
        found += page
        after = position_of(page[-1])
    return found


def test_records_come_in_the_order_of_their_keys(store):
    pets = [Pet(shelter, id_, shelter + "|" + id_) for shelter in TEXTS for id_ in TEXTS]
    store.write(lambda tx: [tx.create(PET, pet) for pet in reversed(pets)])
    assert store.read(lambda tx: tx.list(PET)) == pets
    assert (
        pages(
            lambda after, size: store.read(lambda tx: tx.list(PET, after=after, limit=size)),
            lambda pet: (pet.shelter, pet.id),
            7,
        )
        == pets
    )


@pytest.mark.parametrize("prefix", TEXTS)
def test_a_prefix_takes_whole_texts_only(store, prefix):
    pets = [Pet(shelter, id_, shelter + "|" + id_) for shelter in TEXTS for id_ in TEXTS]
    store.write(lambda tx: [tx.create(PET, pet) for pet in pets])
    expected = [pet for pet in pets if pet.shelter == prefix]
    assert store.read(lambda tx: tx.list(PET, (prefix,))) == expected
    assert store.read(lambda tx: tx.count(PET, (prefix,))) == len(TEXTS)
    assert store.read(lambda tx: tx.list_by(PET, "name", (prefix,))) == expected
    assert store.read(lambda tx: tx.list(PET, (prefix, "a"))) == [
        pet for pet in expected if pet.id == "a"
    ]


def test_a_key_comes_before_those_that_it_begins(store):
    pets = [Pet("-", "a"), Pet("a", ""), Pet("a", "b"), Pet("-", "ab")]
    store.write(lambda tx: [tx.create(FREE, pet) for pet in reversed(pets)])
    assert store.read(lambda tx: tx.list(FREE)) == pets
    assert store.read(lambda tx: tx.list(FREE, ("a",))) == pets[:3]
    assert store.read(lambda tx: tx.list(FREE, ("a",), after=("a",))) == pets[1:3]


def test_pages_of_an_index_go_on_within_records_of_the_same_key(store):
    pets = [Pet("s", id_, id_, colour) for colour in ("", "a", "ab") for id_ in map(str, range(7))]
    pets = [
        Pet(pet.shelter, pet.id + (pet.colour or ""), str(n), pet.colour)
        for n, pet in enumerate(pets)
    ]
    store.write(lambda tx: [tx.create(PET, pet) for pet in reversed(pets)])
    store.write(lambda tx: tx.create(PET, Pet("s", "in no colour", "-")))
    for prefix in (("s",), ("s", "a"), ("s", "")):
        for size in (1, 2, 3, 100):
            assert pages(
                lambda after, size, prefix=prefix: store.read(
                    lambda tx: tx.list_by(PET, "colour", prefix, after=after, limit=size)
                ),
                lambda pet: (pet.shelter, pet.colour, pet.shelter, pet.id),
                size,
            ) == [pet for pet in pets if (pet.shelter, pet.colour)[: len(prefix)] == prefix]


def test_a_page_goes_on_behind_a_record_that_was_deleted(store):
    store.write(lambda tx: [tx.create(PET, Pet("s", str(n), str(n))) for n in range(6)])
    first = store.read(lambda tx: tx.list(PET, ("s",), limit=3))
    store.write(lambda tx: [tx.delete(PET, (pet.shelter, pet.id)) for pet in first])
    rest = store.read(lambda tx: tx.list(PET, ("s",), after=("s", "2"), limit=3))
    assert [pet.id for pet in rest] == ["3", "4", "5"]


def test_a_position_of_elsewhere_leaves_the_prefix_closed(store):
    store.write(lambda tx: [tx.create(PET, Pet(s, "1", s)) for s in ("mine", "theirs", "alone")])
    for after in (
        (),
        ("",),
        ("alone",),
        ("theirs", "1"),
        ("mine", "1"),
        ("mine\0", "1"),
        ("\U0010ffff",),
    ):
        page = store.read(lambda tx, after=after: tx.list(PET, ("mine",), after=after))
        assert {pet.shelter for pet in page} <= {"mine"}
        page = store.read(lambda tx, after=after: tx.list_by(PET, "name", ("mine",), after=after))
        assert {pet.shelter for pet in page} <= {"mine"}


@pytest.mark.parametrize("limit", [0, -1, -100])
def test_no_limit_is_not_what_a_limit_below_one_means(store, limit):
    store.write(lambda tx: tx.create(PET, Pet("s", "1")))
    assert store.read(lambda tx: tx.list(PET, limit=limit)) == []
    assert store.read(lambda tx: tx.list_by(PET, "name", ("s",), limit=limit)) == []


def test_a_hundred_thousand_records_are_paged_in_constant_memory(store):
    for start in range(0, 100_000, 10_000):
        store.write(
            lambda tx, start=start: [
                tx.create(PET, Pet("s", f"{n:06}", f"name {n:06}"))
                for n in range(start, start + 10_000)
            ]
        )
    assert store.read(lambda tx: tx.count(PET, ("s",))) == 100_000
    tracemalloc.start()
    try:
        after, seen = None, 0
        while page := store.read(
            lambda tx, after=after: tx.list_by(PET, "name", ("s",), after=after, limit=500)
        ):
            seen += len(page)
            after = ("s", page[-1].name, "s", page[-1].id)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seen == 100_000
    assert peak_bytes < 1_000_000


def test_a_prefix_ends_within_the_key_in_the_index(store):
    store.write(lambda tx: tx.create(PET, Pet("s", "1", "rex", "brown")))
    for index, entry in (("name", "rex"), ("colour", "brown")):
        assert (
            len(store.read(lambda tx, of=(index, entry): tx.list_by(PET, of[0], ("s", of[1])))) == 1
        )
        for beyond in (("s", entry, "s"), ("s", entry, "s", "1")):
            assert store.read(lambda tx, of=(index, beyond): tx.list_by(PET, *of)) == []
            assert store.read(lambda tx, of=(index, beyond): tx.find_by(PET, *of)) is None
