"""What each protocol gives: how it reads requests, and how it writes outputs and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from msgspec import Struct

from bargate.wire.request import HttpResponse

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel

    from bargate.wire.find import Found
    from bargate.wire.request import HttpRequest

Params: TypeAlias = dict[str, Any]
ReadRequest: TypeAlias = "Callable[[Found, HttpRequest], Params]"
WriteResponse: TypeAlias = Callable[[Params, str], HttpResponse]


class Fault(Struct, frozen=True):
    """An error as it goes out: its code on the wire, its text, and whose fault it is."""

    code: str
    message: str
    status: int

    @property
    def is_sender(self) -> bool:
        """Tell whether the caller is at fault."""
        return self.status < 500  # noqa: PLR2004 - HTTP's own line between the two


class AwsProtocol(Protocol):
    """One protocol: a module of this package."""

    def compile_request(self, operation: OperationModel) -> ReadRequest:
        """Compile what reads an operation's requests; it raises AwsError."""

    def compile_response(self, operation: OperationModel) -> WriteResponse:
        """Compile what writes an operation's output, given its request id."""

    def write_error(
        self, service: ServiceModel | None, fault: Fault, request_id: str
    ) -> HttpResponse:
        """Write an error of a service (None where the request named none)."""
