"""EC2's refusals in EC2's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.services.operation import Params


def not_found(code: str, noun: str, name: str) -> AwsError:
    """Make the refusal of what does not exist; `code` is as `InvalidVpcID`."""
    return AwsError(f"{code}.NotFound", f"The {noun} '{name}' does not exist")


def missing(name: str) -> AwsError:
    """Make the refusal of a request without a parameter."""
    return AwsError("MissingParameter", f"The request must contain the parameter {name}")


def invalid(message: str) -> AwsError:
    """Make the refusal of a value."""
    return AwsError("InvalidParameterValue", message)


def in_use(noun: str, name: str, by: str) -> AwsError:
    """Make the refusal to delete what something else depends on."""
    message = f"The {noun} '{name}' has dependencies and cannot be deleted: {by}"
    return AwsError("DependencyViolation", message)


def refuse_others(request: Params, known: Iterable[str]) -> None:
    """Refuse parameters that would have no effect. Raises AwsError."""
    others = sorted(set(request) - set(known) - {"DryRun", "TagSpecifications"})
    if others:
        message = f"{', '.join(others)}: not implemented here, leave it out"
        raise AwsError("UnsupportedOperation", message)
