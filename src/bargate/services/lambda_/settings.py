"""What a request says of a function's configuration: checked, and put into its record."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from bargate.functions.credentials import is_reserved
from bargate.functions.runtime_spec import UnknownRuntime, check_runtime
from bargate.secret import Secret
from bargate.services.lambda_.errors import invalid, violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.function import LambdaVersion
    from bargate.services.operation import Params

MAX_ENVIRONMENT_BYTES: Final = 4 * 1024
_LIMITS: Final = {"Timeout": (1, 900), "MemorySize": (128, 10_240)}  # AWS [D] Lambda quotas
_STORAGE: Final = (512, 10_240)
_VARIABLE: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+", re.ASCII)
# What this installation has nothing for is refused, never ignored.
_REFUSED: Final = {
    "Layers": "layers: put what they hold into the deployment package",
    "ImageConfig": "container images: deploy the function as a zip file",
    "VpcConfig": "VPC configurations: functions reach what this machine reaches",
    "DeadLetterConfig": "dead-letter queues",
    "KMSKeyArn": "customer keys: the installation's master key seals the environment",
    "FileSystemConfigs": "file systems",
    "CodeSigningConfigArn": "code signing",
    "SnapStart": "SnapStart",
    "TenancyConfig": "tenant isolation",
    "CapacityProviderConfig": "capacity providers",
    "DurableConfig": "durable functions",
    "RuntimeConfig": "pinned runtimes",
    "AcceleratorConfig": "accelerators",
    "PublishTo": "$LATEST.PUBLISHED",
}


def check_supported(request: Params) -> None:
    """Refuse what functions do not have here; raises AwsError."""
    if request.get("PackageType", "Zip") != "Zip":
        raise invalid(f"Bargate does not support {_REFUSED['ImageConfig']}.")
    for member, what in _REFUSED.items():
        if _holds(request.get(member)):
            raise invalid(f"{member}: Bargate does not support {what}.")


def _holds(value: Any) -> bool:
    """Say whether a value asks for something: empty ones take away what is not there anyway."""
    if isinstance(value, dict):
        return any(map(_holds, value.values()))
    return value not in (None, "", "None", [], False)


def with_settings(version: LambdaVersion, request: Params) -> LambdaVersion:
    """Give a version with what the request sets; raises AwsError."""
    check_supported(request)
    changed: dict[str, Any] = {}
    for member, field in (("Timeout", "timeout_s"), ("MemorySize", "memory_mb")):
        if member in request:
            changed[field] = _within(request[member], member, *_LIMITS[member])
    if "Runtime" in request:
        changed["runtime"] = checked_runtime(request["Runtime"])
    if "Environment" in request:
        changed["environment"] = checked_variables(request["Environment"].get("Variables") or {})
    if "EphemeralStorage" in request:
        size = request["EphemeralStorage"]["Size"]
        changed["ephemeral_storage_mb"] = _within(size, "ephemeralStorage.size", *_STORAGE)
    if "TracingConfig" in request:
        changed["tracing_mode"] = request["TracingConfig"].get("Mode", "PassThrough")
    if "Architectures" in request:
        changed["architecture"] = request["Architectures"][0]
    for member, field in (
        ("Handler", "handler"),
        ("Role", "role_arn"),
        ("Description", "description"),
        ("LoggingConfig", "logging"),
    ):
        if member in request:
            changed[field] = request[member]
    return replace(version, **changed)


def _within(value: int, member: str, low: int, high: int) -> int:
    name = member[:1].lower() + member[1:]
    if value < low:
        raise violation(value, name, f"Member must have value greater than or equal to {low}")
    if value > high:
        raise violation(value, name, f"Member must have value less than or equal to {high}")
    return value


def checked_runtime(runtime: str) -> str:
    """Give a runtime that this machine has; raises AwsError."""
    try:
        check_runtime(runtime)
    except UnknownRuntime as error:
        raise invalid(
            f"The runtime parameter of {runtime[:64]} is not supported: {error}. Code in other"
            " languages can run elsewhere, behind a URL (bargate serve --function NAME=url:http://…)."
        ) from error
    return runtime


def checked_variables(variables: Mapping[str, str]) -> dict[str, Secret]:
    """Give environment variables as they are stored; raises AwsError, which shows no value."""
    reserved = sorted(name for name in variables if is_reserved(name))
    if reserved:
        raise invalid(
            f"{_CANNOT} contains reserved keys that are currently not supported for modification."
            f" Reserved keys used in this request: {', '.join(reserved)[:1024]}"
        )
    for name, value in variables.items():
        if _VARIABLE.fullmatch(name) is None or "\0" in value or not _is_text(value):
            raise invalid(f"{_CANNOT} cannot be set in a process: {name[:128]!a}")
    if len(json.dumps(dict(variables), ensure_ascii=False).encode()) > MAX_ENVIRONMENT_BYTES:
        raise invalid(f"{_CANNOT} exceeded the 4KB limit.")
    return {name: Secret(value) for name, value in variables.items()}


_CANNOT: Final = (
    "Lambda was unable to configure your environment variables because the environment variables"
    " you have provided"
)


def _is_text(value: str) -> bool:
    """Say whether a text can be written as UTF-8: half a surrogate pair cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
