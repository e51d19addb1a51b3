"""What one render may use. Steps stand for time: about a microsecond each."""

from collections.abc import Sized

MAX_TEMPLATE_BYTES = 300 * 1024  # AWS [D] apigw-objects §11
MAX_ITERATIONS = 1000  # of one #foreach, AWS [D] quotas
MAX_RANGE = 10_000
MAX_OUTPUT_CHARACTERS = 10 * 1024 * 1024
MAX_STEPS = 200_000
MAX_CALL_DEPTH = 20
MAX_PATTERN_CHARACTERS = 1024
MAX_REPLACED_CHARACTERS = 16 * 1024 * 1024  # while a replacement is being made
MAX_PATTERN_TIME_S = 0.1  # of all patterns of a render
MAX_INTEGER = 2**63 - 1  # Java's long

_CHARACTERS_PER_STEP = 256


class TemplateFailure(Exception):
    """A render went wrong or beyond its bounds; the operator reads why."""


class UnreadableInput(TemplateFailure):
    """The body is not the JSON that the template reads."""


class Stop(Exception):
    """`#stop` was reached."""


class Budget:
    """Counts down what one render may still use."""

    __slots__ = ("characters", "depth", "pattern_time_s", "steps")

    def __init__(self) -> None:
        self.steps = MAX_STEPS
        self.characters = MAX_OUTPUT_CHARACTERS
        self.depth = 0
        self.pattern_time_s = MAX_PATTERN_TIME_S

    def step(self, count: int = 1) -> None:
        """Use up `count` steps."""
        self.steps -= count
        if self.steps < 0:
            raise TemplateFailure(f"the template takes more than {MAX_STEPS} steps")

    def touch(self, value: Sized) -> None:
        """Use up the steps that handling a whole text or collection takes."""
        self.step(1 + len(value) // _CHARACTERS_PER_STEP)

    def write(self, text: str) -> None:
        """Use up room for text that was made; all of it counts, also what is not printed."""
        self.characters -= len(text)
        if self.characters < 0:
            raise TemplateFailure(
                f"the template makes more than {MAX_OUTPUT_CHARACTERS} characters"
            )

    def enter(self) -> None:
        """Go one macro or `#define` deeper."""
        self.depth += 1
        if self.depth > MAX_CALL_DEPTH:
            raise TemplateFailure(f"macros nest deeper than {MAX_CALL_DEPTH}")

    def leave(self) -> None:
        """Come back from one."""
        self.depth -= 1


class UnknownElement(Exception):
    """An element that templates may not use."""
