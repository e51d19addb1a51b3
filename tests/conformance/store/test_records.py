"""What every form of store does with records, one transaction at a time."""

from datetime import UTC, datetime

import pytest
from msgspec import Struct
from msgspec.structs import replace

from bargate.secret import Secret
from bargate.store.interface import AlreadyExists, NotFound, Unstorable
from bargate.store.kind import Kind
from conformance.store.kinds import FREE, KEY, PET, Key, Pet

REX = Pet("s", "1", "rex", "brown")


def create(store, *pets, kind=PET):
    store.write(lambda tx: [tx.create(kind, pet) for pet in pets])


def get(store, *key, kind=PET):
    return store.read(lambda tx: tx.find(kind, key))


def test_a_created_record_is_found_by_its_key_and_by_its_indexes(store):
    assert store.write(lambda tx: tx.create(PET, REX)) == REX
    assert store.read(lambda tx: tx.get(PET, ("s", "1"))) == REX
    assert store.read(lambda tx: tx.find_by(PET, "name", ("s", "rex"))) == REX
    assert store.read(lambda tx: tx.list_by(PET, "colour", ("s", "brown"))) == [REX]


def test_what_is_not_there_is_not_found(store):
    assert get(store, "s", "1") is None
    assert store.read(lambda tx: tx.find_by(PET, "name", ("s", "rex"))) is None
    for work in (
        lambda tx: tx.get(PET, ("s", "1")),
        lambda tx: tx.update(PET, ("s", "1"), lambda pet: pet),
        lambda tx: tx.delete(PET, ("s", "1")),
    ):
        with pytest.raises(NotFound) as refused:
            store.write(work)
        assert (refused.value.kind, refused.value.key) == ("pet", ("s", "1"))


def test_a_second_record_of_a_key_is_refused_and_the_first_stays(store):
    create(store, REX)
    with pytest.raises(AlreadyExists) as refused:
        create(store, replace(REX, name="other"))
    assert (refused.value.key, refused.value.index) == (("s", "1"), None)
    with pytest.raises(AlreadyExists) as refused:
        create(store, REX)  # its name is taken, too: the key is what is said
    assert (refused.value.key, refused.value.index) == (("s", "1"), None)
    assert get(store, "s", "1") == REX


def test_a_second_record_of_a_unique_key_is_refused_by_create_and_by_update(store):
    create(store, REX, Pet("s", "2", "tom"))
    with pytest.raises(AlreadyExists) as refused:
        create(store, Pet("s", "3", "rex"))
    assert (refused.value.key, refused.value.index) == (("s", "rex"), "name")
    with pytest.raises(AlreadyExists):
        store.write(lambda tx: tx.update(PET, ("s", "2"), lambda pet: replace(pet, name="rex")))
    assert get(store, "s", "2").name == "tom"
    create(store, Pet("other", "3", "rex"))


def test_work_that_catches_a_refusal_and_goes_on_leaves_nothing_of_what_was_refused(store):
    create(store, REX, Pet("s", "2", "tom", "grey"))

    def work(tx):
        for refused in (
            lambda: tx.create(PET, Pet("s", "9", "rex", "red")),
            lambda: tx.create(PET, Pet("s", "9", "nul\0", "red")),
            lambda: tx.create(PET, Pet("s", "9", "half \ud800")),
            lambda: tx.update(PET, ("s", "2"), lambda pet: replace(pet, name="rex", colour="red")),
            lambda: tx.update(PET, ("s", "2"), lambda pet: replace(pet, age=2**70, colour="red")),
        ):
            with pytest.raises((AlreadyExists, Unstorable)):
                refused()

    told = []
    store.subscribe(told.append)
    store.write(work)
    assert told == []
    assert get(store, "s", "9") is None
    assert store.read(lambda tx: tx.list_by(PET, "colour", ("s", "red"))) == []
    assert store.read(lambda tx: tx.list_by(PET, "colour", ("s", "grey"))) == [
        Pet("s", "2", "tom", "grey")
    ]


def test_an_update_moves_the_record_in_its_indexes_and_frees_its_unique_key(store):
    create(store, REX)
    store.write(
        lambda tx: tx.update(PET, ("s", "1"), lambda pet: replace(pet, name="max", colour=None))
    )
    assert store.read(lambda tx: tx.find_by(PET, "name", ("s", "rex"))) is None
    assert store.read(lambda tx: tx.list_by(PET, "colour", ("s",))) == []
    create(store, Pet("s", "2", "rex"))
    assert store.read(lambda tx: tx.find_by(PET, "name", ("s", "max"))).id == "1"


def test_an_update_keeps_the_key(store):
    create(store, REX)
    with pytest.raises(ValueError, match="keeps its key"):
        store.write(lambda tx: tx.update(PET, ("s", "1"), lambda pet: replace(pet, id="2")))
    assert get(store, "s", "1") == REX
    assert get(store, "s", "2") is None


def test_a_deleted_record_is_in_no_index_and_may_be_made_again(store):
    create(store, REX)
    store.write(lambda tx: tx.delete(PET, ("s", "1")))
    assert store.read(lambda tx: tx.find_by(PET, "name", ("s", "rex"))) is None
    assert store.read(lambda tx: tx.count(PET)) == 0
    create(store, REX)


