import base64

import pytest

from bargate.identity.totp import code_of, matching_step, new_seed, step_at
from bargate.secret import Secret

# RFC 6238, appendix B (SHA-1), the last six of eight digits.
SEED = Secret(base64.b32encode(b"12345678901234567890").decode())
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert code_of(SEED, step_at(seconds)) == code


def test_a_row_of_codes_fits_at_one_step() -> None:
    codes = (code_of(SEED, 7), code_of(SEED, 8))
    assert matching_step(SEED, codes, range(-3, 20)) == 7
    assert matching_step(SEED, codes[::-1], range(20)) is None


def test_seeds_are_long_and_never_the_same() -> None:
    assert len(new_seed().reveal()) == 64
    assert new_seed() != new_seed()
