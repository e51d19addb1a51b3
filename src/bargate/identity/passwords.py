"""Passwords of IAM users: hashed with argon2id, held against the account's password policy."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bargate.records.account import PasswordPolicy
from bargate.secret import Secret

SYMBOLS = "!@#$%^&*()_+-=[]{}|'"  # AWS [D]: what counts as a symbol
MAX_CHARACTERS = 128
_DEFAULT_MINIMUM = 8
_DEFAULT_KINDS = 3

# OWASP's first choice for argon2id with little memory.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hash_password(password: str) -> Secret:
    """Hash a password; takes about 20 ms."""
    return Secret(_HASHER.hash(password))


def is_password(hashed: Secret, password: str) -> bool:
    """Say whether a password is the one that was hashed."""
    try:
        return _HASHER.verify(hashed.reveal(), password)
    except (VerificationError, InvalidHashError):
        return False


def defect_of(password: str, policy: PasswordPolicy | None, user_name: str) -> str | None:
    """Say what a password lacks, in AWS's words; None when it is good.

    Without a policy of the account AWS's default one holds: 8 characters, three of the four kinds
    (AWS [D] IAM user guide, default password policy).
    """
    if len(password) > MAX_CHARACTERS:
        return f"Password should have a maximum length of {MAX_CHARACTERS}"
    if policy is None:
        return _default_defect(password, user_name)
    if len(password) < policy.minimum_length:
        return f"Password should have a minimum length of {policy.minimum_length}"
    kinds = _kinds(password)
    required = (
        (policy.require_uppercase, "uppercase", "one uppercase character"),
        (policy.require_lowercase, "lowercase", "one lowercase character"),
        (policy.require_numbers, "number", "one number"),
        (
            policy.require_symbols,
            "symbol",
            "one of these symbols: ! @ # $ % ^ & * ( ) _ + - = [ ] { } | '",
        ),
    )
    for is_required, kind, text in required:
        if is_required and kind not in kinds:
            return f"Password should have at least {text}"
    return None


def _default_defect(password: str, user_name: str) -> str | None:
    if len(password) < _DEFAULT_MINIMUM:
        return f"Password should have a minimum length of {_DEFAULT_MINIMUM}"
    if len(_kinds(password)) < _DEFAULT_KINDS:
        return "Password should have at least three of: uppercase, lowercase, numbers, symbols"
    if password.casefold() == user_name.casefold():
        return "Password should not be the same as the user name"
    return None


def _kinds(password: str) -> set[str]:
    """Tell which kinds of characters stand in it; only ASCII letters and digits count."""
    tests = {
        "uppercase": lambda c: "A" <= c <= "Z",
        "lowercase": lambda c: "a" <= c <= "z",
        "number": lambda c: "0" <= c <= "9",
        "symbol": lambda c: c in SYMBOLS,
    }
    return {kind for kind, test in tests.items() if any(map(test, password))}
