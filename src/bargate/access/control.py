"""The shape of a control: how it compiles itself and how it tells what it saw."""

from collections.abc import Callable, Hashable
from typing import Any, TypeAlias, TypeVar, cast

from msgspec import Struct, field

from bargate.access.api_keys import ApiKeys, NoApiKeys
from bargate.access.call import Call, Facts
from bargate.access.identities import Identities, NoIdentities
from bargate.access.key_directory import KeyDirectory
from bargate.access.verdict import Denial, Need
from bargate.model.http_api import HttpApi, Route
from bargate.model.installation import Installation, Stage
from bargate.model.rest_api import Method, Resource, RestApi

Step: TypeAlias = Callable[[Call, Facts], Denial | Need | None]


Built = TypeVar("Built")


class Shared:
    """What the methods of one stage share, each built at its first use.

    A resource policy, a model or the tokens that an authorizer remembers belong to the API, not
    to each of its methods.
    """

    __slots__ = ("_built",)

    def __init__(self) -> None:
        self._built: dict[Hashable, Any] = {}

    def once(self, key: Hashable, build: Callable[[], Built]) -> Built:
        """Give what was built under `key`, building it if this is the first use."""
        if key not in self._built:
            self._built[key] = build()
        return cast("Built", self._built[key])


def nothing_more(call: Call, facts: Facts) -> tuple[str, ...]:  # noqa: ARG001  a `tell`
    """Tell nothing besides what is said in one line."""
    return ()


class GuardedMethod(Struct, frozen=True):
    """One method of a REST API at one stage: what a control compiles itself for."""

    installation: Installation
    api: RestApi
    stage: Stage
    resource: Resource
    method: Method
    keys: KeyDirectory
    shared: Shared = field(default_factory=Shared)
    identities: Identities = NoIdentities()
    api_keys: ApiKeys = NoApiKeys()


class GuardedRoute(Struct, frozen=True):
    """One route of an HTTP API at one stage."""

    installation: Installation
    api: HttpApi
    stage: Stage
    route: Route
    keys: KeyDirectory
    shared: Shared = field(default_factory=Shared)
    identities: Identities = NoIdentities()


class RestControl(Struct, frozen=True):
    """A named control of REST APIs.

    `compile` gives the step for a method, or None where the control is not configured there;
    `narrate` says in one line what the step saw, for `bargate explain`, `tell` what more there is to
    see, also of a call that was refused; `reads_body` delays the step, and those after it, until the
    whole body has arrived.
    """

    name: str
    compile: Callable[[GuardedMethod], Step | None]
    narrate: Callable[[Call, Facts], str]
    reads_body: bool = False
    tell: Callable[[Call, Facts], tuple[str, ...]] = nothing_more


class HttpControl(Struct, frozen=True):
    """A named control of HTTP APIs; fields as in `RestControl`."""

    name: str
    compile: Callable[[GuardedRoute], Step | None]
    narrate: Callable[[Call, Facts], str]
    reads_body: bool = False
    tell: Callable[[Call, Facts], tuple[str, ...]] = nothing_more
