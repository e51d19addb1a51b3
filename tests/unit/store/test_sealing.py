import pytest

from bargate.store.sealing import CannotOpen, Sealer, new_key, parse_keys, text_of

OLD, NEW = bytes(range(32)), bytes(range(1, 33))


def test_what_is_sealed_opens_where_it_belongs_and_nowhere_else():
    sealer = Sealer((OLD,))
    sealed = sealer.seal(b"secret", b"here")
    assert sealer.open(sealed, b"here") == b"secret"
    with pytest.raises(CannotOpen):
        sealer.open(sealed, b"there")


def test_no_two_sealed_values_are_alike():
    sealer = Sealer((OLD,))
    assert len({sealer.seal(b"secret", b"") for _ in range(100)}) == 100


def test_every_changed_byte_and_every_cut_is_noticed():
    sealer = Sealer((OLD,))
    sealed = sealer.seal(b"secret", b"")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        for wrong in (bytes(changed), sealed[:position]):
            with pytest.raises(CannotOpen):
                sealer.open(wrong, b"")


def test_the_first_key_seals_and_all_open():
    sealed = Sealer((OLD,)).seal(b"secret", b"")
    both = Sealer((NEW, OLD))
    assert both.open(sealed, b"") == b"secret"
    assert Sealer((NEW,)).open(both.seal(b"later", b""), b"") == b"later"
    with pytest.raises(CannotOpen):
        Sealer((NEW,)).open(sealed, b"")


def test_keys_are_written_as_they_are_read():
    key = new_key()
    assert parse_keys(f" {text_of(key)}\n{text_of(OLD)} ") == (key, OLD)
    assert len({new_key() for _ in range(10)}) == 10


@pytest.mark.parametrize(
    "text", ["", "é", "a", "AAAA", text_of(OLD) + "AAAA", "_" * 44, text_of(OLD)[:-1]]
)
def test_what_is_no_key_is_refused_without_repeating_it(text):
    with pytest.raises(ValueError, match=r"it is|a key has") as refused:
        parse_keys(text)
    assert len(text) < 4 or text not in str(refused.value)
