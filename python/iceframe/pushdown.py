"""Filters as PyIceberg's expressions, as far as it knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.errors import UnsupportedOperationError
from iceframe.literals import python_value

if TYPE_CHECKING:
    from pyiceberg.expressions import BooleanExpression

    from iceframe.expressions import Expression

__all__ = ["plan", "pushdown", "to_iceberg"]

# An expression, None for "anything", and whether it says all.
Pushed = tuple["BooleanExpression | None", bool]

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_INVERSE = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_PREDICATES = {
    "=": "EqualTo",
    "<>": "NotEqualTo",
    "<": "LessThan",
    "<=": "LessThanOrEqual",
    ">": "GreaterThan",
    ">=": "GreaterThanOrEqual",
}
_NOTHING: Pushed = (None, False)


def pushdown(expression: _native.Expression) -> Pushed:
    """Returns what PyIceberg can filter by, None for nothing, and whether that is all."""
    return _translate(expression, negate=False)


def to_iceberg(expression: _native.Expression) -> BooleanExpression:
    """Returns the whole filter.

    Raises:
        UnsupportedOperationError: a part of it is unknown to PyIceberg.
    """
    pushed, fully = pushdown(expression)
    if pushed is None or not fully:
        raise UnsupportedOperationError(f"PyIceberg has no such expression: {expression.to_sql()}")
    return pushed


def plan(expressions: Iterable[Expression]) -> tuple[BooleanExpression, list[Expression]]:
    """Returns the conjunction of what can be pushed, and what is left to check."""
    from pyiceberg.expressions import AlwaysTrue, And

    row_filter: BooleanExpression = AlwaysTrue()
    residual = []
    for expression in expressions:
        pushed, fully = pushdown(expression.native)
        if pushed is not None:
            row_filter = And(row_filter, pushed)
        if not fully:
            residual.append(expression)
    return row_filter, residual


def _translate(e: _native.Expression, *, negate: bool) -> Pushed:
    """Returns the filter, or what is true where it is false; null is neither."""
    from pyiceberg.expressions import AlwaysFalse, AlwaysTrue

    parts = e.parts()
    kind = parts["kind"]
    operands = e.operands()
    if kind == "not":
        return _translate(operands[0], negate=not negate)
    if kind == "alias":
        return _translate(operands[0], negate=negate)
    if kind in ("and", "or"):
        return _junction(operands, is_and=(kind == "and") != negate, negate=negate)
    if kind == "literal":
        holds = parts["value"] is not None and bool(parts["value"]) != negate
        return (AlwaysTrue() if holds else AlwaysFalse()), True
    if kind == "comparison":
        return _comparison(parts["op"], operands, negate=negate)
    if kind == "column":
        return _predicate("EqualTo", parts["name"], not negate)
    if not operands or operands[0].parts()["kind"] != "column":
        return _NOTHING
    column = operands[0].parts()["name"]
    negated = parts.get("negated", False) != negate
    if kind == "in":
        return _in(column, parts, negated=negated)
    if kind == "is_null":
        return _predicate("NotNull" if negated else "IsNull", column)
    if kind == "is_nan":
        # PyIceberg's NotNaN keeps nulls, ours does not.
        return _and_not_null(column, "NotNaN") if negated else _predicate("IsNaN", column)
    if kind == "starts_with":
        name, prefix = "StartsWith", parts["prefix"]
        return (
            _and_not_null(column, "NotStartsWith", prefix)
            if negated
            else _predicate(name, column, prefix)
        )
    return _NOTHING


def _junction(operands: list[_native.Expression], *, is_and: bool, negate: bool) -> Pushed:
    from pyiceberg.expressions import And, Or

    pushed = [_translate(operand, negate=negate) for operand in operands]
    known = [expression for expression, _ in pushed if expression is not None]
    fully = all(whole for _, whole in pushed)
    if not known or (not is_and and len(known) < len(pushed)):
        return _NOTHING
    join: Callable[..., BooleanExpression] = And if is_and else Or
    result = known[0]
    for other in known[1:]:
        result = join(result, other)
    return result, fully


def _comparison(op: str, operands: list[_native.Expression], *, negate: bool) -> Pushed:
    from pyiceberg.expressions import AlwaysFalse

    sides = [operand.parts() for operand in operands]
    if sides[0]["kind"] == "literal":
        sides.reverse()
        op = _MIRRORED.get(op, op)
    if sides[0]["kind"] != "column" or sides[1]["kind"] != "literal":
        return _NOTHING
    if sides[1]["value"] is None:
        return AlwaysFalse(), True
    try:
        value = python_value(sides[1]["type"], sides[1]["value"])
    except UnsupportedOperationError:
        return _NOTHING
    return _predicate(_PREDICATES[_INVERSE[op] if negate else op], sides[0]["name"], value)


def _in(column: str, parts: dict[str, Any], *, negated: bool) -> Pushed:
    from pyiceberg.expressions import AlwaysFalse

    if negated and None in parts["values"]:
        return AlwaysFalse(), True
    try:
        values = [python_value(parts["type"], value) for value in parts["values"]]
    except UnsupportedOperationError:
        return _NOTHING
    values = [value for value in values if value is not None]
    if negated:
        # PyIceberg's NotIn keeps nulls, ours does not.
        return _and_not_null(column, "NotIn", values) if values else _NOTHING
    return _predicate("In", column, values)


def _and_not_null(column: str, name: str, *arguments: Any) -> Pushed:  # noqa: ANN401 - literals
    from pyiceberg.expressions import And

    pushed, _ = _predicate(name, column, *arguments)
    not_null, _ = _predicate("NotNull", column)
    if pushed is None or not_null is None:
        return _NOTHING
    return And(pushed, not_null), True


def _predicate(name: str, column: str, *arguments: Any) -> Pushed:  # noqa: ANN401 - literals
    from pyiceberg import expressions

    try:
        return getattr(expressions, name)(column, *arguments), True
    except (TypeError, ValueError):
        # No literal of PyIceberg's.
        return _NOTHING
