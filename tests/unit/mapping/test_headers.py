"""What is remembered of headers is what would be worked out from them again."""

import pytest

from bargate.access.repeated_headers import MOST_KNOWN, RepeatedHeaders
from bargate.gateway.framing import BadResponse, response_head
from bargate.mapping.headers import (
    HOP_BY_HOP,
    REMAPPED_FROM_HTTP_PROXY,
    PassedNames,
    PassingNames,
    is_one_head,
    passed_names,
    passing,
    passing_lines,
    passing_names,
    remap,
)

SENT = [(b"A", b"1"), (b"Te", b"2"), (b"Server", b"3"), (b"a_b", b"4")]


def test_repeated_headers_give_what_others_give() -> None:
    repeated = RepeatedHeaders(SENT)
    names = PassedNames(REMAPPED_FROM_HTTP_PROXY, HOP_BY_HOP)
    for dropped in (frozenset({b"te"}), frozenset({b"a-b", b"server"})):
        passes = PassingNames(dropped)
        for _ in range(2):
            assert list(passing_lines(repeated, passes)) == passing_lines(SENT, passes)
            assert passing(repeated, passes) == passing(SENT, passes)
            assert remap(repeated, names) == remap(SENT, names)
    assert repeated == SENT


def test_what_is_remembered_of_headers_is_bounded() -> None:
    repeated = RepeatedHeaders(SENT)
    for number in range(2 * MOST_KNOWN):
        passes = PassingNames({b"a", b"x-%d" % number})
        assert list(passing_lines(repeated, passes)) == passing_lines(SENT, passes)
    assert len(repeated.known) == MOST_KNOWN


def test_equal_looking_names_are_not_taken_for_each_other() -> None:
    some, others = PassingNames({b"a"}), PassingNames({b"b"})
    assert some != others
    repeated = RepeatedHeaders(SENT)
    assert list(passing_lines(repeated, some)) != list(passing_lines(repeated, others))


def test_plans_that_drop_the_same_share_what_they_remember() -> None:
    assert passing_names(frozenset({b"a"})) is passing_names(frozenset({b"a"}))
    assert passing_names(frozenset({b"a"})) is not passing_names(frozenset({b"b"}))
    assert passed_names(frozenset({b"a"}), HOP_BY_HOP) is passed_names(
        frozenset({b"a"}), HOP_BY_HOP
    )


def test_a_head_of_repeated_headers_is_the_same_head() -> None:
    repeated = RepeatedHeaders(SENT)
    for status in (200, 404):
        assert response_head(status, repeated, b"", b"") == response_head(status, SENT, b"", b"")


def test_a_line_break_is_refused_every_time() -> None:
    repeated = RepeatedHeaders([(b"A", b"1\r\nB: 2")])
    for _ in range(2):
        with pytest.raises(BadResponse):
            response_head(200, repeated, b"", b"")


@pytest.mark.parametrize("head", [b"a\r\nb\n\r\n", b"a\rb\r\n", b"a\0\r\n", b"a\n\rb\r\n", b"a\n"])
def test_another_line_end_or_nul_is_not_one_head(head: bytes) -> None:
    assert not any(is_one_head(head, count) for count in range(4))
    assert is_one_head(b"a\r\nb\r\n", 2)
    assert not is_one_head(b"a\r\nb\r\n", 1)
