"""The state of one render."""

from collections.abc import Callable
from typing import Any, TypeAlias

from bargate.mapping.vtl.limits import Budget


class Run:
    """Variables, macros and output of one render, and what it may still use."""

    __slots__ = ("budget", "macros", "out", "variables")

    def __init__(self, variables: dict[str, Any]) -> None:
        self.variables = variables
        self.macros: dict[str, Macro] = {}
        self.out: list[str] = []
        self.budget = Budget()

    def write(self, text: str) -> None:
        """Print."""
        self.budget.write(text)
        self.out.append(text)

    def captured(self, statement: "Statement") -> str:
        """Give what a statement prints, instead of printing it."""
        outer, self.out = self.out, []
        try:
            statement(self)
            return "".join(self.out)
        finally:
            self.out = outer


Statement: TypeAlias = Callable[[Run], None]
Expression: TypeAlias = Callable[[Run], Any]


class Macro:
    """A `#macro` or `#define`: parameter names and a body."""

    __slots__ = ("body", "names")

    def __init__(self, names: tuple[str, ...], body: Statement) -> None:
        self.names = names
        self.body = body

    def call(self, run: Run, arguments: list[Any]) -> None:
        """Print the body with the arguments as its variables, which are put back afterwards."""
        given = arguments + [None] * (len(self.names) - len(arguments))
        before = {name: run.variables[name] for name in self.names if name in run.variables}
        run.variables.update(zip(self.names, given, strict=False))
        run.budget.enter()
        try:
            self.body(run)
        finally:
            run.budget.leave()
            for name in self.names:
                run.variables.pop(name, None)
            run.variables.update(before)
