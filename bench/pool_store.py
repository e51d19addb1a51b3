"""Stores with many users, filled directly and kept for the next run as long as their form stays.

    serve --data ──► boto3: CreateUserPool, CreateUserPoolClient ──► end ──► users, in batches

All have one password and one hash, which argon2 would take hours to make for each; the first few
have an SRP verifier of their own.
"""

import hashlib
import inspect
import shutil
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
from argon2 import PasswordHasher
from msgspec import Struct
from msgspec.structs import replace

from bargate.records.pool_user import POOL_CREDENTIALS, POOL_USER
from bargate.records.user_pool import USER_POOL, UserPool
from bargate.secret import Secret
from bargate.store.database import MIGRATIONS
from bargate.store.folder import open_folder
from bargate.store.interface import Transaction
from bargate.userpool import srp
from bargate.userpool.passwords import DEFAULT_COST, Proofs, new_credentials
from bargate.userpool.users import new_name, new_user
from bench.iam_peer import announced, client, command
from bench.process import GATEWAY_CORE, running

PASSWORD = "Right-password-1"
SALT = "c0ffee" * 5
SRP_USERS = 64

_FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
_BATCH = 10_000


class Home(Struct, frozen=True):
    """An installation with one pool: `users` of them, named by `user_name`."""

    folder: str
    pool_id: str
    client_id: str
    users: int

    @property
    def group(self) -> str:
        """What SRP calls the pool."""
        return self.pool_id.partition("_")[2]


def user_name(number: int) -> str:
    """Give the name of a user."""
    return f"user-{number:07d}"


def filled(work: Path, users: int) -> Home:
    """Give an installation with so many users; one that was not finished is filled on."""
    folder = work / f"pools-{users}-{_form()}"
    description = folder / "bench.json"
    if not description.exists():
        for stale in work.glob(f"pools-{users}-*"):
            shutil.rmtree(stale) if stale.is_dir() else stale.unlink()
        description.write_bytes(msgspec.json.encode(_with_pool(folder, users)))
    home = replace(msgspec.json.decode(description.read_bytes(), type=Home), folder=str(folder))
    _fill(home)
    return home


def _form() -> str:
    """Tell stores apart that are found or proven otherwise; new fields of records have defaults."""
    indexes = [index.name for kind in (POOL_USER, POOL_CREDENTIALS) for index in kind.indexes]
    parts = (DEFAULT_COST, indexes, len(MIGRATIONS), inspect.getsource(_create))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def _with_pool(folder: Path, users: int) -> Home:
    folder.mkdir(parents=True)
    log = folder.with_suffix(".log")
    with running(command(folder), core=GATEWAY_CORE, log=log) as process:
        cognito = client("cognito-idp", folder, announced(process, log)[1])
        pool = cognito.create_user_pool(PoolName="bench")["UserPool"]["Id"]
        app = cognito.create_user_pool_client(
            UserPoolId=pool, ClientName="bench", ExplicitAuthFlows=_FLOWS
        )
        return Home(str(folder), pool, app["UserPoolClient"]["ClientId"], users)


def _fill(home: Home) -> None:
    with closing(open_folder(Path(home.folder), {})) as store:
        (pool,) = store.read(lambda tx: tx.list(USER_POOL))
        common = _proofs(home, 0)

        def write(numbers: range, tx: Transaction) -> None:
            for number in numbers:
                own = _proofs(home, number, common.hash) if number < SRP_USERS else common
                _create(tx, pool, number, own)

        done = store.read(lambda tx: tx.count(POOL_USER))
        for first in range(done, home.users, _BATCH):
            store.write(partial(write, range(first, min(first + _BATCH, home.users))))


def _proofs(home: Home, number: int, hashed: Secret | None = None) -> Proofs:
    if hashed is None:
        cost = DEFAULT_COST
        hasher = PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes
        )
        hashed = Secret(hasher.hash(PASSWORD))
    verifier = srp.verifier_of(home.group, user_name(number), PASSWORD, SALT)
    return Proofs(hash=hashed, salt=SALT, verifier=Secret(verifier))


def _create(tx: Transaction, pool: UserPool, number: int, proofs: Proofs) -> None:
    now = datetime.now(UTC)
    name = user_name(number)
    given = {"email": f"{name}@example.com", "email_verified": "true", "name": f"User {number}"}
    user = new_user(pool, new_name(pool, name), given, "CONFIRMED", now)
    tx.create(POOL_USER, user)
    tx.create(POOL_CREDENTIALS, new_credentials(user, proofs, now))
