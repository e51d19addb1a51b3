"""However fast JSON is written: ASCII, the same value read back, and never NaN."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.wire.json_writers import dumps

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_what_is_written_is_read_back(value):
    written = dumps(value)
    assert written.isascii()
    assert json.loads(written) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_number_is_written_that_json_does_not_have(value):
    with pytest.raises(ValueError, match="Out of range"):
        dumps({"a": ["null", value]})
