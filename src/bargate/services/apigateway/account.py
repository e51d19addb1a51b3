"""What API Gateway keeps of the account: the role it writes logs with, and its throttle."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.model.usage_plan import DEFAULT_BURST, DEFAULT_RATE, Throttle
from bargate.records.account_settings import ACCOUNT_SETTINGS, AccountSettings
from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.patch import Rule, Step, Table, patched
from bargate.services.apigateway.shape import present
from bargate.services.further_permissions import require_pass_role
from bargate.services.operation import operation

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

_ROLE: Final = re.compile(r"arn:[a-z-]{3,16}:iam::\d{12}:role/[\w+=,.@/-]{1,576}", re.ASCII)


@operation()
def get_account(call: OperationCall, request: Params) -> Params:  # noqa: ARG001
    """Give the account's settings in the Region."""
    return _show(call, _settings(call))


@operation(writes=True)
def update_account(call: OperationCall, request: Params) -> Params:
    """Change the role of the logs."""
    settings = _settings(call)
    changed = patched(settings, request, _PATCHES)
    if changed.cloudwatch_role_arn != settings.cloudwatch_role_arn:
        require_pass_role(call, [changed.cloudwatch_role_arn])
    key = ACCOUNT_SETTINGS.key_of(changed)
    if call.tx.find(ACCOUNT_SETTINGS, key) is None:
        call.tx.create(ACCOUNT_SETTINGS, changed)
    else:
        call.tx.update(ACCOUNT_SETTINGS, key, lambda _: changed)
    return _show(call, changed)


def _settings(call: OperationCall) -> AccountSettings:
    found = call.tx.find(ACCOUNT_SETTINGS, (call.account_id, call.region))
    return found or AccountSettings(account_id=call.account_id, region=call.region)


def _role(settings: AccountSettings, step: Step) -> AccountSettings:
    if not step.value:
        return replace(settings, cloudwatch_role_arn=None)
    if _ROLE.fullmatch(step.value) is None or step.value.split(":")[4] != settings.account_id:
        raise bad_request("The role ARN does not have required permissions configured.")  # AWS [O]
    return replace(settings, cloudwatch_role_arn=step.value)


def _keep(settings: AccountSettings, _: Step) -> AccountSettings:
    return settings


_PATCHES: Final = Table(
    (
        Rule("/cloudwatchRoleArn", ("add", "replace"), _role),
        Rule(
            "/cloudwatchRoleArn",
            ("remove",),
            lambda each, _: replace(each, cloudwatch_role_arn=None),
        ),
        # AWS [D]: turns usage plans on, which are always on here
        Rule("/features", ("add",), _keep),
    )
)


def _show(call: OperationCall, settings: AccountSettings) -> Params:
    """Write the settings; the throttle is the operator's (`serve --account-throttle`), or none."""
    throttle = call.environment.installation.account_throttle if call.environment else None
    limits = throttle or Throttle(rate_limit=DEFAULT_RATE, burst_limit=DEFAULT_BURST)
    return present(
        cloudwatchRoleArn=settings.cloudwatch_role_arn,
        throttleSettings={"burstLimit": limits.burst_limit, "rateLimit": limits.rate_limit},
        features=["UsagePlans"],
        apiKeyVersion="4",  # AWS [O]
    )
