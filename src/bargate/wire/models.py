"""The service models of the AWS APIs served here, as botocore ships them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from bargate.wire.service_files import ServiceFiles
from bargate.wire.uri_paths import Match, UriPaths

if TYPE_CHECKING:
    from collections.abc import Sequence


_KIND = "service-2"


class ServiceModels:
    """botocore's models of the named services, each loaded when it is first asked for.

    Only botocore's own data folder is read, never a user's (such as ~/.aws/models): a model
    decides what a permission is checked for.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._loader = Loader(
            extra_search_paths=[Loader.BUILTIN_DATA_PATH],
            file_loader=ServiceFiles(),
            include_default_search_paths=False,
        )
        self._models: dict[str, ServiceModel] = {}
        self._operations: dict[tuple[str, str], OperationModel] = {}
        self._paths: dict[str, UriPaths[str]] = {}

    def model(self, name: str) -> ServiceModel:
        """Give a service's model by botocore's name of it; raises KeyError if it is not served."""
        if name not in self.names:
            raise KeyError(name)
        if name not in self._models:
            # `load_service_model` would first list the folders of all four hundred services.
            version = self._loader.determine_latest_version(name, _KIND)
            data = self._loader.load_data(f"{name}/{version}/{_KIND}")
            self._models[name] = ServiceModel(data, name)
        return self._models[name]

    def operation(self, name: str, operation: str) -> OperationModel | None:
        """Give a service's operation by the model's name, the same object each time."""
        key = (name, operation)
        found = self._operations.get(key)
        if found is None and operation in self.model(name).operation_names:
            found = self._operations[key] = self.model(name).operation_model(operation)
        return found

    def by_signing_name(self, signing_name: str) -> list[ServiceModel]:
        """Give the served models whose credential scopes carry this service name."""
        models = (self.model(name) for name in self.names)
        return [model for model in models if model.signing_name == signing_name]

    def find_path(self, name: str, method: str, path: str, query: str) -> Match[str] | None:
        """Find a rest-json service's operation name and its raw path labels."""
        if name not in self._paths:
            paths = self._paths[name] = UriPaths()
            for each in self.model(name).operation_names:
                http = self.model(name).operation_model(each).http
                paths.add(http["method"], http["requestUri"], each)
        return self._paths[name].find(method, path, query)
