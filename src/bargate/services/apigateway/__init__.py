"""The AWS API `apigateway`: REST APIs and what belongs to them, one module a noun.

    rest_apis, resources, methods, … ──CreateDeployment──► deployed (frozen) ◄── stages
                                                                   └── served ──► workers

Live records decide nothing: what calls meet is what a stage's deployment froze. Keys, usage
plans, domains and the like are listed in `more`, the rest in `core`.
"""

from bargate.services.apigateway.core import MODULES_CORE
from bargate.services.apigateway.more import MODULES as MODULES_MORE
from bargate.services.apigateway.served import served_stage
from bargate.services.apigateway.target_tags import resource_tags
from bargate.services.operation import Service, collect
from bargate.services.rest_targets import RestTargets

MODULES = (*MODULES_CORE, *MODULES_MORE)
SERVICE = Service(
    name="apigateway",
    operations=collect(MODULES),
    targets=RestTargets("apigateway", resource_tags),
    denied_code="AccessDeniedException",
)

__all__ = ["MODULES", "SERVICE", "served_stage"]
