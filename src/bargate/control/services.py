"""The AWS APIs that are served, each imported when it is first asked for. An API more is a line more.

A start imports none of them but what the publisher needs; `prepare` imports the rest beside the loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bargate.services.operation import Service

# botocore's name of an API, and its package below `services`.
_PACKAGES = MappingProxyType(
    {
        "acm": "acm",
        "apigateway": "apigateway",
        "apigatewayv2": "apigatewayv2",
        "cognito-idp": "cognito_idp",
        "iam": "iam",
        "sts": "sts",
        "lambda": "lambda_",
        "ec2": "ec2",  # last, so that its large model is read for its own callers alone
    }
)


class Services(Mapping[str, "Service"]):
    """The services by botocore's names of them."""

    def __init__(self, packages: Mapping[str, str]) -> None:
        self._packages = packages

    def __getitem__(self, name: str) -> Service:
        """Give a service; raises KeyError."""
        service: Service = import_module(f"bargate.services.{self._packages[name]}").SERVICE
        return service

    def __iter__(self) -> Iterator[str]:
        """Give the names, in the order in which models are looked through."""
        return iter(self._packages)

    def __len__(self) -> int:
        """Count the services."""
        return len(self._packages)

    def prepare(self) -> None:
        """Import every service, so that its first caller need not wait; any thread may."""
        for name in self:
            self[name]


SERVICES = Services(_PACKAGES)
