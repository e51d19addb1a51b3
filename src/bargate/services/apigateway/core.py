"""The modules of REST APIs themselves: what is configured, deployed and served."""

from types import ModuleType

from bargate.services.apigateway import (
    authorizers,
    deployments,
    gateway_responses,
    integration_responses,
    integrations,
    method_responses,
    methods,
    models,
    request_validators,
    resources,
    rest_apis,
    stages,
    tags,
)

MODULES_CORE: tuple[ModuleType, ...] = (
    rest_apis,
    resources,
    methods,
    method_responses,
    integrations,
    integration_responses,
    models,
    request_validators,
    authorizers,
    gateway_responses,
    deployments,
    stages,
    tags,
)
