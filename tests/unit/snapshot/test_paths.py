import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.snapshot.paths import decoded_path, normalize_path


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("/", "/"),
        ("/pets", "/pets"),
        ("/pets/", "/pets/"),
        ("/%70ets", "/pets"),
        ("/a%2fb", "/a%2Fb"),
        ("/a%20b", "/a%20b"),
        ("/.well-known/x", "/.well-known/x"),
        ("/a..b", "/a..b"),
        ("/...", "/..."),
        ("/a%25b", "/a%25b"),
    ],
)
def test_gives_one_form_to_all_spellings(path: str, normal: str) -> None:
    assert normalize_path(path) == normal


@pytest.mark.parametrize(
    "path",
    [
        "/.",
        "/..",
        "/a/../b",
        "/a/./b",
        "/a/..",
        "/%2e%2e/b",
        "/a/%2E./b",
        "/a/.%2e",
        "/a%2f..%2fb",
        "/..%2fb",
        "/a/..%5cb",
        "/a\\..\\b",
        "/%5c..%5cb",
        "//",
        "//a",
        "/a//b",
        "/a//",
        "/a%00b",
        "/a%",
        "/a%2",
        "/a%zz",
    ],
)
def test_refuses_spellings_that_a_backend_may_read_otherwise(path: str) -> None:
    assert normalize_path(path) is None


@given(st.text("/.%2eEfF5cCab\\", max_size=24))
def test_is_idempotent_and_never_leaves_a_way_up(tail: str) -> None:
    normal = normalize_path(f"/{tail}")
    if normal is None:
        return
    assert normalize_path(normal) == normal
    for reading in (normal, decoded_path(normal)):
        assert not {".", ".."} & set(reading.replace("\\", "/").split("/"))
