"""What an attacker who can write the database, but has no key, can make of sealed secrets."""

import msgspec
import pytest
from msgspec import Struct
from msgspec.msgpack import Ext

from bargate.secret import Secret
from bargate.store.interface import StoreUnavailable
from bargate.store.kind import Kind
from bargate.store.record_bytes import MAX_REMEMBERED, RecordBytes
from bargate.store.sealing import Sealer


class Account(Struct, frozen=True):
    id: str
    first: Secret
    second: Secret
    list_: tuple[Secret, ...] = ()


class Plain(Struct, frozen=True):
    id: str
    first: str = ""


KIND = Kind("account", Account, lambda each: (each.id,))
RECORD = Account("1", Secret("alpha"), Secret("omega"), (Secret("x"), Secret("y")))


@pytest.fixture
def bytes_():
    return RecordBytes(Sealer((bytes(32),)))


def changed(stored, change):
    tree = msgspec.msgpack.decode(stored[1:])
    change(tree)
    return stored[:1] + msgspec.msgpack.encode(tree)


def test_secrets_are_sealed_and_come_back(bytes_):
    stored = bytes_.encode("account", b"1\0", RECORD)
    assert b"alpha" not in stored
    assert bytes_.decode(KIND, b"1\0", stored) == RECORD


def test_a_sealed_value_opens_in_no_other_place(bytes_):
    def swap(tree):
        tree["first"], tree["second"] = tree["second"], tree["first"]

    def swap_items(tree):
        tree["list_"].reverse()

    def copy(tree):
        tree["second"] = tree["first"]

    stored = bytes_.encode("account", b"1\0", RECORD)
    for change in (swap, swap_items, copy):
        with pytest.raises(StoreUnavailable):
            bytes_.decode(KIND, b"1\0", changed(stored, change))
    with pytest.raises(StoreUnavailable):
        bytes_.decode(KIND, b"2\0", stored)
    with pytest.raises(StoreUnavailable):
        bytes_.decode(Kind("other", Account, KIND.key_of), b"1\0", stored)


@pytest.mark.parametrize(
    "planted", [Ext(1, b"known"), "known", b"known", None, Ext(2, b""), Ext(3, b"x")]
)
def test_a_secret_that_was_not_sealed_is_never_believed(bytes_, planted):
    def plant(tree):
        tree["first"] = planted

    marked = changed(bytes_.encode("account", b"1\0", RECORD), plant)
    for stored in (marked, marked[1:]):
        with pytest.raises(StoreUnavailable):
            bytes_.decode(KIND, b"1\0", stored)


def test_a_sealed_value_does_not_come_out_where_a_text_is_read(bytes_):
    stored = bytes_.encode("account", b"1\0", RECORD)
    plain = Kind("account", Plain, lambda each: (each.id,))
    for each in (stored, stored[1:]):
        with pytest.raises(StoreUnavailable):
            bytes_.decode(plain, b"1\0", each)


@pytest.mark.parametrize("stored", [b"", b"\xc1", b"\xc1\xc1", b"\x80", b"\x81\xa2id", b"\xff" * 9])
def test_damaged_bytes_are_called_so(bytes_, stored):
    with pytest.raises(StoreUnavailable, match="damaged"):
        bytes_.decode(KIND, b"1\0", stored)


def test_what_no_record_should_hold_is_a_mistake_of_ours(bytes_):
    class Odd(Struct, frozen=True):
        what: object

    with pytest.raises(TypeError, match="cannot hold a object"):
        bytes_.encode("odd", b"1\0", Odd(object()))


def test_a_secret_is_no_key_of_a_dict(bytes_):
    class Odd(Struct, frozen=True):
        what: dict

    with pytest.raises((TypeError, ValueError)):
        bytes_.encode("odd", b"1\0", Odd({Secret("s"): 1}))


FEW = Kind("account", Account, lambda each: (each.id,), is_few=True)


def test_few_records_are_decoded_once_for_the_same_bytes(bytes_):
    stored = bytes_.encode("account", b"1\0", RECORD)
    first = bytes_.decode(FEW, b"1\0", stored)
    assert first == RECORD
    assert bytes_.decode(FEW, b"1\0", bytes(bytearray(stored))) is first
    other = Account("1", Secret("beta"), Secret("omega"))
    assert bytes_.decode(FEW, b"1\0", bytes_.encode("account", b"1\0", other)) == other
    assert bytes_.decode(FEW, b"1\0", stored) == RECORD


def test_what_is_remembered_opens_nothing_else(bytes_):
    stored = bytes_.encode("account", b"1\0", RECORD)
    bytes_.decode(FEW, b"1\0", stored)
    with pytest.raises(StoreUnavailable):
        bytes_.decode(FEW, b"2\0", stored)
    with pytest.raises(StoreUnavailable):
        bytes_.decode(FEW, b"1\0", stored[:-1] + bytes([stored[-1] ^ 1]))


def test_no_more_is_remembered_than_has_room(bytes_):
    for number in range(MAX_REMEMBERED + 10):
        key = str(number)
        record = Account(key, Secret("a"), Secret("b"))
        stored = bytes_.encode("account", key.encode(), record)
        assert bytes_.decode(FEW, key.encode(), stored) == record
        assert len(bytes_._remembered) <= MAX_REMEMBERED
