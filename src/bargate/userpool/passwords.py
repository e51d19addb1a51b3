"""Passwords of users: hashed and compared in threads, with SRP's verifier beside each hash.

    new password ──► policy, history ──► Proofs (hash, salt, verifier) ──► PoolCredentials
    a password   ──► matches(hash or None) ──► True | False, after the same work

`password_schemes` knows ours and other hashes by how they begin (imports); one of those is replaced
by ours, with SRP's verifier, at the first sign-in with the password (`needs_renewal`).
"""

from __future__ import annotations

import secrets
from functools import cached_property
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from bargate.records.pool_user import PoolCredentials
from bargate.secret import Secret
from bargate.userpool import srp
from bargate.userpool.password_policy import MAX_CHARACTERS
from bargate.userpool.password_schemes import scheme_of
from bargate.userpool.password_schemes.phc import password_bytes
from bargate.userpool.threads import Threads
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from datetime import datetime

    from argon2 import PasswordHasher

    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool


class Cost(Struct, frozen=True, kw_only=True):
    """What a hash costs; the default is OWASP's first choice for argon2id with little memory."""

    memory_kib: int = 19_456
    passes: int = 2
    lanes: int = 1


DEFAULT_COST: Final = Cost()


class Proofs(Struct, frozen=True, kw_only=True):
    """What a password is checked by."""

    hash: Secret
    salt: str
    verifier: Secret


class Hasher:
    """Hashes in as many threads as there are cores; so many may wait, and no more."""

    def __init__(self, cost: Cost = DEFAULT_COST, threads: int | None = None) -> None:
        self._cost = cost
        self._threads = Threads("hash", threads)
        self._stand_in: str | None = None

    async def proofs(self, pool: UserPool, username: str, password: str) -> Proofs:
        """Make what a password is checked by from now on; raises TooManyRequestsException."""
        return await self._threads.run(lambda: self._proofs(pool, username, password))

    async def matches(self, hashed: Secret | None, password: str) -> bool:
        """Say whether a password is the one that was hashed; with no hash the work is the same.

        Raises TooManyRequestsException.
        """
        return await self._threads.run(lambda: self._matches(hashed, password))

    async def is_among(self, hashes: tuple[Secret, ...], password: str) -> bool:
        """Say whether a password is one of those that were hashed (at most the history's 24)."""
        found = [await self.matches(each, password) for each in hashes]
        return any(found)

    def needs_renewal(self, hashed: Secret) -> bool:
        """Say whether a hash is not as ours are made now."""
        from argon2.exceptions import InvalidHashError  # noqa: PLC0415  as in `_argon2`

        try:
            return self._argon2.check_needs_rehash(hashed.reveal())
        except InvalidHashError:
            return True

    @cached_property
    def _argon2(self) -> PasswordHasher:
        from argon2 import PasswordHasher  # noqa: PLC0415  no start waits for it

        cost = self._cost
        return PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes
        )

    def close(self) -> None:
        """Let the threads go."""
        self._threads.close()

    def _proofs(self, pool: UserPool, username: str, password: str) -> Proofs:
        salt = srp.new_salt()
        verifier = srp.verifier_of(pool.srp_name, username, password, salt)
        return Proofs(
            hash=Secret(self._argon2.hash(password_bytes(password))),
            salt=salt,
            verifier=Secret(verifier),
        )

    def _matches(self, hashed: Secret | None, password: str) -> bool:
        if self._stand_in is None:
            self._stand_in = self._argon2.hash(secrets.token_hex())
        is_known = hashed is not None and len(password) <= MAX_CHARACTERS
        text = hashed.reveal() if hashed is not None and is_known else self._stand_in
        scheme = scheme_of(text)
        return scheme is not None and scheme.fits(text, password[:MAX_CHARACTERS]) and is_known


def new_credentials(user: PoolUser, proofs: Proofs, now: datetime) -> PoolCredentials:
    """Give the credentials of a new user."""
    return PoolCredentials(
        pool_id=user.pool_id,
        sub=user.sub,
        changed_at=now,
        hash=proofs.hash,
        salt=proofs.salt,
        verifier=proofs.verifier,
    )


def with_password(
    old: PoolCredentials, proofs: Proofs, history_size: int, now: datetime
) -> PoolCredentials:
    """Give credentials with another password; the old one joins the history."""
    former = old.former if old.hash is None else (old.hash, *old.former)
    return replace(
        old,
        hash=proofs.hash,
        salt=proofs.salt,
        verifier=proofs.verifier,
        former=former[: max(history_size - 1, 0)],
        changed_at=now,
    )


async def check_history(
    hasher: Hasher, pool: UserPool, credentials: PoolCredentials | None, password: str
) -> None:
    """Raise PasswordHistoryPolicyViolationException for one of the last passwords."""
    size = pool.password_policy.history_size
    if credentials is None or not size:
        return
    known = () if credentials.hash is None else (credentials.hash,)
    if await hasher.is_among((*known, *credentials.former)[:size], password):
        raise AwsError(
            "PasswordHistoryPolicyViolationException",
            "Password has previously been used and cannot be reused.",
        )
