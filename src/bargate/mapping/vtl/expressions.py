"""Compile the expressions of a template: literals, references, operators.

Elements are airspeed's, known by the names of their classes; an element that is not listed is
refused, so that a new release of the parser cannot bring in what was not weighed here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bargate.mapping.vtl.limits import MAX_INTEGER, MAX_RANGE, TemplateFailure, UnknownElement
from bargate.mapping.vtl.methods import call_method
from bargate.mapping.vtl.objects import TemplateObject
from bargate.mapping.vtl.operators import by_level, operator_of
from bargate.mapping.vtl.run import Expression, Macro, Run, Statement
from bargate.mapping.vtl.values import (
    TemplateList,
    is_true,
    item_of,
    put_item,
    text_of,
)

CompileBlock = Callable[[Any], Statement]


class ExpressionCompiler:
    """Compiles expressions; blocks inside interpolated strings go back to `compile_block`."""

    def __init__(self, compile_block: CompileBlock) -> None:
        self._compile_block = compile_block

    def compile(self, element: Any) -> Expression:
        """Compile one expression element. Raises UnknownElement."""
        name = type(element).__name__
        handler = _EXPRESSIONS.get(name)
        if handler is None:
            raise UnknownElement(name)
        return handler(self, element)

    def block(self, element: Any) -> Statement:
        """Compile the block of an interpolated string."""
        return self._compile_block(element)


def _literal(_compiler: ExpressionCompiler, element: Any) -> Expression:
    value = element.value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_INTEGER:
        raise UnknownElement("an integer larger than 64 bits")
    return lambda _run: value


def _interpolated(compiler: ExpressionCompiler, element: Any) -> Expression:
    if "$" not in element.value and "#" not in element.value:
        return _literal(compiler, element)
    block = compiler.block(element.block)
    return lambda run: run.captured(block)


def _wrapped(compiler: ExpressionCompiler, element: Any) -> Expression:
    return compiler.compile(element.expression)


def _parenthesized(compiler: ExpressionCompiler, element: Any) -> Expression:
    # airspeed keeps the inner expression only as the owner of the bound `calculate`.
    return compiler.compile(element.calculate.__self__)


def _not(compiler: ExpressionCompiler, element: Any) -> Expression:
    operand = compiler.compile(element.value)
    return lambda run: not is_true(operand(run))


def _array(compiler: ExpressionCompiler, element: Any) -> Expression:
    values = element.values
    if type(values).__name__ == "_EmptyValues":
        return lambda _run: TemplateList()
    return compiler.compile(values)


def _value_list(compiler: ExpressionCompiler, element: Any) -> Expression:
    items = [compiler.compile(value) for value in element.values]

    def expression(run: Run) -> TemplateList:
        run.budget.step(len(items))
        return TemplateList(item(run) for item in items)

    return expression


def _range(compiler: ExpressionCompiler, element: Any) -> Expression:
    first, last = compiler.compile(element.value1), compiler.compile(element.value2)

    def expression(run: Run) -> TemplateList:
        start, end = first(run), last(run)
        if type(start) is not int or type(end) is not int:
            raise TemplateFailure("a range needs integers")
        if abs(end - start) >= MAX_RANGE:
            raise TemplateFailure(f"a range is longer than {MAX_RANGE}")
        run.budget.step(abs(end - start) + 1)
        return TemplateList(range(start, end + 1) if start <= end else range(start, end - 1, -1))

    return expression


def _dictionary(compiler: ExpressionCompiler, element: Any) -> Expression:
    pairs = [
        (compiler.compile(key), compiler.compile(value))
        for key, value in element.local_data.items()
    ]

    def expression(run: Run) -> dict[Any, Any]:
        run.budget.step(len(pairs))
        made: dict[Any, Any] = {}
        for key, value in pairs:
            put_item(made, key(run), value(run))
        return made

    return expression


def _operation(compiler: ExpressionCompiler, element: Any) -> Expression:
    """Compile `value (operator value)*` by binding strength; equal strength binds leftwards."""
    operands = [compiler.compile(part) for part in element.expression[::2]]
    operators = [operator_of(part) for part in element.expression[1::2]]
    return by_level(operands, operators)


def _reference(compiler: ExpressionCompiler, element: Any) -> Expression:
    if element.expression is None:
        text = element.my_text()
        return lambda _run: text
    expression = _chain(compiler, element.expression)
    if element.alternate is None:
        return expression
    alternate = compiler.compile(element.alternate.expression)

    def with_alternate(run: Run) -> Any:
        value = expression(run)
        return alternate(run) if value is None else value

    return with_alternate


Link = Callable[[Run, Any], Any]


def _chain(compiler: ExpressionCompiler, element: Any) -> Expression:
    """Compile `name.member.call(x)[1]`: a variable, then links from value to value."""
    links: list[Link] = []
    root = _root(compiler, element.part, links)
    _follow(compiler, element.subexpression, links)

    def expression(run: Run) -> Any:
        value = root(run)
        for link in links:
            run.budget.step()
            if value is None:
                return None
            value = link(run, value)
        return value

    return expression if links else root


def _follow(compiler: ExpressionCompiler, element: Any, links: list[Link]) -> None:
    while element is not None:
        if type(element.expression).__name__ == "ArrayIndex":
            links.append(_index(compiler, element.expression))
            element = element.subexpression
        else:
            _member(compiler, element.expression.part, links)
            element = element.expression.subexpression


def _root(compiler: ExpressionCompiler, part: Any, links: list[Link]) -> Expression:
    name: str = part.name
    if part.parameters is not None:
        arguments = _arguments(compiler, part.parameters)

        def defined(run: Run) -> Any:
            value = run.variables.get(name)
            return _expand(run, value, arguments(run)) if isinstance(value, Macro) else None

        return defined
    if part.index is not None:
        links.append(_index(compiler, part.index))

    def variable(run: Run) -> Any:
        run.budget.step()
        value = run.variables.get(name)
        return _expand(run, value, []) if isinstance(value, Macro) else value

    return variable


def _expand(run: Run, macro: Macro, arguments: list[Any]) -> str:
    return run.captured(lambda inner: macro.call(inner, arguments))


def _member(compiler: ExpressionCompiler, part: Any, links: list[Link]) -> None:
    name: str = part.name
    if part.parameters is None:
        links.append(lambda _run, value: property_of(value, name))
        if part.index is not None:
            links.append(_index(compiler, part.index))
        return
    arguments = _arguments(compiler, part.parameters)
    links.append(lambda run, value: invoke(run, value, name, arguments(run)))


def property_of(value: Any, name: str) -> Any:
    """Give a member without a call: a map's key, an object's listed property, else null."""
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, TemplateObject):
        return value.properties.get(name)
    return None


def invoke(run: Run, value: Any, name: str, arguments: list[Any]) -> Any:
    """Call a listed method of an object or value."""
    if not isinstance(value, TemplateObject):
        return call_method(value, name, arguments, run.budget)
    method = value.methods.get(name)
    if method is None:
        return None
    texts = [text_of(argument, run.budget) for argument in arguments]
    for text in texts:
        run.budget.touch(text)
    try:
        result = method(run.budget, *texts)
    except TypeError as error:
        raise TemplateFailure(f"the arguments of {name}() do not fit") from error
    if isinstance(result, str):
        run.budget.touch(result)
        run.budget.write(result)
    return result


def _arguments(compiler: ExpressionCompiler, element: Any) -> Callable[[Run], list[Any]]:
    values = element.values
    if type(values).__name__ == "_EmptyValues":
        return lambda _run: []
    items = [compiler.compile(value) for value in values.values]
    return lambda run: [item(run) for item in items]


def _index(compiler: ExpressionCompiler, element: Any) -> Link:
    index = compiler.compile(element.index)
    return lambda run, value: item_of(value, index(run))


_EXPRESSIONS: Mapping[str, Callable[[ExpressionCompiler, Any], Expression]] = {
    "ArrayLiteral": _array,
    "BooleanLiteral": _literal,
    "Condition": _wrapped,
    "DictionaryLiteral": _dictionary,
    "Expression": _operation,
    "FloatingPointLiteral": _literal,
    "FormalReference": _reference,
    "IntegerLiteral": _literal,
    "InterpolatedStringLiteral": _interpolated,
    "NullLiteral": _literal,
    "ParenthesizedExpression": _parenthesized,
    "Range": _range,
    "StringLiteral": _literal,
    "UnaryOperatorValue": _not,
    "Value": _wrapped,
    "ValueList": _value_list,
}
