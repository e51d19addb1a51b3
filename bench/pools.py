"""How fast user pools sign users in on one core, beside what the mathematics alone allow there.

    core 0: argon2 alone, RSA alone, then the whole installation      core 1: users, and their maths

Every round measures the bounds just before what is held against them, so that a slow minute of the
machine hits both; the ratios are medians of the rounds' own.
"""

import asyncio
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from bench import pool_store, process
from bench.control_client import Answer, Connection
from bench.iam_peer import announced, command
from bench.pool_client import SignIn, SrpUser, call, on_core, rate_per_s
from bench.pool_store import PASSWORD, SALT, SRP_USERS, Home, user_name
from bench.process import GATEWAY_CORE, LOAD_CORE, MeasureError
from bench.results import Settings

PASSWORDS = "password sign-ins, a second"
ARGON2 = "argon2 alone, a second"
OVER_ARGON2 = "password sign-ins over argon2 alone, x"
SRP = "SRP sign-ins (two calls each), a second"
REFRESHES = "refreshes, a second"
SIGNATURES = "pairs of RSA-2048 signatures alone, a second"
OVER_SIGNATURES = "refreshes over two signatures alone, x"
MILLION = "cost of a password sign-in, 1,000,000 users over 1,000, x"

FEW, MANY = 1_000, 1_000_000
_CLIENTS = 16
_SETTLE_S = 0.5
_LEAST_S = 4  # in one second argon2 runs two dozen times: too few for a ratio


def pool_figures(work: Path, settings: Settings) -> dict[str, float]:
    """Measure everything; `work` keeps the filled stores. Raises `MeasureError`."""
    few, many = pool_store.filled(work, FEW), pool_store.filled(work, MANY)
    seconds = max(settings.seconds, _LEAST_S)
    rounds = [_round(few, many, seconds) for _ in range(settings.rounds)]
    return {name: median(each[name] for each in rounds) for name in rounds[0]}


def _round(few: Home, many: Home, seconds: int) -> dict[str, float]:
    with _serving(few) as host:
        argon2, passwords = _beside("argon2", host, _by_password(host, few), seconds)
        signing, refreshes = _beside("signatures", host, _by_refresh(host, few), seconds)
        by_srp = _measured(host, _by_srp(host, few), seconds)
    with _serving(many) as host:
        argon2_again, of_many = _beside("argon2", host, _by_password(host, many), seconds)
    return {
        PASSWORDS: passwords,
        ARGON2: argon2,
        OVER_ARGON2: passwords / argon2,
        SRP: by_srp,
        REFRESHES: refreshes,
        SIGNATURES: signing,
        OVER_SIGNATURES: refreshes / signing,
        # Each in what argon2 alone could do at its time: the machine may be slower by then.
        MILLION: (passwords / argon2) / (of_many / argon2_again),
    }


@contextmanager
def _serving(home: Home) -> Iterator[str]:
    """Run an installation on one core; give the `HOST:PORT` of its endpoint."""
    folder = Path(home.folder)
    log = folder.with_suffix(".log")
    with process.running(command(folder), core=GATEWAY_CORE, log=log) as running:
        yield urlsplit(announced(running, log)[1]).netloc


def _beside(bound: str, host: str, sign_in: SignIn, seconds: int) -> tuple[float, float]:
    """Give how often a bound is reached, before and after, and the sign-ins in between."""
    before = _bound(bound, seconds / 2)
    found = _measured(host, sign_in, seconds)
    return (before + _bound(bound, seconds / 2)) / 2, found


def _bound(name: str, seconds: float) -> float:
    alone = [*process.cores(GATEWAY_CORE), sys.executable, "-m", "bench.pool_bounds"]
    done = subprocess.run([*alone, name, str(seconds)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise MeasureError(done.stderr.strip().rpartition("\n")[2])
    return float(done.stdout)


def _measured(host: str, sign_in: SignIn, seconds: int) -> float:
    with on_core(LOAD_CORE):
        asyncio.run(rate_per_s(host, sign_in, _SETTLE_S, _CLIENTS))
        return asyncio.run(rate_per_s(host, sign_in, seconds, _CLIENTS))


def _by_password(host: str, home: Home) -> SignIn:
    async def sign_in(connection: Connection, _number: int) -> None:
        # Anybody of all of them: with many users the store is not to know whom to expect.
        name = user_name(random.randrange(home.users))
        _tokens(await connection.send(_password_call(host, home, name)))

    return sign_in


def _by_refresh(host: str, home: Home) -> SignIn:
    names = [user_name(number) for number in range(_CLIENTS)]
    tokens = asyncio.run(_refresh_tokens(host, home, names))
    calls = [_initiate(host, home, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=each) for each in tokens]

    async def sign_in(connection: Connection, number: int) -> None:
        _tokens(await connection.send(calls[number % len(calls)]))

    return sign_in


async def _refresh_tokens(host: str, home: Home, names: list[str]) -> list[str]:
    connection = await Connection.to(host)
    try:
        asked = [_password_call(host, home, name) for name in names]
        return [_tokens(await connection.send(each))["RefreshToken"] for each in asked]
    finally:
        connection.close()


def _by_srp(host: str, home: Home) -> SignIn:
    names = [user_name(number) for number in range(SRP_USERS)]
    users = [SrpUser(home.group, name, PASSWORD, SALT) for name in names]
    begun = [
        _initiate(host, home, "USER_SRP_AUTH", USERNAME=name, SRP_A=user.srp_a)
        for name, user in zip(names, users, strict=True)
    ]

    async def sign_in(connection: Connection, number: int) -> None:
        index = number % SRP_USERS
        posed = (await connection.send(begun[index])).json()
        responses = users[index].responses(posed["ChallengeParameters"])
        body = {
            "ClientId": home.client_id,
            "ChallengeName": "PASSWORD_VERIFIER",
            "ChallengeResponses": responses,
        }
        _tokens(await connection.send(call(host, "RespondToAuthChallenge", body)))

    return sign_in


def _password_call(host: str, home: Home, name: str) -> bytes:
    return _initiate(host, home, "USER_PASSWORD_AUTH", USERNAME=name, PASSWORD=PASSWORD)


def _initiate(host: str, home: Home, flow: str, **parameters: str) -> bytes:
    body = {"ClientId": home.client_id, "AuthFlow": flow, "AuthParameters": parameters}
    return call(host, "InitiateAuth", body)


def _tokens(answer: Answer) -> dict[str, str]:
    """Give the tokens of a sign-in, which any other answer is not."""
    found: dict[str, str] | None = answer.json().get("AuthenticationResult")
    if found is None:
        raise MeasureError(f"the AWS endpoint gave no tokens: {answer.body[:300]!r}")
    return found
