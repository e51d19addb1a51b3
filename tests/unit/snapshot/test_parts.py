from __future__ import annotations

import pytest
from msgspec import structs

from bargate.frames import decoder, encode
from bargate.gateway.channel import Apply, size_bytes, worker_decoder
from bargate.model.identity import AccessKey, Role, User
from bargate.secret import Secret
from bargate.snapshot.parts import (
    Part,
    StaleBase,
    State,
    Update,
    apply,
    difference,
    part_name,
    split,
    state_of,
)
from bargate.tokens.session import SealingKey
from building import PLACE, method, rest_api, served_stages

ARN = "arn:aws:iam::123456789012:user/ann"
KEY = AccessKey(id="AKIAEXAMPLE", secret=Secret("s3cret"), account_id="1" * 12, user_arn=ARN)
USER = User(arn=ARN, user_id="AIDA1", account_id="1" * 12, policies=("{}",))
ROLE = Role(arn="arn:aws:iam::123456789012:role/r", role_id="AROA1", account_id="1" * 12)
SEALING = SealingKey(id="k1", key=Secret("sealing secret"))
(STAGE,) = served_stages(rest_api(*((f"/r{at}", method()) for at in range(9))))
(CHANGED,) = served_stages(rest_api(*((f"/r{at}", method()) for at in range(10))))
PARTS: tuple[Part, ...] = (STAGE, KEY, USER, ROLE, SEALING)


def named(*parts: Part) -> dict[str, Part]:
    return {part_name(part): part for part in parts}


def state(*parts: Part) -> State:
    return apply({}, Update(version=1, put=named(*parts)))


def test_names_parts() -> None:
    assert list(named(*PARTS)) == [
        "stage/petstore/prod",
        "key/AKIAEXAMPLE",
        f"user/{ARN}",
        "role/arn:aws:iam::123456789012:role/r",
        "sealing/k1",
    ]
    assert state_of(structs.replace(PLACE, served=(STAGE,))) == {"stage/petstore/prod": STAGE}


def test_an_update_leads_from_state_to_state_and_leaves_the_first() -> None:
    before = state(STAGE, KEY)
    update = Update(
        version=2,
        put={"stage/petstore/prod": difference(STAGE, CHANGED), **named(USER)},
        gone=("key/AKIAEXAMPLE", "key/unknown"),
    )
    assert apply(before, update) == state(CHANGED, USER)
    assert before == state(STAGE, KEY)


def test_a_whole_is_all_there_is() -> None:
    whole = Update(version=2, whole=True, put=named(ROLE))
    assert apply(state(STAGE, KEY), whole) == state(ROLE)


def test_a_change_of_what_is_not_served_is_refused() -> None:
    update = Update(version=2, put={"stage/petstore/prod": difference(STAGE, CHANGED)})
    with pytest.raises(StaleBase):
        apply({}, update)


@pytest.mark.parametrize("max_bytes", [1, 500, 3000, 10**9])
def test_pieces_of_an_update_come_to_the_same(max_bytes: int) -> None:
    update = Update(version=7, whole=True, put=named(*PARTS), gone=("key/x",))
    pieces = list(split(update, max_bytes, size_bytes))
    applied = state(CHANGED)
    for piece, _ in pieces:
        assert len(piece.put) == 1 or sum(map(size_bytes, piece.put.values())) <= max_bytes
        assert piece.version == 7
        applied = apply(applied, piece)
    assert applied == state(*PARTS)
    assert [more for _, more in pieces] == [True] * (len(pieces) - 1) + [False]
    assert len(pieces) == (5 if max_bytes == 1 else len(pieces))


def test_secrets_arrive_and_are_seen_nowhere_else() -> None:
    message = Apply(1, Update(version=1, put=named(*PARTS)))
    assert "s3cret" not in repr(message)
    arrived = worker_decoder().decode(encode(message))
    assert arrived == message
    assert isinstance(arrived, Apply)
    key = arrived.update.put["key/AKIAEXAMPLE"]
    assert isinstance(key, AccessKey)
    assert key.secret.reveal() == "s3cret"
    assert "s3cret" not in repr(arrived)
    assert decoder(Update).decode(encode(message.update)) == message.update
