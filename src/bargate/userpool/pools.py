"""What user pools need besides a transaction: built once by the control process, and passed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from msgspec import Struct, field

from bargate.userpool.address_limits import AddressLimits
from bargate.userpool.attempt_limits import AttemptLimits
from bargate.userpool.code_limits import CodeLimits
from bargate.userpool.device_waits import DeviceWaits
from bargate.userpool.refusal_times import RefusalTimes
from bargate.userpool.threads import HELD, Threads
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Store
    from bargate.userpool.keys import Keyring
    from bargate.userpool.lockout import Lockouts
    from bargate.userpool.passwords import Hasher
    from bargate.userpool.sessions import Sessions

Medium = Literal["EMAIL", "SMS"]


class Message(Struct, frozen=True, kw_only=True):
    """A text for one user; `subject` is a mail's.

    `purpose` is AWS's trigger source without its prefix (`SignUp`, `AdminCreateUser`, `ResendCode`,
    `ForgotPassword`, `Authentication`, …).
    INVARIANT: body and subject hold codes and passwords, so neither is ever logged.
    """

    pool_id: str
    user_name: str
    medium: Medium
    purpose: str
    destination: str
    body: str
    subject: str = ""

    def __repr__(self) -> str:
        return f"Message({self.pool_id}, {self.purpose}, {self.medium})"


class Messenger(Protocol):
    """Sends messages, or keeps them for developers to read."""

    async def send(self, message: Message) -> None:
        """Hand a message over; raises AwsError CodeDeliveryFailureException."""


class TriggerCall(Struct, frozen=True, kw_only=True):
    """A Lambda trigger that is due: which (`PreSignUp`), why (`PreSignUp_SignUp`), and its event.

    `request` is what stands beside userAttributes, under AWS's names; `response` the empty form
    that the function fills. `client_id` is `CLIENT_ID_NOT_APPLICABLE` for administrators.
    INVARIANT: requests hold passwords and answers, so a call is never logged.
    """

    pool: UserPool
    trigger: str
    source: str
    client_id: str = "CLIENT_ID_NOT_APPLICABLE"
    user_name: str = ""
    attributes: Mapping[str, str] = {}
    request: Mapping[str, Any] = {}
    response: Mapping[str, Any] = {}

    def __repr__(self) -> str:
        return f"TriggerCall({self.pool.id}, {self.source})"


class Triggers(Protocol):
    """Calls the functions of pools."""

    async def run(self, call: TriggerCall) -> dict[str, Any]:
        """Give the function's `response`, `call.response` where the pool has no such trigger.

        Raises AwsError UserLambdaValidationException, InvalidLambdaResponseException,
        UnexpectedLambdaException.
        """

    async def hand_over(self, call: TriggerCall) -> None:
        """Queue the event of a custom sender; raises AwsError CodeDeliveryFailureException.

        The request's `code` is in clear here; what the function is sent of it is decided here.
        """


class NoTriggers:
    """Where no functions run: a pool that has a trigger is refused, never served without it."""

    async def run(self, call: TriggerCall) -> dict[str, Any]:
        """Do as `Triggers.run`."""
        arn = call.pool.trigger_arn(call.trigger)
        if arn is not None:
            raise AwsError("UnexpectedLambdaException", f"{arn} cannot be invoked.")
        return dict(call.response)

    async def hand_over(self, call: TriggerCall) -> None:
        """Do as `Triggers.hand_over`."""
        message = f"{call.trigger} cannot be invoked."
        raise AwsError("CodeDeliveryFailureException", message)


class Pools(Struct, frozen=True, kw_only=True, eq=False):
    """The surroundings of user pools.

    `issuer_of` gives the `iss` of a pool's tokens, `place_of` the URL that a pool's pages and
    documents are under. Without a `messenger` nothing can be sent:
    what depends on it refuses with CodeDeliveryFailureException. `threads` is where tokens are signed
    and SRP is computed; passwords have threads of their own, as a hash takes much longer.
    """

    store: Store
    clock: Callable[[], datetime]
    hasher: Hasher
    sessions: Sessions
    keyring: Keyring
    lockouts: Lockouts
    issuer_of: Callable[[UserPool], str]
    place_of: Callable[[UserPool], str]
    triggers: Triggers = NoTriggers()
    messenger: Messenger | None = None
    refusal_times: RefusalTimes = field(default_factory=RefusalTimes)
    code_limits: CodeLimits = field(default_factory=CodeLimits)
    attempts: AttemptLimits = field(default_factory=AttemptLimits)
    device_waits: DeviceWaits = field(default_factory=DeviceWaits)
    threads: Threads = field(default_factory=lambda: Threads("maths", held=HELD))
    addresses: AddressLimits = field(default_factory=AddressLimits)
