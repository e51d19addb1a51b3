from bargate.access.token_cache import (
    LANE_BYTES,
    LANE_ENTRIES,
    LANES,
    MAX_TOKEN_BYTES,
    TokenCache,
    VerifiedToken,
)


def verified(sub="u", good_until=100.0):
    return VerifiedToken("iss", sub, None, (), {}, good_until)


def test_a_token_is_recalled_until_it_lapses():
    cache = TokenCache()
    cache.recall(b"t", 1, 0)
    cache.remember(b"t", verified(), 1)
    assert cache.recall(b"t", 1, 99.9) is not None
    assert cache.recall(b"t", 1, 100.0) is None
    assert cache.recall(b"T", 1, 0) is None


def test_all_is_forgotten_when_a_key_set_changes():
    cache = TokenCache()
    cache.recall(b"t", 1, 0)
    cache.remember(b"t", verified(), 1)
    assert cache.recall(b"t", 2, 0) is None
    assert len(cache) == 0
    cache.remember(b"t", verified(), 1)  # verified with the keys of before
    assert cache.recall(b"t", 2, 0) is None


def test_large_tokens_are_not_remembered():
    cache = TokenCache()
    cache.recall(b"", 1, 0)
    cache.remember(b"t" * (MAX_TOKEN_BYTES + 1), verified(), 1)
    assert len(cache) == 0


def test_one_principal_can_not_push_out_the_others():
    cache = TokenCache()
    cache.recall(b"", 1, 0)
    others = {f"user {n}": f"token of {n}".encode() for n in range(1_000)}
    for sub, token in others.items():
        cache.remember(token, verified(sub), 1)
    for n in range(20_000):
        cache.remember(b"%d" % n, verified("mints without end"), 1)
    kept = sum(cache.recall(token, 1, 0) is not None for token in others.values())
    assert kept >= 1_000 * (LANES - 1) / LANES - 100
    assert len(cache) <= LANES * LANE_ENTRIES


def test_entries_and_bytes_are_bounded():
    cache = TokenCache()
    cache.recall(b"", 1, 0)
    for n in range(10_000):
        cache.remember((b"%d." % n).ljust(MAX_TOKEN_BYTES, b"x"), verified(f"u{n}"), 1)
    assert len(cache) <= LANES * LANE_BYTES // MAX_TOKEN_BYTES
    assert max(cache._lane_bytes) <= LANE_BYTES
    assert sum(cache._lane_bytes) == sum(map(len, cache._entries))
    assert {token for lane in cache._lanes for token in lane} == set(cache._entries)


def test_remembering_again_renews():
    cache = TokenCache()
    cache.recall(b"", 1, 0)
    for end in (10.0, 20.0, 30.0):
        cache.remember(b"t", verified(good_until=end), 1)
    assert len(cache) == 1
    assert sum(cache._lane_bytes) == 1
    assert cache.recall(b"t", 1, 25) is not None
