"""Compile the statements of a template: text, references, directives."""

from collections.abc import Callable, Mapping
from typing import Any

from bargate.mapping.vtl.expressions import ExpressionCompiler
from bargate.mapping.vtl.limits import MAX_ITERATIONS, Stop, TemplateFailure, UnknownElement
from bargate.mapping.vtl.run import Expression, Macro, Run, Statement
from bargate.mapping.vtl.values import is_true, item_of, put_item, text_of


def compile_block(block: Any) -> Statement:
    """Compile a block. Raises UnknownElement."""
    statements = [_statement(child) for child in block.children]
    if len(statements) == 1:
        return statements[0]

    def run_all(run: Run) -> None:
        for statement in statements:
            statement(run)

    return run_all


_expressions = ExpressionCompiler(compile_block)


def _statement(element: Any) -> Statement:
    name = type(element).__name__
    handler = _STATEMENTS.get(name)
    if handler is None:
        raise UnknownElement(name)
    return handler(element)


def _text(element: Any) -> Statement:
    text: str = element.text

    def statement(run: Run) -> None:
        run.budget.step()
        run.write(text)

    return statement


def _comment(_element: Any) -> Statement:
    return lambda _run: None


def _reference(element: Any) -> Statement:
    """Print a reference; null prints nothing (AWS [R])."""
    expression = _expressions.compile(element)

    def statement(run: Run) -> None:
        value = expression(run)
        if value is not None:
            run.write(text_of(value, run.budget))

    return statement


def _if(element: Any) -> Statement:
    branches = [(element.condition, element.block)]
    branches += [(branch.condition, branch.block) for branch in element.elseifs]
    compiled = [
        (_expressions.compile(condition), compile_block(block)) for condition, block in branches
    ]
    last = getattr(element.else_block, "block", None)
    otherwise = None if last is None else compile_block(last)

    def statement(run: Run) -> None:
        for condition, block in compiled:
            run.budget.step()
            if is_true(condition(run)):
                block(run)
                return
        if otherwise is not None:
            otherwise(run)

    return statement


def _set(element: Any) -> Statement:
    assignment = element.assignment
    name: str = assignment.root_term
    value = _expressions.compile(assignment.value)
    terms = [_term(term) for term in assignment.terms]
    if not terms:
        return lambda run: run.variables.__setitem__(name, value(run))

    def statement(run: Run) -> None:
        assigned = value(run)
        target = run.variables.get(name)
        for term in terms[:-1]:
            run.budget.step()
            target = item_of(target, term(run))
        put_item(target, terms[-1](run), assigned)

    return statement


def _term(element: Any) -> Expression:
    inner = element.term
    if type(inner).__name__ == "DotDictAccessTerm":
        name: str = inner.value
        return lambda _run: name
    return _expressions.compile(inner.value)


def _foreach(element: Any) -> Statement:
    name: str = element.loop_var_name
    value = _expressions.compile(element.value)
    block = compile_block(element.block)
    names = (name, "foreach", "velocityCount", "velocityHasNext")

    def statement(run: Run) -> None:
        items = _items(value(run))
        if len(items) > MAX_ITERATIONS:
            raise TemplateFailure(f"a #foreach has more than {MAX_ITERATIONS} items")
        before = {name: run.variables[name] for name in names if name in run.variables}
        try:
            for at, item in enumerate(items):
                run.budget.step()
                run.variables.update(_loop_variables(name, item, at, len(items)))
                block(run)
        finally:
            for loop_name in names:
                run.variables.pop(loop_name, None)
            run.variables.update(before)

    return statement


def _items(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return list(value)
    raise TemplateFailure("a #foreach needs a list or map")


def _loop_variables(name: str, item: Any, at: int, count: int) -> dict[str, Any]:
    return {
        name: item,
        "velocityCount": at + 1,
        "velocityHasNext": at + 1 < count,
        "foreach": {
            "index": at,
            "count": at + 1,
            "hasNext": at + 1 < count,
            "first": at == 0,
            "last": at + 1 == count,
        },
    }


def _macro(element: Any) -> Statement:
    macro = Macro(tuple(element.arg_names), compile_block(element.block))
    name: str = element.function_name.lower()
    return lambda run: run.macros.__setitem__(name, macro)


def _define(element: Any) -> Statement:
    macro = Macro(tuple(element.arg_names), compile_block(element.block))
    name: str = element.function_name
    return lambda run: run.variables.__setitem__(name, macro)


def _call(element: Any) -> Statement:
    name: str = element.macro_name
    arguments = [_expressions.compile(argument) for argument in element.args]

    def statement(run: Run) -> None:
        run.budget.step()
        macro = run.macros.get(name)
        if macro is None:
            raise TemplateFailure(f"there is no macro #{name}")
        macro.call(run, [argument(run) for argument in arguments])

    return statement


def _stop(_element: Any) -> Statement:
    def statement(_run: Run) -> None:
        raise Stop

    return statement


_STATEMENTS: Mapping[str, Callable[[Any], Statement]] = {
    "Comment": _comment,
    "DefineDefinition": _define,
    "FallthroughHashText": _text,
    "ForeachDirective": _foreach,
    "FormalReference": _reference,
    "IfDirective": _if,
    "MacroCall": _call,
    "MacroDefinition": _macro,
    "SetDirective": _set,
    "StopDirective": _stop,
    "Text": _text,
}
