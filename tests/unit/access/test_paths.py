import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.access.paths import has_dot_segment, normalize_path, other_readings


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
        ("/a%2F", "/a%2F"),
        ("/a\\b", "/a\\b"),
        ("/a;v=1/b", "/a;v=1/b"),
        ("/a%3bv", "/a%3Bv"),
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
        "/%2Fadmin",
        "/%2F%2Fadmin/users",
        "/admin/%2Fusers",
        "/%5Cadmin",
        "/\\admin",
        "/a%2F/",
        "/;x/admin",
        "/%3Bx/admin",
        "/admin/;x",
        "/a%2F;x/b",
        "/..;/admin",
        "/a/..%3Bx/admin",
        "/a/%2e;%2Fb",
        "/a%00b",
        "/a%",
        "/a%2",
        "/a%zz",
    ],
)
def test_refuses_spellings_that_a_backend_may_read_otherwise(path: str) -> None:
    assert normalize_path(path) is None


@pytest.mark.parametrize(
    ("path", "readings"),
    [
        ("/a/b", ()),
        ("/a%2Fb", ("/a/b",)),
        ("/a\\b", ("/a/b",)),
        ("/a%5Cb", ("/a/b",)),
        ("/a;x/b", ("/a/b",)),
        ("/a%3Bx", ("/a;x", "/a")),
        ("/a;x%2Fb", ("/a;x/b", "/a/b", "/a")),
    ],
)
def test_tells_what_a_backend_may_take_a_path_for(path: str, readings: tuple[str, ...]) -> None:
    assert other_readings(path) == readings


@given(st.text("/.%2eEfF5cC3Bb;a\\", max_size=24))
def test_is_idempotent_and_never_leaves_a_way_up(tail: str) -> None:
    normal = normalize_path(f"/{tail}")
    if normal is None:
        return
    assert normalize_path(normal) == normal
    for reading in (normal, *other_readings(normal)):
        assert not has_dot_segment(reading)
        segments = reading.replace("\\", "/").split("/")[1:]
        assert not {".", ".."} & set(segments)
        assert all(segments[:-1])
