from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bargate.records.user_pool import USER_POOL, UserPool
from bargate.store.sqlite import SqliteStore
from bargate.userpool.exports import Page, page_of
from bargate.wire.error import AwsError

NOW = datetime(2026, 5, 1, tzinfo=UTC)
POOL = UserPool(
    account_id="0" * 12, region="us-east-1", id="us-east-1_abcdefghi", name="p", created_at=NOW,
    modified_at=NOW, schema=(),
)  # fmt: skip


def test_a_pool_that_goes_meanwhile_has_no_last_page() -> None:
    store = SqliteStore()

    def page() -> Page:
        return store.read(lambda tx: page_of(tx, POOL.id, None, has_hashes=False))

    store.write(lambda tx: tx.create(USER_POOL, POOL))
    assert page() == Page((), None)
    store.write(lambda tx: tx.delete(USER_POOL, USER_POOL.key_of(POOL)))
    with pytest.raises(AwsError) as refused:
        page()
    assert refused.value.code == "ResourceNotFoundException"
    store.close()
