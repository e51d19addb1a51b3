"""What all credentials of users share."""

from typing import Literal

from bargate.services.iam.errors import validation_error
from bargate.services.operation import Params

Status = Literal["Active", "Inactive"]


def checked_status(request: Params) -> Status:
    """Give the status a request sets. Raises AwsError."""
    match request["Status"]:
        case "Active":
            return "Active"
        case "Inactive":
            return "Inactive"
    # The model's third, Expired, comes with time and cannot be set. [I]
    raise validation_error("Status must be Active or Inactive.")
