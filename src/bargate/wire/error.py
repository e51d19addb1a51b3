"""The one exception by which an AWS operation refuses."""

from __future__ import annotations


class AwsError(Exception):
    """An error of an AWS API: a code that the service's model (or AWS itself) has, and its text.

    `status` is the HTTP status, None for the one in the service's model (400 if it has none).
    """

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
