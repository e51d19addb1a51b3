from __future__ import annotations

import base64
import os

import pytest
from msgspec.structs import replace

from bargate.secret import Secret
from bargate.tokens.session import SealingKey
from bargate.userpool.progress import Progress
from bargate.userpool.sessions import (
    EXPIRED,
    INVALID,
    MAX_TRIES,
    USED,
    Session,
    Sessions,
    new_session_id,
)
from bargate.wire.error import AwsError

KEYS = (SealingKey(id="1", key=Secret("a" * 44)), SealingKey(id="2", key=Secret("b" * 44)))


def session(now_s: float = 1000.0, **data: str) -> Session:
    return Session(
        id=new_session_id(),
        pool_id="us-east-1_a",
        client_id="c",
        challenge="NEW_PASSWORD_REQUIRED",
        issued_s=now_s,
        expires_s=now_s + 180,
        progress=Progress(flow="USER_PASSWORD_AUTH", username="bob", sub="s", data=data),
    )


def refusal(sessions: Sessions, text: str, now_s: float = 1000.0) -> str:
    with pytest.raises(AwsError) as refused:
        sessions.take_text(text, now_s)
    assert refused.value.code == "NotAuthorizedException"
    return refused.value.message


def test_what_was_sealed_comes_back_once() -> None:
    sessions, sealed = Sessions(KEYS, 0.0), session(key="secret")
    text = sessions.text(sealed)
    assert 20 <= len(text) <= 2048
    assert "secret" not in base64.urlsafe_b64decode(text + "==").decode("latin-1")
    assert sessions.take_text(text, 1000.0) == sealed
    assert refusal(sessions, text) == USED


def test_a_late_answer_is_refused() -> None:
    sessions = Sessions(KEYS, 0.0)
    text = sessions.text(session())
    assert refusal(sessions, text, 1180.0) == EXPIRED
    assert sessions.take_text(text, 1179.9)


def test_a_wrong_answer_may_be_tried_again_so_many_times() -> None:
    sessions = Sessions(KEYS, 0.0)
    text = sessions.text(session())
    for _ in range(MAX_TRIES):
        sessions.give_back(sessions.take_text(text, 1000.0))
    assert refusal(sessions, text) == USED


def test_a_restart_ends_what_was_begun_before_it() -> None:
    """What was used is known in memory alone, so nobody may use it after a restart."""
    text = Sessions(KEYS, 0.0).text(session(1000.0))
    assert refusal(Sessions(KEYS, 1002.0), text, 1003.0) == EXPIRED


def test_forgetting_lets_nothing_be_used_twice() -> None:
    sessions = Sessions(KEYS, 0.0, max_remembered=10)
    texts = [sessions.text(session(1000.0 + number)) for number in range(30)]
    for text in texts:
        sessions.take_text(text, 1031.0)
    assert {refusal(sessions, text, 1031.0) for text in texts} == {USED, EXPIRED}
    assert len(sessions._used) <= 10


def test_any_change_of_a_byte_is_noticed() -> None:
    sessions = Sessions(KEYS, 0.0)
    raw = sessions.seal(session())
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1
        with pytest.raises(AwsError) as refused:
            sessions.take(bytes(changed), 1000.0)
        assert refused.value.message == INVALID
    for length in range(len(raw)):
        with pytest.raises(AwsError):
            sessions.take(raw[:length], 1000.0)
    sessions.take(raw, 1000.0)


def test_keys_are_changed_in_turn() -> None:
    text = Sessions(KEYS[1:], 0.0).text(session())
    assert Sessions(KEYS, 0.0).take_text(text, 1000.0)
    assert refusal(Sessions(KEYS[:1], 0.0), text) == INVALID


@pytest.mark.parametrize("text", ["", "x", "x" * 20, "x" * 5000, "é" * 30, "=" * 30, "a b" * 10])
def test_what_is_no_session_is_refused(text: str) -> None:
    assert refusal(Sessions(KEYS, 0.0), text) == INVALID


def test_a_large_one_is_packed_and_one_too_large_refused() -> None:
    sessions = Sessions(KEYS, 0.0)
    sealed = session(long="x" * 5000)
    assert sessions.take_text(sessions.text(sealed), 1000.0) == sealed
    with pytest.raises(AwsError):
        sessions.text(session(long="".join(chr(33 + (n * n) % 91) + str(n) for n in range(9000))))


def test_the_size_says_nothing_of_who_it_is() -> None:
    sessions = Sessions(KEYS, 0.0)
    sizes = set()
    for sub, name in (("s" * 36, "bob"), (None, "b" * 128), (None, "bob"), ("s" * 36, "b" * 128)):
        progress = Progress(flow="USER_SRP_AUTH", username=name, sub=sub, data={"user_id": name})
        sizes.add(len(sessions.text(replace(session(), progress=progress))))
    assert sizes == {1366}  # a kilobyte in Base64


def test_the_largest_session_is_no_longer_than_one_may_be() -> None:
    sessions = Sessions(KEYS, 0.0)
    large = session(code=os.urandom(1_000).hex())
    text = sessions.text(large)
    assert len(text) <= 4_096
    assert sessions.take_text(text, 1000.0) == large
    with pytest.raises(AwsError):
        sessions.text(session(code=os.urandom(4_000).hex()))


def test_sessions_that_are_tried_once_and_left_are_not_remembered_without_end() -> None:
    sessions = Sessions(KEYS, 0.0, max_remembered=10)
    for _ in range(100):
        sessions.give_back(sessions.take_text(sessions.text(session()), 1000.0))
    assert len(sessions._tries) == 10
