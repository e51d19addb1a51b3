"""Records of JSON as `json.loads` sees them, wherever a chunk of the file ends."""

import contextlib
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bargate.userpool.imports.formats import WrongFormat
from bargate.userpool.imports.formats.json_records import MAX_RECORD_BYTES, json_records

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.text(st.sampled_from('ab"\\[]{},:é \n'), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.sampled_from('k"\\{'), max_size=4), inner, max_size=4)
    ),
    max_leaves=10,
)


class Dribbling(io.BytesIO):
    """A file that gives a few bytes at a time, as a pipe may."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self._size = size

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self._size)


def read(content: str, key: str | None = None, size: int = 65_536) -> list[Any]:
    return list(json_records(Dribbling(content.encode(), size), key))


@settings(max_examples=100)
@given(st.lists(values, max_size=5), st.integers(1, 9), st.booleans(), st.sampled_from([None, 2]))
def test_records_are_those_of_the_array(
    records: list[Any], size: int, is_ascii: bool, indent: int | None
) -> None:
    content = json.dumps(records, ensure_ascii=is_ascii, indent=indent)
    assert read(content, size=size) == records
    other = {"a": [1, '"users": ['], "users": records, "b": {"users": ["not these"]}}
    assert read(json.dumps(other, indent=indent), "users", size) == records


@given(st.text(st.sampled_from('[]{}",:a1\\ '), max_size=30))
def test_what_is_no_json_is_refused_or_none(content: str) -> None:
    with contextlib.suppress(WrongFormat):
        found = read(content)
        with contextlib.suppress(ValueError):
            assert [each for each in found if each is not None] == [
                each for each in json.loads(content) if each is not None
            ]


@pytest.mark.parametrize(
    "content", ["[1,]", "[,]", "[1 2]", "[1", '["a\\', '["a', "[[1]", "[]x", "[] []", "[1}"]
)
def test_arrays_that_do_not_hold_together_are_refused(content: str) -> None:
    for size in (1, 65_536):
        with pytest.raises(WrongFormat):
            read(content, size=size)


def test_a_record_too_large_is_none_and_costs_no_memory() -> None:
    class Endless(io.RawIOBase):
        """Ten times what a record may have, made as it is read."""

        def __init__(self) -> None:
            self.left = [b'[{"a": "', *[b"x" * 65_536] * 160, b'"}, 1]']
            self.given = 0

        def read(self, size: int = -1) -> bytes:
            piece = self.left.pop(0) if self.left else b""
            self.given += len(piece)
            return piece

    source = Endless()
    assert list(json_records(source, None)) == [None, 1]  # type: ignore[arg-type]
    assert source.given > 10 * MAX_RECORD_BYTES
