"""Which second factor is due, what may be chosen, how often codes are tried; all without a store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.records.pool_user import PoolCredentials, PoolUser
from bargate.records.user_pool import UserPool
from bargate.secret import Secret
from bargate.userpool import totp
from bargate.userpool.code_limits import MAX_GUESSES, PERIOD_S, Allowance
from bargate.userpool.mfa import KINDS, Due, Preference, due, offered, with_preferences
from bargate.wire.error import AwsError
from totp_client import totp as shown

NOW = datetime(2026, 4, 7, 9, 5, 3, tzinfo=UTC)
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238's


def pool(mfa: str = "OPTIONAL", kinds: tuple[str, ...] = KINDS) -> UserPool:
    return UserPool(
        account_id="1" * 12,
        region="us-east-1",
        id="us-east-1_a",
        name="p",
        created_at=NOW,
        modified_at=NOW,
        schema=(),
        mfa=mfa,  # type: ignore[arg-type]
        sms_mfa="SMS_MFA" in kinds,
        software_token_mfa="SOFTWARE_TOKEN_MFA" in kinds,
        email_mfa={} if "EMAIL_OTP" in kinds else None,
    )


def user(
    chosen: tuple[str, ...] = (), preferred: str | None = None, verified: str = "true"
) -> PoolUser:
    return PoolUser(
        pool_id="us-east-1_a",
        sub="s",
        username="ann",
        case_sensitive=True,
        attributes={
            "email": "ann@example.org",
            "email_verified": verified,
            "phone_number": "+15555550123",
            "phone_number_verified": verified,
        },
        status="CONFIRMED",
        created_at=NOW,
        modified_at=NOW,
        mfa=chosen,  # type: ignore[arg-type]
        preferred_mfa=preferred,  # type: ignore[arg-type]
    )


def credentials(*, has_token: bool = True) -> PoolCredentials:
    seed = Secret(SEED) if has_token else None
    return PoolCredentials(pool_id="us-east-1_a", sub="s", changed_at=NOW, totp_seed=seed)


def test_a_pool_offers_what_is_configured() -> None:
    assert offered(pool()) == KINDS
    assert offered(pool(kinds=("EMAIL_OTP",))) == ("EMAIL_OTP",)


@pytest.mark.parametrize(
    ("mfa", "chosen", "preferred", "verified", "kinds", "may_set_up"),
    [
        ("OPTIONAL", KINDS, "EMAIL_OTP", "true", ("EMAIL_OTP",), False),
        ("OPTIONAL", KINDS, None, "true", KINDS, False),
        ("OPTIONAL", KINDS, "EMAIL_OTP", "false", ("SOFTWARE_TOKEN_MFA",), False),
        ("OPTIONAL", ("EMAIL_OTP",), None, "false", (), False),
        ("ON", ("EMAIL_OTP",), None, "false", (), False),
        ("ON", (), None, "false", KINDS, False),
    ],
)
def test_what_is_due(
    mfa: str,
    chosen: tuple[str, ...],
    preferred: str | None,
    verified: str,
    kinds: tuple[str, ...],
    may_set_up: bool,
) -> None:
    found = due(pool(mfa), user(chosen, preferred, verified), credentials())
    wanted = Due(is_required=True, is_chosen=bool(chosen), kinds=kinds, may_set_up=may_set_up)  # type: ignore[arg-type]
    assert found == wanted


def test_nothing_is_due_where_nobody_asked_for_it() -> None:
    assert not due(pool("OFF"), user(KINDS), credentials()).is_required
    assert not due(pool("OPTIONAL"), user(), credentials()).is_required
    only = pool("OPTIONAL", ("SMS_MFA",))
    assert not due(only, user(("EMAIL_OTP",)), credentials()).is_required


def test_who_has_no_factor_sets_one_up_where_one_is_demanded() -> None:
    found = due(pool("ON", ("SOFTWARE_TOKEN_MFA",)), user(), credentials(has_token=False))
    assert found == Due(is_required=True, kinds=(), may_set_up=True)


_CHOICES = st.lists(st.sampled_from(KINDS), unique=True).map(tuple)


@given(
    kinds=_CHOICES,
    chosen=_CHOICES,
    preferred=st.none() | st.sampled_from(KINDS),
    verified=st.sampled_from(["true", "false"]),
    has_token=st.booleans(),
    mfa=st.sampled_from(["ON", "OPTIONAL"]),
)
def test_a_chosen_factor_is_never_passed_over(**given: Any) -> None:
    one = pool(given["mfa"], given["kinds"])
    who = user(given["chosen"], given["preferred"], given["verified"])
    found = due(one, who, credentials(has_token=given["has_token"]))
    assert set(found.kinds) <= set(offered(one))
    if given["mfa"] == "ON" or set(given["chosen"]) & set(given["kinds"]):
        assert found.is_required
    if found.may_set_up:
        assert not found.kinds
        assert not set(given["chosen"]) & set(given["kinds"])
        assert not (given["has_token"] and "SOFTWARE_TOKEN_MFA" in given["kinds"])


def test_a_preference_says_only_what_it_names() -> None:
    said = {"SMS_MFA": Preference(is_enabled=True, is_preferred=False)}
    found = with_preferences(pool(), user(("EMAIL_OTP",), "EMAIL_OTP"), credentials(), said)  # type: ignore[arg-type]
    assert found == (("SMS_MFA", "EMAIL_OTP"), "EMAIL_OTP")
    off = {"EMAIL_OTP": Preference(is_enabled=False, is_preferred=False)}
    found = with_preferences(pool(), user(("EMAIL_OTP",), "EMAIL_OTP"), credentials(), off)  # type: ignore[arg-type]
    assert found == ((), None)


def test_an_allowance_ends_and_is_given_again() -> None:
    allowance = Allowance(MAX_GUESSES)
    for _ in range(MAX_GUESSES):
        allowance.take("p", "ann", 100.0)
    for at_s in (100.0, 100.0 + PERIOD_S - 1):
        with pytest.raises(AwsError):
            allowance.take("p", "ann", at_s)
    allowance.take("p", "ben", 100.0)
    allowance.take("q", "ann", 100.0)
    allowance.take("p", "ann", 100.0 + PERIOD_S)
    allowance.clear("p", "ben")
    for _ in range(MAX_GUESSES):
        allowance.take("p", "ben", 101.0)


def test_allowances_are_bounded() -> None:
    allowance = Allowance(1, max_names=2)
    for name in ("a", "b", "c"):
        allowance.take("p", name, 1.0)
    allowance.take("p", "a", 1.0)  # forgotten
    with pytest.raises(AwsError):
        allowance.take("p", "c", 1.0)


def test_first_codes_are_those_of_rfc_6238() -> None:
    at = datetime.fromtimestamp(1_111_111_109, UTC)
    assert shown(SEED, at.timestamp()) == "081804"
    assert totp.first_step(Secret(SEED), "081804", at) == 1_111_111_109 // 30
    for code in ("081805", "", "81804"):
        with pytest.raises(AwsError) as refused:
            totp.first_step(Secret(SEED), code, at)
        assert refused.value.code == "EnableSoftwareTokenMFAException"


def test_a_devices_name_is_bounded() -> None:
    totp.check_friendly_name("x" * 256)
    with pytest.raises(AwsError):
        totp.check_friendly_name("x" * 257)