def test_an_exception_undoes_all_of_its_work_and_nothing_else(store):
    create(store, REX)

    def fails(tx):
        tx.create(PET, Pet("s", "2", "tom"))
        tx.update(PET, ("s", "1"), lambda pet: replace(pet, name="max"))
        tx.delete(PET, ("s", "2"))
        raise LookupError("of the work's own")

    with pytest.raises(LookupError, match="of the work's own"):
        store.write(fails)
    assert store.read(lambda tx: tx.list(PET)) == [REX]
    assert store.read(lambda tx: tx.find_by(PET, "name", ("s", "rex"))) == REX


def test_a_transaction_sees_what_it_wrote(store):
    def work(tx):
        tx.create(PET, REX)
        tx.update(PET, ("s", "1"), lambda pet: replace(pet, age=pet.age + 1))
        tx.update(PET, ("s", "1"), lambda pet: replace(pet, age=pet.age + 1))
        return tx.get(PET, ("s", "1")).age, tx.count(PET), tx.list(PET)[0].age

    assert store.write(work) == (2, 1, 2)


def test_find_by_takes_the_whole_key_in_an_index_never_a_part(store):
    create(store, Pet("s", "1", "re", "a"), Pet("s", "2", "rex", "ab"))
    assert store.read(lambda tx: tx.find_by(PET, "name", ("s",))) is None
    assert store.read(lambda tx: tx.find_by(PET, "name", ("s", "r"))) is None
    assert store.read(lambda tx: tx.find_by(PET, "name", ("s", "re", "1"))) is None
    assert store.read(lambda tx: tx.find_by(PET, "name", ("s", "re"))).id == "1"
    assert store.read(lambda tx: tx.find_by(PET, "colour", ("s", "a"))).id == "1"


def test_kinds_do_not_see_each_other(store):
    create(store, REX)
    create(store, Pet("t", "1", "tom"), kind=FREE)
    assert store.read(lambda tx: tx.list(PET)) == [REX]
    assert get(store, "s", "1", kind=FREE) is None


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "a\udfffb"])
def test_a_key_that_no_store_keeps_is_refused_where_it_is_written(store, text):
    for pet in (Pet(text, "1"), Pet("s", text), Pet("s", "1", text)):
        with pytest.raises(Unstorable):
            create(store, pet)
    assert store.read(lambda tx: tx.count(PET)) == 0


@pytest.mark.parametrize("text", ["a\0b", "a\0", "\0", "\ud800", "a\0b\0"])
def test_looking_for_such_a_key_finds_nothing_and_no_other_record(store, text):
    create(store, Pet("a", "b", "x"), Pet("a", "", "y"), Pet("", "", "z"))
    create(store, Pet("-", "a"), kind=FREE)
    for key in ((text,), (text, "b"), ("a", text)):
        assert get(store, *key) is None
        assert get(store, *key, kind=FREE) is None
        assert store.read(lambda tx, key=key: tx.list(PET, key)) == []
        assert store.read(lambda tx, key=key: tx.count(PET, key)) == 0
        assert store.read(lambda tx, key=key: tx.find_by(PET, "name", key)) is None
        assert store.read(lambda tx, key=key: tx.list_by(PET, "name", key)) == []
    # as a position it stands somewhere in the order, and nothing else is asked of it
    assert len(store.read(lambda tx: tx.list(PET, after=(text,)))) <= 3


def test_what_no_store_keeps_in_a_value_is_refused(store):
    for pet in (Pet("s", "1", "ok", "x", 2**64), Pet("s", "1", "ok", None, -(2**63) - 1)):
        with pytest.raises(Unstorable):
            create(store, pet)

    class Note(Struct, frozen=True):
        id: str
        text: str

    note = Kind("note", Note, lambda each: (each.id,))
    with pytest.raises(Unstorable):
        store.write(lambda tx: tx.create(note, Note("1", "\ud800")))
    store.write(lambda tx: tx.create(note, Note("1", "NUL \0 may stand in a value")))
    assert "\0" in store.read(lambda tx: tx.get(note, ("1",))).text


def test_a_secret_comes_back_as_it_was(store):
    key = Key("1", Secret("pä\0ss"), {"a": Secret(""), "b": Secret("x" * 5_000)})
    store.write(lambda tx: tx.create(KEY, key))
    assert store.read(lambda tx: tx.get(KEY, ("1",))) == key
    store.write(lambda tx: tx.update(KEY, ("1",), lambda old: replace(old, value=Secret("new"))))
    assert store.read(lambda tx: tx.list(KEY))[0].value.reveal() == "new"
    with pytest.raises(Unstorable):
        store.write(lambda tx: tx.create(KEY, Key("2", Secret("\ud800"))))


def test_a_record_with_a_secret_keeps_values_of_every_type(store):
    class Everything(Struct, frozen=True):
        id: str
        secret: Secret
        at: datetime
        raw: bytes
        pair: tuple[int, float]
        numbered: dict[int, str]
        nested: tuple[Key, ...]

    kind = Kind("everything", Everything, lambda each: (each.id,))
    now = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    key = Key("k", Secret("inner"), {"x": Secret("y")})
    record = Everything("1", Secret("s"), now, b"\x00\xff", (1, 0.5), {7: "x"}, (key, key))
    store.write(lambda tx: tx.create(kind, record))
    assert store.read(lambda tx: tx.get(kind, ("1",))) == record


def test_a_record_written_before_a_field_was_added_can_still_be_read(store):
    class Old(Struct, frozen=True):
        id: str

    class New(Struct, frozen=True):
        id: str
        added: int = 7

    store.write(lambda tx: tx.create(Kind("thing", Old, lambda old: (old.id,)), Old("1")))
    new = Kind("thing", New, lambda each: (each.id,))
    assert store.read(lambda tx: tx.get(new, ("1",))) == New("1", 7)
