import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.store.interface import Unstorable
from bargate.store.key_bytes import key_bytes, key_of_bytes, key_range, storable_key_bytes

# every code point, halves of surrogate pairs too
any_text = st.text(
    st.characters() | st.characters(categories=["Cs"]) | st.sampled_from("\0\x01\ue000\U0010ffff"),
    max_size=4,
)
any_keys = st.lists(any_text, max_size=4).map(tuple)
good_keys = st.lists(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=4),
    max_size=4,
).map(tuple)


@given(any_keys, any_keys)
def test_bytes_sort_as_keys_do_and_no_two_keys_share_them(one, other):
    assert (key_bytes(one) < key_bytes(other)) == (one < other)
    assert (key_bytes(one) == key_bytes(other)) == (one == other)


@given(any_keys, any_keys, st.none() | any_keys)
def test_a_range_holds_just_the_keys_of_its_prefix_behind_its_position(key, prefix, after):
    start, end = key_range(prefix, after)
    is_expected = key[: len(prefix)] == prefix and (after is None or key > after)
    assert (start <= key_bytes(key) < end) == is_expected


@given(good_keys)
def test_storable_keys_are_read_back(key):
    assert storable_key_bytes(key) == key_bytes(key)
    assert key_of_bytes(key_bytes(key)) == key


@pytest.mark.parametrize("text", ["\0", "a\0", "\0a", "\ud800", "\udc00\ud800"])
def test_keys_that_are_not_storable_are_refused(text):
    with pytest.raises(Unstorable):
        storable_key_bytes(("fine", text))
