"""Calls operations in-process: requests and outputs are held against botocore's own models.

api = Calling(APIGATEWAY)                       # a Service
api("CreateRestApi", name="pets")["id"]
refused = api.refused("GetRestApi", restApiId="nope")   # the AwsError
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.loaders
import botocore.model
import botocore.validate
from botocore import xform_name

from bargate.services.operation import Caller, Later, OperationCall, Params, Service
from bargate.services.root_caller import root_caller
from bargate.store.interface import Store
from bargate.store.sqlite import SqliteStore
from bargate.wire.error import AwsError

ACCOUNT = "123456789012"
REGION = "us-east-1"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

_LOADER = botocore.loaders.Loader()


def root(account_id: str = ACCOUNT) -> Caller:
    return root_caller(account_id, "aws", "AKIAROOTROOTROOTROOT")


class Calling:
    """Operations of one service on a store of their own (or a given one); a second a call."""

    def __init__(
        self,
        service: Service,
        store: Store | None = None,
        caller: Caller | None = None,
        environment: Any = None,
        region: str = REGION,
    ) -> None:
        self.service = service
        self.store: Store = SqliteStore() if store is None else store
        self.caller = caller or root()
        self.environment = environment
        self.region = region
        self.now = NOW
        model = _LOADER.load_service_model(service.name, "service-2")
        self.model = botocore.model.ServiceModel(model, service.name)
        self._numbers = itertools.count(1)

    def __call__(self, operation: str, /, **request: Any) -> Any:
        shape = self.model.operation_model(operation)
        if shape.input_shape is not None:
            report = botocore.validate.ParamValidator().validate(request, shape.input_shape)
            assert not report.has_errors(), report.generate_report()
        found = self.service.operations[xform_name(operation)]
        self.now += timedelta(seconds=1)

        def work(tx: Any) -> Params | Later:
            call = OperationCall(
                account_id=self.caller.account_id,
                region=self.region,
                partition="aws",
                caller=self.caller,
                tx=tx,
                now=self.now,
                request_id=f"request-{next(self._numbers)}",
                environment=self.environment,
            )
            return found.run(call, request)

        output = self.store.write(work) if found.writes else self.store.read(work)
        assert not isinstance(output, Later), "await this one: api.later(...)"
        _check_output(output, shape.output_shape, operation)
        return output

    def refused(self, operation: str, /, **request: Any) -> AwsError:
        try:
            output = self(operation, **request)
        except AwsError as error:
            return error
        raise AssertionError(f"{operation} was not refused: {output}")


def _check_output(value: Any, shape: Any, path: str) -> None:
    """Hold an output against its shape: no unknown members, right types."""
    if value is None:
        return
    kind = "none" if shape is None else shape.type_name
    if kind == "none":
        assert value == {}, path
    elif kind == "structure":
        unknown = set(value) - set(shape.members)
        assert not unknown, f"{path} gives {sorted(unknown)}, which the model does not have"
        for name, each in value.items():
            _check_output(each, shape.members[name], f"{path}.{name}")
    elif kind == "list":
        for each in value:
            _check_output(each, shape.member, f"{path}[]")
    elif kind == "map":
        for name, each in value.items():
            assert isinstance(name, str), path
            _check_output(each, shape.value, f"{path}.{name}")
    else:
        expected: dict[str, Any] = {
            "string": str,
            "boolean": bool,
            "integer": int,
            "long": int,
            "double": (int, float),
            "float": (int, float),
            "timestamp": datetime,
            "blob": bytes,
        }
        assert isinstance(value, expected[kind]), f"{path}: {type(value)} is no {kind}"
