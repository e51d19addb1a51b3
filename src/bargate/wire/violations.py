"""How violated constraints are told: AWS's sentences, and each service's way with them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from botocore.model import Shape

MAX_VIOLATIONS = 50
MAX_ECHO_CHARACTERS = 1_024


class Style(NamedTuple):
    """A service's error code, and whether paths into the body start with the input's name."""

    code: str
    names_input: bool = False


# [I] where no sheet records it: an apigatewayv2 call's model has BadRequestException alone.
DEFAULT_STYLE = Style("ValidationException")
STYLES = {
    "apigateway": Style("ValidationException", names_input=True),  # AWS [R] apigw-errors §5
    "apigatewayv2": Style("BadRequestException"),
    "iam": Style("ValidationError"),
    "sts": Style("ValidationError"),
    "ec2": Style("InvalidParameterValue"),
}

# Members that a model does not mark `sensitive` and that are not repeated all the same [I].
_SECRET = re.compile(r"secret|password|credential|token|private_?key", re.IGNORECASE)


class Violations:
    """The violations found in one request, in the order of the model."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    @property
    def is_full(self) -> bool:
        """Tell whether more of them would only make the answer longer."""
        return len(self.sentences) >= MAX_VIOLATIONS

    def add(self, path: str, shown: str, constraint: str) -> None:
        """Note that the value at a path fails a constraint; `shown` is ` 'X'` or empty."""
        if not self.is_full:
            self.sentences.append(
                f"Value{shown} at '{path}' failed to satisfy constraint: {constraint}"
            )

    def error(self, style: Style) -> AwsError:
        """Give the error that tells all of them (AWS [R] apigw-errors §5)."""
        count = len(self.sentences)
        noun = "error" if count == 1 else "errors"
        text = "; ".join(self.sentences)
        return AwsError(style.code, f"{count} validation {noun} detected: {text}", 400)


def is_secret(shape: Shape, name: str) -> bool:
    """Tell whether a value must not be repeated to whoever reads the error."""
    return bool(shape.metadata.get("sensitive")) or _SECRET.search(name) is not None


def shown(value: Any, *, secret: bool) -> str:
    """Give a value as a sentence shows it: ` 'X'`; nothing of a secret or a structure."""
    if secret or isinstance(value, bytes | dict):
        return ""
    if isinstance(value, list):
        if not all(isinstance(each, str | int | float) for each in value):
            return ""
        return f" '[{', '.join(str(each) for each in value)[:MAX_ECHO_CHARACTERS]}]'"
    return f" '{str(value)[:MAX_ECHO_CHARACTERS]}'"
