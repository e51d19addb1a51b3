"""The service models of the AWS APIs served here, as botocore ships them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from bargate.wire.service_files import service_data
from bargate.wire.uri_paths import Match, UriPaths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from botocore.model import OperationModel, ServiceModel

# Services whose credential scopes carry another name: told here, as a model may take megabytes to
# learn it from.
_SIGNED_AS = {"apigatewayv2": "apigateway"}
# What X-Amz-Target begins with, for the same reason: users of pools sign nothing, and wait.
_TARGETS = {"CertificateManager": "acm", "AWSCognitoIdentityProviderService": "cognito-idp"}


class ServiceModels:
    """botocore's models of the named services, each loaded when it is first asked for."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._models: dict[str, ServiceModel] = {}
        self._operations: dict[tuple[str, str], OperationModel] = {}
        self._paths: dict[str, UriPaths[str]] = {}

    @staticmethod
    def prepare() -> None:
        """Import what models need, so that the first call need not wait for it."""
        import botocore.model  # noqa: F401, PLC0415  a tenth of a second, not to be spent at start

    def model(self, name: str) -> ServiceModel:
        """Give a service's model by botocore's name of it; raises KeyError if it is not served."""
        if name not in self._models:
            if name not in self.names:
                raise KeyError(name)
            from botocore.model import ServiceModel  # noqa: PLC0415  as in `prepare`

            self._models[name] = ServiceModel(service_data(name), name)
        return self._models[name]

    def by_target(self, prefix: str) -> ServiceModel | None:
        """Give the served model whose operations are named with this prefix, if that is known."""
        name = _TARGETS.get(prefix)
        return self.model(name) if name in self.names else None

    def operation(self, name: str, operation: str) -> OperationModel | None:
        """Give a service's operation by the model's name, the same object each time."""
        key = (name, operation)
        found = self._operations.get(key)
        if found is None and operation in self.model(name).operation_names:
            found = self._operations[key] = self.model(name).operation_model(operation)
        return found

    def by_signing_name(self, signing_name: str) -> list[ServiceModel]:
        """Give the served models whose credential scopes carry this service name."""
        return [self.model(name) for name in self._by_signing_name.get(signing_name, ())]

    @cached_property
    def _by_signing_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.names:
            found.setdefault(_SIGNED_AS.get(name, name), []).append(name)
        return found

    def find_path(self, name: str, method: str, path: str, query: str) -> Match[str] | None:
        """Find a rest-json service's operation name and its raw path labels."""
        if name not in self._paths:
            paths = self._paths[name] = UriPaths()
            for each in self.model(name).operation_names:
                http = self.model(name).operation_model(each).http
                paths.add(http["method"], http["requestUri"], each)
        return self._paths[name].find(method, path, query)
