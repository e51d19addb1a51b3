"""Our own file: what is written is read again, and nothing that was cut off passes for whole."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bargate.secret import Secret
from bargate.userpool.imports.formats import WrongFormat
from bargate.userpool.imports.formats.exported import ExportedUser, Footer, Header, line_of
from bargate.userpool.imports.row import BadRow, ImportedUser
from user_files import NOW, POOL, pool, rows, the_reason, the_user

HASH = "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"
SUB = "3b241101-e2bb-4255-8caf-4136c566a962"


def header(**changes: Any) -> Header:
    given: dict[str, Any] = {"pool_id": POOL.id, "has_hashes": True, **changes}
    return Header(bargate_users=1, exported_at=NOW, **given)


def user(**changes: Any) -> ExportedUser:
    given: dict[str, Any] = {
        "username": "ann",
        "sub": SUB,
        "status": "CONFIRMED",
        "enabled": True,
        "created_at": NOW,
        "attributes": {"email": "ann@example.org", "email_verified": "true"},
    }
    return ExportedUser(**given | changes)


def file_of(*users: ExportedUser | bytes, head: Header | None = None) -> bytes:
    lines = [each if isinstance(each, bytes) else line_of(each) for each in users]
    return b"\n".join([line_of(head or header()), *lines, line_of(Footer(end=len(users)))]) + b"\n"


FULL = user(
    enabled=False,
    groups=("staff",),
    mfa=("SOFTWARE_TOKEN_MFA",),
    preferred_mfa="SOFTWARE_TOKEN_MFA",
    temporary_until=NOW,
    hash=Secret(HASH),
    former=(Secret(HASH),),
    srp_salt="ab",
    srp_verifier=Secret("cd"),
    totp_seed=Secret("JBSWY3DPEHPK3PXP"),
    totp_name="phone",
)


def test_a_user_comes_back_with_all_that_was_written() -> None:
    read = the_user(rows("bargate", file_of(FULL)))
    assert (read.line, read.username, read.sub) == (2, "ann", SUB)
    assert (read.status, read.enabled, read.created_at) == ("CONFIRMED", False, NOW)
    assert (read.groups, read.mfa, read.preferred_mfa) == (
        FULL.groups,
        FULL.mfa,
        FULL.preferred_mfa,
    )
    assert (read.hash, read.former) == (FULL.hash, FULL.former)
    assert (read.totp_seed, read.totp_name) == (FULL.totp_seed, "phone")
    assert read.temporary_until == NOW
    assert read.srp is not None
    assert (read.srp.username, read.srp.salt, read.srp.verifier) == ("ann", "ab", Secret("cd"))


def test_a_verifier_is_left_out_where_it_does_not_hold() -> None:
    assert the_user(rows("bargate", file_of(FULL), pool(id="eu-west-1_Other0000"))).srp is None
    assert the_user(rows("bargate", file_of(FULL), pool(id="eu-west-1_AbCdEfGhI"))).srp is not None
    assert the_user(rows("bargate", file_of(user(srp_salt="ab")))).srp is None


def test_a_file_without_hashes_leaves_a_password_to_choose() -> None:
    head = header(has_hashes=False)
    assert the_user(rows("bargate", file_of(user(), head=head))).status == "RESET_REQUIRED"
    new = user(status="UNCONFIRMED")
    assert the_user(rows("bargate", file_of(new, head=head))).status == "UNCONFIRMED"
    assert the_user(rows("bargate", file_of(user()))).status == "CONFIRMED"  # passwordless


def test_names_are_those_of_the_pool() -> None:
    by_email = pool(username_attributes=("email",))
    assert (
        the_user(rows("bargate", file_of(user(username=SUB)), by_email)).username
        == "ann@example.org"
    )


def test_secrets_are_not_seen_in_a_repr() -> None:
    assert HASH not in repr(FULL)
    assert "JBSW" not in repr(rows("bargate", file_of(FULL)))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"\x00",
        b'{"a": ' + b"[" * 5_000,
        b"a" * 10_000_000,
        line_of(user()).replace(b'"CONFIRMED"', b'"ADMIN"'),
        line_of(user()).replace(b'"enabled"', b'"is_enabled"'),
        line_of(user())
        .replace(b"true}", b'true,"extra":1}')
        .replace(b'"status"', b'"more":1,"status"'),
        line_of(user(hash=Secret(HASH))).replace(b'"' + HASH.encode() + b'"', b"7"),
        line_of(user(hash=Secret("HUSH-HUSH"))),
        line_of(user(hash=Secret("$2b$31$" + HASH[7:]))),
        line_of(user(former=(Secret("$2b$31$" + HASH[7:]),))),
    ],
)
def test_a_bad_line_stops_nothing(line: bytes) -> None:
    bad, good = rows("bargate", file_of(line, user()))
    assert isinstance(bad, BadRow)
    assert isinstance(good, ImportedUser)
    assert (bad.line, good.line) == (2, 3)
    assert "HUSH" not in bad.reason
    assert HASH[7:] not in bad.reason


WHOLE = file_of(user(), user(username="bob"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}\n",
        b"username,email\n",
        b"\x00" * 10,
        b"a" * 10_000_000,
        WHOLE.replace(b'"bargate_users":1', b'"bargate_users":2'),
        WHOLE[: WHOLE.rindex(b'{"end"')],
        WHOLE[:-2],
        WHOLE[:-10],
        WHOLE.replace(b'{"end":2}', b'{"end":3}'),
        WHOLE.replace(b'{"end":2}', b'{"end":"2"}'),
        WHOLE + line_of(user()),
        WHOLE + WHOLE,
    ],
)
def test_what_is_not_whole_is_refused(content: bytes) -> None:
    with pytest.raises(WrongFormat):
        rows("bargate", content)


def test_users_before_a_cut_are_read() -> None:
    cut = WHOLE[: WHOLE.index(b'"bob"')]
    found = []
    with pytest.raises(WrongFormat, match="cut off"):
        found.extend(rows("bargate", cut))
    assert "no user" in the_reason(rows("bargate", file_of(b'{"username":')))


texts = st.text(st.characters(codec="utf-8"), max_size=20)
times = st.integers(0, 4_000_000_000).map(lambda at: datetime.fromtimestamp(at, UTC))


@settings(max_examples=60)
@given(
    st.builds(
        user,
        username=texts,
        attributes=st.dictionaries(texts, texts, max_size=4),
        groups=st.lists(texts, max_size=3).map(tuple),
        created_at=times,
        totp_name=st.none() | texts,
        enabled=st.booleans(),
    )
)
def test_every_user_that_is_written_is_read(written: ExportedUser) -> None:
    line = line_of(written)
    assert b"\n" not in line
    json.loads(line)
    read = the_user(rows("bargate", file_of(written)))
    for name in ("username", "attributes", "groups", "created_at", "totp_name", "enabled", "sub"):
        assert getattr(read, name) == getattr(written, name)
