import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.mapping.json_path import JsonPathError, compile_json_path

STORE = {
    "book": [
        {"title": "A", "price": 8, "isbn": "1"}, {"title": "B", "price": 12.5},
        {"title": "C", "price": 23, "isbn": "3", "tags": ["x", "y"]},
    ],
    "a-b": {"c d": 1, "e.f": 2}, "open": True, "none": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", STORE), ("$.book[0].title", "A"), ("book[0].title", "A"), ("$.book[-1].title", "C"),
        ("$['book'][1]['title']", "B"), ("$.a-b['c d']", 1), ("$.a-b['e.f']", 2),
        ("$.book[*].title", ["A", "B", "C"]), ("$.book[0:2].title", ["A", "B"]),
        ("$.book[:1].title", ["A"]), ("$.book[-1:].title", ["C"]), ("$.book[::2].title", ["A", "C"]),
        ("$.book[0,2].title", ["A", "C"]), ("$.book[0]['title','price']", ["A", 8]),
        ("$..title", ["A", "B", "C"]), ("$..tags[1]", ["y"]), ("$.book.*.price", [8, 12.5, 23]),
        ("$.book[?(@.price < 13)].title", ["A", "B"]), ("$.book[?(@.isbn)].title", ["A", "C"]),
        ("$.book[?(@.price > 10 && @.isbn == '3')].title", ["C"]),
        ("$.book[?(@.price < 10 || @.title == 'C')].title", ["A", "C"]),
        ("$.book[?(!@.isbn)].title", ["B"]), ("$.missing", None), ("$.book[9]", None),
        ("$.none", None), ("$.open.deeper", None), ("$..nothing", []),
    ],
)  # fmt: skip
def test_what_paths_find(path, found):
    assert compile_json_path(path).find(STORE) == found


def test_missing_is_told_from_null():
    missing = object()
    assert compile_json_path("$.none").find(STORE, missing) is None
    assert compile_json_path("$.nothing").find(STORE, missing) is missing


@pytest.mark.parametrize(
    "path",
    ["$[", "$[0", "$['a", "$.", "$[?(@.a ~ 1)]", "$[?(@.a == 1]", "$[::0]", "$.a b", "$[(@.x)]",
     "a" * 1025, "$[99999999999]"],
)  # fmt: skip
def test_paths_that_are_refused(path):
    with pytest.raises(JsonPathError):
        compile_json_path(path)


def test_visits_are_bounded_and_charged():
    wide = [[0] * 500] * 500
    with pytest.raises(JsonPathError):
        compile_json_path("$..*").find(wide)
    charged = []
    compile_json_path("$.book[*].title").find(STORE, None, charged.append)
    assert charged == [1, 3, 3]


@given(st.text(st.sampled_from("$.[]*'\"0-1:,?(@)=<>&|! ab\\"), max_size=30))
def test_any_text_is_compiled_or_refused(text):
    with contextlib.suppress(JsonPathError):
        compile_json_path(text).find(STORE)
