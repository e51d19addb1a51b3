"""A sign-in under way: what was asked, how far it has come, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.records.user_pool_client import UserPoolClient
    from bargate.userpool.pools import Pools


class Asked(Struct, frozen=True, kw_only=True, eq=False):
    """One call of InitiateAuth or RespondToAuthChallenge, or of what administrators call instead.

    `parameters` are AuthParameters or ChallengeResponses, SECRET_HASH checked already; `metadata`
    is ClientMetadata; `sign_up_session` is what a ConfirmSignUp gave.
    INVARIANT: parameters hold passwords, so an Asked is never logged.
    """

    pool: UserPool
    client: UserPoolClient
    flow: str
    parameters: Mapping[str, str]
    metadata: Mapping[str, str] = {}
    sign_up_session: str | None = None
    is_admin: bool = False
    source_ip: str = ""
    now: datetime

    @property
    def address(self) -> str:
        """Where the call came from, as the connection tells; of administrators nothing is known."""
        return "" if self.is_admin else self.source_ip

    @property
    def later_metadata(self) -> Mapping[str, str]:
        """What triggers after the proof are told: nothing that came with InitiateAuth.

        AWS [D] cognito-userpools §7: that reaches PreSignUp, PreAuthentication, UserMigration.
        """
        return {} if self.flow else self.metadata

    def __repr__(self) -> str:
        return f"Asked({self.pool.id}, {self.client.id}, {self.flow})"


class Round(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A challenge of a custom sign-in that was answered, as DefineAuthChallenge is told of it."""

    challenge_name: str
    challenge_result: bool
    challenge_metadata: str | None = None


class Progress(Struct, frozen=True, kw_only=True):
    """How far a sign-in has come; sealed into the session between two calls.

    `sub` is None for a user who does not exist and is only simulated; `username` is the real name,
    or for a simulated user the one that was given. `factors` are what was proven, in order, by the
    names of challenges (`PASSWORD` for either way of proving a password). `data` is what the
    challenge that is due must know; it may hold secrets, since sessions are sealed. `rounds` are
    those of a custom sign-in, right and wrong. `password_of` is when the password was set that was
    proven: a sign-in ends where there is another by now.
    """

    flow: str
    username: str
    sub: str | None
    factors: tuple[str, ...] = ()
    device_key: str | None = None
    data: dict[str, str] = {}
    rounds: tuple[Round, ...] = ()
    password_of: str | None = None

    @property
    def session(self) -> list[dict[str, object]]:
        """The rounds as AWS writes them in events; `challengeMetadata` is null where there is none."""
        return [{"challengeMetadata": None} | msgspec.to_builtins(each) for each in self.rounds]

    def proven(self, *factors: str) -> Progress:
        """Give the progress with more proven, and nothing left that was known for a challenge."""
        return replace(self, factors=(*self.factors, *factors), data={})

    def with_password(self, changed_at: datetime | None) -> Progress:
        """Give the progress with a password proven, which was set then."""
        moment = None if changed_at is None else changed_at.isoformat()
        return replace(self.proven("PASSWORD"), password_of=moment)

    def knowing(self, **data: str) -> Progress:
        """Give the progress with what the challenge that is due must know."""
        return replace(self, data=data)


class Challenge(Struct, frozen=True, kw_only=True):
    """What the client must answer next. `parameters` are seen by the client, `progress` is not.

    Without `has_session` the state travels in the parameters (SRP's SECRET_BLOCK), as at AWS.
    """

    name: str
    parameters: dict[str, str]
    progress: Progress
    available: tuple[str, ...] = ()
    has_session: bool = True


class NewDevice(Struct, frozen=True, kw_only=True):
    """A device that the client may now confirm."""

    key: str
    group_key: str


class Authenticated(Struct, frozen=True, kw_only=True):
    """The user is in. `refresh_token` is None where the client keeps the one it has."""

    access_token: str
    id_token: str
    expires_in_s: int
    refresh_token: str | None = None
    new_device: NewDevice | None = None

    def __repr__(self) -> str:
        return "Authenticated(…)"


Answer: TypeAlias = Challenge | Authenticated
Flow: TypeAlias = "Callable[[Pools, Asked], Awaitable[Answer]]"
Answering: TypeAlias = "Callable[[Pools, Asked, Progress], Awaitable[Answer]]"
Gate: TypeAlias = "Callable[[Pools, Asked, Progress, PoolUser], Awaitable[Challenge | None]]"
