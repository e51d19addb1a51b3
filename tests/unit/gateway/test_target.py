import pytest

from bargate.gateway.target import BadTarget, host_name, split_target


def test_accepts_what_browsers_send() -> None:
    assert split_target(b"/a.b/.c/d../...?x=[1]|../..") == (None, "/a.b/.c/d../...", "x=[1]|../..")
    assert split_target(b"http://G:80?x") == (b"G:80", "/", "x")
    assert split_target(b"/a%2Fb") == (None, "/a%2Fb", "")
    assert host_name(b"[::1]:80") == b"[::1]"


@pytest.mark.parametrize("target", [b"/%2e%2E", b"/a/..;x", b"/a%5C..", b"/%", b"/%00", b"*", b"x"])
def test_refuses(target: bytes) -> None:
    with pytest.raises(BadTarget):
        split_target(target)
