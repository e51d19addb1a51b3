"""Measures whether answers tell who is a user: pairs of calls in random order, over one connection.

pairs = Pairs(people)
found = pairs.compare(known, unknown, ask)      # ask(name) -> calls
assert found.told == set()                      # status, header names, body: all the same
assert found.difference < 0.05                  # of the medians of their times
"""

from __future__ import annotations

import base64
import http.client
import json
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from srp_client import SrpClient

# What differs from call to call, whoever is asked for: names, and what is drawn.
_VARIES = {
    "SALT", "SRP_B", "SECRET_BLOCK", "USERNAME", "USER_ID_FOR_SRP", "Session", "Destination",
    "CODE_DELIVERY_DESTINATION",
}  # fmt: skip
_WORDS = re.compile(r"[A-Za-z0-9+/_=-]")
Ask = Callable[["Wire", str], list["Told"]]


@dataclass(frozen=True)
class Told:
    """What one answer tells, but for what must vary; `took_s` is its time."""

    text: str
    took_s: float
    answer: Any = field(compare=False)


class Wire:
    """Asks a pool's client over one connection."""

    def __init__(self, endpoint: str, client_id: str) -> None:
        host, _, port = endpoint.rpartition("/")[2].rpartition(":")
        self._connection = http.client.HTTPConnection(host, int(port), timeout=30)
        self._client_id = client_id

    def ask(self, operation: str, /, **asked: Any) -> Told:
        body = json.dumps({"ClientId": self._client_id, **asked})
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
        }
        began_s = time.perf_counter()
        self._connection.request("POST", "/", body, headers)
        response = self._connection.getresponse()
        content = response.read()
        took_s = time.perf_counter() - began_s
        answer = json.loads(content)
        names = sorted(name.lower() for name in response.headers)
        text = json.dumps([response.status, names, _shape(answer)], sort_keys=True)
        return Told(text, took_s, answer)

    def close(self) -> None:
        self._connection.close()


def _shape(value: Any, name: str = "") -> Any:
    """Give an answer with what must vary as its size; SRP_B may lack leading zeros."""
    if isinstance(value, dict):
        return {key: _shape(each, key) for key, each in value.items()}
    if name == "SRP_B":
        return "a number"
    if name in ("USERNAME", "USER_ID_FOR_SRP"):
        return "the name"
    return _WORDS.sub("x", value) if name in _VARIES else value


@dataclass
class Compared:
    """What both sides were told, and how long it took them."""

    known: list[Told] = field(default_factory=list)
    unknown: list[Told] = field(default_factory=list)

    @property
    def told(self) -> set[str]:
        """What only one of the sides was ever told."""
        return {each.text for each in self.known} ^ {each.text for each in self.unknown}

    @property
    def difference(self) -> float:
        known, unknown = (_median_s(each) for each in (self.known, self.unknown))
        return abs(known - unknown) / min(known, unknown)

    def __str__(self) -> str:
        known, unknown = (_median_s(each) * 1e3 for each in (self.known, self.unknown))
        return f"{len(self.known)} calls each: known {known:.3f} ms, unknown {unknown:.3f} ms"


def _median_s(told: list[Told]) -> float:
    return statistics.median(each.took_s for each in told)


def compare(wire: Wire, known: list[str], unknown: list[str], ask: Ask) -> list[Compared]:
    """Ask for pairs of a known and an unknown name, each pair in random order; one result a step."""
    order = random.Random(5)
    steps: list[Compared] = []
    for pair in zip(known, unknown, strict=True):
        sides = [(True, pair[0]), (False, pair[1])]
        order.shuffle(sides)
        for is_known, name in sides:
            for number, told in enumerate(ask(wire, name)):
                if number == len(steps):
                    steps.append(Compared())
                side = steps[number].known if is_known else steps[number].unknown
                side.append(told)
    return steps


# How each is asked for.


def by_password(wire: Wire, name: str) -> list[Told]:
    parameters = {"USERNAME": name, "PASSWORD": "Wrong-password-1"}
    return [wire.ask("InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)]


def by_srp(pool_id: str) -> Ask:
    """Both steps, the proof being wrong; A is drawn once, since only its own side pays for it."""
    client = SrpClient(pool_id, "Wrong-password-1")

    def ask(wire: Wire, name: str) -> list[Told]:
        begun = wire.ask(
            "InitiateAuth",
            AuthFlow="USER_SRP_AUTH",
            AuthParameters={"USERNAME": name, "SRP_A": client.srp_a},
        )
        posed = begun.answer["ChallengeParameters"]
        responses = {
            "USERNAME": posed["USER_ID_FOR_SRP"],
            "PASSWORD_CLAIM_SECRET_BLOCK": posed["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(b"x" * 32).decode(),
            "TIMESTAMP": "Tue Apr 7 09:05:03 UTC 2026",
        }
        answered = wire.ask(
            "RespondToAuthChallenge",
            ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses=responses,
        )
        return [begun, answered]

    return ask


def by_choice(**parameters: str) -> Ask:
    def ask(wire: Wire, name: str) -> list[Told]:
        given = {"USERNAME": name, **parameters}
        return [wire.ask("InitiateAuth", AuthFlow="USER_AUTH", AuthParameters=given)]

    return ask


def by_name(operation: str, **more: str) -> Ask:
    return lambda wire, name: [wire.ask(operation, Username=name, **more)]


def turns(names: list[str], count: int) -> Iterator[list[str]]:
    """Give `count` names in all, each as often as any other."""
    for start in range(0, count, len(names)):
        yield names[: min(len(names), count - start)]
