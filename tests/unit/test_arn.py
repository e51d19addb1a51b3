import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.arn import (
    Arn,
    MalformedArn,
    arn_matches,
    arn_segments,
    compile_arn_segments,
    fold_arn,
    parse_arn,
)
from bargate.wildcard import compile_wildcards, tokenize, wildcards_match

METHOD = "arn:aws:execute-api:us-east-1:123456789012:abc/prod/GET/pets"


def compiled(pattern):
    segments = arn_segments(pattern)
    return compile_arn_segments(segments) if segments else lambda _arn: False


def naive_glob(pattern, text):
    """Match by recursion over both texts, remembering what was tried."""
    tried = {}

    def fits(i, j):
        if (i, j) not in tried:
            if i == len(pattern):
                tried[i, j] = j == len(text)
            elif pattern[i] == "*":
                tried[i, j] = fits(i + 1, j) or (j < len(text) and fits(i, j + 1))
            else:
                tried[i, j] = j < len(text) and pattern[i] in ("?", text[j]) and fits(i + 1, j + 1)
        return tried[i, j]

    return fits(0, 0)


def naive_arn(pattern, arn):
    parts, given_parts = pattern.split(":", 5), arn.split(":", 5)
    return len(parts) == len(given_parts) == 6 and all(map(naive_glob, parts, given_parts))


def test_arn_survives_parsing_and_formatting():
    arn = parse_arn("arn:aws:iam::123456789012:user/a:b/c")
    assert arn == Arn("aws", "iam", "", "123456789012", "user/a:b/c")
    assert arn.format() == str(arn) == "arn:aws:iam::123456789012:user/a:b/c"


@pytest.mark.parametrize(
    "text", ["", "arn", "*", "arn:aws:iam::1", "ARN:aws:iam::1:x", "arn::iam::1:x", "arn:aws::::x",
             "arn:aws:iam::1:"]
)  # fmt: skip
def test_what_is_no_arn_is_refused(text):
    with pytest.raises(MalformedArn):
        parse_arn(text)


def test_folding_leaves_the_resource_part():
    assert fold_arn("arn:AWS:S3:Us-East-1:A:Bucket:Key") == "arn:aws:s3:us-east-1:a:Bucket:Key"
    assert fold_arn("*") == "*"


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        (METHOD, True),
        ("arn:aws:execute-api:us-east-1:123456789012:abc/*", True),
        ("arn:aws:execute-api:*:*:*", True),
        ("arn:aws:execute-api:*:*:*/GET/pets", True),
        ("arn:aws:execute-api:us-east-?:*:abc/*/GET/*", True),
        ("arn:aws:execute-api:us-east-1:123456789012:abc/*/POST/*", False),
        ("arn:aws:execute-api:*:abc/prod/GET/pets", False),  # * does not cross a colon
        ("arn:aws:execute-api:*", False),  # short
        ("arn:*:*:*:*:*", True),
        ("*", False),
        (METHOD.upper(), False),
    ],
)
def test_segments_are_matched_one_by_one(pattern, matches):
    assert arn_matches(pattern, METHOD) is matches
    assert bool(compiled(pattern)(METHOD)) is matches


SEGMENT = st.text("ab*?", max_size=4)
PATTERN = st.one_of(
    st.text("ab*?:", max_size=12),
    st.lists(SEGMENT, min_size=6, max_size=8).map(":".join),
)
TEXT = st.one_of(
    st.text("ab:*\n", max_size=12),
    st.lists(st.text("ab", max_size=4), min_size=6, max_size=8).map(":".join),
)


@given(PATTERN, TEXT)
def test_arn_matching_equals_a_naive_matcher(pattern, arn):
    expected = naive_arn(pattern, arn)
    assert arn_matches(pattern, arn) is expected
    assert bool(compiled(pattern)(arn)) is expected


@given(st.text("ab*?\n", max_size=10), st.text("ab*\n", max_size=10))
def test_wildcards_equal_a_naive_matcher(pattern, text):
    expected = naive_glob(pattern, text)
    assert wildcards_match(tokenize(pattern), text) is expected
    assert bool(compile_wildcards(tokenize(pattern))(text)) is expected


HOSTILE = {
    "stars": ("*a" * 3_000, "a" * 1_600 + "b"),
    "pieces": ("*" + "aaaaaaaa*" * 700 + "b", "a" * 1_600),
    "questions": ("*" + "a?" * 3_000 + "*b", "a" * 1_600 + "c"),
    "questions between": ("*a?a*" * 1_200 + "b", "a" * 1_600),
    "many stars": ("*" * 6_000 + "b", "a" * 1_600),
    "long miss": ("*" + "a" * 800 + "b*" + "a" * 800 + "?", "a" * 1_600),
    "question miss": ("*" + "?a" * 400 + "b*c", "a" * 1_600),
}


@pytest.mark.parametrize(("pattern", "text"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_patterns_take_bounded_time(pattern, text):
    for arn_pattern, arn in [
        (f"arn:aws:s3:::{pattern}", f"arn:aws:s3:::{text}"),
        (f"arn:aws:s3:{pattern}:{pattern}:x", f"arn:aws:s3:{text}:{text}:y"),
    ]:
        test = compiled(arn_pattern)
        started = time.process_time()
        assert not test(arn)
        assert not arn_matches(arn_pattern, arn)
        # Backtracking without bound would take longer than the universe.
        assert time.process_time() - started < 1
