"""What an operation of an AWS API is here: a function from a checked request to its output.

    @operation(writes=True)
    def create_user(call: OperationCall, request: Params) -> Params: ...

The function's name is botocore's `xform_name` of the operation's; `request` and the output are
dicts keyed by the members of the model's shapes (lists are lists, timestamps aware datetimes,
blobs bytes). It refuses by raising AwsError. It runs inside one transaction and must not wait.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from msgspec import Struct

from bargate.audit.event import Subject

if TYPE_CHECKING:
    from datetime import datetime
    from types import ModuleType

    from bargate.access.identities import Identity
    from bargate.audit.event import Event
    from bargate.policy import CompiledPolicy, Principal
    from bargate.records.pool_auth_event import PoolAuthEvent
    from bargate.store.interface import Reader, Transaction
    from bargate.tokens.session import Session

Params: TypeAlias = dict[str, Any]
ContextValues: TypeAlias = Mapping[str, str | tuple[str, ...]]


class Caller(Struct, frozen=True, kw_only=True):
    """Who signed a call, `session` with temporary credentials.

    `user_id` is AIDA…, AROA…:session, account:name of a federated user, or the account id of root.
    """

    account_id: str
    arn: str
    user_id: str
    principal: Principal
    access_key_id: str
    session: Session | None = None


class Target(Struct, frozen=True, kw_only=True):
    """One permission that an operation needs: an action on a resource ARN (`*` when it has none).

    `resource_policy` is that of the resource, `resource_account` whose it is: the caller's if None.
    """

    action: str
    resource: str
    context: ContextValues = {}
    resource_policy: CompiledPolicy | None = None
    resource_account: str | None = None


class OperationCall(Struct, kw_only=True):
    """One call of an operation: who, where, when, and the transaction it runs in.

    `identity` holds the policies that bear on the caller, None for one to whom all is allowed
    (`--dev`); `circumstances` are the condition keys of the request itself, in lower case.
    """

    account_id: str
    region: str
    partition: str
    caller: Caller
    tx: Transaction
    now: datetime
    request_id: str
    environment: Any = None
    identity: Identity | None = None
    circumstances: ContextValues = {}

    def arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        """Write an ARN of the caller's account, in its region unless another is given."""
        region = self.region if region is None else region
        return f"arn:{self.partition}:{service}:{region}:{self.account_id}:{resource}"


class Later(Struct, frozen=True):
    """An output that needs waiting: `work` runs once the transaction is over."""

    work: Callable[[], Awaitable[Params]]


OperationFunction: TypeAlias = Callable[[OperationCall, Params], Params | Later]
Targets: TypeAlias = Callable[[OperationCall, Params], Iterable[Target]]
Function = TypeVar("Function", bound=OperationFunction)

_MARK = "__aws_operation__"


class Operation(Struct, frozen=True, eq=False):
    """An operation as found in a service's modules; `targets` None means the service's default."""

    name: str
    run: OperationFunction
    writes: bool
    targets: Targets | None


def operation(
    *, writes: bool = False, targets: Targets | None = None
) -> Callable[[Function], Function]:
    """Mark a function as an AWS operation."""

    def mark(function: Function) -> Function:
        found = Operation(function.__name__, function, writes, targets)
        setattr(function, _MARK, found)
        return function

    return mark


def collect(modules: Iterable[ModuleType]) -> dict[str, Operation]:
    """Give the operations of a service by their snake_case names."""
    found: dict[str, Operation] = {}
    for module in modules:
        for value in vars(module).values():
            each = getattr(value, _MARK, None)
            if isinstance(each, Operation) and value.__module__ == module.__name__:
                if each.name in found:
                    raise ValueError(f"{each.name} is defined twice")
                found[each.name] = each
    return found


def _nobody(_name: str, _request: Params, _output: Params | None) -> Subject:
    return Subject()


def _as_it_is(_tx: Reader, event: Event, _subject: Subject) -> tuple[Event, PoolAuthEvent | None]:
    return event, None


class Auditing(Struct, frozen=True, kw_only=True, eq=False):
    """How the audit log is told of a service, of which `writes` does not say what it notes.

    `is_read` takes an operation's model name. `subject` tells of calls about users of pools whom,
    by request and output (None: refused); what it gives is completed later, in another thread:
    pool and user are looked up.
    """

    is_read: Callable[[str], bool]
    subject: Callable[[str, Params, Params | None], Subject] = _nobody
    complete: Callable[[Reader, Event, Subject], tuple[Event, PoolAuthEvent | None]] = _as_it_is


class Service(Struct, frozen=True, kw_only=True, eq=False):
    """One AWS API: botocore's name of it, its operations, and what they need by default.

    `targets` takes the operation's model name (`CreateUser`) besides call and request;
    `denied_code` is the API's name of AccessDenied. Without `auditing` what the audit log notes is
    what `writes` says.
    """

    name: str
    operations: Mapping[str, Operation]
    targets: Callable[[str, OperationCall, Params], Iterable[Target]]
    denied_code: str = "AccessDenied"
    auditing: Auditing | None = None
