"""Ids are UUIDs of version 4, each of its own."""

from uuid import RFC_4122, UUID

from bargate.random_ids import new_uuid


def test_they_are_uuids_of_version_4() -> None:
    drawn = [new_uuid() for _ in range(1_000)]
    assert len(set(drawn)) == len(drawn)
    for each in drawn:
        read = UUID(each)
        assert (read.version, read.variant, str(read)) == (4, RFC_4122, each)


def test_every_bit_that_may_differ_does() -> None:
    drawn = [UUID(new_uuid()).int for _ in range(500)]
    ones, zeros = 0, 0
    for each in drawn:
        ones |= each
        zeros |= ~each
    fixed = (0xF << 76) | (0b11 << 62)
    assert ones & zeros & ((1 << 128) - 1) == ((1 << 128) - 1) & ~fixed
