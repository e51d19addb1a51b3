"""What users of pools with threat protection did to sign in, as AdminListUserAuthEvents tells it."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.store.kind import Kind

EventType = Literal["SignIn", "SignUp", "ForgotPassword", "PasswordChange", "ResendCode"]
EventResponse = Literal["Pass", "Fail", "InProgress"]


class Feedback(Struct, frozen=True, kw_only=True):
    """What somebody said of an event: that it was the user (`Valid`), or was not."""

    value: Literal["Valid", "Invalid"]
    provider: str
    at: datetime


class AnsweredChallenge(Struct, frozen=True, kw_only=True):
    """Which kind of proof was given, and whether it was right."""

    name: Literal["Password", "Mfa"]
    is_right: bool


class PoolAuthEvent(Struct, frozen=True, kw_only=True):
    """An event of one user. `order` sorts the newest first; `id` is told."""

    pool_id: str
    sub: str
    order: str
    id: str
    type: EventType
    response: EventResponse
    at: datetime
    challenges: tuple[AnsweredChallenge, ...] = ()
    ip_address: str = ""
    device_name: str = ""
    feedback: Feedback | None = None


POOL_AUTH_EVENT: Kind[PoolAuthEvent] = Kind(
    "pool_auth_event",
    PoolAuthEvent,
    lambda event: (event.pool_id, event.sub, event.order),
)
